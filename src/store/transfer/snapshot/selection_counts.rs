//! The rows that the events of a selection point to, with their counts. Each event is read once, so that these rows are
//! copied with the right counts.

use rusqlite::{Connection, params};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::fields::Field;
use crate::store::rollup::attribute_values;
use crate::store::rollup::counts;
use crate::store::rollup::field_text::as_text;
use crate::store::rollup::hourly::HourlyCounts;
use crate::store::rollup::occurring::{Occurring, add_value};
use crate::store::rollup::seen::Seen;
use crate::store::rollup::value_counts::kept_attributes;
use crate::store::transfer::snapshot::new_file::columns;

/// The tables of which rows are copied that events point to, with their column in `events`.
const POINTED_TO: [(&str, &str); 4] = [
    ("facets", "facet_id"),
    ("identities", "identity_id"),
    ("user_agents", "user_agent_id"),
    ("error_messages", "error_message_id"),
];

/// The counts of the references to each row of a table.
type CountsById = FxHashMap<i64, Seen>;

/// The events that are kept, as far as it is about what is counted of them.
pub(crate) struct SelectionCounts {
    /// `events.time` of the events, which are numbered from 1.
    pub(crate) times: Vec<Option<i64>>,
    /// `events.file_id`.
    pub(crate) files: FxHashSet<i64>,
    pointed_to: [CountsById; POINTED_TO.len()],
    resources: CountsById,
    hours: HourlyCounts,
    attributes: Vec<(&'static Field, Occurring)>,
}

impl SelectionCounts {
    /// Looks at the events of a case, which are numbered from 1 without a gap, and at what links them to resources.
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<SelectionCounts> {
        let mut kept = SelectionCounts {
            times: Vec::new(),
            files: FxHashSet::default(),
            pointed_to: Default::default(),
            resources: CountsById::default(),
            hours: HourlyCounts::default(),
            attributes: kept_attributes().map(|field| (field, Occurring::default())).collect(),
        };
        kept.look_at_events(connection)?;
        let mut select = connection.prepare("SELECT event, resource FROM main.event_resources")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let place = usize::try_from(row.get::<_, i64>(0)? - 1).unwrap_or(usize::MAX);
            let time = kept.times.get(place).copied().flatten();
            kept.resources.entry(row.get(1)?).or_default().add(time);
        }
        Ok(kept)
    }

    fn look_at_events(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut columns = vec!["time".to_owned(), "file_id".to_owned()];
        columns.extend(POINTED_TO.map(|(_, column)| column.to_owned()));
        let attributes = columns.len();
        columns.extend(self.attributes.iter().map(|(field, _)| as_text(field)));
        let mut select = connection.prepare(&format!("SELECT {} FROM main.events ORDER BY id", columns.join(", ")))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let time: Option<i64> = row.get(0)?;
            self.times.push(time);
            self.files.insert(row.get(1)?);
            for (at, tally) in (2..).zip(&mut self.pointed_to) {
                if let Some(id) = row.get(at)? {
                    tally.entry(id).or_default().add(time);
                }
            }
            if let Some(time) = time {
                self.hours.add(row.get(2)?, time);
            }
            for (at, (_, values)) in (attributes..).zip(&mut self.attributes) {
                if let Some(value) = row.get_ref(at)?.as_str_or_null()? {
                    add_value(values, value, time);
                }
            }
        }
        Ok(())
    }

    /// Copies the rows that are pointed to from the attached case `source`, and writes the counts.
    pub(crate) fn copy(&self, connection: &Connection) -> rusqlite::Result<()> {
        for ((table, _), tally) in
            POINTED_TO.iter().zip(&self.pointed_to).chain([(&("resources", ""), &self.resources)])
        {
            copy_counted(connection, table, tally)?;
        }
        self.hours.write(connection)?;
        counts::write_derived(connection)?;
        attribute_values::write_resource_types(connection)?;
        let mut insert = connection.prepare(
            "INSERT INTO main.attribute_values (attribute, value, events, first_seen, last_seen) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (field, values) in &self.attributes {
            let mut values: Vec<_> = values.iter().collect();
            values.sort_unstable_by_key(|(value, _)| *value);
            for (value, seen) in values {
                let (first, last) = seen.period();
                insert.execute(params![field.column, value.as_str(), seen.events, first, last])?;
            }
        }
        Ok(())
    }
}

/// Copies the rows of a table that are counted, with their counts.
fn copy_counted(connection: &Connection, table: &str, tally: &CountsById) -> rusqlite::Result<()> {
    let values = columns(connection, table)?.into_iter().map(|name| match name.as_str() {
        "events" => "?2".to_owned(),
        "first_seen" => "?3".to_owned(),
        "last_seen" => "?4".to_owned(),
        _ => format!("\"{name}\""),
    });
    let values = values.collect::<Vec<_>>().join(", ");
    let sql = format!("INSERT INTO main.{table} SELECT {values} FROM source.{table} WHERE id = ?1");
    let mut insert = connection.prepare(&sql)?;
    let mut ids: Vec<_> = tally.iter().collect();
    ids.sort_unstable_by_key(|(id, _)| **id);
    for (id, seen) in ids {
        let (first, last) = seen.period();
        insert.execute(params![id, seen.events, first, last])?;
    }
    Ok(())
}
