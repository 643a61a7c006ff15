//! The statement of a lookup: its filter, and what the stages make of the events.

use crate::diagnostic::Diagnostic;
use crate::fields::{Place, history_columns};
use crate::query::ast::Operator;
use crate::query::resolved::{OutputColumn, ResolvedLookup, SortKey, Stage, timeline_columns};
use crate::sql::time_bucket::start_of;
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

/// The result of the stages so far.
enum Relation {
    /// Events, with the order and the number in which they are wanted.
    Events { order: Vec<(SortKey, bool)>, limit: Option<u64>, fields: Option<Vec<OutputColumn>> },
    /// A finished SELECT with these columns, the order of its rows, and how many of them are wanted.
    Table { select: String, columns: Vec<String>, order: Vec<String>, limit: Option<u64> },
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
            relation: Relation::Events { order: Vec::new(), limit: None, fields: None },
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
        let placeholder = Relation::Events { order: Vec::new(), limit: None, fields: None };
        Ok(match std::mem::replace(&mut self.relation, placeholder) {
            Relation::Table { select, order, limit, .. } if order.is_empty() => format!("{select}{}", limit_to(limit)),
            Relation::Table { select, order, limit, .. } => {
                format!("SELECT *\nFROM ({select}) t{}{}", order_by(&order), limit_to(limit))
            }
            Relation::Events { order, limit, fields } => self.list(&order, limit, fields.as_deref(), rows),
        })
    }

    fn apply(&mut self, stage: &Stage) {
        match stage {
            Stage::Count(by) => self.count(by, None),
            Stage::Top(most, by) => self.count(by, Some(*most)),
            Stage::Timeline(bucket, by) => self.timeline(*bucket, by),
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
            Stage::Having(conditions) => self.having(conditions),
        }
    }

    /// Makes what has been cut off so far into the source of what follows.
    fn fold_limit(&mut self) {
        let (order, limit) = match &mut self.relation {
            Relation::Events { order, limit: limit @ Some(_), .. } => (std::mem::take(order), limit.take()),
            Relation::Table { select, order, limit: limit @ Some(_), .. } => {
                *select = format!("SELECT *\nFROM ({select}) t{}{}", order_by(order), limit_to(*limit));
                (*limit, *order) = (None, Vec::new());
                return;
            }
            _ => return,
        };
        let order = newest_first(self.sorted(&order));
        let inner =
            format!("(SELECT e.*\nFROM {}{}{}{}) e", self.source, self.filter(&[]), order_by(&order), limit_to(limit));
        (self.source, self.conditions) = (inner, Vec::new());
    }

    /// Returns the WHERE clause, with more conditions.
    fn filter(&self, more: &[String]) -> String {
        let all: Vec<&str> = self.conditions.iter().chain(more).map(String::as_str).collect();
        if all.is_empty() { String::new() } else { format!("\nWHERE {}", all.join("\n  AND ")) }
    }

    /// Keeps the rows of a table whose number of events meets conditions, in their order.
    fn having(&mut self, conditions: &[(Operator, u64)]) {
        let sorted = match &self.relation {
            Relation::Table { order, .. } => order.clone(),
            // The resolver gives it tables only.
            Relation::Events { .. } => return,
        };
        self.fold_limit();
        let Relation::Table { select, order, .. } = &mut self.relation else { return };
        let number = |number: &u64| i64::try_from(*number).unwrap_or(i64::MAX);
        let conditions: Vec<String> = conditions
            .iter()
            .map(|(operator, wanted)| format!("t.events {} {}", operator_text(*operator), number(wanted)))
            .collect();
        *select = format!("SELECT *\nFROM ({select}) t\nWHERE {}", conditions.join(" AND "));
        *order = sorted;
    }

    fn sort(&mut self, keys: &[(SortKey, bool)]) {
        self.fold_limit();
        let sorted = match self.relation {
            Relation::Events { .. } => Vec::new(),
            Relation::Table { .. } => self.sorted(keys),
        };
        match &mut self.relation {
            Relation::Events { order, .. } => *order = keys.to_vec(),
            Relation::Table { order, columns, .. } => {
                *order = sorted;
                // Rows that sort alike keep one order.
                order.extend(columns.iter().map(|column| column_of_table(self.translator, column)));
            }
        }
    }

    /// Returns the terms of an ORDER BY.
    fn sorted(&self, keys: &[(SortKey, bool)]) -> Vec<String> {
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

    /// Writes `count` and `top`.
    fn count(&mut self, by: &[OutputColumn], most: Option<u64>) {
        let columns: Vec<String> = by.iter().map(OutputColumn::group_column).chain(["events".to_owned()]).collect();
        let select = self.grouped(None, by);
        let order = match by.is_empty() {
            true => Vec::new(),
            false => {
                let groups = columns[..by.len()].iter().map(|column| column_of_table(self.translator, column));
                ["t.events DESC NULLS LAST".to_owned()].into_iter().chain(groups).collect()
            }
        };
        self.relation = Relation::Table { select, columns, order, limit: most };
    }

    fn timeline(&mut self, bucket: i64, by: &[OutputColumn]) {
        let columns = timeline_columns(by);
        let select = self.grouped(Some(bucket), by);
        let groups = by.iter().map(|shown| column_of_table(self.translator, &shown.group_column()));
        let order = ["t.event_time NULLS FIRST".to_owned(), "t.events DESC NULLS LAST".to_owned()];
        let order = order.into_iter().chain(groups).collect();
        self.relation = Relation::Table { select, columns, order, limit: None };
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
        let order = newest_first(self.sorted(order));
        let named = |expression: String, column: &str| format!("{expression} AS {}", translator.identifier(column));
        let shown: Vec<String> = match (rows, fields) {
            (RowKind::Files, _) => {
                translator.require(Place::File, "file");
                let limited = match limit {
                    Some(_) => format!("(SELECT e.*{}{}{}) e", tail(&self.source), order_by(&order), limit_to(limit)),
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
            (RowKind::Rows, None) => history_columns()
                .filter(|column| translator.layout == Layout::Trailq || is_of_aws(translator, column))
                .map(|column| named(translator.history(column), column))
                .collect(),
        };
        format!("SELECT {}{}{}{}", shown.join(",\n       "), tail(&self.source), order_by(&order), limit_to(limit))
    }
}

/// The columns of `event_history` that the view over AWS's table has.
const AWS_COLUMNS: &[&str] = &[
    "event_id",
    "event_time",
    "event_source",
    "event_name",
    "aws_region",
    "source_ip_address",
    "user_name",
    "access_key_id",
    "error_code",
    "read_only",
    "event_type",
    "event_category",
    "event_version",
    "recipient_account_id",
    "shared_event_id",
    "vpc_endpoint_id",
    "invoked_by",
    "mfa_authenticated",
    "session_created",
    "user_agent",
    "error_message",
    "identity_type",
    "identity_arn",
    "identity_account_id",
    "principal_id",
    "role_name",
    "role_arn",
    "session_name",
    "file",
];

/// Reports whether the view over AWS's table has a column.
fn is_of_aws(translator: &Translator<'_>, column: &str) -> bool {
    AWS_COLUMNS.contains(&column) && (column != "file" || translator.dialect.aws_file().is_some())
}

/// Returns a column of a finished table in an ORDER BY. SQLite sorts NULL first.
fn column_of_table(translator: &Translator<'_>, column: &str) -> String {
    format!("t.{} NULLS FIRST", translator.identifier(column))
}

/// An order, made whole so that it does not depend on how the rows are found.
fn newest_first(order: Vec<String>) -> Vec<String> {
    order.into_iter().chain(NEWEST_FIRST.map(str::to_owned)).collect()
}

fn order_by(order: &[String]) -> String {
    if order.is_empty() { String::new() } else { format!("\nORDER BY {}", order.join(", ")) }
}

fn limit_to(limit: Option<u64>) -> String {
    limit.map_or(String::new(), |limit| format!("\nLIMIT {}", limit.min(i64::MAX as u64)))
}
