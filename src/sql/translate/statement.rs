//! The statement of a lookup: its filter, and what the stages make of the events.

use crate::diagnostic::Diagnostic;
use crate::fields::{Place, history_columns};
use crate::query::ast::Operator;
use crate::query::resolved::{OutputColumn, ResolvedLookup, SortKey};
use crate::sql::stages::{Relation, StageWriter};
use crate::sql::time_bucket::start_of;
use crate::sql::translate::aws;
use crate::sql::translate::translator::{Layout, Translator};
use crate::sql::translate::value::operator_text;

/// The order of a list of events: newest first, and always the same among those of one second.
const NEWEST_FIRST: [&str; 2] = ["e.time DESC NULLS LAST", "e.event_id NULLS FIRST"];

/// The rows of a list of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// The columns of `event_history`, or those that the lookup names.
    Rows,
    /// The original records, as the column `message`.
    Records,
    /// The trail files that the events are from, each once.
    Files,
}

pub(crate) struct StatementWriter<'t> {
    translator: &'t Translator<'t>,
    /// The text after FROM.
    source: String,
    /// The conditions after WHERE.
    conditions: Vec<String>,
    relation: Relation,
}

impl<'t> StatementWriter<'t> {
    /// Writes the filter.
    pub(crate) fn new(translator: &'t Translator<'t>, lookup: &ResolvedLookup) -> StatementWriter<'t> {
        StatementWriter {
            translator,
            source: format!("{} e", translator.table),
            conditions: translator.conditions(&lookup.terms),
            relation: Relation::events(),
        }
    }

    /// Writes the stages and finishes the statement.
    ///
    /// # Errors
    /// Records or files are wanted of a lookup that counts events.
    pub(crate) fn write(mut self, lookup: &ResolvedLookup, rows: RowKind) -> Result<String, Diagnostic> {
        if rows != RowKind::Rows && !lookup.is_event_list() {
            let mistake = Diagnostic::new("the lookup counts events, so it has no records and no files");
            return Err(mistake.hint("leave out the stages, or write --format rows"));
        }
        for stage in &lookup.stages {
            self.apply(stage);
        }
        Ok(match std::mem::replace(&mut self.relation, Relation::events()) {
            Relation::Table { select, order, limit, .. } if order.is_empty() => {
                format!("{select}{}", Self::limit_to(limit))
            }
            Relation::Table { select, order, limit, .. } => Self::limit_table(&select, &order, limit),
            Relation::Events { order, limit, fields } => self.list(&order, limit, fields.as_deref(), rows),
        })
    }

    /// Returns the WHERE clause, with more conditions.
    fn filter(&self, more: &[String]) -> String {
        let all: Vec<&str> = self.conditions.iter().chain(more).map(String::as_str).collect();
        if all.is_empty() { String::new() } else { format!("\nWHERE {}", all.join("\n  AND ")) }
    }

    /// Returns the SELECT that counts by attributes, and first by spans of `bucket` seconds.
    fn grouped(&mut self, bucket: Option<i64>, by: &[OutputColumn]) -> String {
        self.fold_limit();
        let dialect = self.translator.dialect;
        let (mut shown, mut joins, mut more) = (Vec::new(), Vec::<String>::new(), Vec::new());
        if let Some(bucket) = bucket {
            shown.push(format!("{} AS event_time", dialect.time_text(&start_of("e.time", bucket))));
            more.push("e.time IS NOT NULL".to_owned());
        }
        for (group, by) in self.translator.groups(by).into_iter().zip(by) {
            shown.push(format!("{} AS {}", group.expression, self.translator.identifier(&by.group_column())));
            // A resource's name and type beside each other are the same resource's.
            joins.extend(group.join.filter(|join| !joins.contains(join)));
        }
        let places: Vec<String> = (1..=shown.len()).map(|place| place.to_string()).collect();
        let group_by = if places.is_empty() { String::new() } else { format!("\nGROUP BY {}", places.join(", ")) };
        shown.push("count(*) AS events".to_owned());
        let joins: String = joins.iter().map(|join| format!("\n{join}")).collect();
        format!("SELECT {}\nFROM {}{joins}{}{group_by}", shown.join(", "), self.source, self.filter(&more))
    }

    /// Returns the terms of an ORDER BY.
    fn terms_of_order(&self, keys: &[(SortKey, bool)]) -> Vec<String> {
        let term = |(key, descending): &(SortKey, bool)| {
            let expression = match key {
                SortKey::Column(column) => format!("t.{}", self.translator.identifier(column)),
                SortKey::Output(OutputColumn::Field(field)) if field.name == "time" => "e.time".to_owned(),
                SortKey::Output(shown) => self.translator.expression(shown),
            };
            format!("{expression} {} NULLS LAST", if *descending { "DESC" } else { "ASC" })
        };
        keys.iter().map(term).collect()
    }

    /// Returns the statement of a list of events.
    fn list(
        &self,
        order: &[(SortKey, bool)],
        limit: Option<u64>,
        fields: Option<&[OutputColumn]>,
        rows: RowKind,
    ) -> String {
        let translator = self.translator;
        let tail = |source: &str| format!("\nFROM {source}{}", self.filter(&[]));
        let order = newest_first(self.terms_of_order(order));
        let named = |expression: String, column: &str| format!("{expression} AS {}", translator.identifier(column));
        let shown: Vec<String> = match (rows, fields) {
            (RowKind::Files, _) => {
                translator.require(Place::File, "file");
                let limited = match limit {
                    Some(_) => format!(
                        "(SELECT e.*{}{}{}) e",
                        tail(&self.source),
                        Self::order_by(&order),
                        Self::limit_to(limit)
                    ),
                    None => {
                        return format!("SELECT DISTINCT e.file AS file{}\nORDER BY 1 NULLS FIRST", tail(&self.source));
                    }
                };
                return format!("SELECT DISTINCT e.file AS file\nFROM {limited}\nORDER BY 1 NULLS FIRST");
            }
            (RowKind::Records, _) => {
                translator.has_record();
                vec!["e.record AS message".to_owned()]
            }
            (RowKind::Rows, Some(fields)) => {
                fields.iter().map(|shown| named(translator.expression(shown), &shown.column())).collect()
            }
            (RowKind::Rows, None) => {
                let of_view = match translator.layout {
                    Layout::Trailq => None,
                    Layout::Aws => Some(aws::columns(translator.dialect)),
                };
                let is_there = |column: &&str| {
                    of_view.as_ref().is_none_or(|columns| columns.iter().any(|(_, name)| name == column))
                };
                history_columns().filter(is_there).map(|column| named(translator.history(column), column)).collect()
            }
        };
        format!(
            "SELECT {}{}{}{}",
            shown.join(",\n       "),
            tail(&self.source),
            Self::order_by(&order),
            Self::limit_to(limit)
        )
    }
}

impl StageWriter for StatementWriter<'_> {
    const BREAK: &'static str = "\n";
    const MOST_FIRST: &'static str = "t.events DESC NULLS LAST";

    fn relation(&mut self) -> &mut Relation {
        &mut self.relation
    }

    fn limit_events(&mut self, order: Vec<String>, limit: Option<u64>) {
        let order = Self::order_by(&newest_first(order));
        let inner = format!("(SELECT e.*\nFROM {}{}{order}{}) e", self.source, self.filter(&[]), Self::limit_to(limit));
        (self.source, self.conditions) = (inner, Vec::new());
    }

    fn limit_table(select: &str, order: &[String], limit: Option<u64>) -> String {
        format!("SELECT *\nFROM ({select}) t{}{}", Self::order_by(order), Self::limit_to(limit))
    }

    fn filter_table(&mut self, select: &str, conditions: &[(Operator, i64)]) -> String {
        let conditions: Vec<String> = conditions
            .iter()
            .map(|(operator, number)| format!("t.events {} {number}", operator_text(*operator)))
            .collect();
        format!("SELECT *\nFROM ({select}) t\nWHERE {}", conditions.join(" AND "))
    }

    fn sorted(&mut self, keys: &[(SortKey, bool)]) -> Vec<String> {
        self.terms_of_order(keys)
    }

    fn ascending(&self, column: &str) -> String {
        // SQLite sorts NULL first.
        format!("t.{} NULLS FIRST", self.translator.identifier(column))
    }

    fn count_select(&mut self, by: &[OutputColumn], _: &[String]) -> String {
        self.grouped(None, by)
    }

    fn timeline_select(&mut self, bucket: i64, by: &[OutputColumn], _: &[String]) -> String {
        self.grouped(Some(bucket), by)
    }
}

/// An order, made whole so that it does not depend on how the rows are found.
fn newest_first(order: Vec<String>) -> Vec<String> {
    order.into_iter().chain(NEWEST_FIRST.map(str::to_owned)).collect()
}
