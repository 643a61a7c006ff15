//! The attributes of the events that rules select.

use crate::engine::Engine;
use crate::rows::{self, Value, text};
use crate::sql::Param;
use crate::store::QueryError;

/// The number of events that one statement reads.
const EVENTS_PER_QUERY: usize = 5_000;
/// The code of a call that would have succeeded, had it not been a dry run.
const DRY_RUN: &str = "DryRunOperation";

/// The attributes of an event.
#[derive(Debug, Clone)]
pub(crate) struct EventFacts {
    pub(crate) id: i64,
    pub(crate) time: Option<i64>,
    pub(crate) identity: Option<i64>,
    pub(crate) key: String,
    pub(crate) account: String,
    pub(crate) is_done: bool,
    pub(crate) is_dry_run: bool,
    /// True if a service of AWS made the call, for itself or on behalf of somebody.
    pub(crate) is_by_service: bool,
    pub(crate) address: String,
    pub(crate) agent: Option<i64>,
    pub(crate) region: String,
    pub(crate) source: String,
    pub(crate) name: String,
    /// The id that copies of the event in several accounts have in common.
    pub(crate) shared_id: String,
}

/// The columns of [`EventFacts`].
const FACTS: &str = "SELECT e.id, e.time, e.identity_id, e.access_key_id, \
     coalesce(e.recipient_account_id, (SELECT i.account_id FROM identities i WHERE i.id = e.identity_id)), e.outcome, \
     e.error_code, e.invoked_by, e.source_ip_address, e.user_agent_id, e.aws_region, e.event_source, e.event_name, \
     e.shared_event_id FROM json_each(?1) j CROSS JOIN events e ON e.id = j.value";

/// Gives the attributes of events to a function, in the order of their ids.
///
/// # Errors
/// The case cannot be read, or the function fails.
pub(crate) fn each(
    engine: &Engine,
    ids: &[i64],
    mut give: impl FnMut(EventFacts) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    for some in ids.chunks(EVENTS_PER_QUERY) {
        engine.check_interrupted()?;
        let listed = serde_json::Value::from(some.to_vec()).to_string();
        let found = rows::collect(|sink| engine.case().query(FACTS, &[Param::Text(listed)], sink))?;
        for row in &found.rows {
            give(facts(row))?;
        }
    }
    Ok(())
}

fn facts(row: &[Value]) -> EventFacts {
    let text = |column: usize| text(row.get(column));
    let number = |column: usize| match row.get(column) {
        Some(Value::Integer(number)) => Some(*number),
        _ => None,
    };
    let source = text(11);
    EventFacts {
        id: number(0).unwrap_or(0),
        time: number(1),
        identity: number(2),
        key: text(3),
        account: text(4),
        is_done: text(5) == "ok",
        is_dry_run: text(6).ends_with(DRY_RUN),
        is_by_service: !text(7).is_empty(),
        address: text(8),
        agent: number(9),
        region: text(10),
        source: source.strip_suffix(".amazonaws.com").map_or_else(|| source.clone(), str::to_owned),
        name: text(12),
        shared_id: text(13),
    }
}
