//! The secondary indexes of a case. An import makes them when it finishes: sorting once is several times cheaper than
//! keeping them in order row by row.

use rusqlite::Connection;

use crate::fields::{FIELDS, Place};
use crate::hourly_rollup::{HOURLY_ROLLUPS, HourlyRollup};

/// An index: its name and what it is on.
struct Index {
    name: String,
    on: String,
}

/// Columns that are mostly absent: their indexes leave absent values out.
const SPARSE: &[&str] = &["access_key_id", "error_code", "issued_access_key_id", "shared_event_id"];

/// The index that finds duplicates; the first to be created.
const EVENT_ID: &str = "events_by_event_id";

fn all() -> Vec<Index> {
    let index = |name: &str, on: String| Index { name: name.to_owned(), on };
    let mut indexes = vec![
        index(EVENT_ID, "events (event_id)".to_owned()),
        // With the facet, so that an event of another one is passed over without a look at its row.
        index("events_by_time", "events (time, facet_id)".to_owned()),
        index("events_by_identity", "events (identity_id, time, user_agent_id)".to_owned()),
        index("events_by_user_agent", "events (user_agent_id, time)".to_owned()),
        index("event_resources_by_resource", "event_resources (resource, event)".to_owned()),
        index("identities_by_user_name", "identities (user_name)".to_owned()),
        index("identities_by_role", "identities (role_name)".to_owned()),
        index("resources_by_arn_end", "resources (arn_end) WHERE arn_end IS NOT NULL".to_owned()),
    ];
    let columns = FIELDS.iter().filter(|field| field.indexed && field.place == Place::Event).map(|field| field.column);
    for column in columns.filter(|column| !matches!(*column, "event_time" | "event_id")) {
        let partial = if SPARSE.contains(&column) { format!(" WHERE {column} IS NOT NULL") } else { String::new() };
        // Errors are few, and who met them is what is asked most.
        let more = if column == "error_code" { ", facet_id, user_name" } else { "" };
        indexes.push(index(&format!("events_by_{column}"), format!("events ({column}, time{more}){partial}")));
    }
    indexes
}

/// Indexes as earlier versions made them: a case that was migrated may have them still.
const EARLIER: &[(&str, &str)] = &[
    ("events_by_time", "events (time)"),
    ("events_by_identity", "events (identity_id, time)"),
    ("events_by_error_code", "events (error_code, time) WHERE error_code IS NOT NULL"),
    ("hourly_counts_by_hour", "hourly_counts (hour, events)"),
    ("identities_by_arn", "identities (arn)"),
    ("resources_by_name", "resources (name)"),
];

/// Returns every index that a case may have, with the statement that makes it.
pub(crate) fn every() -> Vec<(String, String)> {
    let unique = |name: &str| if name == EVENT_ID { "UNIQUE " } else { "" };
    let earlier = EARLIER.iter().map(|(name, on)| Index { name: (*name).to_owned(), on: (*on).to_owned() });
    let all = all().into_iter().chain(of_counts()).chain(earlier);
    all.map(|Index { name, on }| {
        let sql = format!("CREATE {}INDEX {name} ON {on}", unique(&name));
        (name, sql)
    })
    .collect()
}

/// Makes the indexes that a case lacks, each in a transaction of its own: a killed run loses at most one.
pub(crate) fn make(connection: &Connection) -> rusqlite::Result<()> {
    // The size of what is sorted at once: as much as a core's own cache holds.
    connection.execute_batch("PRAGMA cache_size = -2048")?;
    make_in_memory(connection)
}

/// Makes the indexes that a case lacks, with the cache as it is: for a case that fits into it.
pub(crate) fn make_in_memory(connection: &Connection) -> rusqlite::Result<()> {
    for Index { name, on } in all() {
        let unique = if name == EVENT_ID { "UNIQUE " } else { "" };
        connection.execute_batch(&format!("CREATE {unique}INDEX IF NOT EXISTS {name} ON {on}"))?;
    }
    Ok(())
}

/// Indexes that have counts, which are written after the other indexes are made: that for timelines; those of names
/// with their events, so that completion knows the most frequent without a look at the rows; and those of the values
/// that at least [`FREQUENT`] events have, from which completion takes the most frequent.
fn of_counts() -> Vec<Index> {
    let index = |name: &str, on: String| Index { name: name.to_owned(), on };
    let frequent = |table: &str, columns: &str| {
        index(&format!("{table}_by_events"), format!("{table} ({columns}) WHERE events >= {FREQUENT}"))
    };
    let hourly = HOURLY_ROLLUPS.iter().map(|HourlyRollup { table, attributes }| {
        index(&format!("{table}_by_hour"), format!("{table} (hour, {}, events)", attributes.join(", ")))
    });
    let others = [
        index("identities_by_arn", "identities (arn, events)".to_owned()),
        index(
            "identities_by_session_name",
            "identities (session_name, events) WHERE session_name IS NOT NULL".to_owned(),
        ),
        index("identities_by_principal_id", "identities (principal_id, events)".to_owned()),
        // By ARN too: the name is a part of it.
        index("resources_by_name", "resources (name, events)".to_owned()),
        frequent("attribute_values", "attribute, events"),
        frequent("identities", "events, arn, session_name, principal_id"),
        frequent("resources", "events, name, arn"),
        frequent("error_messages", "events, text"),
    ];
    hourly.chain(others).collect()
}

/// The number of events from which a value is frequent.
pub(crate) const FREQUENT: u64 = 10;

/// Makes the indexes on counts that a case lacks.
pub(crate) fn make_of_counts(connection: &Connection) -> rusqlite::Result<()> {
    for Index { name, on } in of_counts() {
        connection.execute_batch(&format!("CREATE INDEX IF NOT EXISTS {name} ON {on}"))?;
    }
    Ok(())
}

/// Creates only the index that finds duplicates.
pub(crate) fn make_event_id(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("CREATE UNIQUE INDEX IF NOT EXISTS {EVENT_ID} ON events (event_id)"))
}

/// Makes room in memory for the indexes that a small import keeps in order: nearly every event touches other pages of
/// theirs, and with the cache as it is, each page is written as often as it is touched.
pub(crate) fn keep(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA cache_size = -32768")
}

/// Drops the indexes that a large import would have to keep in order, all but the one that finds duplicates.
pub(crate) fn drop_secondary(connection: &Connection) -> rusqlite::Result<()> {
    for Index { name, .. } in all().iter().chain(&of_counts()).filter(|index| index.name != EVENT_ID) {
        connection.execute_batch(&format!("DROP INDEX IF EXISTS {name}"))?;
    }
    Ok(())
}
