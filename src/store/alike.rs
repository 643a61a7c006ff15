//! Values of a case that are like one that no event has: the same in another case, and those that it may be a misspelling
//! of. Answered from kept counts and indexes within a time that is given, never by a scan of events.

use std::time::Instant;

use super::case::Case;
use super::values::Counted;
use crate::diagnostic::nearest;
use crate::fields::{Field, Kind, Place, Values};
use crate::identifier::is_spelling_of;

/// How many values of a field are compared with what was typed.
const MOST_COMPARED: usize = 20_000;
/// How many values of a field are listed as all that it has.
const MOST_LISTED: usize = 12;

/// How much alike a name and its misspelling are at least.
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
];

impl Case {
    /// Values of a field that a value may be a misspelling of, best first. Never one in place of an address, a key, an id
    /// or an ARN.
    pub fn near_values(&self, field: &Field, value: &str, until: Instant) -> Vec<String> {
        if IDENTIFIERS.contains(&field.name) {
            return Vec::new();
        }
        let vocabulary = VOCABULARIES.contains(&field.name);
        let all = self.begin_with(field, "", MOST_COMPARED, until);
        let candidates = all.iter().map(String::as_str).filter(|near| *near != value);
        let candidates = candidates.filter(|near| vocabulary || (is_spelling_of(value, near) && is_close(value, near)));
        nearest(value, candidates).into_iter().map(str::to_owned).collect()
    }

    /// Values of a field that differ from a value only in case.
    pub fn values_in_other_case(&self, field: &Field, value: &str, until: Instant) -> Vec<Counted> {
        let folded = value.to_lowercase();
        let mut found: Vec<String> = self.begin_with(field, "", MOST_COMPARED, until);
        // Of what has more values, the usual spellings are asked for.
        let first = value.chars().next().map_or(0, char::len_utf8);
        let title = value[..first].to_uppercase() + &value[first..].to_lowercase();
        let variants = [folded.clone(), value.to_uppercase(), title];
        found.extend(variants.into_iter().filter(|variant| self.exactly(field, variant, until).is_some()));
        found.retain(|found| found != value && found.to_lowercase() == folded);
        found.sort_unstable();
        found.dedup();
        found.iter().filter_map(|found| self.exactly(field, found, until)).collect()
    }

    /// A value of a field with its events, where it occurs.
    pub fn exactly(&self, field: &Field, value: &str, until: Instant) -> Option<Counted> {
        let begin = self.begin_with_last_seen(field, value, 50, until);
        begin.into_iter().find(|counted| counted.value == value)
    }

    /// All values of a field, the most frequent first, where they are few.
    pub fn few_values(&self, field: &Field, until: Instant) -> Option<Vec<Counted>> {
        let listed = VOCABULARIES.contains(&field.name) || matches!(field.kind, Kind::Word(_) | Kind::Source);
        let counted = field.values == Values::Kept || field.place == Place::ListedType;
        if !listed || !counted {
            return None;
        }
        let all = self.values(field, "", MOST_LISTED + 1, until);
        (!all.is_empty() && all.len() <= MOST_LISTED).then_some(all)
    }
}

/// Whether a name is as long as another and spelled much like it, or goes on where it ends: one that only contains it is
/// another name.
fn is_close(typed: &str, near: &str) -> bool {
    let (typed, near) = (typed.to_lowercase(), near.to_lowercase());
    near.starts_with(&typed) || strsim::normalized_damerau_levenshtein(&typed, &near) >= CLOSE
}
