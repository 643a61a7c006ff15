//! The values of an attribute, and how often each occurs.

use rustc_hash::FxHashMap;

use crate::event::Text;
use crate::store::rollup::seen::Seen;

/// The values of an attribute, and how often each occurs.
pub(crate) type Occurring = FxHashMap<Text, Seen>;

/// Counts an event with a value.
pub(crate) fn add_value(values: &mut Occurring, value: &str, time: Option<i64>) {
    match values.get_mut(value) {
        Some(seen) => seen.add(time),
        None => values.entry(Text::from(value)).or_default().add(time),
    }
}

/// Adds occurrences of a value that were counted elsewhere.
pub(crate) fn join_value(values: &mut Occurring, value: &str, seen: Seen) {
    match values.get_mut(value) {
        Some(known) => known.join(seen),
        None => values.entry(Text::from(value)).or_default().join(seen),
    }
}
