//! Moves from an event to what is around it: its actor's other events, those by the same address, key or session, the
//! history of its resource, and what its access key did.

use crate::diagnostic::Diagnostic;
use crate::engine::no_match;
use crate::query::edit;
use crate::rows::Value;
use crate::rows::text;
use crate::rows::{self, CapturedRows};
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::show;
use crate::session::{Answer, Session, SessionError};
use crate::sql::Param;
use crate::store::Case;

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "N [SPAN]",
        examples: &[".who 3 2h"],
        ..Command::new(".who", "show what the actor of row N did, an hour around it", run_who)
    },
    Command {
        arguments: "N [SPAN]",
        examples: &[".near 3 30m"],
        ..Command::new(".near", "show what the same address, key or session did, 10m around", run_near)
    },
    Command {
        arguments: "N [K]",
        examples: &[".resource 3 2"],
        ..Command::new(".resource", "show the history of the resource of row N, or of its K-th", run_resource)
    },
    Command {
        arguments: "N",
        examples: &[".key 3"],
        ..Command::new(".key", "show what the access key of row N did, and who issued it", run_key)
    },
];

fn run_who(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(2)?;
    session.who(arguments.line, arguments.row(0)?, arguments.span(1, WHO)?)
}

fn run_near(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(2)?;
    session.near(arguments.line, arguments.row(0)?, arguments.span(1, NEAR)?)
}

fn run_resource(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(2)?;
    let which = if arguments.words.len() == 2 { arguments.row(1)? } else { 1 };
    session.resource(arguments.line, arguments.row(0)?, usize::try_from(which).unwrap_or(usize::MAX))
}

fn run_key(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    session.key(arguments.line, arguments.row(0)?)
}

/// Seconds on each side of the event that `.who` looks at.
pub(crate) const WHO: i64 = 3_600;
/// Seconds on each side of the event that `.near` looks at.
pub(crate) const NEAR: i64 = 600;
/// The number of other resources that are named.
const MOST_NAMED: usize = 8;

/// The attributes of an event that pivots start from; empty if the record lacks them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Event {
    /// `events.id`.
    id: i64,
    time: String,
    ip: String,
    key: String,
    issued_key: String,
    session_created: String,
    identity_type: String,
    arn: String,
    principal: String,
    account: String,
    user: String,
    invoked_by: String,
}

impl Event {
    /// The event in a row of the last answer.
    fn of(session: &Session, case: &Case, row: u64) -> Result<Event, SessionError> {
        let id = show::event(session, case, row)?;
        let sql = "SELECT event_time, source_ip_address, access_key_id, issued_access_key_id, session_created, \
                   identity_type, identity_arn, principal_id, identity_account_id, user_name, invoked_by \
                   FROM event_history WHERE id = ?1";
        let found = ask(case, sql, &[Param::Integer(id)])?;
        let Some(row) = found.rows.first() else { return Ok(Event::default()) };
        let cell = |at: usize| text(row.get(at));
        Ok(Event {
            id,
            time: cell(0),
            ip: cell(1),
            key: cell(2),
            issued_key: cell(3),
            session_created: cell(4),
            identity_type: cell(5),
            arn: cell(6),
            principal: cell(7),
            account: cell(8),
            user: cell(9),
            invoked_by: cell(10),
        })
    }

    /// The terms that mean its actor and no one else.
    fn actor(&self) -> Option<String> {
        let pair = |field: &str, value: &str| (!value.is_empty()).then(|| term(field, value));
        if let Some(arn) = pair("arn", &self.arn) {
            return Some(arn);
        }
        if let Some(principal) = pair("principal", &self.principal) {
            return Some(principal);
        }
        let user = pair("user", &self.user).or_else(|| pair("identity-account", &self.account));
        let terms = [pair("identity-type", &self.identity_type), user, pair("invoked-by", &self.invoked_by)];
        let terms: Vec<String> = terms.into_iter().flatten().collect();
        (!terms.is_empty()).then(|| terms.join(" "))
    }

    /// The key that signed it, else the key that it handed out.
    fn used_or_issued_key(&self, row: u64) -> Result<&str, SessionError> {
        match (self.key.as_str(), self.issued_key.as_str()) {
            ("", "") => Err(Diagnostic::new(format!("the event of row {row} was not signed with an access key"))
                .hint(format!("`.who {row}` shows what its actor did"))
                .into()),
            ("", issued) => Ok(issued),
            (key, _) => Ok(key),
        }
    }

    /// The span of time around it.
    fn around(&self, seconds: i64) -> Result<String, SessionError> {
        match crate::time::parse(&self.time) {
            Some(time) => Ok(span(time - seconds, time + seconds)),
            None => Err(Diagnostic::new("the event has no time, so that nothing is around it").into()),
        }
    }
}

/// Returns the key that signed the event in a row of the last answer, else the key that it handed out.
///
/// # Errors
/// The last answer does not have this row, or its event neither used nor issued a key.
pub(crate) fn key_of_row(session: &Session, case: &Case, row: u64) -> Result<String, SessionError> {
    Event::of(session, case, row)?.used_or_issued_key(row).map(str::to_owned)
}

/// The terms that mean a span of time, both ends in Unix seconds and inclusive.
pub(crate) fn span(from: i64, to: i64) -> String {
    format!("since={} until={}", crate::time::format(from), crate::time::format(to))
}

fn term(field: &str, value: &str) -> String {
    format!("{field}={}", edit::literal(value))
}

fn ask(case: &Case, sql: &str, params: &[Param]) -> Result<CapturedRows, SessionError> {
    let held = rows::collect(|sink| case.query(sql, params, sink))?;
    Ok(held)
}

impl Session {
    /// `.who N`: everything of the event's actor around that time.
    pub(crate) fn who(&mut self, command: &str, row: u64, seconds: i64) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let event = Event::of(self, &case, row)?;
        let actor = event.actor().ok_or_else(|| Diagnostic::new(format!("the event of row {row} names no actor")))?;
        let answer = self.follow(command, &format!("{actor} {}", event.around(seconds)?))?;
        self.note_rights(&case, event.id)?;
        Ok(answer)
    }

    /// `.near N`: everything around the event by the same address, key or session.
    pub(crate) fn near(&mut self, command: &str, row: u64, seconds: i64) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let event = Event::of(self, &case, row)?;
        let mut same = Vec::new();
        for (field, value) in [("ip", &event.ip), ("key", &event.key)] {
            if !value.is_empty() {
                same.push(term(field, value));
            }
        }
        if !event.session_created.is_empty() && !event.arn.is_empty() {
            same.push(format!("({} {})", term("arn", &event.arn), term("session-created", &event.session_created)));
        }
        let same = match same.as_slice() {
            [] => {
                return Err(Diagnostic::new(format!("the event of row {row} has no address, key or session")).into());
            }
            [only] => only.clone(),
            several => format!("({})", several.join(" or ")),
        };
        self.follow(command, &format!("{same} {}", event.around(seconds)?))
    }

    /// `.key N`: what the event's access key did, or the key that it handed out; then who issued it.
    pub(crate) fn key(&mut self, command: &str, row: u64) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let event = Event::of(self, &case, row)?;
        let key = event.used_or_issued_key(row)?;
        let answer = self.follow(command, &term("key", key))?;
        if key == event.key {
            self.note_rights(&case, event.id)?;
        }
        let sql = "SELECT event_name, event_time, user_name FROM events WHERE issued_access_key_id = ?1 ORDER BY time";
        let issued = ask(&case, sql, &[Param::Text(key.to_owned())])?;
        self.note(&match issued.rows.first() {
            Some(row) => {
                let who = match text(row.get(2)) {
                    user if user.is_empty() => String::new(),
                    user => format!(" of {user}"),
                };
                let (name, time) = (text(row.first()), text(row.get(1)));
                format!("{key} was issued by {name}{who} at {time}: {}", term("issued-key", key))
            }
            None => format!("no event of this case issued {key}"),
        });
        if issued.rows.is_empty() {
            for gap in no_match::gaps::of_case(&case, false)? {
                self.note(&gap);
            }
            if let Some(not_seen) = no_match::coverage::of_management_events(&case)? {
                self.note(&not_seen);
            }
        }
        if event.key.is_empty() || event.issued_key.is_empty() {
            return Ok(answer);
        }
        self.note(&format!("that event itself issued a key: {}", term("key", &event.issued_key)));
        Ok(answer)
    }

    /// `.resource N`: the history of a resource of the event.
    pub(crate) fn resource(&mut self, command: &str, row: u64, which: usize) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let id = show::event(self, &case, row)?;
        let sql = "SELECT r.name, max(ifnull(r.type, '')) FROM event_resources er JOIN resources r ON r.id = er.resource \
                   WHERE er.event = ?1 GROUP BY r.name ORDER BY max(er.listed) DESC, r.name";
        let found = ask(&case, sql, &[Param::Integer(id)])?;
        let names: Vec<String> = found.rows.iter().map(|row| text(row.first())).collect();
        let Some(name) = which.checked_sub(1).and_then(|at| names.get(at)) else {
            return Err(match names.len() {
                0 => Diagnostic::new(format!("the event of row {row} names no resource")),
                many => Diagnostic::new(format!("the event of row {row} names {many} resources, and not {which}")),
            }
            .into());
        };
        let answer = self.follow(command, &term("resource", name))?;
        let described = |(at, row): (usize, &Vec<Value>)| {
            let kind = text(row.get(1));
            format!("  {} {}{}{kind}", at + 1, text(row.first()), if kind.is_empty() { "" } else { " " })
        };
        if names.len() > 1 {
            let named: Vec<String> = found.rows.iter().enumerate().take(MOST_NAMED).map(described).collect();
            let more = names.len().saturating_sub(MOST_NAMED);
            let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
            self.note(&format!(
                "the event names {} resources, and `.resource {row} K` takes the K-th:\n{}{more}",
                names.len(),
                named.join("\n")
            ));
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    #[test]
    fn an_actor_is_named_by_what_is_its_own() {
        let text = |text: &str| text.to_owned();
        let mut event = Event { identity_type: text("AWSService"), invoked_by: text("ec2"), ..Event::default() };
        assert_eq!(event.actor().unwrap(), "identity-type=AWSService invoked-by=ec2");
        event.user = text("a b");
        assert_eq!(event.actor().unwrap(), "identity-type=AWSService user=\"a b\" invoked-by=ec2");
        event.principal = text("AIDA1");
        assert_eq!(event.actor().unwrap(), "principal=AIDA1");
        event.arn = text("arn:aws:iam::1:user/a");
        assert_eq!(event.actor().unwrap(), "arn=arn:aws:iam::1:user/a");
        assert_eq!(Event::default().actor(), None);
        assert!(Event::default().around(1).is_err());
    }
}
