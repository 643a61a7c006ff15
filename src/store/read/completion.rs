//! The values of a field that begin as something typed, the most frequent first, within a time that is given: for
//! completion, which must not be waited for, and for "did you mean".
//!
//! None of the statements here sorts or adds up, so that each can be left at any row. A beginning that few values have
//! is answered whole by a scan over the values in their order. One that many have is answered by a scan over the
//! frequent values, from the most frequent on: those come soon, as they are many. Where the time ends before either
//! does, what was found is the answer.

use std::time::Instant;

use rusqlite::Row;
use rustc_hash::FxHashMap;

use crate::fields::{Field, Place, Values};
use crate::store::read::case::Case;
use crate::store::read::statistics::ValueCount;
use crate::store::rollup::attribute_values::RESOURCE_TYPE;
use crate::store::schema::indexes::FREQUENT;

/// The events of a value that are counted if there is no materialized count.
const MAX_COUNTED_EVENTS: u64 = 1_000;
/// Of how many values they are counted.
const MAX_UNCOUNTED_VALUES: usize = 500;

/// A statement of values, their events and a row that has the value, from ?1 up to ?2.
struct IndexScan {
    sql: String,
    /// The prefix of its values, or of the names that lead to them.
    from: String,
    /// True if it comes by every value that begins as asked.
    whole: bool,
}

impl IndexScan {
    fn whole(sql: String, from: &str) -> IndexScan {
        IndexScan { sql, from: from.to_owned(), whole: true }
    }
}

/// The scans that find the values of a field.
struct CompletionPlan {
    /// The values in their order, the better way first.
    scans: Vec<IndexScan>,
    /// The frequent values and their events, the most frequent first.
    frequent: Option<String>,
    /// True if the events of rows with the same value add up; else the largest counts.
    adds_up: bool,
    /// The events of value ?1, which row ?2 has, and when it was last seen.
    details: String,
}

/// A value that was found.
#[derive(Debug, Clone, Copy)]
struct FoundValue {
    events: u64,
    row: i64,
}

impl Case {
    /// Returns the values of a field that begin with `prefix`, at most `most`, the most frequent first, as far as they
    /// are found until a time; without when they were last seen.
    pub(crate) fn begin_with(&self, field: &Field, prefix: &str, most: usize, until: Instant) -> Vec<String> {
        if is_uncounted(field) {
            let found = self.by_index(field.column, prefix, most, until);
            return found.into_iter().map(|counted| counted.value).collect();
        }
        let found = plan(field, prefix).map(|plan| self.find(&plan, prefix, most, until));
        found.unwrap_or_default().into_iter().map(|(value, _)| value).collect()
    }

    /// Returns the values of a field as above, with their events and the time each was last seen.
    pub(crate) fn begin_with_last_seen(
        &self,
        field: &Field,
        prefix: &str,
        most: usize,
        until: Instant,
    ) -> Vec<ValueCount> {
        if is_uncounted(field) {
            return self.by_index(field.column, prefix, most, until);
        }
        let Some(plan) = plan(field, prefix) else { return Vec::new() };
        let found = self.find(&plan, prefix, most, part(until, 3, 4));
        let counted = |(value, found): (String, FoundValue)| {
            let details = (Instant::now() < until).then(|| self.details(&plan.details, &value, found.row)).flatten();
            let (events, last_seen) = details.unwrap_or_default();
            ValueCount { value, events: found.events.max(events.unwrap_or(0)), more: false, last_seen }
        };
        let mut all: Vec<ValueCount> = found.into_iter().map(counted).collect();
        sort(&mut all, |counted| (counted.events, &counted.value));
        all
    }

    /// Returns the values and events that both scans find.
    fn find(&self, plan: &CompletionPlan, prefix: &str, most: usize, until: Instant) -> Vec<(String, FoundValue)> {
        let mut found: FxHashMap<String, FoundValue> = FxHashMap::default();
        let half = if plan.frequent.is_some() { part(until, 1, 2) } else { until };
        let mut whole = false;
        for scan in &plan.scans {
            let ended = self.scan(scan, half, |value, row| {
                if value.starts_with(prefix) {
                    add(&mut found, value, row, plan.adds_up);
                }
                true
            });
            if ended == Some(true) && scan.whole {
                whole = true;
                break;
            }
        }
        if let Some(frequent) = plan.frequent.as_ref().filter(|_| !whole) {
            let mut most_frequent: FxHashMap<String, FoundValue> = FxHashMap::default();
            let scan = IndexScan::whole(frequent.clone(), prefix);
            let _ = self.scan(&scan, until, |value, row| {
                if value.starts_with(prefix) {
                    add(&mut most_frequent, value, row, plan.adds_up);
                }
                most_frequent.len() < most
            });
            most_frequent.iter().for_each(|(value, row)| add(&mut found, value, *row, false));
        }
        let mut found: Vec<(String, FoundValue)> = found.into_iter().collect();
        sort(&mut found, |(value, found)| (found.events, value));
        found.truncate(most);
        found
    }

    /// Runs a scan until a time, or until `next` stops it. Returns true if it came to the end. What cannot be asked has
    /// no values: completion cannot report an error; the next statement does.
    fn scan(&self, scan: &IndexScan, until: Instant, mut next: impl FnMut(&str, FoundValue) -> bool) -> Option<bool> {
        let mut statement = self.connection.prepare_cached(&scan.sql).ok()?;
        let mut rows = if statement.parameter_count() == 0 {
            statement.query([]).ok()?
        } else {
            statement.query([&scan.from, &end_of(&scan.from)]).ok()?
        };
        while let Some(row) = rows.next().ok()? {
            if Instant::now() > until {
                return Some(false);
            }
            if let Some((value, found)) = value_and_events(row)
                && !next(value, found)
            {
                return Some(false);
            }
        }
        Some(true)
    }

    /// Returns the events of a value, and when it was last seen.
    fn details(&self, sql: &str, value: &str, row: i64) -> Option<(Option<u64>, Option<String>)> {
        let mut statement = self.connection.prepare_cached(sql).ok()?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        match statement.parameter_count() {
            1 => statement.query_row([value], read).ok(),
            _ => statement.query_row(rusqlite::params![value, row], read).ok(),
        }
    }

    /// Returns the first values of a column that nothing counts, from its index on `(column, time)`.
    fn by_index(&self, column: &str, prefix: &str, most: usize, until: Instant) -> Vec<ValueCount> {
        let next = |operator| {
            format!("SELECT {column} FROM events WHERE {column} {operator} ?1 AND {column} < ?2 ORDER BY 1 LIMIT 1")
        };
        let count = format!(
            "SELECT count(*), strftime('%Y-%m-%dT%H:%M:%SZ', max(time), 'unixepoch') FROM \
             (SELECT time FROM events WHERE {column} = ?1 ORDER BY time DESC LIMIT {MAX_COUNTED_EVENTS})"
        );
        let end = end_of(prefix);
        let one = |sql: &str, from: &str| -> Option<String> {
            self.connection.prepare_cached(sql).ok()?.query_row([from, &end], |row| row.get(0)).ok()
        };
        let mut all: Vec<ValueCount> = Vec::new();
        let mut value = one(&next(">="), prefix);
        // Each of unique values has one event: the first are as good as any.
        let values = if column == "event_id" { most } else { MAX_UNCOUNTED_VALUES };
        while let Some(found) = value.filter(|_| all.len() < values && Instant::now() < until) {
            let (events, last_seen) = self.details(&count, &found, 0).unwrap_or_default();
            value = one(&next(">"), &found);
            let events = events.unwrap_or(0);
            all.push(ValueCount { value: found, events, more: events == MAX_COUNTED_EVENTS, last_seen });
        }
        sort(&mut all, |counted| (counted.events, &counted.value));
        all.truncate(most);
        all
    }
}

/// Reports whether only the index on the column itself knows the values of a field.
fn is_uncounted(field: &Field) -> bool {
    field.place == Place::Event && field.values == Values::Indexed
}

/// Returns the value and its events in a row, if the value is text.
fn value_and_events<'r>(row: &'r Row<'_>) -> Option<(&'r str, FoundValue)> {
    Some((row.get_ref(0).ok()?.as_str().ok()?, FoundValue { events: row.get(1).ok()?, row: row.get(2).ok()? }))
}

/// Puts a value to those that were found.
fn add(found: &mut FxHashMap<String, FoundValue>, value: &str, row: FoundValue, adds_up: bool) {
    match found.get_mut(value) {
        Some(known) if adds_up => known.events += row.events,
        Some(known) if known.events >= row.events => {}
        Some(known) => *known = row,
        None => drop(found.insert(value.to_owned(), row)),
    }
}

/// Sorts by frequency, the most frequent first.
fn sort<T>(all: &mut [T], key: impl Fn(&T) -> (u64, &String)) {
    all.sort_by(|a, b| key(b).0.cmp(&key(a).0).then_with(|| key(a).1.cmp(key(b).1)));
}

/// Returns the time at which a part of the time until then has passed.
fn part(until: Instant, of: u32, parts: u32) -> Instant {
    let now = Instant::now();
    now + until.saturating_duration_since(now) * of / parts
}

/// Returns a text above everything that begins with `prefix`.
fn end_of(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}\u{10ffff}")
}

/// Returns the scans that find the values of a field with a prefix, if they are stored anywhere.
fn plan(field: &Field, prefix: &str) -> Option<CompletionPlan> {
    let column = field.stored_as;
    Some(match (field.place, field.values) {
        (Place::ListedType, _) => kept(RESOURCE_TYPE, prefix),
        (_, Values::Kept) => kept(field.column, prefix),
        (Place::Identity, _) => of_identities(column, prefix),
        (Place::UserAgent, _) => of_texts("user_agents", column, prefix),
        (Place::ErrorMessage, _) => CompletionPlan {
            frequent: Some(frequent("error_messages", "text")),
            ..of_texts("error_messages", column, prefix)
        },
        (Place::ResourceName | Place::ListedName, _) => of_resources(prefix),
        (Place::AddressFiles, _) => of_addresses(column, prefix),
        (Place::Tag, _) => CompletionPlan {
            scans: vec![IndexScan::whole("SELECT tag, 1, 0 FROM tags WHERE tag >= ?1 AND tag < ?2".to_owned(), prefix)],
            frequent: None,
            adds_up: true,
            details: "SELECT count(*), max(created_at) FROM tags WHERE tag = ?1".to_owned(),
        },
        _ => return None,
    })
}

/// Returns the frequent values of a column, from the index `(events, ...)` of its table.
fn frequent(table: &str, column: &str) -> String {
    format!(
        "SELECT {column}, events, id FROM {table} INDEXED BY {table}_by_events WHERE events >= {FREQUENT} \
         ORDER BY events DESC"
    )
}

/// Returns the scans over the counts of an attribute in `attribute_values`.
fn kept(attribute: &str, prefix: &str) -> CompletionPlan {
    let of = format!("FROM attribute_values WHERE attribute = '{attribute}'");
    CompletionPlan {
        scans: vec![IndexScan::whole(format!("SELECT value, events, 0 {of} AND value >= ?1 AND value < ?2"), prefix)],
        frequent: Some(format!(
            "SELECT value, events, 0 FROM attribute_values INDEXED BY attribute_values_by_events \
             WHERE attribute = '{attribute}' AND events >= {FREQUENT} ORDER BY events DESC"
        )),
        adds_up: false,
        details: format!("SELECT events, last_seen {of} AND value = ?1"),
    }
}

/// Returns the plan of a column of identities, with an index on `(column, events)`: several may share a value.
fn of_identities(column: &str, prefix: &str) -> CompletionPlan {
    CompletionPlan {
        scans: vec![IndexScan::whole(
            format!("SELECT {column}, events, id FROM identities WHERE {column} >= ?1 AND {column} < ?2 ORDER BY 1"),
            prefix,
        )],
        frequent: Some(frequent("identities", column)),
        adds_up: true,
        details: format!("SELECT sum(events), max(last_seen) FROM identities WHERE {column} = ?1"),
    }
}

/// Returns the plan of a table of texts, which has no index on them. `column`: the text, or what a function makes of it,
/// which several texts may share.
fn of_texts(table: &str, column: &str, prefix: &str) -> CompletionPlan {
    CompletionPlan {
        scans: vec![IndexScan::whole(
            format!("SELECT {column}, events, id FROM {table} WHERE {column} IS NOT NULL"),
            prefix,
        )],
        frequent: None,
        adds_up: true,
        details: format!("SELECT sum(events), max(last_seen) FROM {table} WHERE {column} = ?1"),
    }
}

/// Returns the plan of what files about addresses have of the addresses of the case.
fn of_addresses(function: &str, prefix: &str) -> CompletionPlan {
    let of = "FROM attribute_values WHERE attribute = 'source_ip_address'";
    // The number of an autonomous system completes like a text.
    let value = format!("CAST({function}(value) AS TEXT)");
    CompletionPlan {
        scans: vec![IndexScan::whole(format!("SELECT {value}, events, 0 {of} AND {value} IS NOT NULL"), prefix)],
        frequent: None,
        adds_up: true,
        details: format!("SELECT sum(events), max(last_seen) {of} AND {value} = ?1"),
    }
}

/// Returns the plan of the names of resources, or of their ARNs if the prefix is one. ARNs have no index: the name inside
/// an ARN leads to it, as far as it is typed.
fn of_resources(prefix: &str) -> CompletionPlan {
    let is_arn = prefix.starts_with("arn:");
    let column = if is_arn { "arn" } else { "name" };
    let by_name = |from: &str, whole: bool| IndexScan {
        sql: format!("SELECT {column}, events, id FROM resources WHERE name >= ?1 AND name < ?2 ORDER BY name"),
        from: from.to_owned(),
        whole,
    };
    let mut scans: Vec<IndexScan> = Vec::new();
    if is_arn {
        scans.extend(names_within(prefix).into_iter().map(|name| by_name(name, false)));
        scans.push(IndexScan::whole("SELECT arn, events, id FROM resources WHERE arn IS NOT NULL".to_owned(), prefix));
    } else {
        scans.push(by_name(prefix, true));
    }
    let details = if is_arn {
        "SELECT events, last_seen FROM resources WHERE arn = ?1 AND id = ?2"
    } else {
        // If several resources share the name, the most frequent ones count.
        "SELECT max(events), max(last_seen) FROM \
         (SELECT events, last_seen FROM resources WHERE name = ?1 ORDER BY events DESC LIMIT 100)"
    };
    CompletionPlan { scans, frequent: Some(frequent("resources", column)), adds_up: false, details: details.to_owned() }
}

/// Returns the prefixes of the name inside an ARN of which only the beginning is typed.
fn names_within(prefix: &str) -> Vec<&str> {
    let resource = prefix.splitn(6, ':').nth(5).unwrap_or_default();
    let behind = |at: Option<usize>| at.and_then(|at| resource.get(at + 1..)).unwrap_or(resource);
    let separators = ['/', ':'];
    let mut names = vec![behind(resource.rfind(separators)), behind(resource.find(separators)), resource];
    names.dedup();
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tempfile::TempPath;

    use super::{Case, names_within, plan};
    use crate::fields;
    use crate::store::schema::indexes;
    use crate::store::{ValueCount, open};

    /// Returns a case with 400 resources, of which more have few events than many.
    fn case() -> (TempPath, Case) {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        let connection = open::open_for_import(&path).unwrap();
        connection
            .execute_batch(
                "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT 400) \
                 INSERT INTO resources (type, name, arn, events, last_seen) \
                 SELECT 'AWS::EC2::Instance', 'i-' || (i % 200), \
                        CASE WHEN i >= 200 THEN 'arn:aws:ec2:::instance/i-' || (i % 200) END, i * i / 100, \
                        '2024-03-01T09:00:' || printf('%02d', i / 10) || 'Z' FROM n",
            )
            .unwrap();
        indexes::make(&connection).unwrap();
        indexes::make_of_counts(&connection).unwrap();
        open::close(connection, &path).unwrap();
        let case = Case::open(&path).unwrap();
        (path, case)
    }

    fn shown(all: &[ValueCount]) -> Vec<(&str, u64, &str)> {
        all.iter().map(|one| (one.value.as_str(), one.events, one.last_seen.as_deref().unwrap_or(""))).collect()
    }

    #[test]
    fn the_most_frequent_come_first_by_either_walk() {
        let (_path, case) = case();
        let field = fields::find("resource").unwrap();
        let later = Instant::now() + Duration::from_secs(60);
        let found = case.begin_with_last_seen(field, "i-19", 3, later);
        let last = "2024-03-01T09:00:39Z";
        assert_eq!(shown(&found), [("i-199", 1592, last), ("i-198", 1584, last), ("i-197", 1576, last)]);
        let found = case.begin_with_last_seen(field, "arn:aws:ec2:::instance/i-19", 2, later);
        assert_eq!(
            shown(&found),
            [("arn:aws:ec2:::instance/i-199", 1592, last), ("arn:aws:ec2:::instance/i-198", 1584, last)]
        );
        for prefix in ["", "i-", "i-5", "i-199", "arn:", "arn:aws:ec2:::instance/i-2", "none"] {
            let values = |walks_too: bool| -> Vec<(String, u64)> {
                let mut plan = plan(field, prefix).unwrap();
                if !walks_too {
                    plan.scans.clear();
                }
                let found = case.find(&plan, prefix, 8, later);
                found.into_iter().map(|(value, found)| (value, found.events)).filter(|found| found.1 >= 10).collect()
            };
            assert_eq!(values(true), values(false), "{prefix}");
        }
    }

    #[test]
    fn slow_completions_are_abandoned() {
        let (_path, case) = case();
        for field in fields::FIELDS {
            assert!(case.begin_with_last_seen(field, "", 50, Instant::now()).is_empty(), "{}", field.name);
        }
    }

    #[test]
    fn a_name_within_an_arn_starts_after_a_separator_or_is_the_whole_arn() {
        assert_eq!(names_within("arn:aws:iam::111122223333:role/app/no"), ["no", "app/no", "role/app/no"]);
        assert_eq!(names_within("arn:aws:s3:::acme-l"), ["acme-l"]);
        assert_eq!(names_within("arn:aws:iam::111122223333:role/"), ["role/"]);
        assert!(names_within("arn:aws:s3").is_empty());
    }
}
