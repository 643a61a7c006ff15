//! Leads: the list of GuardDuty's findings, and the lookup that asks for what one of them names.

use crate::diagnostic::Diagnostic;
use crate::query::edit;
use crate::render::{Format, Style};
use crate::session::{Answer, Session, SessionError};
use crate::store::Lead;

/// The list of leads. Several values of a kind are joined with commas.
const LEADS: &str = "SELECT n, severity, type, account_id, aws_region, first_seen, last_seen, \
     (SELECT group_concat(value) FROM json_each(access_keys)) AS access_keys, \
     (SELECT group_concat(value) FROM json_each(addresses)) AS addresses, \
     (SELECT group_concat(value) FROM json_each(principals)) AS principals, \
     (SELECT group_concat(value) FROM json_each(resources)) AS resources, title, archived, updated_at, id \
     FROM leads ORDER BY n";
/// The columns of the list in a table.
const BRIEF: &str = "SELECT n, severity, type, account_id, aws_region, first_seen, last_seen, \
     concat_ws(',', (SELECT group_concat(value) FROM json_each(access_keys)), \
                    (SELECT group_concat(value) FROM json_each(addresses))) AS keys_and_addresses \
     FROM leads ORDER BY n";
/// Seconds before the first activity and after the last that a lead's lookup asks for: GuardDuty's times are those of the
/// calls that it found, and what led to them is before.
const MARGIN: i64 = 3_600;

impl Session {
    /// Lists the leads.
    ///
    /// # Errors
    /// The case cannot be read, or the format is of events.
    pub fn list_leads(&mut self) -> Result<Answer, SessionError> {
        let format = self.settings.format.unwrap_or_default();
        if format == Format::Records {
            let mistake = Diagnostic::new("the format records shows events, and a list of leads has none");
            return Err(mistake.hint("take another format").into());
        }
        self.in_one_state(|session| {
            let case = session.case()?;
            let style = Style { numbers: false, ..session.output.style(&session.settings.style) };
            let sql = if format == Format::Table { BRIEF } else { LEADS };
            let mut leads = 0;
            session.write_rows(format, &style, Some(&*case), |mut sink| {
                leads = case.query(sql, &[], &mut *sink)?;
                Ok(())
            })?;
            if leads == 0 {
                session.note("the case has no leads: `trailq import` reads findings of GuardDuty");
            }
            Ok(Answer::rows(leads))
        })
    }

    /// Asks for the keys, addresses and times of the lead with a number or an id; `command` is what was typed.
    ///
    /// # Errors
    /// The lead is unknown or names neither a key, an address, a principal nor a resource, or the case cannot be read.
    pub fn lead(&mut self, command: &str, which: &str) -> Result<Answer, SessionError> {
        let leads = self.case()?.leads()?;
        let is_meant = |lead: &&Lead| lead.id == which || which.parse() == Ok(lead.number);
        let Some(lead) = leads.iter().find(is_meant) else {
            let mistake = Diagnostic::new(format!("there is no lead `{which}`"));
            return Err(match leads.len() {
                0 => mistake.hint("the case has no leads: `trailq import` reads findings of GuardDuty"),
                many => mistake.hint(format!("`.leads` lists them, from 1 to {many}")),
            }
            .into());
        };
        let Some(lookup) = lookup(lead) else {
            let mistake = format!("lead {} names no key, address, principal or resource", lead.number);
            return Err(Diagnostic::new(mistake)
                .hint(format!("its JSON: SELECT finding FROM leads WHERE n = {}", lead.number))
                .into());
        };
        let title = lead.title.as_ref().map_or_else(String::new, |title| format!(": {title}"));
        self.note(&format!("{}{title}", lead.kind));
        self.follow(command, &lookup)
    }
}

/// Returns the lookup of what a lead names: its keys and addresses; else its principals, else its resources.
fn lookup(lead: &Lead) -> Option<String> {
    let list = |field: &str, values: &[String]| {
        let values: Vec<String> = values.iter().map(|value| edit::literal(value)).collect();
        (!values.is_empty()).then(|| format!("{field}={}", values.join(",")))
    };
    let first = [list("key", &lead.access_keys), list("issued-key", &lead.access_keys), list("ip", &lead.addresses)];
    // The id of a role is also that of each of its sessions, with `:` and a name after it.
    let sessions: Vec<String> =
        lead.principals.iter().filter(|id| !id.contains(':')).map(|id| format!("{}:*", edit::literal(id))).collect();
    let sessions = (!sessions.is_empty()).then(|| format!("principal={}", sessions.join(",")));
    let choices =
        [first.to_vec(), vec![list("principal", &lead.principals), sessions], vec![list("resource", &lead.resources)]];
    let terms: Vec<String> = choices
        .into_iter()
        .map(|terms| terms.into_iter().flatten().collect::<Vec<_>>())
        .find(|terms| !terms.is_empty())?;
    let terms = match terms.as_slice() {
        [one] => one.clone(),
        several => format!("({})", several.join(" or ")),
    };
    let at =
        |time: &str, margin: i64| crate::time::parse(time).map(|time| crate::time::format(time.saturating_add(margin)));
    let since = at(&lead.first_seen, -MARGIN).map(|time| format!(" since={time}")).unwrap_or_default();
    let until = at(&lead.last_seen, MARGIN).map(|time| format!(" until={time}")).unwrap_or_default();
    Some(format!("{terms}{since}{until}"))
}

#[cfg(test)]
mod tests {
    use super::lookup;
    use crate::query;
    use crate::store::Lead;

    fn lead() -> Lead {
        Lead {
            number: 1,
            id: "f1".to_owned(),
            kind: "k".to_owned(),
            title: None,
            first_seen: "2024-03-01T09:00:00Z".to_owned(),
            last_seen: "2024-03-01T09:30:00Z".to_owned(),
            access_keys: Vec::new(),
            addresses: Vec::new(),
            principals: Vec::new(),
            resources: Vec::new(),
        }
    }

    #[test]
    fn keys_and_addresses_come_before_principals_and_these_before_resources() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let mut lead = lead();
        assert_eq!(lookup(&lead), None);
        let around = "since=2024-03-01T08:00:00Z until=2024-03-01T10:30:00Z";
        lead.resources = texts(&["acme logs", "a,b"]);
        assert_eq!(lookup(&lead).unwrap(), format!("resource=\"acme logs\",\"a,b\" {around}"));
        lead.principals = texts(&["AIDA1", "AROA1:s"]);
        assert_eq!(lookup(&lead).unwrap(), format!("(principal=AIDA1,AROA1:s or principal=AIDA1:*) {around}"));
        lead.addresses = texts(&["198.51.100.7"]);
        assert_eq!(lookup(&lead).unwrap(), format!("ip=198.51.100.7 {around}"));
        lead.access_keys = texts(&["AKIA1", "\") or write=true"]);
        let asked = lookup(&lead).unwrap();
        assert!(
            asked.starts_with("(key=AKIA1,") && asked.ends_with(&format!("or ip=198.51.100.7) {around}")),
            "{asked}"
        );
        // Whatever a finding names stays a value.
        let tree = query::parse(&asked).unwrap();
        assert_eq!(tree.stages.len(), 0);
        assert!(!format!("{tree:?}").contains("\"write\""), "{tree:?}");
    }
}
