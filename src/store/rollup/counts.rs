//! Counts and periods of each identity, resource, text and attribute value.
//!
//! A run of import sums what it stores in memory and writes the sums when it finishes. If an event was replaced or an
//! earlier run was interrupted, the sums are not enough, and everything is counted again from the events.

use rusqlite::{Connection, params};

use crate::event::Event;
use crate::store::rollup::attribute_values;
use crate::store::rollup::facets;
use crate::store::rollup::field_text::as_text;
use crate::store::rollup::hourly;
use crate::store::rollup::hourly::HourlyCounts;
use crate::store::rollup::row_counts::RowCounts;
use crate::store::rollup::seen::Seen;
use crate::store::rollup::value_counts::{ValueCounts, kept_attributes, occurrences};

/// The ids that an event points to.
#[derive(Debug, Default, Clone)]
pub(crate) struct Links {
    pub(crate) facet: i64,
    pub(crate) identity: Option<i64>,
    pub(crate) user_agent: Option<i64>,
    pub(crate) error_message: Option<i64>,
    pub(crate) resources: Vec<i64>,
}

/// The sums of what a run has stored so far.
pub(crate) struct Sums {
    facets: RowCounts,
    hours: HourlyCounts,
    identities: RowCounts,
    user_agents: RowCounts,
    error_messages: RowCounts,
    resources: RowCounts,
    pub(crate) values: ValueCounts,
    /// True if an identity that was there has another value of an attribute that is counted.
    pub(crate) are_identities_changed: bool,
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
            values: ValueCounts::default(),
            are_identities_changed: false,
        })
    }

    /// Counts a stored event, but for its values.
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
    }

    /// Returns the count of a resource that the run made in a new case.
    pub(crate) fn resource(&self, id: i64) -> Seen {
        self.resources.of_new(id)
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
        self.hours.add_to_rollups(connection, &self.facets)?;
        let mut derived = facets::count_values(connection, &self.facets)?;
        if !self.are_identities_changed {
            derived.extend(attribute_values::count_identities(connection, &self.identities)?);
        }
        let derived = derived.iter().flat_map(|(column, values)| occurrences(column, values));
        add_values(connection, self.values.all().chain(derived).collect())?;
        if self.are_identities_changed {
            attribute_values::write_identities(connection)?;
        }
        Ok(())
    }
}

/// Adds the occurrences of values of attributes to those in the case.
fn add_values(connection: &Connection, mut values: Vec<(&str, &str, Seen)>) -> rusqlite::Result<()> {
    // In the order of the table, so that its pages are written one after the other.
    values.sort_unstable_by_key(|(attribute, value, _)| (*attribute, *value));
    let mut upsert = connection.prepare(
        "INSERT INTO attribute_values (attribute, value, events, first_seen, last_seen) \
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET events = events + excluded.events, \
             first_seen = CASE WHEN excluded.first_seen < first_seen OR first_seen IS NULL \
                               THEN excluded.first_seen ELSE first_seen END, \
             last_seen  = CASE WHEN excluded.last_seen > last_seen OR last_seen IS NULL \
                               THEN excluded.last_seen ELSE last_seen END",
    )?;
    for (attribute, value, seen) in values {
        let (first, last) = seen.period();
        upsert.execute(params![attribute, value, seen.events, first, last])?;
    }
    Ok(())
}

/// Writes what adds up other counts anew: those of hours, facets and identities.
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
