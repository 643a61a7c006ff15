//! The choice of what drives a lookup: the index on the term with the fewest events, by the counts kept at import, or
//! the index on time. SQLite is told by a `+` before the columns whose indexes it is to leave alone.

use crate::fields::{Field, Place, Values};
use crate::query::resolved::{Condition, Node, NodeKind, ValuePredicate};
use crate::sql::Statistics;
use crate::sql::sqlite::filter::{ResourcePredicate, SqlBuilder};
use crate::sql::sqlite::value_list::MAX_LISTED;

/// What drives a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The term at the top whose index is used; `None`: SQLite chooses, which is by time where the order asks for it.
    pub(crate) driver: Option<usize>,
    /// True if every index but time's is left alone, since all terms are met often.
    pub(crate) by_time: bool,
    /// True if the index that is used has the facets of its events: the one on time, or on errors.
    pub(crate) by_facet: bool,
    /// True if the driving term is of a column whose index has the time.
    pub(crate) has_column_index: bool,
    /// True if rows come out of the driving index newest first.
    pub(crate) order_by_index: bool,
    /// About how many events the driving term meets.
    pub(crate) estimate: Option<u64>,
    /// True if exactly so many events match.
    pub(crate) exact: bool,
}

impl Plan {
    /// Every index but time's is left alone, and the order is not that of an index.
    pub(crate) fn none_but_time() -> Plan {
        Plan {
            driver: None,
            by_time: true,
            by_facet: false,
            has_column_index: false,
            order_by_index: false,
            estimate: None,
            exact: false,
        }
    }
}

fn is_column(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Condition(Condition::Field(field, _)) if field.place == Place::Event)
}

fn is_error(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Condition(Condition::Field(field, _)) if field.column == "error_code")
}

/// A term that meets more than one in so many events does not drive a list of the newest ones: going through the events
/// by time meets them sooner than they are sorted.
const OFTEN: u64 = 100;
/// So many events are sorted in no time, however few there are beside them.
pub(crate) const ENOUGH: u64 = 500;
/// Taken for the events of a near-unique value.
const FEW: u64 = 100;

/// Chooses. `limited`: only the newest few are wanted.
pub(crate) fn plan(terms: &[Node], stats: &dyn Statistics, limited: bool) -> Plan {
    let events = stats.events();
    let found: Vec<(usize, Estimate)> =
        terms.iter().enumerate().filter_map(|(index, node)| Some((index, estimate(node, stats)?))).collect();
    let fewest = |one_value: bool| {
        found.iter().filter(|(_, e)| e.one_value || !one_value).min_by_key(|(_, estimate)| estimate.events)
    };
    let Some((index, best)) = fewest(false) else {
        let estimate = terms.is_empty().then_some(events);
        return Plan {
            estimate,
            exact: terms.is_empty(),
            by_time: false,
            order_by_index: true,
            ..Plan::none_but_time()
        };
    };
    let often = limited && best.events > ENOUGH.max(events / OFTEN);
    // The events of one value stand in its index by time.
    let driver = if often { fewest(true).map(|(index, _)| index) } else { Some(index) };
    Plan {
        driver: driver.copied(),
        by_time: often && driver.is_none(),
        by_facet: driver.is_some_and(|driver| is_error(&terms[*driver])),
        has_column_index: driver.is_some_and(|driver| is_column(&terms[*driver])),
        order_by_index: often || best.one_value,
        estimate: Some(best.events),
        exact: terms.len() == 1 && best.exact,
    }
}

/// How many events a term meets.
struct Estimate {
    events: u64,
    /// True if it is one value of one column, whose events stand in its index by time.
    one_value: bool,
    exact: bool,
}

impl Estimate {
    fn about(events: u64) -> Option<Estimate> {
        Some(Estimate { events, one_value: false, exact: false })
    }

    fn exactly(events: u64) -> Option<Estimate> {
        Some(Estimate { events, one_value: false, exact: true })
    }
}

/// `None` for what no index answers.
fn estimate(node: &Node, stats: &dyn Statistics) -> Option<Estimate> {
    let NodeKind::Condition(test) = &node.kind else { return None };
    match test {
        Condition::Field(field, matcher) => match field.place {
            Place::Event if field.indexed => column(field, matcher, stats),
            Place::Identity => Estimate::exactly(of_identities(&[field.stored_as], matcher, stats)?),
            Place::Role => Estimate::exactly(of_identities(&["role_name", "role_arn"], matcher, stats)?),
            Place::UserAgent => {
                let condition = |writer: &mut SqlBuilder<'_>| writer.matches("text", matcher);
                Estimate::exactly(sum("user_agents", stats, condition)?)
            }
            Place::ResourceName | Place::ResourceType | Place::ListedName | Place::ListedType => {
                Estimate::about(of_resources(ResourcePredicate::by(field.place, matcher), stats)?)
            }
            _ => None,
        },
        Condition::SameResource { name, kinds, listed } => {
            Estimate::about(of_resources(ResourcePredicate { name: Some(name), kinds, listed: *listed }, stats)?)
        }
        Condition::Bare(matcher) => {
            let kept = |column| kept(column, matcher, stats);
            let identity =
                of_identities(&["arn", "principal_id", "role_name", "role_arn", "session_name"], matcher, stats);
            let resource = of_resources(ResourcePredicate::by(Place::ResourceName, matcher), stats);
            let parts = [kept("user_name"), kept("source_ip_address"), identity, resource];
            Estimate::about(FEW + parts.into_iter().flatten().sum::<u64>())
        }
        Condition::Path(..) | Condition::Text(_) | Condition::Time(_) => None,
    }
}

/// How many events have such a value in a column.
fn column(field: &Field, matcher: &ValuePredicate, stats: &dyn Statistics) -> Option<Estimate> {
    let values = matcher.exact().map(distinct);
    let one_value = values.as_ref().is_some_and(|values| values.len() == 1);
    if field.values != Values::Kept {
        return values.map(|_| Estimate { events: FEW, one_value, exact: false });
    }
    let events = match values.filter(|values| values.len() <= MAX_LISTED) {
        Some(values) => values.iter().map(|value| stats.count(field.column, value)).sum::<Option<u64>>()?,
        None => kept(field.column, matcher, stats)?,
    };
    Some(Estimate { events, one_value, exact: true })
}

fn distinct(mut values: Vec<&str>) -> Vec<&str> {
    values.sort_unstable();
    values.dedup();
    values
}

/// The events of the values of a column that match, by the counts kept at import.
fn kept(column: &str, matcher: &ValuePredicate, stats: &dyn Statistics) -> Option<u64> {
    sum("attribute_values", stats, |writer| format!("attribute = '{column}' AND {}", writer.matches("value", matcher)))
}

/// The events of the identities that match in one of these columns.
fn of_identities(columns: &[&str], matcher: &ValuePredicate, stats: &dyn Statistics) -> Option<u64> {
    sum("identities", stats, |writer| {
        let parts: Vec<String> = columns.iter().map(|column| writer.matches(column, matcher)).collect();
        parts.join(" OR ")
    })
}

/// About the events of the resources of such a name and such types: an event that has several is counted several times.
pub(crate) fn of_resources(wanted: ResourcePredicate<'_>, stats: &dyn Statistics) -> Option<u64> {
    sum("resources", stats, |writer| writer.resource(wanted))
}

/// The sum of the events that rows of a table count, of those that a condition holds of.
fn sum(table: &str, stats: &dyn Statistics, condition: impl FnOnce(&mut SqlBuilder<'_>) -> String) -> Option<u64> {
    let mut writer = SqlBuilder::new(stats);
    let condition = condition(&mut writer);
    stats.sum(&format!("SELECT sum(events) FROM {table} WHERE {condition}"), &writer.params)
}
