//! The scope of a hunt: the filter that every event meets, and its period.

use crate::engine::Engine;
use crate::hunt::options::HuntOptions;
use crate::query::{self, edit};
use crate::store::QueryError;

/// The scope of a hunt.
pub(crate) struct Scope {
    /// The filter, ready to stand beside others; empty for all events.
    filter: String,
    /// The events that the filter matches, by `events.id` and ascending; `None` for all events.
    ids: Option<Vec<i64>>,
    since: Option<i64>,
    until: Option<i64>,
}

impl Scope {
    /// Resolves the filter of the options.
    ///
    /// # Errors
    /// The filter is not one, or the case cannot be read.
    pub(crate) fn new(engine: &Engine, options: &HuntOptions) -> Result<Scope, QueryError> {
        let text = options.filter.trim();
        let (filter, ids) = if text.is_empty() {
            (String::new(), None)
        } else {
            let prepared = engine.prepare_filled(text)?;
            (edit::side_by_side(&prepared.tree), Some(engine.event_ids(&prepared)?))
        };
        Ok(Scope { filter, ids, since: options.since, until: options.until })
    }

    /// Returns the lookup of a rule's filter within the scope. The period is left out: earlier events tell routine work.
    ///
    /// # Errors
    /// The filter of the rule is not one.
    pub(crate) fn lookup(&self, filter: &str) -> Result<String, QueryError> {
        let tree = query::parse(filter).map_err(|mistake| QueryError::from(Box::new(mistake.in_source(filter))))?;
        Ok(edit::joined([edit::side_by_side(&tree).as_str(), self.filter.as_str()]))
    }

    /// Reports whether the filter limits the events.
    pub(crate) fn is_filtered(&self) -> bool {
        self.ids.is_some()
    }

    /// Reports whether the filter matches an event.
    pub(crate) fn has(&self, id: i64) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.binary_search(&id).is_ok())
    }

    /// Reports whether a time is before the end of the period. An event without a time is in no period.
    pub(crate) fn is_not_after(&self, time: Option<i64>) -> bool {
        self.until.is_none_or(|until| time.is_some_and(|time| time <= until))
    }

    /// Reports whether a time is in the period.
    pub(crate) fn is_in_period(&self, time: Option<i64>) -> bool {
        self.is_not_after(time) && self.since.is_none_or(|since| time.is_some_and(|time| time >= since))
    }

    /// Returns the first and the last second of the period.
    pub(crate) fn period(&self) -> (Option<i64>, Option<i64>) {
        (self.since, self.until)
    }

    /// Returns the scope as the filter of a lookup; `None` for the whole case.
    pub(crate) fn text(&self) -> Option<String> {
        Some(self.within_period(&self.filter)).filter(|text| !text.is_empty())
    }

    /// Returns a lookup that is limited to the period too.
    pub(crate) fn within_period(&self, lookup: &str) -> String {
        let term = |name: &str, time: Option<i64>| time.map(|time| format!("{name}={}", crate::time::format(time)));
        let (since, until) = (term("since", self.since), term("until", self.until));
        edit::joined([lookup, since.as_deref().unwrap_or(""), until.as_deref().unwrap_or("")])
    }
}
