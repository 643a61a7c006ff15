//! Hourly counts: of each facet, and the rollups of a few attributes.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;

use crate::event::Text;
use crate::hourly_rollup::{HOURLY_ROLLUPS, HourlyRollup};

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
    let combinations = Combinations::of(connection, rollup.attributes)?;
    let mut sums: FxHashMap<(i64, usize), u64> = FxHashMap::default();
    let mut select = connection.prepare("SELECT hour, facet, events FROM hourly_counts")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let combination = combinations.of_facet.get(&row.get(1)?).copied().unwrap_or_default();
        *sums.entry((row.get(0)?, combination)).or_default() += row.get::<_, u64>(2)?;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_unstable();
    let HourlyRollup { table, attributes } = rollup;
    connection.execute(&format!("DELETE FROM {table}"), [])?;
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

/// The combinations of values that the facets of a case have in some attributes, in ascending order.
struct Combinations {
    values: Vec<Vec<Option<Text>>>,
    /// The index of the combination of each facet.
    of_facet: FxHashMap<i64, usize>,
}

impl Combinations {
    fn of(connection: &Connection, attributes: &[&str]) -> rusqlite::Result<Combinations> {
        let columns: Vec<String> = attributes.iter().map(|column| format!("CAST({column} AS TEXT)")).collect();
        let mut select = connection.prepare(&format!("SELECT id, {} FROM facets", columns.join(", ")))?;
        let facets: Vec<(i64, Vec<Option<Text>>)> = select
            .query_map([], |row| {
                let value = |at| Ok(row.get_ref(at)?.as_str_or_null()?.map(Text::from));
                let values: rusqlite::Result<Vec<Option<Text>>> = (1..=attributes.len()).map(value).collect();
                Ok((row.get(0)?, values?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        // Without any value it comes first, and takes the place of the facet that a damaged case lacks.
        let absent = vec![None; attributes.len()];
        let distinct: BTreeSet<_> = facets.iter().map(|(_, own)| own.clone()).chain([absent]).collect();
        let values: Vec<_> = distinct.into_iter().collect();
        let of_facet = facets.iter().map(|(id, own)| (*id, values.binary_search(own).unwrap_or_default())).collect();
        Ok(Combinations { values, of_facet })
    }
}
