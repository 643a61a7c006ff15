//! The secondary indexes of a case. An import makes them when it finishes: sorting once is several times cheaper than
//! keeping them in order row by row.

use rusqlite::Connection;

use crate::fields::{FIELDS, Place};
use crate::hourly_rollup::{HOURLY_ROLLUPS, HourlyRollup};

/// An index: its name and what it is on.
#[derive(Clone)]
pub(crate) struct Index {
    pub(crate) name: String,
    pub(crate) table: &'static str,
    pub(crate) columns: Vec<&'static str>,
    /// The rows that it has, if not all.
    condition: Option<String>,
}

impl Index {
    /// Returns an index of all rows.
    pub(crate) fn new(name: impl Into<String>, table: &'static str, columns: &[&'static str]) -> Index {
        Index { name: name.into(), table, columns: columns.to_vec(), condition: None }
    }

    /// Leaves rows without a value of the first column out.
    pub(crate) fn sparse(self) -> Index {
        let condition = self.columns.first().map(|column| format!("{column} IS NOT NULL"));
        Index { condition, ..self }
    }

    /// Leaves rows that do not meet a condition out.
    pub(crate) fn on_rows(self, condition: &str) -> Index {
        Index { condition: Some(condition.to_owned()), ..self }
    }

    /// Returns the condition of the rows that it has; `None` if it has all.
    pub(crate) fn condition(&self) -> Option<&str> {
        self.condition.as_deref()
    }

    /// Reports whether exactly the rows without a value of the first column are left out.
    pub(crate) fn is_sparse(&self) -> bool {
        let first = self.columns.first().map(|column| format!("{column} IS NOT NULL"));
        self.condition.is_some() && self.condition == first
    }

    /// Reports whether no two rows have the same values.
    pub(crate) fn is_unique(&self) -> bool {
        self.name == EVENT_ID
    }

    /// Returns the statement that makes it, as the schema has it.
    pub(crate) fn sql(&self) -> String {
        self.statement("")
    }

    fn statement(&self, unless_it_exists: &str) -> String {
        let unique = if self.is_unique() { "UNIQUE " } else { "" };
        let condition = self.condition.as_ref().map_or_else(String::new, |condition| format!(" WHERE {condition}"));
        let (name, table, columns) = (&self.name, self.table, self.columns.join(", "));
        format!("CREATE {unique}INDEX {unless_it_exists}{name} ON {table} ({columns}){condition}")
    }
}

/// Columns that are mostly absent: their indexes leave absent values out.
const SPARSE: &[&str] = &["access_key_id", "error_code", "issued_access_key_id", "shared_event_id"];

/// The index that finds duplicates; the first to be created.
const EVENT_ID: &str = "events_by_event_id";

/// Returns the indexes that have no counts, in the order in which they are made.
pub(crate) fn all() -> Vec<Index> {
    let mut indexes = vec![
        Index::new(EVENT_ID, "events", &["event_id"]),
        // With the facet, so that an event of another one is passed over without a look at its row.
        Index::new("events_by_time", "events", &["time", "facet_id"]),
        Index::new("events_by_identity", "events", &["identity_id", "time", "user_agent_id"]),
        Index::new("events_by_user_agent", "events", &["user_agent_id", "time"]),
        Index::new("event_resources_by_resource", "event_resources", &["resource", "event"]),
        Index::new("identities_by_user_name", "identities", &["user_name"]),
        Index::new("identities_by_role", "identities", &["role_name"]),
        Index::new("resources_by_arn_end", "resources", &["arn_end"]).sparse(),
    ];
    let columns = FIELDS.iter().filter(|field| field.indexed && field.place == Place::Event).map(|field| field.column);
    for column in columns.filter(|column| !matches!(*column, "event_time" | "event_id")) {
        // Errors are few, and who met them is what is asked most.
        let more: &[&str] = if column == "error_code" { &["facet_id", "user_name"] } else { &[] };
        let index = Index::new(format!("events_by_{column}"), "events", &[&[column, "time"], more].concat());
        indexes.push(if SPARSE.contains(&column) { index.sparse() } else { index });
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
    let own = all().into_iter().chain(of_counts()).map(|index| (index.name.clone(), index.sql()));
    let earlier = EARLIER.iter().map(|(name, on)| ((*name).to_owned(), format!("CREATE INDEX {name} ON {on}")));
    own.chain(earlier).collect()
}

/// Reports whether a case has every index.
pub(crate) fn are_made(connection: &Connection) -> rusqlite::Result<bool> {
    let mut exists = connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1")?;
    for index in all().iter().chain(&of_counts()) {
        if !exists.exists([&index.name])? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the indexes that a case lacks, each in a transaction of its own: a killed run loses at most one.
pub(crate) fn make(connection: &Connection) -> rusqlite::Result<()> {
    // The size of what is sorted at once: as much as a core's own cache holds.
    connection.execute_batch("PRAGMA cache_size = -2048")?;
    make_in_memory(connection)
}

/// Makes the indexes that a case lacks, with the cache as it is: for a case that fits into it.
pub(crate) fn make_in_memory(connection: &Connection) -> rusqlite::Result<()> {
    all().iter().try_for_each(|index| connection.execute_batch(&index.statement("IF NOT EXISTS ")))
}

/// Indexes that have counts, which are written after the other indexes are made: that for timelines; those of names
/// with their events, so that completion knows the most frequent without a look at the rows; and those of the values
/// that at least [`FREQUENT`] events have, from which completion takes the most frequent.
pub(crate) fn of_counts() -> Vec<Index> {
    let frequent = |table: &'static str, columns: &[&'static str]| {
        Index::new(format!("{table}_by_events"), table, columns).on_rows(&format!("events >= {FREQUENT}"))
    };
    let hourly = HOURLY_ROLLUPS.iter().map(|HourlyRollup { table, attributes }| {
        Index::new(format!("{table}_by_hour"), table, &[&["hour"], *attributes, &["events"]].concat())
    });
    let others = [
        Index::new("identities_by_arn", "identities", &["arn", "events"]),
        Index::new("identities_by_session_name", "identities", &["session_name", "events"]).sparse(),
        Index::new("identities_by_principal_id", "identities", &["principal_id", "events"]),
        // By ARN too: the name is a part of it.
        Index::new("resources_by_name", "resources", &["name", "events"]),
        frequent("attribute_values", &["attribute", "events"]),
        frequent("identities", &["events", "arn", "session_name", "principal_id"]),
        frequent("resources", &["events", "name", "arn"]),
        frequent("error_messages", &["events", "text"]),
    ];
    hourly.chain(others).collect()
}

/// The number of events from which a value is frequent.
pub(crate) const FREQUENT: u64 = 10;

/// Makes the indexes on counts that a case lacks.
pub(crate) fn make_of_counts(connection: &Connection) -> rusqlite::Result<()> {
    of_counts().iter().try_for_each(|index| connection.execute_batch(&index.statement("IF NOT EXISTS ")))
}

/// Creates only the index that finds duplicates.
pub(crate) fn make_event_id(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("CREATE UNIQUE INDEX IF NOT EXISTS {EVENT_ID} ON events (event_id)"))
}

/// Makes room in memory for the indexes that a small import keeps in order: nearly every event touches other pages of
/// theirs, and with the cache as it is, each page is written as often as it is touched.
pub(crate) fn keep(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA cache_size = -131072")
}

/// Drops the indexes that a large import would have to keep in order, all but the one that finds duplicates.
pub(crate) fn drop_secondary(connection: &Connection) -> rusqlite::Result<()> {
    for Index { name, .. } in all().iter().chain(&of_counts()).filter(|index| index.name != EVENT_ID) {
        connection.execute_batch(&format!("DROP INDEX IF EXISTS {name}"))?;
    }
    Ok(())
}
