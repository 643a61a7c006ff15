//! Counts of the few values that facets, identities and resources have of an attribute, in `attribute_values`.
//! Completion shows them at once; adding up the rows of a table takes too long.

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;

use crate::event::Text;
use crate::fields::{FIELDS, Field, Place, Values};
use crate::store::rollup::field_text::as_text;
use crate::store::rollup::occurring::{Occurring, join_value};
use crate::store::rollup::row_counts::RowCounts;

/// The attribute that types of resources are counted as.
pub(crate) const RESOURCE_TYPE: &str = "resource_type";

/// Counts the events of a case: every event has an outcome, so the counts of the outcomes add up to all events.
pub(crate) const EVENT_COUNT: &str =
    "SELECT coalesce(sum(events), 0) FROM attribute_values WHERE attribute = 'outcome'";

/// Writes the values that identities have into `attribute_values`, from what is counted of these.
pub(crate) fn write_identities(connection: &Connection) -> rusqlite::Result<()> {
    write_values(connection, "identities", &of_identities())
}

/// Counts the values that identities have, from what a run has counted of these.
pub(crate) fn count_identities(
    connection: &Connection,
    identities: &RowCounts,
) -> rusqlite::Result<Vec<(&'static str, Occurring)>> {
    count_values(connection, "identities", &of_identities(), identities)
}

fn of_identities() -> Vec<&'static Field> {
    of(|place| matches!(place, Place::Identity | Place::Role))
}

/// Writes the types that resources have into `attribute_values`, from what is counted of these.
pub(crate) fn write_resource_types(connection: &Connection) -> rusqlite::Result<()> {
    write_values(connection, "resources", &of(|place| place == Place::ResourceType))
}

/// Returns the fields in such a place that are counted.
fn of(place: impl Fn(Place) -> bool) -> Vec<&'static Field> {
    FIELDS.iter().filter(|field| field.values == Values::Kept && place(field.place)).collect()
}

/// Writes the values that the rows of a table have of these fields into `attribute_values`, from what is counted of the
/// rows. One pass that keeps the sums is several times faster than statements that sort.
pub(crate) fn write_values(connection: &Connection, table: &str, fields: &[&Field]) -> rusqlite::Result<()> {
    let columns: Vec<String> = fields.iter().map(|field| as_text(field)).collect();
    let sql = format!("SELECT events, first_seen, last_seen, {} FROM {table}", columns.join(", "));
    let mut select = connection.prepare(&sql)?;
    let mut sums: Vec<FxHashMap<Text, Sum>> = fields.iter().map(|_| FxHashMap::default()).collect();
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let events: u64 = row.get(0)?;
        let (first, last) = (row.get_ref(1)?.as_str_or_null()?, row.get_ref(2)?.as_str_or_null()?);
        for (at, sums) in sums.iter_mut().enumerate() {
            let Some(value) = row.get_ref(at + 3)?.as_str_or_null()? else { continue };
            match sums.get_mut(value) {
                Some(sum) => sum.add(events, first, last),
                None => sums.entry(Text::from(value)).or_default().add(events, first, last),
            }
        }
    }
    let mut insert = connection.prepare(
        "INSERT INTO attribute_values (attribute, value, events, first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (field, sums) in fields.iter().zip(sums) {
        connection.execute("DELETE FROM attribute_values WHERE attribute = ?1", [field.column])?;
        for (value, sum) in sums.iter().filter(|(_, sum)| sum.events > 0) {
            insert.execute(params![field.column, value.as_str(), sum.events, sum.first, sum.last])?;
        }
    }
    Ok(())
}

/// Counts the values that the rows of a table have of these fields, from what a run has counted of the rows.
pub(crate) fn count_values(
    connection: &Connection,
    table: &str,
    fields: &[&'static Field],
    rows: &RowCounts,
) -> rusqlite::Result<Vec<(&'static str, Occurring)>> {
    let columns: Vec<String> = fields.iter().map(|field| as_text(field)).collect();
    let mut counted: Vec<_> = fields.iter().map(|field| (field.column, Occurring::default())).collect();
    rows.each(connection, (table, &columns.join(", ")), |row, _, seen| {
        for (at, (_, values)) in counted.iter_mut().enumerate() {
            if let Some(value) = row.get_ref(at)?.as_str_or_null()? {
                join_value(values, value, seen);
            }
        }
        Ok(())
    })?;
    Ok(counted)
}

/// The events of several rows, and when the first and the last was.
#[derive(Default)]
struct Sum {
    events: u64,
    first: Option<String>,
    last: Option<String>,
}

impl Sum {
    fn add(&mut self, events: u64, first: Option<&str>, last: Option<&str>) {
        self.events += events;
        if let Some(first) = first.filter(|first| self.first.as_deref().is_none_or(|known| *first < known)) {
            self.first = Some(first.to_owned());
        }
        if let Some(last) = last.filter(|last| self.last.as_deref().is_none_or(|known| *last > known)) {
            self.last = Some(last.to_owned());
        }
    }
}
