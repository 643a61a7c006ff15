//! Facets: the combinations of those attributes that have few values.

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;

use crate::event::Event;
use crate::fields::{FIELDS, Field, Values};
use crate::store::key::{Key, KeyBuilder};
use crate::store::rollup::attribute_values;
use crate::store::rollup::occurring::Occurring;
use crate::store::rollup::row_counts::RowCounts;

/// Returns the attributes of `facets` whose values `attribute_values` counts.
pub(crate) fn kept() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| field.facet && field.values == Values::Kept)
}

fn flag(flag: Option<bool>) -> Option<&'static str> {
    flag.map(|flag| if flag { "1" } else { "0" })
}

/// Returns the key of a facet.
pub(crate) fn key(keyer: &mut KeyBuilder, event: &Event) -> Key {
    keyer.key(&[
        event.event_source.as_deref(),
        event.event_name.as_deref(),
        event.aws_region.as_deref(),
        event.recipient_account_id.as_deref(),
        event.error_code.as_deref(),
        Some(event.outcome.name()),
        flag(event.read_only),
        flag(event.management_event),
        event.event_type.as_deref(),
        event.event_category.as_deref(),
        event.event_version.as_deref(),
    ])
}

/// Returns the facets of a case.
pub(crate) fn load(connection: &Connection) -> rusqlite::Result<FxHashMap<Key, i64>> {
    let mut keyer = KeyBuilder::default();
    let mut select = connection.prepare(
        "SELECT id, event_source, event_name, aws_region, recipient_account_id, error_code, outcome, \
         CAST(read_only AS TEXT), CAST(management_event AS TEXT), event_type, event_category, event_version FROM facets",
    )?;
    let rows = select.query_map([], |row| {
        let mut parts = [None; 11];
        for (index, part) in parts.iter_mut().enumerate() {
            *part = row.get_ref(index + 1)?.as_str_or_null()?;
        }
        Ok((keyer.key(&parts), row.get(0)?))
    })?;
    rows.collect()
}

/// Adds a facet, met at this time.
pub(crate) fn insert(connection: &Connection, event: &Event, time: Option<&str>) -> rusqlite::Result<i64> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO facets (event_source, event_name, aws_region, recipient_account_id, error_code, outcome, read_only, \
         management_event, event_type, event_category, event_version, events, first_seen, last_seen) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1, ?12, ?12)",
    )?;
    insert.execute(params![
        event.event_source.as_deref(),
        event.event_name.as_deref(),
        event.aws_region.as_deref(),
        event.recipient_account_id.as_deref(),
        event.error_code.as_deref(),
        event.outcome.name(),
        event.read_only,
        event.management_event,
        event.event_type.as_deref(),
        event.event_category.as_deref(),
        event.event_version.as_deref(),
        time,
    ])?;
    Ok(connection.last_insert_rowid())
}

/// Writes the values of the facets' attributes into `attribute_values`, from what is counted of the facets.
pub(crate) fn write_values(connection: &Connection) -> rusqlite::Result<()> {
    attribute_values::write_values(connection, "facets", &kept().collect::<Vec<_>>())
}

/// Counts the values of the facets' attributes, from what a run has counted of the facets.
pub(crate) fn count_values(
    connection: &Connection,
    facets: &RowCounts,
) -> rusqlite::Result<Vec<(&'static str, Occurring)>> {
    attribute_values::count_values(connection, "facets", &kept().collect::<Vec<_>>(), facets)
}
