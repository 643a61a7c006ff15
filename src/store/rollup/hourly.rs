//! Hourly counts: of each facet, and the rollups of a few attributes.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, params};
use rustc_hash::FxHashMap;

use crate::event::Text;
use crate::hourly_rollup::{HOURLY_ROLLUPS, HourlyRollup};
use crate::store::rollup::row_counts::RowCounts;

/// Seconds of an hour.
const HOUR: i64 = 3_600;

/// Events by facet and hour, which is counted from the epoch. In few bytes: 10,000,000 events may have two million of
/// these.
#[derive(Default)]
pub(crate) struct HourlyCounts(FxHashMap<(u32, i32), u32>);

impl HourlyCounts {
    /// Counts an event of a facet.
    pub(crate) fn add(&mut self, facet: i64, time: i64) {
        // No hour before the year 10000 and no number of events comes near what these hold.
        *self.0.entry((facet as u32, time.div_euclid(HOUR) as i32)).or_default() += 1;
    }

    /// Adds them to those in the case.
    pub(crate) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut upsert = connection.prepare(
            "INSERT INTO hourly_counts (facet, hour, events) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO UPDATE SET events = events + excluded.events",
        )?;
        let mut hours: Vec<_> = self.0.iter().collect();
        hours.sort_unstable();
        for ((facet, hour), events) in hours {
            upsert.execute(params![facet, i64::from(*hour) * HOUR, events])?;
        }
        Ok(())
    }

    /// Adds them to the hourly rollups of the case. `facets`: what the run has counted of the facets.
    pub(crate) fn add_to_rollups(&self, connection: &Connection, facets: &RowCounts) -> rusqlite::Result<()> {
        HOURLY_ROLLUPS.iter().try_for_each(|rollup| self.add_to_rollup(connection, rollup, facets))
    }

    fn add_to_rollup(
        &self,
        connection: &Connection,
        rollup: &HourlyRollup,
        facets: &RowCounts,
    ) -> rusqlite::Result<()> {
        let combinations = Combinations::of_counted(connection, rollup.attributes, facets)?;
        let mut sums = HourlySums::default();
        for ((facet, hour), events) in &self.0 {
            let combination = combinations.of(i64::from(*facet));
            *sums.entry((i64::from(*hour) * HOUR, combination)).or_default() += u64::from(*events);
        }
        let mut update = connection.prepare(&format!("UPDATE {} SET events = ?2 WHERE rowid = ?1", rollup.table))?;
        for RollupRow { row, hour, values, events } in rollup_rows(connection, rollup, &sums)? {
            let Ok(combination) = combinations.values.binary_search(&values) else { continue };
            if let Some(added) = sums.remove(&(hour, combination)) {
                update.execute(params![row, events + added])?;
            }
        }
        insert_rollup(connection, rollup, &combinations, sums)
    }
}

/// The events of hours by the index of a combination of values.
type HourlySums = FxHashMap<(i64, usize), u64>;

/// A row of a rollup.
struct RollupRow {
    row: i64,
    hour: i64,
    values: Vec<Option<Text>>,
    events: u64,
}

/// Returns the rows that a rollup has of the period of these hours.
fn rollup_rows(connection: &Connection, rollup: &HourlyRollup, sums: &HourlySums) -> rusqlite::Result<Vec<RollupRow>> {
    let hours = sums.keys().map(|(hour, _)| *hour);
    let (Some(first), Some(last)) = (hours.clone().min(), hours.max()) else { return Ok(Vec::new()) };
    let HourlyRollup { table, attributes } = rollup;
    let columns = texts(attributes);
    let mut select = connection
        .prepare(&format!("SELECT {columns}, rowid, hour, events FROM {table} WHERE hour BETWEEN ?1 AND ?2"))?;
    let rows = select.query_map([first, last], |row| {
        let after = attributes.len();
        Ok(RollupRow {
            row: row.get(after)?,
            hour: row.get(after + 1)?,
            values: values_of(row, attributes.len())?,
            events: row.get(after + 2)?,
        })
    })?;
    rows.collect()
}

/// Returns columns as texts.
fn texts(columns: &[&str]) -> String {
    let texts: Vec<String> = columns.iter().map(|column| format!("CAST({column} AS TEXT)")).collect();
    texts.join(", ")
}

/// Returns the first values of a row.
fn values_of(row: &Row<'_>, number: usize) -> rusqlite::Result<Vec<Option<Text>>> {
    (0..number).map(|at| Ok(row.get_ref(at)?.as_str_or_null()?.map(Text::from))).collect()
}

/// Counts the hours of each facet again from the events.
pub(crate) fn recount(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM hourly_counts", [])?;
    // Floor, for times before 1970 too.
    let sql = "INSERT INTO hourly_counts (hour, facet, events) \
               SELECT time - ((time % ?1) + ?1) % ?1, facet_id, count(*) FROM events WHERE time IS NOT NULL GROUP BY 1, 2";
    connection.execute(sql, [HOUR]).map(drop)
}

/// Writes the hourly rollups of a few attributes, from the counts of the facets' hours. One pass that keeps the sums is
/// several times faster than a statement that sorts.
pub(crate) fn write_rollups(connection: &Connection) -> rusqlite::Result<()> {
    HOURLY_ROLLUPS.iter().try_for_each(|rollup| write_rollup(connection, rollup))
}

fn write_rollup(connection: &Connection, rollup: &HourlyRollup) -> rusqlite::Result<()> {
    let combinations = Combinations::of_case(connection, rollup.attributes)?;
    let mut sums = HourlySums::default();
    let mut select = connection.prepare("SELECT hour, facet, events FROM hourly_counts")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        *sums.entry((row.get(0)?, combinations.of(row.get(1)?))).or_default() += row.get::<_, u64>(2)?;
    }
    connection.execute(&format!("DELETE FROM {}", rollup.table), [])?;
    insert_rollup(connection, rollup, &combinations, sums)
}

/// Inserts rows into a rollup.
fn insert_rollup(
    connection: &Connection,
    HourlyRollup { table, attributes }: &HourlyRollup,
    combinations: &Combinations,
    sums: HourlySums,
) -> rusqlite::Result<()> {
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_unstable();
    let values = (1..=attributes.len() + 2).map(|at| format!("?{at}")).collect::<Vec<_>>().join(", ");
    let attributes = attributes.join(", ");
    let mut insert =
        connection.prepare(&format!("INSERT INTO {table} (hour, events, {attributes}) VALUES ({values})"))?;
    for ((hour, combination), events) in sums {
        insert.raw_bind_parameter(1, hour)?;
        insert.raw_bind_parameter(2, events)?;
        for (at, value) in (3..).zip(combinations.values.get(combination).into_iter().flatten()) {
            insert.raw_bind_parameter(at, value.as_deref())?;
        }
        insert.raw_execute()?;
    }
    Ok(())
}

/// The combinations of values that facets have in some attributes, in ascending order.
struct Combinations {
    values: Vec<Vec<Option<Text>>>,
    /// The index of the combination of each facet.
    of_facet: FxHashMap<i64, usize>,
}

impl Combinations {
    /// Returns those of all facets of a case.
    fn of_case(connection: &Connection, attributes: &[&str]) -> rusqlite::Result<Combinations> {
        let mut select = connection.prepare(&format!("SELECT {}, id FROM facets", texts(attributes)))?;
        let facets = select.query_map([], |row| Ok((row.get(attributes.len())?, values_of(row, attributes.len())?)))?;
        Ok(Combinations::of_facets(&facets.collect::<rusqlite::Result<Vec<_>>>()?, attributes.len()))
    }

    /// Returns those of the facets that a run has counted.
    fn of_counted(connection: &Connection, attributes: &[&str], counted: &RowCounts) -> rusqlite::Result<Combinations> {
        let mut facets = Vec::new();
        counted.each(connection, ("facets", &texts(attributes)), |row, id, _| {
            facets.push((id, values_of(row, attributes.len())?));
            Ok(())
        })?;
        Ok(Combinations::of_facets(&facets, attributes.len()))
    }

    fn of_facets(facets: &[(i64, Vec<Option<Text>>)], attributes: usize) -> Combinations {
        // Without any value it comes first, and takes the place of the facet that a damaged case lacks.
        let distinct: BTreeSet<_> = facets.iter().map(|(_, own)| own.clone()).chain([vec![None; attributes]]).collect();
        let values: Vec<_> = distinct.into_iter().collect();
        let of_facet = facets.iter().map(|(id, own)| (*id, values.binary_search(own).unwrap_or_default())).collect();
        Combinations { values, of_facet }
    }

    /// Returns the index of the combination of a facet.
    fn of(&self, facet: i64) -> usize {
        self.of_facet.get(&facet).copied().unwrap_or_default()
    }
}
