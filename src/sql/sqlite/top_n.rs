//! The newest few events of several values of a column. The index on it has the events of each value by time, but those
//! of all values unsorted.

use crate::query::plan::{NewestBound, Plan};
use crate::query::resolved::{Condition, Node, NodeKind};
use crate::sql::sqlite::builder::SqlBuilder;

impl SqlBuilder<'_> {
    /// Returns the condition that keeps what is not a candidate for the newest few from being fetched: an index on a
    /// column has the time of its events. `condition`: the WHERE clause of the plan.
    pub(crate) fn newest(&mut self, plan: &Plan, bound: NewestBound, condition: &str) -> String {
        let time = |wanted: u64, bound: &str| {
            let others = wanted - 1;
            format!("(SELECT e.time FROM events e{condition}{bound} ORDER BY +e.time DESC LIMIT 1 OFFSET {others})")
        };
        match bound {
            // Before all times: an event without one is kept if the newest few are not enough.
            NewestBound::Undated(wanted) => {
                format!(" AND ifnull(e.time, -9e18) >= ifnull({}, -9e18)", time(wanted, ""))
            }
            NewestBound::AllValues(wanted) => format!(" AND e.time >= ifnull({}, -9e18)", time(wanted, "")),
            NewestBound::OneValue(wanted) => {
                let one = self.newest_of_one(&plan.terms[0], wanted);
                let bound = one.map_or(String::new(), |bound| format!(" AND e.time >= ifnull({bound}, -9e18)"));
                format!(" AND e.time >= ifnull({}, -9e18)", time(wanted, &bound))
            }
        }
    }

    /// Returns a time since which one value alone has as many events as are wanted: the index gives it in as many steps,
    /// and what is older need not be sorted. If it says nothing, or too much, all are sorted.
    fn newest_of_one(&mut self, term: &Node, wanted: u64) -> Option<String> {
        let NodeKind::Condition(Condition::Field(field, predicate)) = &term.kind else { return None };
        let (column, condition) = (field.column, self.matches("v.value", predicate));
        let others = wanted - 1;
        Some(format!(
            "(SELECT max((SELECT e.time FROM events e WHERE e.{column} = v.value ORDER BY e.time DESC \
             LIMIT 1 OFFSET {others})) FROM attribute_values v \
             WHERE v.attribute = '{column}' AND v.events >= {wanted} AND {condition})"
        ))
    }
}
