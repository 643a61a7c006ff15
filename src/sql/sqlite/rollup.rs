//! Statements over the rollups: `facets f`, which `hourly_counts h` counts by hour, the hourly rollups `h` of a few
//! attributes, and `attribute_values`.

use crate::fields::{Field, Place};
use crate::query::plan::rollup::{HOUR, SparseHours, facet_terms, hourly_rollup, is_time};
use crate::query::resolved::{Condition, Node, NodeKind, OutputColumn, ValuePredicate};
use crate::sql::sqlite::builder::{ADDRESS, SqlBuilder, balanced, writes};
use crate::sql::sqlite::columns;
use crate::sql::time_bucket::start_of;

/// Every count of an hour with its facet. In this order: the counts of a facet are side by side, and there are far fewer
/// facets than counts.
const FACETS_BY_HOUR: &str = "facets f CROSS JOIN hourly_counts h ON h.facet = f.id";

impl SqlBuilder<'_> {
    /// Returns a term as a condition on `facets f`, and for a time on `hourly_counts h` or an hourly rollup `h`.
    pub(crate) fn facet(&mut self, node: &Node) -> String {
        match &node.kind {
            NodeKind::All(nodes) => self.joined_facets(nodes, " AND "),
            NodeKind::Any(nodes) if nodes.is_empty() => "0".to_owned(),
            NodeKind::Any(nodes) => self.joined_facets(nodes, " OR "),
            NodeKind::Not(inner) => format!("({}) IS NOT TRUE", self.facet(inner)),
            NodeKind::Condition(Condition::Time(spans)) => self.times("h.hour", spans),
            NodeKind::Condition(Condition::Field(field, predicate)) if field.place == Place::Write => match predicate {
                ValuePredicate::Flag(flags) => writes("f.read_only", flags),
                // Every event either writes or does not.
                _ => "1".to_owned(),
            },
            NodeKind::Condition(Condition::Field(field, predicate)) => {
                self.matches(&format!("f.{}", field.stored_as), predicate)
            }
            // The plan takes no other terms for facets.
            NodeKind::Condition(_) => "0".to_owned(),
        }
    }

    fn joined_facets(&mut self, nodes: &[Node], with: &str) -> String {
        let parts: Vec<String> = nodes.iter().map(|node| self.facet(node)).collect();
        format!("({})", balanced(&parts, with))
    }
}

/// Returns the condition on events whose facet meets these terms. The indexes on time and on errors have the facet: an
/// event that has another one is skipped there.
pub(crate) fn event_facets(terms: &[&Node], builder: &mut SqlBuilder<'_>) -> String {
    let conditions: Vec<String> = terms.iter().map(|term| builder.facet(term)).collect();
    format!("e.facet_id IN (SELECT f.id FROM facets f WHERE {})", conditions.join(" AND "))
}

/// Returns the condition that leads to the index on errors.
pub(crate) fn error_codes(terms: &[Node], builder: &mut SqlBuilder<'_>) -> String {
    let (from, _) = counts(&facet_terms(terms), builder, false);
    format!("e.error_code IN (SELECT f.error_code FROM {from})")
}

/// Returns the rows of the rollups that terms meet, as the text after FROM, and the column to sum. `by_hour`: hours are
/// asked for, and no attribute of the facets.
pub(crate) fn counts(terms: &[Node], builder: &mut SqlBuilder<'_>, by_hour: bool) -> (String, &'static str) {
    let conditions: Vec<String> = terms.iter().map(|term| builder.facet(term)).collect();
    let condition = where_each(&conditions);
    if let Some(rollup) = hourly_rollup(terms, &[]).filter(|_| by_hour) {
        (format!("{} h{condition}", rollup.table), "h.events")
    } else if by_hour || terms.iter().any(is_time) {
        (format!("{FACETS_BY_HOUR}{condition}"), "h.events")
    } else {
        (format!("facets f{condition}"), "f.events")
    }
}

fn where_each(conditions: &[String]) -> String {
    if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) }
}

/// Returns the SELECT that counts by attributes.
pub(crate) fn grouped(terms: &[Node], by: &[OutputColumn], names: &[String], builder: &mut SqlBuilder<'_>) -> String {
    let (from, events) = counts(terms, builder, false);
    let mut selected: Vec<String> = named(by, names).collect();
    selected.push(format!("ifnull(sum({events}), 0) AS events"));
    format!("SELECT {} FROM {from}{}", selected.join(", "), columns::group_by(&ordinals(1, by).collect::<Vec<_>>()))
}

/// Returns the SELECT that counts by spans of `bucket` seconds, which are whole hours, and by attributes. `names`: those
/// of all columns.
pub(crate) fn timeline(
    terms: &[Node],
    bucket: i64,
    by: &[OutputColumn],
    names: &[String],
    builder: &mut SqlBuilder<'_>,
) -> String {
    let start = start_of("h.hour", bucket);
    let mut selected = vec![columns::time_text(&start)];
    if by.is_empty() {
        let (from, events) = counts(terms, builder, true);
        // By hour first: there is an index for that.
        let hours = format!("SELECT h.hour AS hour, sum({events}) AS events FROM {from} GROUP BY h.hour");
        selected.push("sum(h.events) AS events".to_owned());
        return format!("SELECT {} FROM ({hours}) h GROUP BY {start}", selected.join(", "));
    }
    let from = match hourly_rollup(terms, by) {
        Some(rollup) => {
            let columns = by.iter().filter_map(|column| match column {
                OutputColumn::Field(field) => Some(field.stored_as),
                _ => None,
            });
            let named = columns.zip(&names[1..]);
            selected.extend(named.map(|(column, name)| format!("h.{column} AS {}", columns::quoted(name))));
            format!("{} h", rollup.table)
        }
        None => {
            selected.extend(named(by, &names[1..]));
            FACETS_BY_HOUR.to_owned()
        }
    };
    selected.push("sum(h.events) AS events".to_owned());
    let conditions: Vec<String> = terms.iter().map(|term| builder.facet(term)).collect();
    let groups: Vec<String> = [start].into_iter().chain(ordinals(2, by)).collect();
    format!("SELECT {} FROM {from}{}{}", selected.join(", "), where_each(&conditions), columns::group_by(&groups))
}

/// Returns attributes of the facets as columns of these names.
fn named(by: &[OutputColumn], names: &[String]) -> impl Iterator<Item = String> {
    by.iter().zip(names).map(|(column, name)| format!("{} AS {}", columns::of_facet(column), columns::quoted(name)))
}

/// Returns the ordinals of columns from the first one on, to group by.
fn ordinals(first: usize, by: &[OutputColumn]) -> impl Iterator<Item = String> {
    (first..first + by.len()).map(|ordinal| ordinal.to_string())
}

/// Returns the SELECT that counts the whole case by a column whose values are counted.
pub(crate) fn value_counts(field: &Field) -> String {
    if field.place == Place::AddressFiles {
        let (function, name) = (field.stored_as, columns::quoted(field.column));
        let of_addresses = counts_of(ADDRESS, "address");
        return format!("SELECT {function}(address) AS {name}, sum(events) AS events FROM ({of_addresses}) GROUP BY 1");
    }
    counts_of(field.column, &columns::quoted(field.column))
}

/// Returns the SELECT that counts the whole case by the values of a column, which are named so.
fn counts_of(column: &str, name: &str) -> String {
    format!(
        "SELECT {name}, events FROM (SELECT value AS {name}, events FROM attribute_values WHERE attribute = '{column}' \
         UNION ALL SELECT NULL, (SELECT ifnull(sum(events), 0) FROM attribute_values WHERE attribute = 'outcome') \
         - (SELECT ifnull(sum(events), 0) FROM attribute_values WHERE attribute = '{column}')) WHERE events > 0"
    )
}

/// Returns the events of the hours in which those of a rare combination of attributes happened, as the text after FROM.
pub(crate) fn sparse_hours(terms: &[Node], hours: SparseHours, builder: &mut SqlBuilder<'_>) -> String {
    let (from, _) = counts(&facet_terms(terms), builder, true);
    let by_hour = format!("SELECT h.hour AS hour, sum(h.events) AS events FROM {from} GROUP BY 1");
    let hours = match hours.newest {
        Some(events) => format!(
            "SELECT hour FROM (SELECT hour, sum(events) OVER (ORDER BY hour DESC) - events AS later FROM ({by_hour})) \
             WHERE later < {events}"
        ),
        None => by_hour,
    };
    format!("({hours}) w CROSS JOIN events e ON e.time >= w.hour AND e.time < w.hour + {HOUR}")
}
