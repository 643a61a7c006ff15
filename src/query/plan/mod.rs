//! The plan of a lookup: where its events come from, which index drives it and which rollup answers it. Knows neither SQL
//! nor tables; what it decides by are the [`Statistics`] of the case.

pub(crate) mod driver;
pub(crate) mod record_scan;
pub(crate) mod resource;
pub(crate) mod rollup;
pub(crate) mod scan_choice;
pub(crate) mod statistics;

use crate::fields::{Field, Values};
use crate::query::plan::driver::{Driver, MAX_SORTED_FREELY};
use crate::query::plan::record_scan::RecordScan;
use crate::query::plan::rollup::{AggregateSource, SparseHours};
use crate::query::plan::statistics::{ScanSize, Statistics};
use crate::query::resolved::{Condition, Node, NodeKind, ResolvedLookup, Stage, ValuePredicate};

/// The source of the events of a lookup.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// All events, by the index that the driver chooses.
    Events,
    /// The events by time, newest first: a database that takes any condition for a selective one would sort all of them.
    EventsByTime,
    /// The events of a few hours.
    SparseHours(SparseHours),
    /// The events that a scan of the records finds.
    RecordScan(RecordScan, ScanSize),
}

/// A bound that keeps what is not a candidate for the newest few from being fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewestBound {
    /// Some events have no time: they are kept if the newest few are not enough.
    Undated(u64),
    /// The time since which all values together have this many events.
    AllValues(u64),
    /// The same, and before it the time since which one value alone has this many.
    OneValue(u64),
}

/// The order in which a list of events without a sort stage is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListOrder {
    /// The source gives it.
    Source,
    /// The driving index gives it.
    Index,
    /// The events are sorted.
    Sort,
}

/// The plan of a lookup.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) source: Source,
    /// The terms that the source leaves. All of them hold.
    pub(crate) terms: Vec<Node>,
    pub(crate) driver: Driver,
    /// True if only events with an error match, so that the index on errors finds them.
    pub(crate) only_errors: bool,
    pub(crate) newest: Option<NewestBound>,
    pub(crate) aggregate: AggregateSource,
    pub(crate) order: ListOrder,
    /// True if the order of a list of events matters only as far as it says which ones are cut off.
    pub(crate) any_order: bool,
    /// The number of rows wanted of a list of events, beside what the stages say.
    pub(crate) limit: Option<u64>,
    /// True if the estimate of the driver is the exact number of events that match, with all stages.
    pub(crate) is_exact: bool,
}

impl Plan {
    /// Returns the size of the record scan that finds the events, if one does.
    pub(crate) fn scan_size(&self) -> Option<ScanSize> {
        match self.source {
            Source::RecordScan(_, size) => Some(size),
            _ => None,
        }
    }
}

/// Plans a lookup. `limit`: the number of rows wanted of a list of events, beside what the lookup says.
pub(crate) fn plan(lookup: &ResolvedLookup, stats: &dyn Statistics, limit: Option<u64>) -> Plan {
    let is_list = lookup.is_event_list();
    let limit = limit.filter(|_| is_list);
    let has = |is: fn(&Stage) -> bool| lookup.stages.iter().any(is);
    let limited = is_list
        && !has(|stage| matches!(stage, Stage::Sort(_)))
        && (limit.is_some() || has(|stage| matches!(stage, Stage::Limit(_))));
    let mut driver = driver::choose(&lookup.terms, stats, limited);
    if let Some((scan, size, rest)) = scan_choice::choose(lookup, stats, driver.estimate, limited) {
        let order = if scan.newest_first { ListOrder::Source } else { ListOrder::Sort };
        return Plan {
            source: Source::RecordScan(scan, size),
            terms: rest,
            driver: Driver::only_time(),
            only_errors: false,
            newest: None,
            aggregate: rollup::aggregate_source(lookup, true),
            order,
            any_order: false,
            limit,
            is_exact: false,
        };
    }
    let wanted = smallest_limit(lookup, limit).filter(|_| limited);
    // Many events of several values would all have to be fetched and sorted.
    let many = limited && !driver.is_in_time_order && driver.estimate.is_some_and(|events| events > MAX_SORTED_FREELY);
    let by_index = many && driver.has_column_index && lookup.terms.len() == 1;
    let sparse_hours = if is_list && !by_index && (driver.term.is_none() || many) {
        rollup::sparse_hours(&lookup.terms, wanted, stats)
    } else {
        None
    };
    if sparse_hours.is_some() {
        driver = Driver { term: None, by_time: true, is_in_time_order: false, ..driver };
    }
    let only_errors = !is_list && driver.term.is_none() && rollup::are_errors(&lookup.terms, stats);
    // An `or` whose parts have indexes of their own is left to the database.
    let met_by_time = driver.by_time || rollup::are_covered_by_time(&lookup.terms);
    let newest_first = limited && driver.term.is_none() && driver.is_in_time_order && met_by_time;
    driver.has_facets |= only_errors || sparse_hours.is_some() || newest_first;
    let source = match sparse_hours {
        Some(hours) => Source::SparseHours(hours),
        None if newest_first => Source::EventsByTime,
        None => Source::Events,
    };
    Plan {
        source,
        terms: lookup.terms.clone(),
        only_errors,
        newest: wanted.filter(|_| by_index).map(|wanted| newest_bound(&lookup.terms[0], wanted, stats)),
        aggregate: rollup::aggregate_source(lookup, false),
        order: if driver.is_in_time_order { ListOrder::Index } else { ListOrder::Sort },
        any_order: false,
        limit,
        is_exact: driver.is_exact
            && lookup.stages.iter().all(|stage| matches!(stage, Stage::Fields(_) | Stage::Sort(_))),
        driver,
    }
}

/// Returns the fewest rows that a limit leaves.
fn smallest_limit(lookup: &ResolvedLookup, limit: Option<u64>) -> Option<u64> {
    let stages = lookup.stages.iter().filter_map(|stage| match stage {
        Stage::Limit(rows) => Some(*rows),
        _ => None,
    });
    stages.chain(limit).min()
}

fn newest_bound(term: &Node, wanted: u64, stats: &dyn Statistics) -> NewestBound {
    let wanted = wanted.clamp(1, i64::MAX as u64);
    if stats.has_undated_events() != Some(false) {
        return NewestBound::Undated(wanted);
    }
    match &term.kind {
        NodeKind::Condition(Condition::Field(field, predicate)) if has_counted_texts(field, predicate) => {
            NewestBound::OneValue(wanted)
        }
        _ => NewestBound::AllValues(wanted),
    }
}

fn has_counted_texts(field: &Field, predicate: &ValuePredicate) -> bool {
    field.values == Values::Kept && !matches!(predicate, ValuePredicate::Flag(_) | ValuePredicate::Number(..))
}
