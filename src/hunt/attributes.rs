//! The attributes of the events of a finding.

use std::collections::BTreeSet;

use crate::hunt::events::EventFacts;

/// The attributes of the events of a finding.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attributes {
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
    pub(crate) addresses: BTreeSet<String>,
    pub(crate) keys: BTreeSet<String>,
    pub(crate) agents: BTreeSet<i64>,
    pub(crate) regions: BTreeSet<String>,
    pub(crate) services: BTreeSet<String>,
    pub(crate) actions: BTreeSet<String>,
}

impl Attributes {
    /// Adds those of an event.
    pub(crate) fn add(&mut self, event: &EventFacts) {
        insert(&mut self.addresses, &event.address);
        insert(&mut self.keys, &event.key);
        insert(&mut self.regions, &event.region);
        insert(&mut self.services, &event.source);
        insert(&mut self.actions, &format!("{} {}", event.source, event.name));
        self.agents.extend(event.agent);
    }
}

/// Adds a value that is not empty.
pub(crate) fn insert(values: &mut BTreeSet<String>, value: &str) {
    if !value.is_empty() && !values.contains(value) {
        values.insert(value.to_owned());
    }
}
