//! Writes the plan of a lookup as one SQL statement for the schema of a case.

mod access_path;
mod builder;
mod columns;
pub(crate) mod correlation;
mod filter;
mod glob;
mod record_scan;
mod resource;
mod rollup;
pub(crate) mod shared_scan;
mod statement;
mod statistics;
#[cfg(test)]
mod tests;
mod top_n;
mod value_list;

use crate::query::plan::{Plan, plan};
use crate::query::resolved::{ResolvedLookup, Stage};
use crate::sql::count_source::CountSource;
use crate::sql::sqlite::statement::StatementWriter;
use crate::sql::sqlite::statistics::CaseStatistics;
use crate::sql::statement::{Projection, Statement};

/// Returns the statement for a lookup. `limit`: how many rows of a list of events are wanted, beside what the lookup says.
pub fn emit(
    lookup: &ResolvedLookup,
    counts: &dyn CountSource,
    projection: Projection,
    limit: Option<u64>,
) -> Statement {
    let stats = CaseStatistics(counts);
    let plan = plan(lookup, &stats, limit);
    StatementWriter::new(&plan, lookup, &stats).write(projection)
}

/// Returns the statement that counts the events which a lookup's filter matches.
pub fn emit_count(lookup: &ResolvedLookup, counts: &dyn CountSource) -> Statement {
    let counted = ResolvedLookup { stages: vec![Stage::Count(Vec::new())], ..lookup.clone() };
    emit(&counted, counts, Projection::Brief, None)
}

/// Returns the statement that gives the ids of a lookup's list of events, in its order.
pub fn emit_ids(lookup: &ResolvedLookup, counts: &dyn CountSource, limit: Option<u64>) -> Statement {
    emit(&only_ids(lookup), counts, Projection::Brief, limit)
}

/// Returns the statement that gives the ids of a lookup's list of events in any order: an index that finds them is enough,
/// while an order needs a look at each event.
pub fn emit_id_set(lookup: &ResolvedLookup, counts: &dyn CountSource) -> Statement {
    let listed = only_ids(lookup);
    let stats = CaseStatistics(counts);
    let plan = plan(&listed, &stats, None);
    let plan = Plan { any_order: true, ..plan };
    StatementWriter::new(&plan, &listed, &stats).write(Projection::Brief)
}

/// Returns the same list of events, with their ids only.
fn only_ids(lookup: &ResolvedLookup) -> ResolvedLookup {
    let mut listed = lookup.clone();
    listed.stages.retain(|stage| !matches!(stage, Stage::Fields(_)));
    listed.stages.push(Stage::Fields(Vec::new()));
    listed
}
