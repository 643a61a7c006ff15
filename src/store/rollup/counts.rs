//! Counts and periods of each identity, resource, text and attribute value.
//!
//! A run of import sums what it stores in memory and writes the sums when it finishes. If an event was replaced or an
//! earlier run was interrupted, the sums are not enough, and everything is counted again from the events.

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;

use crate::event::{Event, Text};
use crate::fields::{FIELDS, Field, PLAIN, Place, Values};
use crate::store::rollup::attribute_values;
use crate::store::rollup::facets;
use crate::store::rollup::field_text::as_text;
use crate::store::rollup::hourly;
use crate::store::rollup::hourly::HourlyCounts;
use crate::time;

/// Occurrences among the events that are counted. In sixteen bytes: 10,000,000 events may name four million resources.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) events: u32,
    /// The lower parts of the first and last time.
    lower: (u32, u32),
    /// The upper parts. The first is after the last where no event has a time.
    upper: (i8, i8),
}

impl Default for Seen {
    fn default() -> Seen {
        Seen { events: 0, lower: (u32::MAX, 0), upper: (i8::MAX, i8::MIN) }
    }
}

impl Seen {
    pub(crate) fn add(&mut self, time: Option<i64>) {
        self.events += 1;
        let Some(time) = time else { return };
        // Forty bits hold the seconds of all years that four digits can write.
        let time = ((time >> 32) as i8, time as u32);
        if time < (self.upper.0, self.lower.0) {
            (self.upper.0, self.lower.0) = time;
        }
        if time > (self.upper.1, self.lower.1) {
            (self.upper.1, self.lower.1) = time;
        }
    }

    /// Returns the first and last time as text.
    pub(crate) fn period(&self) -> (Option<String>, Option<String>) {
        let of = |upper: i8, lower: u32| (i64::from(upper) << 32) | i64::from(lower);
        let (first, last) = (of(self.upper.0, self.lower.0), of(self.upper.1, self.lower.1));
        if first > last {
            return (None, None);
        }
        (Some(time::format(first)), Some(time::format(last)))
    }
}

/// Returns the columns of `events` whose values `attribute_values` counts, but for those that `facets` has.
pub(crate) fn kept_attributes() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| field.place == Place::Event && field.values == Values::Kept && !field.facet)
}

/// Reports whether `attribute_values` counts the values of a column.
pub(crate) fn is_kept(column: &str) -> bool {
    kept_attributes().chain(facets::kept()).any(|field| field.column == column)
}

/// The values of an attribute, and how often each occurs.
pub(crate) type Occurring = FxHashMap<Text, Seen>;

/// Counts an event with a value.
pub(crate) fn add_value(values: &mut Occurring, value: &str, time: Option<i64>) {
    match values.get_mut(value) {
        Some(seen) => seen.add(time),
        None => values.entry(Text::from(value)).or_default().add(time),
    }
}

/// The place of the values of a kept attribute in an event.
#[derive(Clone, Copy)]
enum Attribute {
    /// Among the plain values.
    Plain(usize),
    /// In a member of its own.
    Own(&'static str),
}

impl Attribute {
    fn of(field: &Field) -> Attribute {
        match PLAIN.iter().position(|plain| plain.column == field.column) {
            Some(column) => Attribute::Plain(column),
            None => Attribute::Own(field.column),
        }
    }

    /// Returns its value in an event, as it is counted.
    fn value(self, event: &Event) -> Option<&str> {
        let flag = |flag: Option<bool>| flag.map(|flag| if flag { "true" } else { "false" });
        match self {
            Attribute::Plain(column) => event.plain.get(column)?.as_text(),
            Attribute::Own("user_name") => event.user_name.as_deref(),
            Attribute::Own("mfa_authenticated") => flag(event.mfa_authenticated),
            Attribute::Own("from_console") => flag(Some(event.from_console)),
            Attribute::Own("invoked_by") => event.invoked_by.as_deref(),
            Attribute::Own(_) => None,
        }
    }
}

/// The ids that an event points to.
#[derive(Debug, Default, Clone)]
pub(crate) struct Links {
    pub(crate) facet: i64,
    pub(crate) identity: Option<i64>,
    pub(crate) user_agent: Option<i64>,
    pub(crate) error_message: Option<i64>,
    pub(crate) resources: Vec<i64>,
}

/// The counts of the rows of a table. Rows that the run made have consecutive ids.
#[derive(Default)]
struct RowCounts {
    /// The largest id before the run.
    before: i64,
    old: FxHashMap<i64, Seen>,
    new: Vec<Seen>,
}

impl RowCounts {
    fn of(connection: &Connection, table: &str) -> rusqlite::Result<RowCounts> {
        let before = format!("SELECT coalesce(max(id), 0) FROM {table}");
        Ok(RowCounts { before: connection.query_row(&before, [], |row| row.get(0))?, ..RowCounts::default() })
    }

    fn add(&mut self, id: i64, time: Option<i64>) {
        let Some(index) = usize::try_from(id - self.before - 1).ok() else {
            return self.old.entry(id).or_default().add(time);
        };
        if index >= self.new.len() {
            self.new.resize(index + 1, Seen::default());
        }
        self.new[index].add(time);
    }

    /// Writes the counts. A new row was made with the count and the time of its first event, so that most are right
    /// already.
    fn write(&self, connection: &Connection, table: &str) -> rusqlite::Result<()> {
        let mut set = connection
            .prepare(&format!("UPDATE {table} SET events = ?2, first_seen = ?3, last_seen = ?4 WHERE id = ?1"))?;
        for (index, seen) in self.new.iter().enumerate().filter(|(_, seen)| seen.events > 1) {
            let (first, last) = seen.period();
            set.execute(params![self.before + 1 + index as i64, seen.events, first, last])?;
        }
        let mut update = connection.prepare(&format!(
            "UPDATE {table} SET events = events + ?2, \
                 first_seen = CASE WHEN ?3 < first_seen OR first_seen IS NULL THEN ?3 ELSE first_seen END, \
                 last_seen  = CASE WHEN ?4 > last_seen  OR last_seen  IS NULL THEN ?4 ELSE last_seen END \
             WHERE id = ?1"
        ))?;
        let mut old: Vec<_> = self.old.iter().collect();
        old.sort_unstable_by_key(|(id, _)| **id);
        for (id, seen) in old {
            let (first, last) = seen.period();
            update.execute(params![id, seen.events, first, last])?;
        }
        Ok(())
    }
}

/// The sums of what a run has stored so far.
pub(crate) struct Sums {
    facets: RowCounts,
    hours: HourlyCounts,
    identities: RowCounts,
    user_agents: RowCounts,
    error_messages: RowCounts,
    resources: RowCounts,
    attributes: Vec<(&'static Field, Attribute, Occurring)>,
    /// Reading all resources again when the run ends takes longer.
    resource_types: Occurring,
}

impl Sums {
    pub(crate) fn begin(connection: &Connection) -> rusqlite::Result<Sums> {
        Ok(Sums {
            facets: RowCounts::of(connection, "facets")?,
            hours: HourlyCounts::default(),
            identities: RowCounts::of(connection, "identities")?,
            user_agents: RowCounts::of(connection, "user_agents")?,
            error_messages: RowCounts::of(connection, "error_messages")?,
            resources: RowCounts::of(connection, "resources")?,
            attributes: kept_attributes().map(|field| (field, Attribute::of(field), Occurring::default())).collect(),
            resource_types: Occurring::default(),
        })
    }

    /// Counts a stored event.
    pub(crate) fn add(&mut self, event: &Event, links: &Links) {
        self.facets.add(links.facet, event.time);
        if let Some(time) = event.time {
            self.hours.add(links.facet, time);
        }
        for (tally, id) in [
            (&mut self.identities, links.identity),
            (&mut self.user_agents, links.user_agent),
            (&mut self.error_messages, links.error_message),
        ] {
            if let Some(id) = id {
                tally.add(id, event.time);
            }
        }
        for resource in &links.resources {
            self.resources.add(*resource, event.time);
        }
        for kind in event.resources.iter().filter_map(|used| used.resource.kind.as_deref()) {
            add_value(&mut self.resource_types, kind, event.time);
        }
        for (_, attribute, values) in &mut self.attributes {
            let Some(value) = attribute.value(event) else { continue };
            add_value(values, value, event.time);
        }
    }

    /// Returns the count of a resource that the run made in a new case.
    pub(crate) fn resource(&self, id: i64) -> Seen {
        let index = usize::try_from(id - 1).ok();
        index.and_then(|index| self.resources.new.get(index)).copied().unwrap_or_default()
    }

    /// Adds the sums to those in the case.
    pub(crate) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.resources.write(connection, "resources")?;
        self.write_others(connection)
    }

    /// Adds the sums to those in the case, but for resources.
    pub(crate) fn write_others(&self, connection: &Connection) -> rusqlite::Result<()> {
        for (table, tally) in [
            ("facets", &self.facets),
            ("identities", &self.identities),
            ("user_agents", &self.user_agents),
            ("error_messages", &self.error_messages),
        ] {
            tally.write(connection, table)?;
        }
        self.hours.write(connection)?;
        write_derived(connection)?;
        let mut upsert = connection.prepare(
            "INSERT INTO attribute_values (attribute, value, events, first_seen, last_seen) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET events = events + excluded.events, \
                 first_seen = CASE WHEN excluded.first_seen < first_seen OR first_seen IS NULL \
                                   THEN excluded.first_seen ELSE first_seen END, \
                 last_seen  = CASE WHEN excluded.last_seen > last_seen OR last_seen IS NULL \
                                   THEN excluded.last_seen ELSE last_seen END",
        )?;
        let types = [(attribute_values::RESOURCE_TYPE, &self.resource_types)];
        for (column, values) in self.attributes.iter().map(|(field, _, values)| (field.column, values)).chain(types) {
            for (value, seen) in values {
                let (first, last) = seen.period();
                upsert.execute(params![column, value.as_str(), seen.events, first, last])?;
            }
        }
        Ok(())
    }
}

/// Writes what adds up other counts: those of hours, facets and identities.
pub(crate) fn write_derived(connection: &Connection) -> rusqlite::Result<()> {
    hourly::write_rollups(connection)?;
    facets::write_values(connection)?;
    attribute_values::write_identities(connection)
}

/// Counts everything again from the events.
pub(crate) fn recount(connection: &Connection) -> rusqlite::Result<()> {
    for (table, column) in [
        ("facets", "facet_id"),
        ("identities", "identity_id"),
        ("user_agents", "user_agent_id"),
        ("error_messages", "error_message_id"),
    ] {
        connection.execute_batch(&format!(
            "UPDATE {table} SET events = 0, first_seen = NULL, last_seen = NULL; \
             UPDATE {table} SET events = n, first_seen = first, last_seen = last FROM ( \
                 SELECT {column} AS of, count(*) AS n, min(event_time) AS first, max(event_time) AS last \
                 FROM events WHERE {column} IS NOT NULL GROUP BY {column}) WHERE id = of; \
             DELETE FROM {table} WHERE events = 0;"
        ))?;
    }
    connection.execute_batch(
        "UPDATE resources SET events = 0, first_seen = NULL, last_seen = NULL; \
         UPDATE resources SET events = n, first_seen = first, last_seen = last FROM ( \
             SELECT resource AS of, count(*) AS n, min(event_time) AS first, max(event_time) AS last \
             FROM event_resources JOIN events ON events.id = event GROUP BY resource) WHERE id = of; \
         DELETE FROM resources WHERE events = 0; \
         DELETE FROM attribute_values;",
    )?;
    hourly::recount(connection)?;
    write_derived(connection)?;
    attribute_values::write_resource_types(connection)?;
    for field in kept_attributes() {
        let (column, text) = (field.column, as_text(field));
        connection.execute_batch(&format!(
            "INSERT INTO attribute_values (attribute, value, events, first_seen, last_seen) \
             SELECT '{column}', {text}, count(*), min(event_time), max(event_time) FROM events \
             WHERE {column} IS NOT NULL GROUP BY {column};"
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use crate::time;

    #[test]
    fn first_and_last_are_right_in_all_years() {
        assert_eq!(size_of::<Seen>(), 16);
        let year_1 = -62_135_596_800;
        let end_of_9999 = 253_402_300_799;
        let times = [0, -1, 1, u32::MAX.into(), i64::from(u32::MAX) + 1, -(1 << 32), year_1, end_of_9999];
        for one in times {
            for other in times {
                let mut seen = Seen::default();
                assert_eq!(seen.period(), (None, None));
                for time in [Some(one), None, Some(other)] {
                    seen.add(time);
                }
                let text = |time| Some(time::format(time));
                assert_eq!(seen.period(), (text(one.min(other)), text(one.max(other))), "{one} {other}");
                assert_eq!(seen.events, 3);
            }
        }
    }
}
