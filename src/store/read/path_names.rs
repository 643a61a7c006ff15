//! The paths of records: of a case with few records all, of a larger one those of a sample.

use std::time::Instant;

use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::diagnostic::nearest;
use crate::fields::fold;
use crate::store::read::case::Case;
use crate::store::records::block::{Block, Unpacker, are_plain};

/// The largest number of blocks of records that are read,
const MAX_BLOCKS: i64 = 160;
/// and how many however long it takes.
const MIN_BLOCKS: i64 = 8;
/// The plain records that are read as a block.
const PLAIN_RECORDS: i64 = 64;
/// Deeper keys are left out.
const DEEPEST: usize = 32;

/// The paths of some records.
#[derive(Debug, Default)]
pub struct PathNames {
    root: Key,
    /// The number of records that were read.
    pub records: u64,
    /// True if these are all records of the case.
    pub complete: bool,
}

/// A key of an object, and those below it.
#[derive(Debug, Default)]
struct Key {
    /// In how many objects it was.
    count: u64,
    below: FxHashMap<String, Key>,
}

/// A path that occurs, near one that does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearPath {
    /// Its keys.
    pub keys: Vec<String>,
    /// True if it differs only in case, `-` and `_`.
    pub only_case: bool,
}

impl Case {
    /// Returns the paths of the case's records, as far as they are read until a time.
    pub fn path_names(&self, until: Instant) -> PathNames {
        let mut names = PathNames::default();
        // A failure gives no advice; the lookup itself has reported it.
        names.complete = self.read_paths(&mut names, until).unwrap_or(false);
        names
    }

    fn read_paths(&self, names: &mut PathNames, until: Instant) -> rusqlite::Result<bool> {
        let connection = &self.connection;
        let table = if are_plain(connection)? { "records" } else { "record_blocks" };
        let ends = format!("SELECT min(id), max(id) FROM {table}");
        let ends: Option<(i64, i64)> =
            connection.query_row(&ends, [], |row| Ok(row.get::<_, Option<i64>>(0)?.zip(row.get(1)?)))?;
        let Some((first, last)) = ends else { return Ok(true) };
        let mut next = first;
        let blocks = format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT ?1)");
        let few = if table == "records" { MAX_BLOCKS * PLAIN_RECORDS } else { MAX_BLOCKS };
        let blocks: i64 = connection.query_row(&blocks, [few + 1], |row| row.get(0))?;
        // Of more blocks than are read, those at even distances.
        let stride = if blocks <= few { 1 } else { ((last - first) / MAX_BLOCKS).max(1) };
        let (mut unpacker, mut block) = (Unpacker::default(), Block::default());
        let mut complete = true;
        for read in 0..MAX_BLOCKS + 1 {
            if next > last {
                return Ok(complete);
            }
            if read >= MIN_BLOCKS && Instant::now() > until {
                break;
            }
            let end = if table == "records" {
                names.read_plain(connection, next)?
            } else {
                let sql = "SELECT id, dictionary, data FROM record_blocks WHERE id >= ?1 ORDER BY id LIMIT 1";
                let mut select = connection.prepare_cached(sql)?;
                let mut rows = select.query([next])?;
                let Some(row) = rows.next()? else { return Ok(complete) };
                let id = unpacker.unpack_row(connection, row, &mut block)?;
                let mut end = id;
                for record in block.records() {
                    names.add(record);
                    end += 1;
                }
                end
            };
            complete &= end >= next + stride;
            next = end.max(next + stride);
        }
        Ok(complete && next > last)
    }
}

impl PathNames {
    /// Adds plain records from this id on, as many as a block has; returns the id after them.
    fn read_plain(&mut self, connection: &rusqlite::Connection, from: i64) -> rusqlite::Result<i64> {
        let sql = "SELECT id, record FROM records WHERE id >= ?1 ORDER BY id LIMIT ?2";
        let mut select = connection.prepare_cached(sql)?;
        let mut rows = select.query([from, PLAIN_RECORDS])?;
        let mut end = from + 1;
        while let Some(row) = rows.next()? {
            self.add(row.get_ref(1)?.as_bytes()?);
            end = row.get::<_, i64>(0)? + 1;
        }
        Ok(end)
    }

    fn add(&mut self, record: &[u8]) {
        self.records += 1;
        if let Ok(value) = serde_json::from_slice::<Value>(record) {
            self.root.add(&value, DEEPEST);
        }
    }

    /// Reports whether a path occurs.
    pub fn has(&self, keys: &[String]) -> bool {
        let mut at = Some(&self.root);
        for key in keys {
            at = at.and_then(|at| at.below.get(key));
        }
        at.is_some()
    }

    /// Returns the path that occurs and is nearest to one that does not: key by key the same, else the same but for
    /// case, else the nearest name.
    pub fn near(&self, keys: &[String]) -> Option<NearPath> {
        let mut at = &self.root;
        let mut near = NearPath { keys: Vec::new(), only_case: true };
        for key in keys {
            let folded = at
                .below
                .keys()
                .filter(|known| fold(known) == fold(key))
                .max_by_key(|known| at.below.get(*known).map(|key| key.count));
            let known = if at.below.contains_key(key) {
                key
            } else if let Some(known) = folded {
                known
            } else {
                near.only_case = false;
                let name = *nearest(key, at.below.keys().map(String::as_str)).first()?;
                at.below.get_key_value(name)?.0
            };
            near.keys.push(known.clone());
            at = at.below.get(known)?;
        }
        (near.keys != keys).then_some(near)
    }

    /// Returns the paths that end in a key of this name, in any case, the most frequent first.
    pub fn to_key(&self, name: &str) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        self.root.find(&fold(name), &mut Vec::new(), &mut found);
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.len().cmp(&b.1.len())).then_with(|| a.1.cmp(&b.1)));
        found.into_iter().map(|(_, keys)| keys).collect()
    }
}

impl Key {
    fn add(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Object(object) if depth > 0 => {
                for (name, value) in object {
                    let key = match self.below.get_mut(name) {
                        Some(key) => key,
                        None => self.below.entry(name.clone()).or_default(),
                    };
                    key.count += 1;
                    key.add(value, depth - 1);
                }
            }
            Value::Array(elements) => elements.iter().for_each(|element| self.add(element, depth)),
            _ => {}
        }
    }

    fn find(&self, wanted: &str, keys: &mut Vec<String>, found: &mut Vec<(u64, Vec<String>)>) {
        for (name, key) in &self.below {
            keys.push(name.clone());
            if keys.len() > 1 && fold(name) == wanted {
                // What has a value of its own comes before an object.
                let count = if key.below.is_empty() { key.count } else { 0 };
                found.push((count, keys.clone()));
            }
            key.find(wanted, keys, found);
            keys.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NearPath, PathNames};

    fn keys(path: &str) -> Vec<String> {
        path.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn paths_are_found_by_case_by_spelling_and_by_their_last_key() {
        let mut names = PathNames::default();
        names.add(
            br#"{"requestParameters":{"bucketName":"b","items":[{"keyId":1},{"keyId":2,"x":null}]},"eventName":"e"}"#,
        );
        names.add(br#"{"requestParameters":{"bucketName":"c","key":"k"}}"#);
        names.add(b"not JSON");
        assert_eq!(names.records, 3);
        assert!(names.has(&keys("requestParameters.items.keyId")) && !names.has(&keys("requestParameters.keyId")));
        let near = |path: &str| names.near(&keys(path));
        let found = |path: &str, only_case| Some(NearPath { keys: keys(path), only_case });
        assert_eq!(near("requestParameters.bucketname"), found("requestParameters.bucketName", true));
        assert_eq!(near("requestParameters.ITEMS.keyid"), found("requestParameters.items.keyId", true));
        assert_eq!(near("requestParameters.bucketNmae"), found("requestParameters.bucketName", false));
        assert_eq!(near("requestParameters.zebra"), None);
        assert_eq!(near("requestParameters.bucketName"), None);
        assert_eq!(names.to_key("BUCKETNAME"), [keys("requestParameters.bucketName")]);
        assert_eq!(names.to_key("keyid"), [keys("requestParameters.items.keyId")]);
        assert!(names.to_key("eventName").is_empty(), "a top-level field is not a path");
    }
}
