//! The statement of a plan: its source and filter, and what the stages make of them.

use crate::fields::{self, BRIEF_COLUMNS, Place, history_columns};
use crate::query::ast::Operator;
use crate::query::plan::resource::ResourcePredicate;
use crate::query::plan::rollup::AggregateSource;
use crate::query::plan::statistics::Statistics;
use crate::query::plan::{ListOrder, Plan, Source};
use crate::query::resolved::{OutputColumn, ResolvedLookup, SortKey};
use crate::sql::sqlite::access_path::access_path;
use crate::sql::sqlite::builder::SqlBuilder;
use crate::sql::sqlite::{columns, record_scan, rollup};
use crate::sql::stages::{Relation, StageWriter};
use crate::sql::statement::{Projection, Statement};
use crate::sql::time_bucket::start_of;

/// All events.
const EVENTS: &str = "events e";
/// The events by time: SQLite would go through all of them and sort, since it takes any condition for one that few events
/// meet.
const EVENTS_BY_TIME: &str = "events e INDEXED BY events_by_time";
/// The order of a list of events: newest first, and always the same among those of one second.
const NEWEST_FIRST: &str = "e.time DESC, e.event_id";

/// Writes one statement.
pub(crate) struct StatementWriter<'s> {
    plan: &'s Plan,
    lookup: &'s ResolvedLookup,
    builder: SqlBuilder<'s>,
    /// The text after FROM.
    source: String,
    /// The WHERE clause.
    condition: String,
    relation: Relation,
}

impl<'s> StatementWriter<'s> {
    /// Writes the source of the events and the filter.
    pub(crate) fn new(plan: &'s Plan, lookup: &'s ResolvedLookup, stats: &'s dyn Statistics) -> StatementWriter<'s> {
        let builder = SqlBuilder::new(stats);
        let (source, condition) = (String::new(), String::new());
        let mut writer = StatementWriter { plan, lookup, builder, source, condition, relation: Relation::events() };
        // The rollups have a filter of their own.
        if matches!(plan.aggregate, AggregateSource::Events) {
            writer.filter();
        }
        writer
    }

    fn filter(&mut self) {
        let (plan, builder) = (self.plan, &mut self.builder);
        self.source = match &plan.source {
            Source::Events => EVENTS.to_owned(),
            Source::EventsByTime => EVENTS_BY_TIME.to_owned(),
            Source::SparseHours(hours) => rollup::sparse_hours(&plan.terms, *hours, builder),
            Source::RecordScan(scan, _) => record_scan::source(scan, builder),
        };
        let errors = plan.only_errors.then(|| rollup::error_codes(&plan.terms, builder));
        self.condition = builder.where_clause(plan, errors);
        if let Some(bound) = plan.newest {
            self.condition += &builder.newest(plan, bound, &self.condition);
        }
        builder.scans_records |= matches!(plan.source, Source::RecordScan(..));
    }

    /// Writes the stages and finishes the statement.
    pub(crate) fn write(mut self, projection: Projection) -> Statement {
        for stage in &self.lookup.stages {
            self.apply(stage);
        }
        let (sql, columns) = match std::mem::replace(&mut self.relation, Relation::events()) {
            Relation::Table { select, columns, order, limit } => {
                (format!("{select}{}{}", Self::order_by(&order), Self::limit_to(limit)), columns)
            }
            Relation::Events { order, limit, fields } => {
                let limit = [limit, self.plan.limit].into_iter().flatten().min();
                self.list(&order, limit, fields.as_deref(), projection)
            }
        };
        Statement {
            sql,
            scans_records: self.builder.scans_records,
            params: self.builder.params.into_values(),
            columns,
            scan: self.plan.scan_size(),
            estimate: self.plan.driver.estimate,
            exact: self.plan.is_exact,
            access_path: access_path(self.plan),
        }
    }

    /// The SELECT that counts by attributes, and first by spans of `bucket` seconds.
    fn grouped(&mut self, bucket: Option<i64>, by: &[OutputColumn]) -> String {
        self.fold_limit();
        let (mut shown, mut groups) = (Vec::new(), Vec::new());
        let mut joins = String::new();
        let mut condition = self.condition.clone();
        if let Some(bucket) = bucket {
            let start = start_of("e.time", bucket);
            shown.push(columns::time_text(&start));
            groups.push(start);
            condition += if condition.is_empty() { " WHERE e.time IS NOT NULL" } else { " AND e.time IS NOT NULL" };
        }
        for (index, by) in by.iter().enumerate() {
            let group = columns::group(by, index, &mut self.builder);
            shown.push(format!("{} AS {}", group.expression, columns::quoted(&by.group_column())));
            groups.push(shown.len().to_string());
            // A resource's name and type beside each other are the same resource's.
            if !joins.contains(&group.join) {
                joins += &group.join;
            }
        }
        let counted = if joins.is_empty() { "count(*)" } else { "count(DISTINCT e.id)" };
        let group_by = columns::group_by(&groups);
        shown.push(format!("{counted} AS events"));
        format!("SELECT {} FROM {}{joins}{condition}{group_by}", shown.join(", "), self.source)
    }

    /// Counts the events with a resource, without a look at them.
    fn count_by_resource(&mut self) -> String {
        match self.lookup.terms.first().and_then(ResourcePredicate::of_term) {
            Some(predicate) => format!(
                "SELECT count(DISTINCT event) AS events FROM event_resources WHERE {}",
                self.builder.event_resource(predicate)
            ),
            None => self.grouped(None, &[]),
        }
    }

    /// A list of events.
    fn list(
        &mut self,
        order: &[(SortKey, bool)],
        limit: Option<u64>,
        fields: Option<&[OutputColumn]>,
        projection: Projection,
    ) -> (String, Vec<String>) {
        let order = match order {
            _ if self.plan.any_order && limit.is_none() => Vec::new(),
            [] if self.plan.order == ListOrder::Source => Vec::new(),
            [] if self.plan.order == ListOrder::Sort => vec![NEWEST_FIRST.replace("e.time", "+e.time")],
            keys => newest_first(self.sorted(keys)),
        };
        let tail = format!("FROM {}{}", self.source, self.condition);
        let (order_sql, limit) = (Self::order_by(&order), Self::limit_to(limit));
        if fields.is_none() && projection == Projection::Full {
            let shown: Vec<String> = history_columns().map(|column| format!("h.{column}")).collect();
            let sql = format!(
                "SELECT h.id, {} FROM (SELECT e.id, row_number() OVER ({}) AS place {tail}{order_sql}{limit}) k \
                 CROSS JOIN event_history h ON h.id = k.id ORDER BY k.place",
                shown.join(", "),
                order_sql.trim_start()
            );
            return (sql, with_id(history_columns().map(str::to_owned)));
        }
        let brief: Vec<OutputColumn>;
        let shown = match fields {
            Some(fields) => fields,
            None => {
                brief =
                    BRIEF_COLUMNS.iter().filter_map(|column| fields::find(column)).map(OutputColumn::Field).collect();
                &brief
            }
        };
        let mut expressions = vec!["e.id AS id".to_owned()];
        for shown in shown {
            let expression = match shown {
                OutputColumn::Field(field) if field.place == Place::ResourceName && fields.is_none() => {
                    columns::BRIEF_RESOURCES.to_owned()
                }
                _ => columns::expression(shown, &mut self.builder),
            };
            expressions.push(format!("{expression} AS {}", columns::quoted(&shown.column())));
        }
        let sql = format!("SELECT {} {tail}{order_sql}{limit}", expressions.join(", "));
        (sql, with_id(shown.iter().map(OutputColumn::column)))
    }
}

impl StageWriter for StatementWriter<'_> {
    const BREAK: &'static str = " ";
    const MOST_FIRST: &'static str = "events DESC";

    fn relation(&mut self) -> &mut Relation {
        &mut self.relation
    }

    fn limit_events(&mut self, order: Vec<String>, limit: Option<u64>) {
        let order = Self::order_by(&newest_first(order));
        let inner = format!("(SELECT e.* FROM {}{}{order}{}) e", self.source, self.condition, Self::limit_to(limit));
        (self.source, self.condition) = (inner, String::new());
    }

    fn limit_table(select: &str, order: &[String], limit: Option<u64>) -> String {
        format!("SELECT * FROM ({select}{}{})", Self::order_by(order), Self::limit_to(limit))
    }

    fn filter_table(&mut self, select: &str, conditions: &[(Operator, i64)]) -> String {
        let conditions: Vec<String> = conditions
            .iter()
            .map(|(operator, number)| format!("events {} {}", operator.text(), self.builder.params.number(*number)))
            .collect();
        format!("SELECT * FROM ({select}) WHERE {}", conditions.join(" AND "))
    }

    fn sorted(&mut self, keys: &[(SortKey, bool)]) -> Vec<String> {
        let mut sorted = Vec::with_capacity(keys.len());
        for (key, descending) in keys {
            let expression = match key {
                SortKey::Column(column) => columns::quoted(column),
                SortKey::Output(OutputColumn::Field(field)) if field.name == "time" => "e.time".to_owned(),
                SortKey::Output(shown) => columns::expression(shown, &mut self.builder),
            };
            sorted.push(format!("{expression} {} NULLS LAST", if *descending { "DESC" } else { "ASC" }));
        }
        sorted
    }

    fn ascending(&self, column: &str) -> String {
        columns::quoted(column)
    }

    fn count_select(&mut self, by: &[OutputColumn], columns: &[String]) -> String {
        match self.plan.aggregate {
            AggregateSource::ValueCounts(field) => rollup::value_counts(field),
            AggregateSource::Facets => rollup::grouped(&self.lookup.terms, by, columns, &mut self.builder),
            AggregateSource::ResourcePairs => self.count_by_resource(),
            AggregateSource::Events => self.grouped(None, by),
        }
    }

    fn timeline_select(&mut self, bucket: i64, by: &[OutputColumn], columns: &[String]) -> String {
        match self.plan.aggregate {
            AggregateSource::Facets => rollup::timeline(&self.lookup.terms, bucket, by, columns, &mut self.builder),
            _ => self.grouped(Some(bucket), by),
        }
    }
}

fn with_id(columns: impl Iterator<Item = String>) -> Vec<String> {
    ["id".to_owned()].into_iter().chain(columns).collect()
}

/// An order, made whole so that it does not depend on how the rows are found.
fn newest_first(order: Vec<String>) -> Vec<String> {
    order.into_iter().chain([NEWEST_FIRST.to_owned()]).collect()
}
