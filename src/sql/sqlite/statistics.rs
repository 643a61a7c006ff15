//! The statistics that planning asks for, as statements over the rollups of a case.

use crate::hourly_rollup::BY_HOUR;
use crate::query::plan::record_scan::RecordScan;
use crate::query::plan::resource::ResourcePredicate;
use crate::query::plan::statistics::{ScanSize, Statistics};
use crate::query::resolved::{Node, ValuePredicate};
use crate::sql::count_source::CountSource;
use crate::sql::sqlite::builder::SqlBuilder;
use crate::sql::sqlite::{record_scan, rollup};

/// The statistics of a case.
pub(crate) struct CaseStatistics<'s>(pub(crate) &'s dyn CountSource);

impl CaseStatistics<'_> {
    /// Returns the sum of the events that the rows of a table count which meet a condition.
    fn sum_of(&self, table: &str, condition: impl FnOnce(&mut SqlBuilder<'_>) -> String) -> Option<u64> {
        let mut builder = SqlBuilder::new(self);
        let condition = condition(&mut builder);
        self.0.sum(&format!("SELECT sum(events) FROM {table} WHERE {condition}"), builder.params.values())
    }

    /// Returns an aggregate over the facets that meet terms.
    fn facets(&self, aggregate: &str, terms: &[Node], by_hour: bool) -> Option<u64> {
        let mut builder = SqlBuilder::new(self);
        let (from, _) = rollup::counts(terms, &mut builder, by_hour);
        self.0.sum(&format!("SELECT {aggregate} FROM {from}"), builder.params.values())
    }
}

impl Statistics for CaseStatistics<'_> {
    fn events(&self) -> u64 {
        self.0.events()
    }

    fn events_with_value(&self, column: &str, value: &str) -> Option<u64> {
        self.0.count(column, value)
    }

    fn events_with_values(&self, column: &str, predicate: &ValuePredicate) -> Option<u64> {
        self.sum_of("attribute_values", |builder| {
            format!("attribute = '{column}' AND {}", builder.matches("value", predicate))
        })
    }

    fn events_of_identities(&self, columns: &[&str], predicate: &ValuePredicate) -> Option<u64> {
        self.sum_of("identities", |builder| {
            let parts: Vec<String> = columns.iter().map(|column| builder.matches(column, predicate)).collect();
            parts.join(" OR ")
        })
    }

    fn events_of_user_agents(&self, column: &str, predicate: &ValuePredicate) -> Option<u64> {
        self.sum_of("user_agents", |builder| builder.matches(column, predicate))
    }

    fn events_of_addresses(&self, function: &str, predicate: &ValuePredicate) -> Option<u64> {
        self.sum_of("attribute_values", |builder| builder.addresses(function, predicate))
    }

    fn events_of_resources(&self, predicate: ResourcePredicate<'_>) -> Option<u64> {
        self.sum_of("resources", |builder| builder.resource(predicate))
    }

    fn has_undated_events(&self) -> Option<bool> {
        self.0.sum("SELECT EXISTS (SELECT 1 FROM events WHERE time IS NULL)", &[]).map(|found| found != 0)
    }

    fn scan_size(&self, scan: &RecordScan) -> Option<ScanSize> {
        self.0.scan(&record_scan::question(scan))
    }

    fn facet_events(&self, terms: &[Node]) -> Option<u64> {
        self.facets("sum(f.events)", terms, false)
    }

    fn facets_without_error(&self, terms: &[Node]) -> Option<u64> {
        self.facets("sum(f.error_code IS NULL)", terms, false)
    }

    fn dated_facet_events(&self, terms: &[Node]) -> Option<u64> {
        self.facets("sum(h.events)", terms, true)
    }

    fn facet_hours(&self, terms: &[Node]) -> Option<u64> {
        self.facets("count(DISTINCT h.hour)", terms, true)
    }

    fn hours(&self) -> Option<u64> {
        self.0.sum(&format!("SELECT count(DISTINCT hour) FROM {}", BY_HOUR.table), &[])
    }
}
