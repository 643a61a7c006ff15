//! Differences of two cases: events by their event id and content, identities and resources by their keys.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::rc::Rc;

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, Row, params};
use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::activity;
use crate::rows::{Cell, RowSink};
use crate::store::error::{CaseError, QueryError};
use crate::store::key::Key;
use crate::store::read::case::Case;
use crate::store::records::block;
use crate::store::rollup::attribute_values::EVENT_COUNT;
use crate::store::write::intern;

/// The counts of one kind of rows in two cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiffCounts {
    /// In the first case only.
    pub only_a: u64,
    /// In the second case only.
    pub only_b: u64,
    /// In both.
    pub both: u64,
    /// Of those in both: with another content.
    pub differ: u64,
}

impl DiffCounts {
    /// Returns the number of differences.
    pub fn differences(&self) -> u64 {
        self.only_a + self.only_b + self.differ
    }
}

/// Ids of one kind in each case: those that the other one lacks.
#[derive(Debug, Default)]
struct MissingIds {
    a: Vec<i64>,
    b: Vec<i64>,
}

/// The differences of two cases.
#[derive(Debug, Default)]
pub struct Difference {
    /// Of the events.
    pub events: DiffCounts,
    /// Of the identities.
    pub identities: DiffCounts,
    /// Of the resources.
    pub resources: DiffCounts,
    lists: [MissingIds; 3],
    /// Events in both with another content: their ids in each case.
    changed: Vec<(i64, i64)>,
}

/// The columns of the list of differences.
const COLUMNS: [&str; 9] = ["kind", "in", "time", "type", "name", "account_id", "aws_region", "events", "differs"];

/// Statements that list the ids in `?2` of the case named `?1`, in the order of `Difference::lists`.
const LISTS: [&str; 3] = [
    "SELECT 'event', ?1, event_time, event_name, event_id, recipient_account_id, aws_region, NULL, NULL \
     FROM rarray(?2) JOIN events ON events.id = value ORDER BY time, event_id",
    "SELECT 'identity', ?1, first_seen, type, coalesce(arn, user_name, principal_id, invoked_by), account_id, NULL, \
     events, NULL FROM rarray(?2) JOIN identities ON identities.id = value ORDER BY 3, 4, 5, 6, principal_id, on_behalf_of",
    "SELECT 'resource', ?1, first_seen, type, coalesce(arn, name), account_id, aws_region, events, NULL \
     FROM rarray(?2) JOIN resources ON resources.id = value ORDER BY 3, 4, 5, 6, 7, name",
];

/// The number of events that are compared between two reports of how far the comparison is.
const EVENTS_PER_REPORT: u64 = 4_096;
/// The places that a list of differences in a record names.
const MAX_PLACES: usize = 5;

impl Case {
    /// Compares this case, the first, with another one, the second.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn diff(&self, other: &Case) -> Result<Difference, CaseError> {
        let _step = activity::step("comparing");
        let mut found = Difference::default();
        self.diff_events(other, &mut found)?;
        let identities = |case: &Case| -> Result<FxHashMap<Key, i64>, CaseError> {
            let all = intern::identities(&case.connection).map_err(|error| CaseError::of(&case.path, error))?;
            Ok(all.into_iter().map(|(key, (id, _))| (key, id)).collect())
        };
        let resources =
            |case: &Case| intern::resources(&case.connection).map_err(|error| CaseError::of(&case.path, error));
        (found.identities, found.lists[1]) = compare(&identities(self)?, &identities(other)?);
        (found.resources, found.lists[2]) = compare(&resources(self)?, &resources(other)?);
        Ok(found)
    }

    /// Goes through the events of both cases side by side, in the order of their event ids.
    fn diff_events(&self, other: &Case, found: &mut Difference) -> Result<(), CaseError> {
        let of_a = |error| CaseError::of(&self.path, error);
        let of_b = |error| CaseError::of(&other.path, error);
        let (hashes_a, hashes_b) =
            (Hashes::of(&self.connection).map_err(of_a)?, Hashes::of(&other.connection).map_err(of_b)?);
        let sql = "SELECT event_id, id FROM events ORDER BY event_id";
        let (mut select_a, mut select_b) =
            (self.connection.prepare(sql).map_err(of_a)?, other.connection.prepare(sql).map_err(of_b)?);
        let (mut rows_a, mut rows_b) = (select_a.query([]).map_err(of_a)?, select_b.query([]).map_err(of_b)?);
        let (mut a, mut b) = (rows_a.next().map_err(of_a)?, rows_b.next().map_err(of_b)?);
        let events = |case: &Case| -> Result<u64, CaseError> {
            let events = case.rows(EVENT_COUNT, [], |row| row.get::<_, Option<u64>>(0))?;
            Ok(events.into_iter().flatten().sum())
        };
        activity::expect(events(self)?.max(events(other)?));
        let mut compared = 0_u64;
        loop {
            compared += 1;
            if compared.is_multiple_of(EVENTS_PER_REPORT) {
                activity::advance(EVENTS_PER_REPORT);
            }
            let order = match (&a, &b) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => event_id(a).map_err(of_a)?.cmp(event_id(b).map_err(of_b)?),
            };
            let id = |row: &Option<&Row<'_>>| row.map_or(Ok(0), |row| row.get(1));
            let (id_a, id_b): (i64, i64) = (id(&a).map_err(of_a)?, id(&b).map_err(of_b)?);
            match order {
                Ordering::Less => found.lists[0].a.push(id_a),
                Ordering::Greater => found.lists[0].b.push(id_b),
                Ordering::Equal => {
                    found.events.both += 1;
                    let hash = hashes_a.get(id_a);
                    if hash.is_none() || hash != hashes_b.get(id_b) {
                        found.changed.push((id_a, id_b));
                    }
                }
            }
            if order.is_le() {
                a = rows_a.next().map_err(of_a)?;
            }
            if order.is_ge() {
                b = rows_b.next().map_err(of_b)?;
            }
        }
        (found.events.only_a, found.events.only_b) = (found.lists[0].a.len() as u64, found.lists[0].b.len() as u64);
        // Records are read in the order in which they lie, at least in one of the cases.
        found.changed.sort_unstable();
        let mut changed = Vec::new();
        for (id_a, id_b) in std::mem::take(&mut found.changed) {
            if !self.same_record(other, id_a, id_b)? {
                changed.push((id_a, id_b));
            }
        }
        found.events.differ = changed.len() as u64;
        found.changed = changed;
        Ok(())
    }

    /// Reports whether two records are the same as parsed JSON: the layout of a record does not count.
    fn same_record(&self, other: &Case, id_a: i64, id_b: i64) -> Result<bool, CaseError> {
        let (a, b) = (self.record(id_a)?.unwrap_or_default(), other.record(id_b)?.unwrap_or_default());
        Ok(a == b || parse(&a).is_some_and(|a| parse(&b).is_some_and(|b| a == b)))
    }

    /// Puts the differences to another case into a sink, one a row; returns how many there are.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub fn list_differences(
        &self,
        other: &Case,
        found: &Difference,
        sink: &mut dyn RowSink,
    ) -> Result<u64, QueryError> {
        sink.begin(&COLUMNS.map(str::to_owned))?;
        for (at, (list, sql)) in found.lists.iter().zip(LISTS).enumerate() {
            for (case, name, ids) in [(self, "A", &list.a), (other, "B", &list.b)] {
                case.list(sql, name, ids, sink)?;
            }
            if at == 0 {
                self.list_changed(other, &found.changed, sink)?;
            }
        }
        sink.end()?;
        Ok(found.events.differences() + found.identities.differences() + found.resources.differences())
    }

    /// Writes a row for each of these ids.
    fn list(&self, sql: &str, name: &str, ids: &[i64], sink: &mut dyn RowSink) -> Result<(), QueryError> {
        if ids.is_empty() {
            return Ok(());
        }
        let of = |error| CaseError::of(&self.path, error);
        rusqlite::vtab::array::load_module(&self.connection).map_err(of)?;
        let ids: Rc<Vec<SqlValue>> = Rc::new(ids.iter().copied().map(SqlValue::Integer).collect());
        let mut select = self.connection.prepare(sql).map_err(of)?;
        let mut rows = select.query(params![name, ids]).map_err(of)?;
        while let Some(row) = rows.next().map_err(of)? {
            let cells = (0..COLUMNS.len())
                .map(|index| crate::store::read::case::cell(row, index))
                .collect::<Result<Vec<_>, _>>();
            sink.row(&cells.map_err(of)?)?;
        }
        Ok(())
    }

    /// Writes a row for each event whose content differs, with the places in the record that do.
    fn list_changed(&self, other: &Case, changed: &[(i64, i64)], sink: &mut dyn RowSink) -> Result<(), QueryError> {
        let of = |error| CaseError::of(&self.path, error);
        let sql = "SELECT event_time, event_name, event_id, recipient_account_id, aws_region FROM events WHERE id = ?1";
        let mut select = self.connection.prepare(sql).map_err(of)?;
        for (id_a, id_b) in changed {
            let (a, b) = (self.record(*id_a)?.unwrap_or_default(), other.record(*id_b)?.unwrap_or_default());
            let places = match (parse(&a), parse(&b)) {
                (Some(a), Some(b)) => places(&a, &b),
                _ => String::new(),
            };
            let mut rows = select.query([id_a]).map_err(of)?;
            while let Some(row) = rows.next().map_err(of)? {
                let cell = |index| crate::store::read::case::cell(row, index).map_err(of);
                let (kind, both, differs) = (Cell::Text("event"), Cell::Text("both"), Cell::Text(&places));
                sink.row(&[kind, both, cell(0)?, cell(1)?, cell(2)?, cell(3)?, cell(4)?, Cell::Null, differs])?;
            }
        }
        Ok(())
    }
}

fn event_id<'r>(row: &'r Row<'_>) -> rusqlite::Result<&'r [u8]> {
    Ok(row.get_ref(0)?.as_bytes()?)
}

fn parse(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

/// Compares the rows of two cases by their keys.
fn compare<N: Copy + Into<i64>>(a: &FxHashMap<Key, N>, b: &FxHashMap<Key, N>) -> (DiffCounts, MissingIds) {
    let only = |these: &FxHashMap<Key, N>, those: &FxHashMap<Key, N>| -> Vec<i64> {
        these.iter().filter(|(key, _)| !those.contains_key(*key)).map(|(_, id)| (*id).into()).collect()
    };
    let sides = MissingIds { a: only(a, b), b: only(b, a) };
    let both = (a.len() - sides.a.len()) as u64;
    (DiffCounts { only_a: sides.a.len() as u64, only_b: sides.b.len() as u64, both, differ: 0 }, sides)
}

/// The hashes of all records of a case, by the first id of their block.
pub(crate) struct Hashes {
    firsts: Vec<i64>,
    hashes: Vec<Vec<u8>>,
}

impl Hashes {
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<Hashes> {
        let mut select = connection.prepare("SELECT id, hashes FROM record_blocks ORDER BY id")?;
        let mut rows = select.query([])?;
        let mut all = Hashes { firsts: Vec::new(), hashes: Vec::new() };
        while let Some(row) = rows.next()? {
            all.firsts.push(row.get(0)?);
            all.hashes.push(row.get_ref(1)?.as_blob()?.to_owned());
        }
        Ok(all)
    }

    /// Returns the hash of an event's record.
    pub(crate) fn get(&self, id: i64) -> Option<&[u8]> {
        let block = self.firsts.partition_point(|first| *first <= id).checked_sub(1)?;
        let at = block::place(id, self.firsts[block]).checked_mul(8)?;
        self.hashes[block].get(at..at.checked_add(8)?)
    }
}

/// Returns the paths at which two values differ, as lookups write them.
fn places(a: &Value, b: &Value) -> String {
    let mut found = Vec::new();
    gather("", a, b, &mut found);
    let more = found.len().saturating_sub(MAX_PLACES);
    found.truncate(MAX_PLACES);
    let mut text = found.join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

fn gather(path: &str, a: &Value, b: &Value, found: &mut Vec<String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (a, b) {
        _ if a == b => {}
        (Value::Object(a), Value::Object(b)) => {
            let mut seen = HashSet::new();
            for key in a.keys().chain(b.keys()).filter(|key| seen.insert(key.as_str())) {
                gather(&below(key), a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (a, b) in a.iter().zip(b) {
                gather(path, a, b, found);
            }
        }
        _ if found.last().is_some_and(|last| last == path) => {}
        _ => found.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::places;

    #[test]
    fn places_are_named_as_paths() {
        let a = json!({"eventName": "X", "requestParameters": {"a": [1, {"b": 2}], "c": 3}, "same": {"d": 1}});
        let b =
            json!({"eventName": "X", "requestParameters": {"a": [1, {"b": 3}]}, "same": {"d": 1}, "errorCode": "E"});
        let mut found: Vec<String> = places(&a, &b).split(", ").map(str::to_owned).collect();
        found.sort();
        assert_eq!(found, ["errorCode", "requestParameters.a.b", "requestParameters.c"]);
        let many =
            |value: u32| json!({"p": (0..9).map(|n| (n.to_string(), json!(value))).collect::<serde_json::Map<_, _>>()});
        assert!(places(&many(1), &many(2)).ends_with(" and 4 more"));
    }
}
