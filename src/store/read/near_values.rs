//! Values of a case that are like one that no event has: the same in another case, and those that it may be a misspelling
//! of. Answered from materialized counts and indexes within a time that is given, never by a scan of events.

use std::time::Instant;

use crate::diagnostic::nearest;
use crate::fields::{Field, Kind, Place, Values};
use crate::identifier::is_spelling_of;
use crate::store::read::case::Case;
use crate::store::read::statistics::ValueCount;

/// The values of a field that are compared with what was typed.
const MAX_COMPARED: usize = 20_000;
/// The largest number of values of a field that are listed completely.
const MAX_LISTED: usize = 12;

/// The least similarity of a name and its misspelling.
const CLOSE: f64 = 0.6;

/// Fields of a vocabulary that AWS defines: a near value is a correction whatever it looks like.
const VOCABULARIES: &[&str] = &[
    "event-name",
    "event-source",
    "region",
    "error",
    "type",
    "category",
    "version",
    "identity-type",
    "resource-type",
    "listed-type",
];
/// Fields whose every value is an identifier.
const IDENTIFIERS: &[&str] = &[
    "key",
    "issued-key",
    "account",
    "identity-account",
    "event-id",
    "shared-id",
    "arn",
    "principal",
    "vpce",
    "session-created",
    "file",
    "country",
    "asn",
];

impl Case {
    /// Values of a field to compare one with, the most frequent first, as far as they are found until a time.
    pub fn values_to_compare(&self, field: &Field, until: Instant) -> Vec<String> {
        self.begin_with(field, "", MAX_COMPARED, until)
    }

    /// Returns the usual spellings of a value in another case that a field has.
    pub fn usual_spellings(&self, field: &Field, value: &str, until: Instant) -> Vec<String> {
        let first = value.chars().next().map_or(0, char::len_utf8);
        let title = value[..first].to_uppercase() + &value[first..].to_lowercase();
        let variants = [value.to_lowercase(), value.to_uppercase(), title];
        let others = variants.into_iter().filter(|variant| variant != value);
        others.filter(|variant| self.exactly(field, variant, until).is_some()).collect()
    }

    /// Returns a value of a field with its events, where it occurs.
    pub fn exactly(&self, field: &Field, value: &str, until: Instant) -> Option<ValueCount> {
        let begin = self.begin_with_last_seen(field, value, 50, until);
        begin.into_iter().find(|counted| counted.value == value)
    }

    /// Returns all values of a field, the most frequent first, where they are few.
    pub fn few_values(&self, field: &Field, until: Instant) -> Option<Vec<ValueCount>> {
        let listed = VOCABULARIES.contains(&field.name) || matches!(field.kind, Kind::Word(_) | Kind::Source);
        let counted = field.values == Values::Kept || field.place == Place::ListedType;
        if !listed || !counted {
            return None;
        }
        let all = self.values(field, "", MAX_LISTED + 1, until);
        (!all.is_empty() && all.len() <= MAX_LISTED).then_some(all)
    }
}

/// Those of a field's values that a value may be a misspelling of, best first. Never one in place of an address, a key,
/// an id or an ARN.
pub fn near_values<'v>(field: &Field, values: &'v [String], value: &str) -> Vec<&'v str> {
    if IDENTIFIERS.contains(&field.name) {
        return Vec::new();
    }
    let vocabulary = VOCABULARIES.contains(&field.name);
    let candidates = values.iter().map(String::as_str).filter(|near| *near != value);
    nearest(value, candidates.filter(|near| vocabulary || (is_spelling_of(value, near) && is_close(value, near))))
}

/// Reports whether a name is as long as another and spelled much like it, or goes on where it ends: one that only
/// contains it is another name.
fn is_close(typed: &str, near: &str) -> bool {
    let (typed, near) = (typed.to_lowercase(), near.to_lowercase());
    near.starts_with(&typed) || strsim::normalized_damerau_levenshtein(&typed, &near) >= CLOSE
}
