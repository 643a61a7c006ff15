//! The newest few events of several values of a column. The index on it has the events of each value by time, those of
//! all values only unsorted.

use crate::fields::{Field, Values};
use crate::query::resolved::{Condition, Node, NodeKind, ValuePredicate};
use crate::sql::sqlite::filter::SqlBuilder;

impl SqlBuilder<'_> {
    /// Keeps what is no candidate for the newest few from being fetched: an index on a column has the time of its events.
    /// `condition`: what the term says of the events.
    pub(crate) fn newest(&mut self, term: &Node, wanted: u64, condition: &str) -> String {
        let wanted = wanted.clamp(1, i64::MAX as u64);
        let time = |bound: &str| {
            let others = wanted - 1;
            format!("(SELECT e.time FROM events e{condition}{bound} ORDER BY +e.time DESC LIMIT 1 OFFSET {others})")
        };
        if self.stats.sum("SELECT EXISTS (SELECT 1 FROM events WHERE time IS NULL)", &[]) != Some(0) {
            // Before all times: an event without one is kept where the newest few are not enough.
            return format!(" AND ifnull(e.time, -9e18) >= ifnull({}, -9e18)", time(""));
        }
        let bound = match &term.kind {
            NodeKind::Condition(Condition::Field(field, matcher)) => self.newest_of_one(field, matcher, wanted),
            _ => None,
        };
        let bound = bound.map_or(String::new(), |bound| format!(" AND e.time >= ifnull({bound}, -9e18)"));
        format!(" AND e.time >= ifnull({}, -9e18)", time(&bound))
    }

    /// A time since which one value alone has as many events as are wanted: the index gives it in as many steps, and what
    /// is older need not be sorted. Where it says nothing, or too much, all are sorted.
    fn newest_of_one(&mut self, field: &Field, matcher: &ValuePredicate, wanted: u64) -> Option<String> {
        if field.values != Values::Kept || matches!(matcher, ValuePredicate::Flag(_) | ValuePredicate::Number(..)) {
            return None;
        }
        let (column, condition) = (field.column, self.matches("v.value", matcher));
        let others = wanted - 1;
        Some(format!(
            "(SELECT max((SELECT e.time FROM events e WHERE e.{column} = v.value ORDER BY e.time DESC \
             LIMIT 1 OFFSET {others})) FROM attribute_values v \
             WHERE v.attribute = '{column}' AND v.events >= {wanted} AND {condition})"
        ))
    }
}
