//! Counts that need no look at the events: of attributes that `facets` has, over all times or over whole hours. And lists
//! of rare combinations of such attributes, which need a look at few hours only.

use crate::query::resolved::{Condition, Interval, Node, NodeKind, OutputColumn};
use crate::sql::Statistics;
use crate::sql::sqlite::columns;
use crate::sql::sqlite::filter::SqlBuilder;

/// Seconds of what `hourly_counts` and `hourly_regions` count by.
pub(crate) const HOUR: i64 = 3_600;
/// A combination that more than one in so many events has is found soonest by going through the events by time.
const OFTEN: u64 = 100;
/// Where it is spread over more than one in so many hours, a list of all of them is found soonest by going through all.
const SPREAD: u64 = 4;

/// Reports whether a term asks only for what `facets` has.
pub(crate) fn is_facet(node: &Node) -> bool {
    match &node.kind {
        NodeKind::All(nodes) | NodeKind::Any(nodes) => nodes.iter().all(is_facet),
        NodeKind::Not(inner) => is_facet(inner),
        NodeKind::Condition(Condition::Field(field, _)) => field.facet,
        NodeKind::Condition(_) => false,
    }
}

/// Reports whether a term asks for times of whole hours.
fn is_whole_hours(node: &Node) -> bool {
    let whole = |span: &Interval| {
        span.from.is_none_or(|from| from.rem_euclid(HOUR) == 0)
            && span.to.is_none_or(|to| to.rem_euclid(HOUR) == HOUR - 1)
    };
    matches!(&node.kind, NodeKind::Condition(Condition::Time(spans)) if spans.iter().all(whole))
}

fn is_time(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Condition(Condition::Time(_)))
}

/// Reports whether all terms ask only for what `facets` has, and for times.
pub(crate) fn have(terms: &[Node]) -> bool {
    terms.iter().all(|term| is_facet(term) || is_time(term))
}

/// Reports whether the kept counts answer what is asked of these terms.
pub(crate) fn answers(terms: &[Node], by: &[OutputColumn]) -> bool {
    let known = |shown: &OutputColumn| matches!(shown, OutputColumn::Field(field) if field.facet);
    by.iter().all(known) && terms.iter().all(|term| is_facet(term) || is_whole_hours(term))
}

/// The facets that terms meet, as a condition on events. The indexes on time and on errors have the facet: an event that
/// has another one is passed over there.
pub(crate) fn among(terms: &[&Node], writer: &mut SqlBuilder<'_>) -> String {
    let conditions: Vec<String> = terms.iter().map(|term| writer.facet(term)).collect();
    format!("e.facet_id IN (SELECT f.id FROM facets f WHERE {})", conditions.join(" AND "))
}

/// The condition that leads to the index on errors, where terms are met only by events that have one. Without it all
/// events are gone through, since no index tells of their outcome.
pub(crate) fn of_errors(terms: &[Node], stats: &dyn Statistics, writer: &mut SqlBuilder<'_>) -> Option<String> {
    let asked: Vec<Node> = terms.iter().filter(|term| is_facet(term)).cloned().collect();
    if asked.is_empty() {
        return None;
    }
    let mut counting = SqlBuilder::new(stats);
    let (from, _) = counted(&asked, &mut counting, false);
    if stats.sum(&format!("SELECT sum(f.error_code IS NULL) FROM {from}"), &counting.params)? > 0 {
        return None;
    }
    let (from, _) = counted(&asked, writer, false);
    Some(format!("e.error_code IN (SELECT f.error_code FROM {from})"))
}

/// The counts of hours by Region alone: far fewer than those of facets.
const REGIONS_BY_HOUR: &str = "hourly_regions h";
/// The column that these are counted by.
const REGION: &str = "aws_region";
/// Every count of an hour with its facet. In this order: the counts of a facet stand side by side, and facets are far
/// fewer than counts.
const FACETS_BY_HOUR: &str = "facets f CROSS JOIN hourly_counts h ON h.facet = f.id";

/// The rows of the kept counts that terms meet: what stands behind FROM, and what is to be summed. `by_hour`: whether
/// hours are asked for, and no attribute of the facets.
pub(crate) fn counted(terms: &[Node], writer: &mut SqlBuilder<'_>, by_hour: bool) -> (String, &'static str) {
    let conditions: Vec<String> = terms.iter().map(|term| writer.facet(term)).collect();
    let condition = meeting(&conditions);
    if by_hour && terms.iter().all(is_time) {
        (format!("{REGIONS_BY_HOUR}{condition}"), "h.events")
    } else if by_hour || terms.iter().any(is_time) {
        (format!("{FACETS_BY_HOUR}{condition}"), "h.events")
    } else {
        (format!("facets f{condition}"), "f.events")
    }
}

/// `WHERE`, where there are conditions.
fn meeting(conditions: &[String]) -> String {
    if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) }
}

/// The SELECT that counts by attributes.
pub(crate) fn grouped(terms: &[Node], by: &[OutputColumn], names: &[String], writer: &mut SqlBuilder<'_>) -> String {
    let (from, events) = counted(terms, writer, false);
    let mut shown: Vec<String> = named(by, names).collect();
    shown.push(format!("ifnull(sum({events}), 0) AS events"));
    format!("SELECT {} FROM {from}{}", shown.join(", "), columns::group_by(&numbers(1, by)))
}

/// The SELECT that counts by spans of `bucket` seconds, which are whole hours, and by attributes. `names`: of all columns.
pub(crate) fn timeline(
    terms: &[Node],
    bucket: i64,
    by: &[OutputColumn],
    names: &[String],
    writer: &mut SqlBuilder<'_>,
) -> String {
    let start = columns::start_of("h.hour", bucket);
    let mut shown = vec![columns::time_text(&start)];
    if by.is_empty() {
        let (from, events) = counted(terms, writer, true);
        // By hour first: there is an index for that.
        let hours = format!("SELECT h.hour AS hour, sum({events}) AS events FROM {from} GROUP BY h.hour");
        shown.push("sum(h.events) AS events".to_owned());
        return format!("SELECT {} FROM ({hours}) h GROUP BY {start}", shown.join(", "));
    }
    let from = match by {
        [OutputColumn::Field(field)] if field.stored_as == REGION && terms.iter().all(is_time) => {
            shown.push(format!("h.{REGION} AS {}", columns::quoted(&names[1])));
            REGIONS_BY_HOUR
        }
        _ => {
            shown.extend(named(by, &names[1..]));
            FACETS_BY_HOUR
        }
    };
    shown.push("sum(h.events) AS events".to_owned());
    let conditions: Vec<String> = terms.iter().map(|term| writer.facet(term)).collect();
    let groups: Vec<String> = [start].into_iter().chain(numbers(2, by)).collect();
    format!("SELECT {} FROM {from}{}{}", shown.join(", "), meeting(&conditions), columns::group_by(&groups))
}

/// Attributes of the facets as columns of these names.
fn named(by: &[OutputColumn], names: &[String]) -> impl Iterator<Item = String> {
    by.iter().zip(names).map(|(shown, name)| format!("{} AS {}", columns::of_facet(shown), columns::quoted(name)))
}

/// The places of columns from the first one on, to group by.
fn numbers(first: usize, by: &[OutputColumn]) -> Vec<String> {
    (first..first + by.len()).map(|number| number.to_string()).collect()
}

/// Where the events of a rare combination of attributes are looked for: what stands behind FROM in place of `events e`.
/// `None` where going through the events by time is as good, or where nothing better is known.
pub(crate) fn few_hours(
    terms: &[Node],
    limit: Option<u64>,
    stats: &dyn Statistics,
    writer: &mut SqlBuilder<'_>,
) -> Option<String> {
    let asked: Vec<Node> = terms.iter().filter(|term| is_facet(term)).cloned().collect();
    if asked.is_empty() {
        return None;
    }
    let sum = |expression: &str, by_hour: bool| {
        let mut writer = SqlBuilder::new(stats);
        let (from, _) = counted(&asked, &mut writer, by_hour);
        stats.sum(&format!("SELECT {expression} FROM {from}"), &writer.params)
    };
    let events = sum("sum(f.events)", false)?;
    if limit.is_some() && events > stats.events() / OFTEN {
        return None;
    }
    // Events without a time happened in no hour.
    if sum("sum(h.events)", true)? != events {
        return None;
    }
    let hours = sum("count(DISTINCT h.hour)", true)?;
    let all = stats.sum("SELECT count(DISTINCT hour) FROM hourly_regions", &[])?;
    // The newest hours that hold as many as are wanted, if nothing else is asked of the events.
    let enough = limit.filter(|_| asked.len() == terms.len());
    if enough.is_none() && hours > all / SPREAD {
        return None;
    }
    let (from, _) = counted(&asked, writer, true);
    let by_hour = format!("SELECT h.hour AS hour, sum(h.events) AS events FROM {from} GROUP BY 1");
    let hours = match enough {
        Some(limit) => format!(
            "SELECT hour FROM (SELECT hour, sum(events) OVER (ORDER BY hour DESC) - events AS later FROM ({by_hour})) \
             WHERE later < {limit}"
        ),
        None => by_hour,
    };
    Some(format!("({hours}) w CROSS JOIN events e ON e.time >= w.hour AND e.time < w.hour + {HOUR}"))
}
