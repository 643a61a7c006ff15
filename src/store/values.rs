//! The values that a case has, with their counts: for completion, for "did you mean", and for the choice of what drives
//! a lookup. Answered from kept counts and indexes, never by a scan of events.

use super::case::{Case, to_sql};
use super::error::Error;
use crate::diagnostic::nearest;
use crate::fields::{Field, Kind, Place, Values};
use crate::query::{Param, ScanSize, Statistics};

/// How many values are looked at for "did you mean".
const MOST_NEAR: usize = 20_000;

/// How many resources are looked at for completion, from the first that begins as what was typed: so many are counted
/// in some 10 ms, and a longer beginning leaves fewer.
const MOST_RESOURCES: usize = 2_000;

/// A value that a case has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The value.
    pub value: String,
    /// In how many events it is.
    pub events: u64,
    /// When it was last seen, UTC, where that is kept.
    pub last_seen: Option<String>,
}

impl Case {
    /// The values of a field that begin with `prefix`, at most `most`, the most frequent first.
    pub fn values(&self, field: &Field, prefix: &str, most: usize) -> Vec<Counted> {
        if let Kind::Word(words) = field.kind {
            let counts = self.start_with(field, prefix, most, MOST_RESOURCES);
            let none = |word: &str| Counted { value: word.to_owned(), events: 0, last_seen: None };
            let found = |word: &&str| counts.iter().find(|counted| counted.value == **word).cloned();
            let begin = words.iter().filter(|word| word.starts_with(prefix));
            let mut all: Vec<Counted> = begin.map(|word| found(word).unwrap_or_else(|| none(word))).collect();
            all.sort_by_key(|counted| std::cmp::Reverse(counted.events));
            return all;
        }
        self.start_with(field, prefix, most, MOST_RESOURCES)
    }

    fn start_with(&self, field: &Field, prefix: &str, most: usize, resources: usize) -> Vec<Counted> {
        let Some(sql) = values_sql(field, resources) else { return Vec::new() };
        let sql = format!("{sql} LIMIT ?3");
        let counted =
            |row: &rusqlite::Row<'_>| Ok(Counted { value: row.get(0)?, events: row.get(1)?, last_seen: row.get(2)? });
        let found = self.rows(&sql, rusqlite::params![prefix, end_of(prefix), most], counted);
        // Completion has nobody to tell an error to; the next statement will.
        found.unwrap_or_default()
    }

    /// Values of a field much like one that does not occur, best first.
    pub fn near_values(&self, field: &Field, value: &str) -> Vec<String> {
        let all = self.start_with(field, "", MOST_NEAR, MOST_NEAR);
        let mut near: Vec<String> =
            nearest(value, all.iter().map(|near| near.value.as_str())).into_iter().map(str::to_owned).collect();
        near.retain(|near| near != value);
        near
    }

    /// The identities that share a user name, as lines for a person: type, ARN or principal, events.
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

    /// The statements that made the tables, views and indexes, or those of one table.
    pub fn schema(&self, table: Option<&str>) -> Vec<String> {
        self.rows(
            "SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL AND (?1 IS NULL OR tbl_name = ?1 COLLATE NOCASE) \
             ORDER BY type DESC, rowid",
            [table],
            |row| row.get(0),
        )
        .unwrap_or_default()
    }

    /// Tables and views with their columns; those to ask first come first.
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

    /// The newest event's time in Unix seconds.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn newest_event(&self) -> Result<Option<i64>, Error> {
        Ok(self.rows("SELECT max(time) FROM events", [], |row| row.get::<_, Option<i64>>(0))?.pop().flatten())
    }

    /// Whether there is an event whose time is not known.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn has_events_without_time(&self) -> Result<bool, Error> {
        let found = self.rows("SELECT 1 FROM events WHERE time IS NULL LIMIT 1", [], |_| Ok(()))?;
        Ok(!found.is_empty())
    }
}

/// The statement that lists a field's values from ?1 up to ?2 with their counts, the most frequent first; of resources,
/// that of so many.
fn values_sql(field: &Field, resources: usize) -> Option<String> {
    let column = field.stored_as;
    let range = |column: &str| format!("{column} >= ?1 AND {column} < ?2");
    Some(match (field.place, field.values) {
        (Place::Event | Place::Facet, Values::Kept) => format!(
            "SELECT value, events, last_seen FROM attribute_values WHERE attribute = '{column}' AND {} \
             ORDER BY events DESC, value",
            range("value")
        ),
        (Place::Event, Values::Indexed) => format!(
            "SELECT {column}, count(*), strftime('%Y-%m-%dT%H:%M:%SZ', max(time), 'unixepoch') FROM \
             (SELECT {column}, time FROM events WHERE {} LIMIT 20000) GROUP BY 1 ORDER BY 2 DESC, 1",
            range(column)
        ),
        (Place::Identity | Place::Role, _) => format!(
            "SELECT {column}, sum(events), max(last_seen) FROM identities WHERE {} GROUP BY 1 ORDER BY 2 DESC, 1",
            range(column)
        ),
        (Place::UserAgent, _) => text_sql("user_agents", &range("text")),
        (Place::ErrorMessage, _) => text_sql("error_messages", &range("text")),
        (Place::ResourceName | Place::ListedName, _) => format!(
            "SELECT name, max(events), max(last_seen) FROM \
             (SELECT name, events, last_seen FROM resources WHERE {} LIMIT {resources}) \
             GROUP BY 1 ORDER BY 2 DESC, 1",
            range("name")
        ),
        (Place::ResourceType | Place::ListedType, _) => {
            format!(
                "SELECT type, sum(events), max(last_seen) FROM resources WHERE {} GROUP BY 1 ORDER BY 2 DESC, 1",
                range("type")
            )
        }
        (Place::Tag, _) => {
            format!(
                "SELECT tag, count(*), max(created_at) FROM tags WHERE {} GROUP BY 1 ORDER BY 2 DESC, 1",
                range("tag")
            )
        }
        _ => return None,
    })
}

fn text_sql(table: &str, range: &str) -> String {
    format!("SELECT text, events, last_seen FROM {table} WHERE {range} ORDER BY events DESC, text")
}

/// A text above everything that begins with `prefix`.
fn end_of(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}\u{10ffff}")
}

impl Statistics for Case {
    fn events(&self) -> u64 {
        // Every event has an outcome, so that its counts add up to all of them.
        let sql = "SELECT sum(events) FROM attribute_values WHERE attribute = 'outcome'";
        self.one(sql, []).unwrap_or(0)
    }

    fn scan(&self, question: &str) -> Option<ScanSize> {
        // What is wrong with the question or the case, the statement says.
        let (groups, of) = super::scan::size(&self.connection, question).ok()?;
        Some(ScanSize { groups, of })
    }

    fn count(&self, column: &str, value: &str) -> Option<u64> {
        let kept = super::counts::is_kept(column);
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
