//! Two records with one eventID: which of them is the event.

use serde_json::Value;

use crate::hash::sha256;

/// The result of comparing a record with the event that has the same eventID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// There is no such event.
    New,
    /// The event stays; `loser`: the record's bytes, where they differ and are kept as a conflict.
    KeepOld {
        /// The record that lost.
        loser: Option<Vec<u8>>,
    },
    /// The record takes the event's place; `loser`: the old record's bytes, unless it was a CSV row.
    TakeNew {
        /// The record that lost.
        loser: Option<Vec<u8>>,
    },
}

/// Compares two records as parsed JSON: of two that differ the one with more leaves is the event, and of two with as
/// many the one with the smaller SHA-256, so that the answer does not depend on their order.
pub(crate) fn compare(old: &[u8], new: &[u8]) -> Resolution {
    let (Ok(old_value), Ok(new_value)) = (parse(old), parse(new)) else {
        return Resolution::KeepOld { loser: (old != new).then(|| new.to_vec()) };
    };
    if old_value == new_value {
        return Resolution::KeepOld { loser: None };
    }
    let (old_leaves, new_leaves) = (leaves(&old_value), leaves(&new_value));
    if new_leaves > old_leaves || (new_leaves == old_leaves && sha256(new) < sha256(old)) {
        Resolution::TakeNew { loser: Some(old.to_vec()) }
    } else {
        Resolution::KeepOld { loser: Some(new.to_vec()) }
    }
}

/// Reports whether two records are the same as parsed JSON.
pub(crate) fn are_same(a: &[u8], b: &[u8]) -> bool {
    a == b || parse(a).is_ok_and(|a| parse(b).is_ok_and(|b| a == b))
}

fn parse(bytes: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(bytes)
}

/// Returns the number of texts, numbers, flags and nulls that a value holds.
pub(crate) fn leaves(value: &Value) -> usize {
    match value {
        Value::Array(array) => array.iter().map(leaves).sum(),
        Value::Object(object) => object.values().map(leaves).sum(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{Resolution, compare};

    #[test]
    fn the_fuller_record_wins_in_any_order() {
        let (short, long) = (br#"{"a":1}"#, br#"{"a":1,"b":[2,3]}"#);
        assert_eq!(compare(short, long), Resolution::TakeNew { loser: Some(short.to_vec()) });
        assert_eq!(compare(long, short), Resolution::KeepOld { loser: Some(short.to_vec()) });
    }

    #[test]
    fn ties_go_to_the_smaller_hash_and_layout_does_not_count() {
        let (a, b) = (br#"{"a":1}"#, br#"{"a":2}"#);
        let wins = |verdict: Resolution| matches!(verdict, Resolution::TakeNew { .. });
        assert_ne!(wins(compare(a, b)), wins(compare(b, a)));
        assert_eq!(compare(br#"{"a":1,"b":2}"#, br#"{ "b": 2, "a": 1 }"#), Resolution::KeepOld { loser: None });
    }
}
