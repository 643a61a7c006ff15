//! Hourly counts: of each facet, and of each Region.

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;

use crate::event::Text;

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

/// Adds up the hourly counts by Region. One pass that keeps the sums is several times faster than a statement that
/// sorts.
pub(crate) fn write_regions(connection: &Connection) -> rusqlite::Result<()> {
    let regions: FxHashMap<i64, Option<Text>> = connection
        .prepare("SELECT id, aws_region FROM facets")?
        .query_map([], |row| Ok((row.get(0)?, row.get_ref(1)?.as_str_or_null()?.map(Text::from))))?
        .collect::<rusqlite::Result<_>>()?;
    let mut sums: FxHashMap<(i64, Option<&str>), u64> = FxHashMap::default();
    let mut select = connection.prepare("SELECT hour, facet, events FROM hourly_counts")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let region = regions.get(&row.get(1)?).and_then(Option::as_deref);
        *sums.entry((row.get(0)?, region)).or_default() += row.get::<_, u64>(2)?;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_unstable();
    connection.execute("DELETE FROM hourly_regions", [])?;
    let mut insert = connection.prepare("INSERT INTO hourly_regions (hour, aws_region, events) VALUES (?1, ?2, ?3)")?;
    for ((hour, region), events) in sums {
        insert.execute(params![hour, region, events])?;
    }
    Ok(())
}
