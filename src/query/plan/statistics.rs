//! The statistics of a case that planning asks for.

use crate::query::plan::record_scan::RecordScan;
use crate::query::plan::resource::ResourcePredicate;
use crate::query::resolved::{Node, ValuePredicate};

/// The size of a scan of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanSize {
    /// Groups of about 256 records that may hold what is looked for.
    pub groups: u64,
    /// All groups.
    pub of: u64,
}

/// A resource that more than one in this many events names is looked for event by event.
const POPULAR: u64 = 50;

/// Counts that a store answers without reading events. `None` is always "not known".
///
/// Facet terms are those that [`is_facet`](crate::query::plan::rollup::is_facet) accepts.
pub(crate) trait Statistics {
    /// Returns the number of events of the case.
    fn events(&self) -> u64;
    /// Returns the number of events with exactly this value in a column.
    fn events_with_value(&self, column: &str, value: &str) -> Option<u64>;
    /// Returns the number of events whose value in a column matches.
    fn events_with_values(&self, column: &str, predicate: &ValuePredicate) -> Option<u64>;
    /// Returns the number of events of the identities that match in one of these columns.
    fn events_of_identities(&self, columns: &[&str], predicate: &ValuePredicate) -> Option<u64>;
    /// Returns the number of events with a matching user agent.
    fn events_of_user_agents(&self, column: &str, predicate: &ValuePredicate) -> Option<u64>;
    /// Returns the number of events of the addresses of which a SQL function gives a matching value.
    fn events_of_addresses(&self, function: &str, predicate: &ValuePredicate) -> Option<u64>;
    /// Returns about the number of events with such a resource: an event that has several is counted several times.
    fn events_of_resources(&self, predicate: ResourcePredicate<'_>) -> Option<u64>;
    /// Reports whether an event has no time.
    fn has_undated_events(&self) -> Option<bool>;
    /// Returns how much a scan of the records would read; `None` if it cannot be made.
    fn scan_size(&self, scan: &RecordScan) -> Option<ScanSize>;
    /// Returns the number of events of the facets that meet these terms.
    fn facet_events(&self, terms: &[Node]) -> Option<u64>;
    /// Returns the number of facets that meet these terms and have no error.
    fn facets_without_error(&self, terms: &[Node]) -> Option<u64>;
    /// Returns the number of dated events of the facets that meet these terms.
    fn dated_facet_events(&self, terms: &[Node]) -> Option<u64>;
    /// Returns the number of hours in which events of the facets that meet these terms happened.
    fn facet_hours(&self, terms: &[Node]) -> Option<u64>;
    /// Returns the number of hours in which events happened.
    fn hours(&self) -> Option<u64>;

    /// Reports whether a resource has more events than is worth collecting, so that each event is asked for its resources instead.
    fn is_popular(&self, predicate: ResourcePredicate<'_>) -> bool {
        self.events_of_resources(predicate).unwrap_or(0) > self.events() / POPULAR
    }
}
