//! Confirmed events: those that the analyst tagged, and those of findings with the verdict `true`.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::hunt_facts::HuntFacts;
use crate::rows::{self, text};
use crate::sql::Param;
use crate::store::{Case, QueryError};

const TAGGED: &str = "SELECT e.id, t.tag, ifnull(t.note, '') FROM tags t JOIN events e ON e.event_id = t.event_id \
     ORDER BY e.id, t.tag";
const FACTS: &str = "SELECT e.id, e.event_id, ifnull(e.event_time, ''), e.time, \
     ifnull(e.recipient_account_id, ''), coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id, ''), \
     ifnull(e.access_key_id, ''), ifnull(e.source_ip_address, '') \
     FROM json_each(?1) j CROSS JOIN events e ON e.id = j.value LEFT JOIN identities i ON i.id = e.identity_id \
     ORDER BY e.time IS NULL, e.time, e.event_id";

/// The attributes of an event. Its sentence is [`Case::sentence`], which reads the record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct EventFacts {
    pub(super) id: i64,
    pub(super) event_id: String,
    pub(super) event_time: String,
    pub(super) time: Option<i64>,
    pub(super) account: String,
    pub(super) principal: String,
    pub(super) key: String,
    pub(super) address: String,
}

/// The reasons why events are confirmed, by the number of the event: tags with their notes, and titles of rules.
pub(super) type Reasons = BTreeMap<i64, BTreeSet<String>>;

/// Returns an event in words, by `events.id`.
///
/// # Errors
/// The case cannot be read.
pub(super) fn sentence(case: &Case, id: i64) -> Result<String, QueryError> {
    Ok(case.sentence(id)?.unwrap_or_else(|| "its record is not in the case".to_owned()))
}

/// Returns the confirmed events and why each is one. `hunt` has the events of findings with the verdict `true`.
///
/// # Errors
/// The case cannot be read.
pub(super) fn reasons(case: &Case, hunt: &HuntFacts) -> Result<Reasons, QueryError> {
    let mut reasons = Reasons::new();
    let tagged = rows::collect(|sink| case.query(TAGGED, &[], sink))?;
    for row in &tagged.rows {
        let (tag, note) = (text(row.get(1)), text(row.get(2)));
        let reason = if note.is_empty() { format!("tag {tag}") } else { format!("tag {tag}: {note}") };
        reasons.entry(number(row.first())).or_default().insert(reason);
    }
    for (event, title) in &hunt.confirmed {
        reasons.entry(*event).or_default().insert(format!("finding {title}"));
    }
    Ok(reasons)
}

/// Returns the facts of events, by time.
///
/// # Errors
/// The case cannot be read.
pub(super) fn facts(case: &Case, ids: impl Iterator<Item = i64>) -> Result<Vec<EventFacts>, QueryError> {
    let listed = serde_json::Value::from_iter(ids).to_string();
    let found = rows::collect(|sink| case.query(FACTS, &[Param::Text(listed)], sink))?;
    let facts = found.rows.iter().map(|row| {
        let cell = |at: usize| text(row.get(at));
        EventFacts {
            id: number(row.first()),
            event_id: cell(1),
            event_time: cell(2),
            time: match row.get(3) {
                Some(rows::Value::Integer(time)) => Some(*time),
                _ => None,
            },
            account: cell(4),
            principal: cell(5),
            key: cell(6),
            address: cell(7),
        }
    });
    Ok(facts.collect())
}

/// Returns a whole number of a row; 0 for anything else.
pub(super) fn number(value: Option<&rows::Value>) -> i64 {
    match value {
        Some(rows::Value::Integer(number)) => *number,
        _ => 0,
    }
}
