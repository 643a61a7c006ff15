//! A finding with what it was made from.

use std::collections::BTreeSet;

use crate::hunt::groups::Key;
use crate::hunt::result::Finding;

/// A finding with what it was made from.
pub(crate) struct Made {
    pub(crate) key: Key,
    pub(crate) finding: Finding,
    /// `events.id` of its events, if its details or its events are wanted.
    pub(crate) events: Vec<i64>,
    /// Access keys of rows that aggregate.
    pub(crate) keys: BTreeSet<String>,
    /// Addresses of rows that aggregate.
    pub(crate) addresses: BTreeSet<String>,
}
