//! The timeline of confirmed events and of those of marked attackers, one row an event, for Timesketch and spreadsheets.
//!
//! Timesketch wants `message`, `datetime` and `timestamp_desc`, and reads `tag` as a JSON array
//! (<https://timesketch.org/guides/user/import-from-json-csv/>).

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Engine;
use crate::report::confirmed;
use crate::report::content::Events;
use crate::rows::{self, text};
use crate::sql::Param;
use crate::store::QueryError;
use crate::time;

/// The columns of an event after the leading ones, in the order of [`TimelineRow::values`].
pub(super) const COLUMNS: [&str; 15] = [
    "event_id",
    "event_source",
    "event_name",
    "outcome",
    "error_code",
    "recipient_account_id",
    "aws_region",
    "identity_type",
    "identity_arn",
    "user_name",
    "access_key_id",
    "source_ip_address",
    "user_agent",
    "resources",
    "file",
];
/// The columns before those of the event.
pub(super) const LEADING: [&str; 6] = ["datetime", "timestamp_desc", "message", "tag", "status", "confirmed_by"];
/// The meaning of the time, as Timesketch shows it.
pub(super) const TIMESTAMP_DESC: &str = "CloudTrail event time";
const TAGS: &str =
    "SELECT e.id, t.tag FROM tags t JOIN events e ON e.event_id = t.event_id GROUP BY e.id, t.tag ORDER BY e.id, t.tag";

/// An event of the timeline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TimelineRow {
    /// The time with its offset from UTC: `YYYY-MM-DDTHH:MM:SS+00:00`. Empty if the event has none.
    pub(super) datetime: String,
    /// The event in words.
    pub(super) message: String,
    /// The tags that the analyst gave it.
    pub(super) tags: Vec<String>,
    /// `confirmed`, or `attacker` for another event of a marked attacker.
    pub(super) status: &'static str,
    /// The reasons why it is confirmed.
    pub(super) confirmed_by: String,
    /// The columns of the event, in the order of [`COLUMNS`].
    pub(super) values: Vec<String>,
}

impl TimelineRow {
    /// Returns the cells of [`LEADING`]. `tags`: the tags as one text.
    pub(super) fn leading<'r>(&'r self, tags: &'r str) -> [&'r str; LEADING.len()] {
        [&self.datetime, TIMESTAMP_DESC, &self.message, tags, self.status, &self.confirmed_by]
    }
}

/// Puts the events into a function, by time; those without a time are last.
///
/// # Errors
/// The case cannot be read, or the function fails.
pub(super) fn each(
    engine: &Engine,
    events: &Events,
    mut put: impl FnMut(TimelineRow) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    let tags = tags(engine)?;
    let confirmed: BTreeSet<i64> = events.confirmed.iter().map(|event| event.id).collect();
    let sql = format!("SELECT {} FROM event_history WHERE id = ?1", COLUMNS.join(", "));
    for event in &events.attackers {
        engine.check_interrupted()?;
        let found = rows::collect(|sink| engine.case().query(&sql, &[Param::Integer(event.id)], sink))?;
        let values = found.rows.first().map(|row| row.iter().map(|value| text(Some(value))).collect());
        let reasons: Vec<&str> = events.reasons.get(&event.id).into_iter().flatten().map(String::as_str).collect();
        put(TimelineRow {
            datetime: event.time.map(with_offset).unwrap_or_default(),
            message: confirmed::sentence(engine.case(), event.id)?,
            tags: tags.get(&event.id).cloned().unwrap_or_default(),
            status: if confirmed.contains(&event.id) { "confirmed" } else { "attacker" },
            confirmed_by: reasons.join("; "),
            values: values.unwrap_or_default(),
        })?;
    }
    Ok(())
}

/// Returns a time with its offset from UTC, as Timesketch's examples have it.
fn with_offset(time: i64) -> String {
    time::format(time).replace('Z', "+00:00")
}

/// Returns the tags of events, by `events.id`.
fn tags(engine: &Engine) -> Result<BTreeMap<i64, Vec<String>>, QueryError> {
    let found = rows::collect(|sink| engine.case().query(TAGS, &[], sink))?;
    let mut tags: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for row in &found.rows {
        if let Some(rows::Value::Integer(id)) = row.first() {
            tags.entry(*id).or_default().push(text(row.get(1)));
        }
    }
    Ok(tags)
}
