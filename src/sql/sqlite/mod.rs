//! From a lookup to one SQL statement with parameters.

mod columns;
mod filter;
mod glob;
mod plan;
mod record_scan;
mod rollup;
#[cfg(test)]
mod tests;
mod top_n;
mod value_list;

use crate::fields;
use crate::fields::{BRIEF_COLUMNS, HISTORY_COLUMNS, Place, Values};
use crate::query::resolved::timeline_columns;
use crate::query::resolved::{OutputColumn, ResolvedLookup, SortKey, Stage};
use crate::sql::sqlite::filter::SqlBuilder;
use crate::sql::sqlite::plan::Plan;
use crate::sql::sqlite::record_scan::Scan;
use crate::sql::{Projection, ScanSize, Statement, Statistics};

/// Where events come from, unless something better is known.
const EVENTS: &str = "events e";
/// Where the newest of many come from: SQLite would go through all of them and sort, since it takes any condition for
/// one that few events meet.
const EVENTS_BY_TIME: &str = "events e INDEXED BY events_by_time";
/// The order of a list of events: newest first, and always the same among those of one second.
const NEWEST_FIRST: &str = "e.time DESC, e.event_id";

/// The statement for a lookup. `limit`: how many rows of a list of events are wanted, beside what the lookup says.
pub fn emit(lookup: &ResolvedLookup, stats: &dyn Statistics, projection: Projection, limit: Option<u64>) -> Statement {
    Emitter::new(lookup, stats, limit).finish(lookup, projection)
}

/// The statement that counts the events which a lookup's filter matches.
pub fn emit_count(lookup: &ResolvedLookup, stats: &dyn Statistics) -> Statement {
    let counted = ResolvedLookup { stages: vec![Stage::Count(Vec::new())], ..lookup.clone() };
    emit(&counted, stats, Projection::Brief, None)
}

/// The statement that gives the ids of a lookup's list of events, in its order.
pub fn emit_ids(lookup: &ResolvedLookup, stats: &dyn Statistics, limit: Option<u64>) -> Statement {
    emit(&only_ids(lookup), stats, Projection::Brief, limit)
}

/// The statement that gives the ids of a lookup's list of events in any order: an index that finds them is enough, where
/// an order wants a look at each event.
pub fn emit_id_set(lookup: &ResolvedLookup, stats: &dyn Statistics) -> Statement {
    let listed = only_ids(lookup);
    Emitter { any_order: true, ..Emitter::new(&listed, stats, None) }.finish(&listed, Projection::Brief)
}

/// A list of events, of which only the ids are shown.
fn only_ids(lookup: &ResolvedLookup) -> ResolvedLookup {
    let mut listed = lookup.clone();
    listed.stages.retain(|stage| !matches!(stage, Stage::Fields(_)));
    listed.stages.push(Stage::Fields(Vec::new()));
    listed
}

/// What the stages so far have made.
enum Relation {
    /// Events, with the order and the number in which they are wanted.
    Events { order: Vec<(SortKey, bool)>, limit: Option<u64>, fields: Option<Vec<OutputColumn>> },
    /// A finished SELECT with these columns, the order of its rows, and how many of them are wanted.
    Table { select: String, columns: Vec<String>, order: Vec<String>, limit: Option<u64> },
}

struct Emitter<'s> {
    writer: SqlBuilder<'s>,
    plan: Plan,
    /// What stands behind FROM.
    source: String,
    condition: String,
    /// The scan that finds the events, and whether it gives them in the order of a list.
    scan: Option<(ScanSize, bool)>,
    relation: Relation,
    outer_limit: Option<u64>,
    /// True if the order of a list of events matters only as far as it says which ones are cut off.
    any_order: bool,
}

impl<'s> Emitter<'s> {
    fn new(lookup: &ResolvedLookup, stats: &'s dyn Statistics, limit: Option<u64>) -> Emitter<'s> {
        let is_list = lookup.is_event_list();
        let by_time = !lookup.stages.iter().any(|stage| matches!(stage, Stage::Sort(_)));
        let limited = is_list
            && by_time
            && (limit.is_some() || lookup.stages.iter().any(|stage| matches!(stage, Stage::Limit(_))));
        let mut plan = plan::plan(&lookup.terms, stats, limited);
        let mut writer = SqlBuilder::new(stats);
        if let Some(scan) = record_scan::choose(lookup, stats, plan.estimate, limited) {
            return Emitter::behind(&scan, writer, limited, limit.filter(|_| is_list));
        }
        let wanted = lookup.stages.iter().filter_map(|stage| match stage {
            Stage::Limit(most) => Some(*most),
            _ => None,
        });
        let wanted = wanted.chain(limit).min().filter(|_| limited);
        // Many events of several values would all have to be fetched and sorted.
        let many = limited && !plan.order_by_index && plan.estimate.is_some_and(|events| events > plan::ENOUGH);
        let by_index = many && plan.has_column_index && lookup.terms.len() == 1;
        let few_hours = if is_list && !by_index && (plan.driver.is_none() || many) {
            rollup::few_hours(&lookup.terms, wanted, stats, &mut writer)
        } else {
            None
        };
        if few_hours.is_some() {
            plan = Plan { driver: None, by_time: true, order_by_index: false, ..plan };
        }
        let of_errors =
            if !is_list && plan.driver.is_none() { rollup::of_errors(&lookup.terms, stats, &mut writer) } else { None };
        plan.by_facet |= of_errors.is_some() || few_hours.is_some();
        // What has indexes of its own, as the parts of an `or`, is left to SQLite.
        let met_by_time = plan.by_time || rollup::have(&lookup.terms);
        let newest_first = limited && plan.driver.is_none() && plan.order_by_index && met_by_time;
        plan.by_facet |= newest_first;
        let mut condition = writer.all(&lookup.terms, &plan, of_errors);
        if let Some(wanted) = wanted.filter(|_| by_index) {
            condition += &writer.newest(&lookup.terms[0], wanted, &condition);
        }
        let events = if newest_first { EVENTS_BY_TIME } else { EVENTS };
        Emitter {
            writer,
            plan,
            source: few_hours.unwrap_or_else(|| events.to_owned()),
            condition,
            scan: None,
            relation: empty(),
            outer_limit: limit.filter(|_| is_list),
            any_order: false,
        }
    }

    /// Takes the events that a scan of the records finds.
    fn behind(scan: &Scan, mut writer: SqlBuilder<'s>, in_order: bool, outer_limit: Option<u64>) -> Emitter<'s> {
        let plan = Plan::none_but_time();
        let source = scan.source(&mut writer);
        let condition = writer.all(&scan.rest, &plan, None);
        writer.scans_records = true;
        Emitter {
            writer,
            plan,
            source,
            condition,
            scan: Some((scan.size, in_order)),
            relation: empty(),
            outer_limit,
            any_order: false,
        }
    }

    fn finish(mut self, lookup: &ResolvedLookup, projection: Projection) -> Statement {
        for stage in &lookup.stages {
            self.apply(stage, lookup);
        }
        let (sql, columns) = match std::mem::replace(&mut self.relation, empty()) {
            Relation::Table { select, columns, order, limit } => {
                (format!("{select}{}{}", order_by(&order), limit_to(limit)), columns)
            }
            Relation::Events { order, limit, fields } => {
                let limit = [limit, self.outer_limit].into_iter().flatten().min();
                self.list(&order, limit, fields.as_deref(), projection)
            }
        };
        let no_stages = lookup.stages.iter().all(|stage| matches!(stage, Stage::Fields(_) | Stage::Sort(_)));
        Statement {
            sql,
            params: self.writer.params,
            columns,
            scans_records: self.writer.scans_records,
            scan: self.scan.map(|(size, _)| size),
            estimate: self.plan.estimate,
            exact: self.plan.exact && no_stages,
        }
    }

    fn apply(&mut self, stage: &Stage, lookup: &ResolvedLookup) {
        match stage {
            Stage::Count(by) => self.count(by, None, lookup),
            Stage::Top(most, by) => self.count(by, Some(*most), lookup),
            Stage::Timeline(bucket, by) => self.timeline(*bucket, by, lookup),
            Stage::Fields(shown) => {
                if let Relation::Events { fields, .. } = &mut self.relation {
                    *fields = Some(shown.clone());
                }
            }
            Stage::Limit(most) => {
                let (Relation::Events { limit, .. } | Relation::Table { limit, .. }) = &mut self.relation;
                *limit = Some(limit.map_or(*most, |limit| limit.min(*most)));
            }
            Stage::Sort(keys) => self.sort(keys),
        }
    }

    /// Makes what has been cut off so far into the source of what follows.
    fn fold_limit(&mut self) {
        match &mut self.relation {
            Relation::Events { order, limit: limit @ Some(_), .. } => {
                let (order, limit) = (std::mem::take(order), limit.take());
                let order = newest_first(self.sorted(&order));
                let inner = format!(
                    "(SELECT e.* FROM {}{}{}{}) e",
                    self.source,
                    self.condition,
                    order_by(&order),
                    limit_to(limit)
                );
                (self.source, self.condition) = (inner, String::new());
            }
            Relation::Table { select, order, limit: limit @ Some(_), .. } => {
                *select = format!("SELECT * FROM ({select}{}{})", order_by(order), limit_to(*limit));
                *limit = None;
                *order = Vec::new();
            }
            _ => {}
        }
    }

    fn sort(&mut self, keys: &[(SortKey, bool)]) {
        self.fold_limit();
        let sorted = match self.relation {
            Relation::Events { .. } => Vec::new(),
            Relation::Table { .. } => self.sorted(keys),
        };
        match &mut self.relation {
            // Written when it is known that the order is asked for, so that no parameter is left over.
            Relation::Events { order, .. } => *order = keys.to_vec(),
            Relation::Table { order, columns, .. } => {
                *order = sorted;
                // Rows that sort alike keep one order.
                order.extend(columns.iter().map(|column| columns::quoted(column)));
            }
        }
    }

    /// The terms of an ORDER BY.
    fn sorted(&mut self, keys: &[(SortKey, bool)]) -> Vec<String> {
        let mut sorted = Vec::with_capacity(keys.len());
        for (key, descending) in keys {
            let expression = match key {
                SortKey::Column(column) => columns::quoted(column),
                SortKey::Output(OutputColumn::Field(field)) if field.name == "time" => "e.time".to_owned(),
                SortKey::Output(shown) => columns::expression(shown, &mut self.writer),
            };
            sorted.push(format!("{expression} {} NULLS LAST", if *descending { "DESC" } else { "ASC" }));
        }
        sorted
    }

    /// `count` and `top`.
    fn count(&mut self, by: &[OutputColumn], most: Option<u64>, lookup: &ResolvedLookup) {
        let columns: Vec<String> = by.iter().map(OutputColumn::group_column).chain(["events".to_owned()]).collect();
        let kept = match by {
            [OutputColumn::Field(field)]
                if field.values == Values::Kept
                    && matches!(field.place, Place::Event | Place::Identity | Place::Role) =>
            {
                Some(*field)
            }
            _ => None,
        };
        let uncut = self.is_uncut();
        let select = match kept.filter(|_| uncut && lookup.terms.is_empty()) {
            Some(field) => from_kept_counts(field.column),
            None if uncut && rollup::answers(&lookup.terms, by) => {
                self.writer.restart();
                rollup::grouped(&lookup.terms, by, &columns, &mut self.writer)
            }
            None if by.is_empty() && lookup.terms.len() == 1 => self.counted_by_resource(),
            None => self.grouped(None, by),
        };
        let order = match by.is_empty() {
            true => Vec::new(),
            false => ["events DESC".to_owned()]
                .into_iter()
                .chain(columns[..by.len()].iter().map(|column| columns::quoted(column)))
                .collect(),
        };
        self.relation = Relation::Table { select, columns, order, limit: most };
    }

    /// Reports whether the relation is still all events that the filter matches.
    fn is_uncut(&self) -> bool {
        self.source == EVENTS && matches!(self.relation, Relation::Events { limit: None, .. })
    }

    /// The SELECT that counts by attributes, and first by spans of `bucket` seconds.
    fn grouped(&mut self, bucket: Option<i64>, by: &[OutputColumn]) -> String {
        self.fold_limit();
        let (mut shown, mut groups) = (Vec::new(), Vec::new());
        let mut joins = String::new();
        let mut condition = self.condition.clone();
        if let Some(bucket) = bucket {
            let start = columns::start_of("e.time", bucket);
            shown.push(columns::time_text(&start));
            groups.push(start);
            condition += if condition.is_empty() { " WHERE e.time IS NOT NULL" } else { " AND e.time IS NOT NULL" };
        }
        for (index, by) in by.iter().enumerate() {
            let group = columns::group(by, index, &mut self.writer);
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

    /// How many events a single term meets: one about a resource is answered without a look at the events.
    fn counted_by_resource(&mut self) -> String {
        let limited = matches!(self.relation, Relation::Events { limit: Some(_), .. });
        let inner =
            self.condition.strip_prefix(" WHERE ").and_then(|condition| condition.strip_prefix(filter::OF_RESOURCE));
        match inner.and_then(|inner| inner.strip_suffix(')')).filter(|_| !limited) {
            Some(condition) => format!("SELECT count(DISTINCT event) AS events FROM event_resources WHERE {condition}"),
            None => self.grouped(None, &[]),
        }
    }

    fn timeline(&mut self, bucket: i64, by: &[OutputColumn], lookup: &ResolvedLookup) {
        let kept = self.is_uncut() && bucket % rollup::HOUR == 0 && rollup::answers(&lookup.terms, by);
        let columns = timeline_columns(by);
        let select = if kept {
            self.writer.restart();
            rollup::timeline(&lookup.terms, bucket, by, &columns, &mut self.writer)
        } else {
            self.grouped(Some(bucket), by)
        };
        let order = ["event_time".to_owned(), "events DESC".to_owned()];
        let order = order.into_iter().chain(by.iter().map(|shown| columns::quoted(&shown.group_column()))).collect();
        self.relation = Relation::Table { select, columns, order, limit: None };
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
            _ if self.any_order && limit.is_none() => Vec::new(),
            [] if self.scan.is_some_and(|(_, in_order)| in_order) => Vec::new(),
            [] if !self.plan.order_by_index => vec![NEWEST_FIRST.replace("e.time", "+e.time")],
            keys => newest_first(self.sorted(keys)),
        };
        let tail = format!("FROM {}{}", self.source, self.condition);
        let (order_sql, limit) = (order_by(&order), limit_to(limit));
        if fields.is_none() && projection == Projection::Full {
            let shown: Vec<String> = HISTORY_COLUMNS.iter().map(|column| format!("h.{column}")).collect();
            let sql = format!(
                "SELECT h.id, {} FROM (SELECT e.id, row_number() OVER ({}) AS place {tail}{order_sql}{limit}) k \
                 CROSS JOIN event_history h ON h.id = k.id ORDER BY k.place",
                shown.join(", "),
                order_sql.trim_start()
            );
            return (sql, with_id(HISTORY_COLUMNS.iter().map(|column| (*column).to_owned())));
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
                _ => columns::expression(shown, &mut self.writer),
            };
            expressions.push(format!("{expression} AS {}", columns::quoted(&shown.column())));
        }
        let sql = format!("SELECT {} {tail}{order_sql}{limit}", expressions.join(", "));
        (sql, with_id(shown.iter().map(OutputColumn::column)))
    }
}

fn empty() -> Relation {
    Relation::Events { order: Vec::new(), limit: None, fields: None }
}

fn with_id(columns: impl Iterator<Item = String>) -> Vec<String> {
    ["id".to_owned()].into_iter().chain(columns).collect()
}

/// An order, made whole so that it does not depend on how the rows are found.
fn newest_first(order: Vec<String>) -> Vec<String> {
    order.into_iter().chain([NEWEST_FIRST.to_owned()]).collect()
}

fn order_by(order: &[String]) -> String {
    if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) }
}

fn limit_to(limit: Option<u64>) -> String {
    limit.map_or(String::new(), |limit| format!(" LIMIT {}", limit.min(i64::MAX as u64)))
}

/// The whole case counted by an attribute whose values are counted at import.
fn from_kept_counts(column: &str) -> String {
    format!(
        "SELECT {name}, events FROM (SELECT value AS {name}, events FROM attribute_values WHERE attribute = '{column}' \
         UNION ALL SELECT NULL, (SELECT ifnull(sum(events), 0) FROM attribute_values WHERE attribute = 'outcome') \
         - (SELECT ifnull(sum(events), 0) FROM attribute_values WHERE attribute = '{column}')) WHERE events > 0",
        name = columns::quoted(column)
    )
}
