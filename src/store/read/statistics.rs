//! The values that a case has, with their counts: for completion, for "did you mean", and for the choice of what drives
//! a lookup. Answered from materialized counts and indexes, never by a scan of events.

use std::time::Instant;

use crate::fields::{Field, Kind};
use crate::sql::{CountSource, Param, ScanSize};
use crate::store::error::CaseError;
use crate::store::read::case::{Case, to_sql};
use crate::store::rollup::attribute_values::EVENT_COUNT;

/// A value that a case has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueCount {
    /// The value.
    pub value: String,
    /// In how many events it is.
    pub events: u64,
    /// True if it is in more than these.
    pub more: bool,
    /// The time at which it was last seen, UTC, if that is stored.
    pub last_seen: Option<String>,
}

impl Case {
    /// Returns the values of a field that begin with `prefix`, at most `most`, the most frequent first, as far as they
    /// are found until a time.
    pub fn values(&self, field: &Field, prefix: &str, most: usize, until: Instant) -> Vec<ValueCount> {
        let counts = self.begin_with_last_seen(field, prefix, most, until);
        let Kind::Word(words) = field.kind else { return counts };
        let none = |word: &str| ValueCount { value: word.to_owned(), events: 0, more: false, last_seen: None };
        let found = |word: &&str| counts.iter().find(|counted| counted.value == **word).cloned();
        let begin = words.iter().filter(|word| word.starts_with(prefix));
        let mut all: Vec<ValueCount> = begin.map(|word| found(word).unwrap_or_else(|| none(word))).collect();
        all.sort_by_key(|counted| std::cmp::Reverse(counted.events));
        all
    }

    /// Returns the identities that share a user name, as lines for a person: type, ARN or principal, events.
    pub fn identities_of_user(&self, user: &str) -> Vec<String> {
        self.rows(
            "SELECT ifnull(type, 'unknown type') || ' ' || \
                    coalesce(arn, principal_id, account_id, invoked_by, '') || ' (' || events || ')' \
             FROM identities WHERE user_name = ?1 ORDER BY events DESC, id",
            [user],
            |row| row.get(0),
        )
        .unwrap_or_default()
    }

    /// Returns the statements that made the tables, views and indexes, or those of one table.
    pub fn schema(&self, table: Option<&str>) -> Vec<String> {
        self.rows(
            "SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL AND (?1 IS NULL OR tbl_name = ?1 COLLATE NOCASE) \
             ORDER BY type DESC, rowid",
            [table],
            |row| row.get(0),
        )
        .unwrap_or_default()
    }

    /// Returns tables and views with their columns; those to ask first come first.
    pub fn tables(&self) -> Vec<(String, Vec<String>)> {
        let order = ["event_history", "events", "identities", "resources", "event_resources"];
        let mut tables: Vec<(String, Vec<String>)> = self
            .rows(
                "SELECT m.name, group_concat(c.name, char(10)) FROM sqlite_schema m, pragma_table_info(m.name) c \
                 WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%' GROUP BY m.name ORDER BY m.name",
                [],
                |row| Ok((row.get(0)?, row.get::<_, String>(1)?.lines().map(str::to_owned).collect())),
            )
            .unwrap_or_default();
        tables.sort_by_key(|(name, _)| order.iter().position(|known| known == name).unwrap_or(order.len()));
        tables
    }

    /// Returns the newest event's time in Unix seconds.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn newest_event(&self) -> Result<Option<i64>, CaseError> {
        Ok(self.rows("SELECT max(time) FROM events", [], |row| row.get::<_, Option<i64>>(0))?.pop().flatten())
    }

    /// Reports whether there is an event whose time is not known.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn has_events_without_time(&self) -> Result<bool, CaseError> {
        let found = self.rows("SELECT 1 FROM events WHERE time IS NULL LIMIT 1", [], |_| Ok(()))?;
        Ok(!found.is_empty())
    }
}

impl CountSource for Case {
    fn events(&self) -> u64 {
        self.one(EVENT_COUNT, []).unwrap_or(0)
    }

    fn scan(&self, question: &str) -> Option<ScanSize> {
        // What is wrong with the question or the case, the statement says.
        let (groups, of) = crate::store::records::scan::size(&self.connection, question).ok()?;
        Some(ScanSize { groups, of })
    }

    fn count(&self, column: &str, value: &str) -> Option<u64> {
        let kept = crate::store::rollup::value_counts::is_kept(column);
        let sql = "SELECT events FROM attribute_values WHERE attribute = ?1 AND value = ?2";
        kept.then(|| self.one(sql, [column, value]).unwrap_or(0))
    }

    fn sum(&self, sql: &str, params: &[Param]) -> Option<u64> {
        let params = rusqlite::params_from_iter(params.iter().map(to_sql));
        self.rows(sql, params, |row| row.get::<_, Option<u64>>(0)).ok()?.pop().map(|sum| sum.unwrap_or(0))
    }
}

impl Case {
    fn one(&self, sql: &str, params: impl rusqlite::Params) -> Option<u64> {
        self.rows(sql, params, |row| row.get::<_, Option<u64>>(0)).ok()?.pop().flatten()
    }
}
