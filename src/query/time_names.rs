//! The names that bound the time of a lookup.

use crate::fields::fold;

/// Names of the language that are not fields.
pub(crate) const TIME_NAMES: [&str; 3] = ["since", "until", "last"];

/// Reports whether a name is `since`, `until` or `last`.
pub(crate) fn is_time_name(name: &str) -> bool {
    TIME_NAMES.contains(&fold(name).as_str())
}
