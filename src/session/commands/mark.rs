//! Marks of subjects: `.mark`, `.unmark` and `.marks`.

use std::net::IpAddr;

use crate::diagnostic::Diagnostic;
use crate::number;
use crate::query::{self, edit};
use crate::rows::{self, CapturedRows, Value, text};
use crate::session::commands::annotate::quoted_word;
use crate::session::commands::command::{Arguments, Command, Completes};
use crate::session::commands::show;
use crate::session::{Answer, Session, SessionError};
use crate::sql::Param;
use crate::store::SubjectMark;
use crate::subject::{Mark, SubjectKind};

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "KIND=VALUE|N [KIND] MARK [WHY]",
        examples: &[".mark key=AKIAIOSFODNN7EXAMPLE attacker \"leaked\"", ".mark 3 address suspect"],
        completes: Completes::Words(&[
            "key=",
            "principal=",
            "session=",
            "address=",
            "client=",
            "account=",
            "resource=",
        ]),
        ..Command::new(".mark", "mark a subject attacker, suspect, cleared or mine", run_mark)
    },
    Command {
        arguments: "KIND=VALUE|N [KIND]",
        examples: &[".unmark key=AKIAIOSFODNN7EXAMPLE"],
        completes: Completes::Words(&[
            "key=",
            "principal=",
            "session=",
            "address=",
            "client=",
            "account=",
            "resource=",
        ]),
        ..Command::new(".unmark", "take the marks off a subject", run_unmark)
    },
    Command {
        is_logged: false,
        ..Command::new(".marks", "list the marked subjects, by whom, when and why", run_marks)
    },
];

/// Maximum number of subjects that are proposed for a mark.
const MAX_PROPOSED: usize = 8;

/// The kinds by their names and those of the fields that have their values.
const KIND_NAMES: &[(&str, SubjectKind)] = &[
    ("key", SubjectKind::Key),
    ("principal", SubjectKind::Principal),
    ("user", SubjectKind::Principal),
    ("arn", SubjectKind::Principal),
    ("role", SubjectKind::Principal),
    ("session", SubjectKind::Session),
    ("address", SubjectKind::Address),
    ("ip", SubjectKind::Address),
    ("client", SubjectKind::Client),
    ("agent", SubjectKind::Client),
    ("user-agent", SubjectKind::Client),
    ("account", SubjectKind::Account),
    ("resource", SubjectKind::Resource),
];

/// The columns of an answer that have the values of a kind, the first that has one counts.
const COLUMNS: &[(SubjectKind, &[&str])] = &[
    (SubjectKind::Key, &["access_key_id", "issued_access_key_id"]),
    (SubjectKind::Principal, &["identity_arn", "principal_id", "user_name"]),
    (SubjectKind::Session, &["identity_arn"]),
    (SubjectKind::Address, &["source_ip_address"]),
    (SubjectKind::Client, &["user_agent"]),
    (SubjectKind::Account, &["recipient_account_id", "identity_account_id"]),
    (SubjectKind::Resource, &["resource_name"]),
];

/// The kinds that are tried for a row without a kind, in this order.
const USUAL: [SubjectKind; 7] = [
    SubjectKind::Key,
    SubjectKind::Principal,
    SubjectKind::Address,
    SubjectKind::Client,
    SubjectKind::Resource,
    SubjectKind::Account,
    SubjectKind::Session,
];

type Subject = (SubjectKind, String);

fn run_mark(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let (subject, used) = subject(session, arguments)?;
    let Some((word, span)) = arguments.words.get(used) else { return Err(arguments.missing()) };
    let Some(mark) = Mark::parse(word) else {
        let mistake = Diagnostic::at(*span, format!("`{word}` is not a mark: attacker, suspect, cleared, mine"));
        return Err(mistake.in_source(arguments.line).into());
    };
    let why = arguments.texts().get(used + 1..).unwrap_or_default().join(" ");
    let why = Some(why.as_str()).filter(|why| !why.is_empty());
    session.mark(&subject, mark, why)?;
    Ok(Answer::default())
}

fn run_unmark(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let ((kind, value), used) = subject(session, arguments)?;
    arguments.at_most(used)?;
    if !session.keeper()?.unmark(kind, &value)? {
        let mistake = Diagnostic::new(format!("the {} {value} has no mark", kind.name()));
        return Err(mistake.hint("`.marks` lists the marks").into());
    }
    session.replay_entry = Some(vec![format!(".unmark {}", spelled(&(kind, value.clone())))]);
    session.status(&format!("the {} {value} has no mark any more", kind.name()));
    Ok(Answer::default())
}

fn run_marks(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    let all = session.case()?.all_marks()?;
    if all.is_empty() {
        session.status("nothing is marked; `.mark KIND=VALUE attacker \"why\"` marks a subject");
        return Ok(Answer::default());
    }
    let decisions = session.decisions()?;
    let state = |mark: &SubjectMark| match (session.acceptance().allows_mark(mark), decisions.marks.contains(mark)) {
        (false, _) => "off",
        (true, true) => "on",
        (true, false) => "superseded",
    };
    let rows: Vec<Vec<Value>> = all
        .iter()
        .map(|mark| {
            let optional = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
            let first = [mark.kind.name(), &mark.value, mark.mark.name(), state(mark)];
            let mut row: Vec<Value> = first.into_iter().map(|text| Value::Text(text.to_owned())).collect();
            let authorship = &mark.authorship;
            row.extend([
                optional(&mark.why),
                Value::Text(authorship.created_at.clone()),
                Value::Text(authorship.created_by.clone()),
                optional(&authorship.origin),
            ]);
            row
        })
        .collect();
    let off = all.iter().filter(|mark| state(mark) == "off").count();
    let columns = ["kind", "value", "mark", "state", "why", "created_at", "created_by", "origin"].map(str::to_owned);
    let answer = session.write_held(&CapturedRows { columns: columns.to_vec(), rows })?;
    if off > 0 {
        session.note(&format!(
            "{} off: not made or accepted on this machine; `.mark` with the same mark accepts it",
            if off == 1 { "1 mark is".to_owned() } else { format!("{off} marks are") }
        ));
    }
    Ok(answer)
}

/// Returns the subject that the first words name, and how many words these are.
fn subject(session: &Session, arguments: &Arguments<'_>) -> Result<(Subject, usize), SessionError> {
    let Some((first, span)) = arguments.words.first() else { return Err(arguments.missing()) };
    if let Some((name, value)) = first.split_once('=') {
        let Some(kind) = kind_of(name) else {
            let mistake = Diagnostic::at(*span, format!("`{name}` is not a kind of subject"));
            let kinds = SubjectKind::NAMES.join(", ");
            return Err(mistake.in_source(arguments.line).note(format!("the kinds are {kinds}")).into());
        };
        return Ok(((kind, value.to_owned()), 1));
    }
    if first.parse::<u64>().is_err() {
        let mistake = Diagnostic::at(*span, format!("`{first}` is neither KIND=VALUE nor a row of the last answer"));
        return Err(mistake.in_source(arguments.line).hint("for example key=AKIAIOSFODNN7EXAMPLE, or 3 key").into());
    }
    let kind = arguments.words.get(1).and_then(|(word, _)| kind_of(word));
    let subject = session.subject_of_row(arguments.row(0)?, kind)?;
    Ok((subject, if kind.is_some() { 2 } else { 1 }))
}

/// Returns the kind with a name, which may be that of a field.
fn kind_of(name: &str) -> Option<SubjectKind> {
    KIND_NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind)
}

/// Returns a subject as an argument of a command.
fn spelled((kind, value): &Subject) -> String {
    let is_plain = !value.contains(|c: char| c.is_whitespace() || c == '"' || c == '\'');
    let value = if is_plain { value.clone() } else { quoted_word(value) };
    format!("{}={value}", kind.name())
}

/// Returns a principal with its kind: the ARN of a session is one of a session.
fn with_kind(principal: String) -> Subject {
    let is_session = principal.contains(":assumed-role/") || principal.contains(":federated-user/");
    (if is_session { SubjectKind::Session } else { SubjectKind::Principal }, principal)
}

impl Session {
    /// Returns the subject in a row of the last answer; without a kind the first of the usual ones that it has.
    fn subject_of_row(&self, row: u64, kind: Option<SubjectKind>) -> Result<Subject, SessionError> {
        let finding = self.finding_of_row(row)?;
        match (finding, kind) {
            (Some(finding), None) => return Ok(with_kind(finding.principal)),
            (Some(finding), Some(SubjectKind::Principal)) => return Ok((SubjectKind::Principal, finding.principal)),
            _ => {}
        }
        let (columns, cells) = self.cells_of_row(row)?;
        let value = |kind: SubjectKind| {
            let (_, names) = COLUMNS.iter().find(|(known, _)| *known == kind)?;
            let places = names.iter().filter_map(|name| columns.iter().position(|column| column == name));
            places.map(|at| text(cells.get(at))).find(|value| !value.is_empty())
        };
        let tried = kind.map_or_else(|| USUAL.to_vec(), |kind| vec![kind]);
        let found = tried.iter().find_map(|kind| value(*kind).map(|value| (*kind, value)));
        match found {
            Some((SubjectKind::Principal, value)) if kind.is_none() => Ok(with_kind(value)),
            Some(subject) => Ok(subject),
            None => {
                let what = kind.map_or("subject", SubjectKind::name);
                Err(Diagnostic::new(format!("row {row} has no {what}")).hint("write it as KIND=VALUE").into())
            }
        }
    }

    /// Returns the columns and cells of a row: of an event all of its attributes.
    fn cells_of_row(&self, row: u64) -> Result<(Vec<String>, Vec<Value>), SessionError> {
        let case = self.case()?;
        if self.shown.is_empty() {
            let held = self.last()?.rows()?;
            let cells = row.checked_sub(1).and_then(|at| held.rows.get(usize::try_from(at).ok()?));
            let Some(cells) = cells else {
                let rows = number::counted(held.rows.len() as u64, "row");
                return Err(Diagnostic::new(format!("there is no row {row}: the last answer has {rows}")).into());
            };
            return Ok((held.columns.clone(), cells.clone()));
        }
        let id = show::event(self, &case, row)?;
        let sql = "SELECT h.*, (SELECT coalesce(r.arn, r.name) FROM event_resources er JOIN resources r \
                   ON r.id = er.resource WHERE er.event = ?1 ORDER BY er.listed DESC, r.name LIMIT 1) AS resource_name \
                   FROM event_history h WHERE h.id = ?1";
        let mut held = rows::collect(|sink| case.query(sql, &[Param::Integer(id)], sink))?;
        let cells = if held.rows.is_empty() { Vec::new() } else { held.rows.remove(0) };
        Ok((held.columns, cells))
    }

    /// Marks a subject, and proposes marks of what shares its key, its chain of keys or its address.
    ///
    /// # Errors
    /// The value is not one of its kind, or the case cannot be written.
    pub(crate) fn mark(&mut self, subject: &Subject, mark: Mark, why: Option<&str>) -> Result<(), SessionError> {
        let (kind, value) = subject;
        self.mark_subject(*kind, value, mark, why)?;
        let reason = why.map_or_else(String::new, |why| format!(" {}", quoted_word(why)));
        self.replay_entry = Some(vec![format!(".mark {} {}{reason}", spelled(subject), mark.name())]);
        let engine = self.engine()?;
        let term = query::subject_term(*kind, value);
        let events = engine.count(&engine.prepare_filled(&term)?)?;
        let found = match events {
            0 => "no event of the case has it".to_owned(),
            events => format!("{term} finds its {}", number::counted(events, "event")),
        };
        self.status(&format!("the {} {value} is marked {}; {found}", kind.name(), mark.name()));
        drop(engine);
        self.propose(subject, mark)
    }

    /// Writes commands that mark what is related to a subject, as far as it has no mark.
    fn propose(&mut self, subject: &Subject, mark: Mark) -> Result<(), SessionError> {
        let proposed = match mark {
            Mark::Attacker | Mark::Suspect => Mark::Suspect,
            Mark::Mine => Mark::Mine,
            Mark::Cleared => return Ok(()),
        };
        let marked: Vec<Subject> = self.case()?.marks()?.into_iter().map(|mark| (mark.kind, mark.value)).collect();
        let mut related = self.related(subject)?;
        related.retain(|(other, ..)| !marked.contains(other) && other != subject);
        if related.is_empty() {
            return Ok(());
        }
        let shown = related.iter().take(MAX_PROPOSED).map(|(other, events, how)| {
            let events = number::counted(*events, "event");
            format!("\n  .mark {} {} \"{how} {}\"   ({events})", spelled(other), proposed.name(), plain(&subject.1))
        });
        let mut text = format!("related, and not marked:{}", shown.collect::<String>());
        if related.len() > MAX_PROPOSED {
            text.push_str(&format!("\n  and {} more", related.len() - MAX_PROPOSED));
        }
        self.note(&text);
        Ok(())
    }

    /// Returns the subjects that share events with a subject, with the number of these and how they are related: the most
    /// frequent of each kind first.
    fn related(&self, (kind, value): &Subject) -> Result<Vec<(Subject, u64, &'static str)>, SessionError> {
        let term = query::subject_term(*kind, value);
        let issued = format!("issued-key={}", edit::literal(value));
        let questions: &[(&str, String, &'static str)] = &match kind {
            SubjectKind::Key => vec![
                ("key", issued.clone(), "issued"),
                ("issued-key", format!("{term} issued-key=*"), "issued by"),
                ("arn", format!("({term} or {issued})"), "used or issued"),
                ("ip", term, "used"),
            ],
            SubjectKind::Principal | SubjectKind::Session => vec![
                ("key", term.clone(), "used by"),
                ("issued-key", format!("{term} issued-key=*"), "issued by"),
                ("ip", term, "used by"),
            ],
            SubjectKind::Address | SubjectKind::Client => {
                vec![("key", term.clone(), "used from"), ("arn", term, "used from")]
            }
            SubjectKind::Account | SubjectKind::Resource => return Ok(Vec::new()),
        };
        let engine = self.engine()?;
        let mut related: Vec<(Subject, u64, &'static str)> = Vec::new();
        for (field, filter, how) in questions {
            let prepared = engine.prepare_filled(&format!("{filter} | top 50 {field}"))?;
            let held = rows::collect(|sink| engine.run(&prepared, sink).map(drop))?;
            for row in &held.rows {
                let (value, events) = (text(row.first()), text(row.get(1)).parse().unwrap_or_default());
                let subject = match *field {
                    // A service calls from no address.
                    "ip" if value.parse::<IpAddr>().is_err() => continue,
                    _ if value.is_empty() => continue,
                    "ip" => (SubjectKind::Address, value),
                    "arn" => with_kind(value),
                    _ => (SubjectKind::Key, value),
                };
                if related.iter().all(|(known, ..)| *known != subject) {
                    related.push((subject, events, how));
                }
            }
        }
        Ok(related)
    }
}

/// Returns a value without quotes, for a reason.
fn plain(value: &str) -> String {
    value.replace('"', "'")
}

#[cfg(test)]
mod tests {
    use super::{SubjectKind, kind_of, spelled, with_kind};

    #[test]
    fn a_subject_is_spelled_as_an_argument() {
        assert_eq!(spelled(&(SubjectKind::Key, "AKIA1".to_owned())), "key=AKIA1");
        assert_eq!(spelled(&(SubjectKind::Client, "aws cli".to_owned())), "client=\"aws cli\"");
        assert_eq!(spelled(&(SubjectKind::Client, "a \"b\"".to_owned())), "client='a \"b\"'");
        assert_eq!(kind_of("IP"), Some(SubjectKind::Address));
        assert_eq!(kind_of("attacker"), None);
        assert_eq!(with_kind("arn:aws:sts::1:assumed-role/a/b".to_owned()).0, SubjectKind::Session);
        assert_eq!(with_kind("arn:aws:iam::1:user/a".to_owned()).0, SubjectKind::Principal);
    }
}
