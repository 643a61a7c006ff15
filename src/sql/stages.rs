//! The stages of a lookup, applied one after the other: the part that all dialects have in common.

use crate::query::ast::Operator;
use crate::query::resolved::{OutputColumn, SortKey, Stage, timeline_columns};

/// The result of the stages so far.
pub(crate) enum Relation {
    /// Events, with the order and the number in which they are wanted.
    Events { order: Vec<(SortKey, bool)>, limit: Option<u64>, fields: Option<Vec<OutputColumn>> },
    /// A finished SELECT with these columns, the order of its rows, and how many of them are wanted.
    Table { select: String, columns: Vec<String>, order: Vec<String>, limit: Option<u64> },
}

impl Relation {
    /// Returns all events.
    pub(crate) fn events() -> Relation {
        Relation::Events { order: Vec::new(), limit: None, fields: None }
    }
}

/// Applies stages to a relation. Terms of ORDER BY are SQL; `columns` are those of the finished table.
pub(crate) trait StageWriter {
    /// The separator of clauses.
    const BREAK: &'static str;
    /// The term of ORDER BY that sorts the rows of a table by their events, most first.
    const MOST_FIRST: &'static str;

    /// Returns the result of the stages so far.
    fn relation(&mut self) -> &mut Relation;

    /// Replaces the source with its first events in an order.
    fn limit_events(&mut self, order: Vec<String>, limit: Option<u64>);

    /// Returns a SELECT of the first rows of another in an order.
    fn limit_table(select: &str, order: &[String], limit: Option<u64>) -> String;

    /// Returns a SELECT of the rows of another whose number of events meets all conditions.
    fn filter_table(&mut self, select: &str, conditions: &[(Operator, i64)]) -> String;

    /// Returns the terms of an ORDER BY.
    fn sorted(&mut self, keys: &[(SortKey, bool)]) -> Vec<String>;

    /// Returns the term of an ORDER BY that sorts a finished table by a column, NULL first.
    fn ascending(&self, column: &str) -> String;

    /// Returns the SELECT that counts by attributes.
    fn count_select(&mut self, by: &[OutputColumn], columns: &[String]) -> String;

    /// Returns the SELECT that counts by spans of `bucket` seconds and attributes.
    fn timeline_select(&mut self, bucket: i64, by: &[OutputColumn], columns: &[String]) -> String;

    /// Applies a stage.
    fn apply(&mut self, stage: &Stage) {
        match stage {
            Stage::Count(by) => self.count(by, None),
            Stage::Top(most, by) => self.count(by, Some(*most)),
            Stage::Timeline(bucket, by) => self.timeline(*bucket, by),
            Stage::Fields(shown) => {
                if let Relation::Events { fields, .. } = self.relation() {
                    *fields = Some(shown.clone());
                }
            }
            Stage::Limit(most) => {
                let (Relation::Events { limit, .. } | Relation::Table { limit, .. }) = self.relation();
                *limit = Some(limit.map_or(*most, |limit| limit.min(*most)));
            }
            Stage::Sort(keys) => self.sort(keys),
            Stage::Having(conditions) => self.having(conditions),
        }
    }

    /// Makes a relation with a limit a subquery, so that what follows sees only its first rows.
    fn fold_limit(&mut self) {
        match self.relation() {
            Relation::Events { order, limit: limit @ Some(_), .. } => {
                let (order, limit) = (std::mem::take(order), limit.take());
                let order = self.sorted(&order);
                self.limit_events(order, limit);
            }
            Relation::Table { select, order, limit: limit @ Some(_), .. } => {
                *select = Self::limit_table(select, &std::mem::take(order), limit.take());
            }
            _ => {}
        }
    }

    /// Keeps the rows of a table whose number of events meets conditions, in their order.
    fn having(&mut self, conditions: &[(Operator, u64)]) {
        // The resolver allows it after a count only.
        let Relation::Table { order, .. } = self.relation() else { return };
        let sorted = order.clone();
        self.fold_limit();
        let Relation::Table { select, .. } = self.relation() else { return };
        let select = std::mem::take(select);
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let conditions: Vec<_> = conditions.iter().map(|(operator, wanted)| (*operator, number(*wanted))).collect();
        let filtered = self.filter_table(&select, &conditions);
        if let Relation::Table { select, order, .. } = self.relation() {
            (*select, *order) = (filtered, sorted);
        }
    }

    /// Sorts the rows. Rows of a table with equal keys are sorted by all columns.
    fn sort(&mut self, keys: &[(SortKey, bool)]) {
        self.fold_limit();
        match self.relation() {
            // Written once the list needs an order, so that no parameter is left over.
            Relation::Events { order, .. } => *order = keys.to_vec(),
            Relation::Table { columns, .. } => {
                let columns = columns.clone();
                let mut sorted = self.sorted(keys);
                sorted.extend(columns.iter().map(|column| self.ascending(column)));
                if let Relation::Table { order, .. } = self.relation() {
                    *order = sorted;
                }
            }
        }
    }

    /// Applies `count` and `top`.
    fn count(&mut self, by: &[OutputColumn], most: Option<u64>) {
        let columns: Vec<String> = by.iter().map(OutputColumn::group_column).chain(["events".to_owned()]).collect();
        let select = self.count_select(by, &columns);
        let order = match by.is_empty() {
            true => Vec::new(),
            false => {
                let groups = columns[..by.len()].iter().map(|column| self.ascending(column));
                [Self::MOST_FIRST.to_owned()].into_iter().chain(groups).collect()
            }
        };
        *self.relation() = Relation::Table { select, columns, order, limit: most };
    }

    /// Applies `timeline`.
    fn timeline(&mut self, bucket: i64, by: &[OutputColumn]) {
        let columns = timeline_columns(by);
        let select = self.timeline_select(bucket, by, &columns);
        let groups = by.iter().map(|shown| self.ascending(&shown.group_column()));
        let order = [self.ascending("event_time"), Self::MOST_FIRST.to_owned()].into_iter().chain(groups).collect();
        *self.relation() = Relation::Table { select, columns, order, limit: None };
    }

    /// Returns an ORDER BY clause; empty without terms.
    fn order_by(order: &[String]) -> String {
        if order.is_empty() { String::new() } else { format!("{}ORDER BY {}", Self::BREAK, order.join(", ")) }
    }

    /// Returns a LIMIT clause; empty without a limit.
    fn limit_to(limit: Option<u64>) -> String {
        limit.map_or(String::new(), |limit| format!("{}LIMIT {}", Self::BREAK, limit.min(i64::MAX as u64)))
    }
}
