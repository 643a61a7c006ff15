//! A finding with what it was made from.

use std::collections::BTreeSet;

use crate::hunt::groups::Key;
use crate::hunt::result::Finding;

/// A finding with what it was made from.
pub(crate) struct Made {
    pub(crate) key: Key,
    pub(crate) finding: Finding,
    /// The sources of its details, if these or its events are wanted.
    pub(crate) sources: Option<Box<Sources>>,
}

/// The sources of the details of a finding.
#[derive(Default)]
pub(crate) struct Sources {
    /// `events.id` of its events.
    pub(crate) events: Vec<i64>,
    /// Access keys of rows that aggregate.
    pub(crate) keys: BTreeSet<String>,
    /// Addresses of rows that aggregate.
    pub(crate) addresses: BTreeSet<String>,
}

impl Made {
    /// Returns `events.id` of its events, if they are wanted.
    pub(crate) fn events(&self) -> &[i64] {
        self.sources.as_ref().map_or(&[], |sources| &sources.events)
    }
}
