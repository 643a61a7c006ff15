//! Counts of the rows that events point to.

use rusqlite::{Connection, Row, params};
use rustc_hash::FxHashMap;

use crate::store::rollup::seen::Seen;

/// The counts of the rows of a table. Rows that the run made have consecutive ids.
#[derive(Default)]
pub(crate) struct RowCounts {
    /// The largest id before the run.
    before: i64,
    old: FxHashMap<i64, Seen>,
    new: Vec<Seen>,
}

impl RowCounts {
    /// Begins with the rows that a table has.
    pub(crate) fn of(connection: &Connection, table: &str) -> rusqlite::Result<RowCounts> {
        let before = format!("SELECT coalesce(max(id), 0) FROM {table}");
        Ok(RowCounts { before: connection.query_row(&before, [], |row| row.get(0))?, ..RowCounts::default() })
    }

    /// Counts an event that points to a row.
    pub(crate) fn add(&mut self, id: i64, time: Option<i64>) {
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
    pub(crate) fn write(&self, connection: &Connection, table: &str) -> rusqlite::Result<()> {
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

    /// Returns the count of a row that the run made in a new case.
    pub(crate) fn of_new(&self, id: i64) -> Seen {
        let index = usize::try_from(id - 1).ok();
        index.and_then(|index| self.new.get(index)).copied().unwrap_or_default()
    }

    /// Calls `take` with each counted row: these columns of the table, its id and its occurrences.
    pub(crate) fn each(
        &self,
        connection: &Connection,
        (table, columns): (&str, &str),
        mut take: impl FnMut(&Row<'_>, i64, Seen) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut find = connection.prepare(&format!("SELECT {columns} FROM {table} WHERE id = ?1"))?;
        for (id, seen) in &self.old {
            find.query_row([id], |row| take(row, *id, *seen))?;
        }
        let mut select =
            connection.prepare(&format!("SELECT {columns}, id AS row_id FROM {table} WHERE id > ?1 ORDER BY id"))?;
        let at = select.column_count() - 1;
        let mut rows = select.query([self.before])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(at)?;
            let index = usize::try_from(id - self.before - 1).ok();
            if let Some(seen) = index.and_then(|index| self.new.get(index)) {
                take(row, id, *seen)?;
            }
        }
        Ok(())
    }
}
