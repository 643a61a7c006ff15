//! The access path of a statement, for the status line of an answer.

use crate::fields::Place;
use crate::query::plan::driver::near_unique;
use crate::query::plan::resource::ResourcePredicate;
use crate::query::plan::rollup::{AggregateSource, is_time};
use crate::query::plan::{Plan, Source};
use crate::query::resolved::{Condition, Node, NodeKind};
use crate::sql::statement::AccessPath;

const BY_TIME: &str = "events_by_time";
const BY_RESOURCE: &str = "event_resources_by_resource";

/// Returns the access path of a plan; `None` if the plan leaves the choice to SQLite.
pub(crate) fn access_path(plan: &Plan) -> Option<AccessPath> {
    match (plan.aggregate, &plan.source) {
        (AggregateSource::ValueCounts(_) | AggregateSource::Facets, _) => Some(AccessPath::Rollup),
        (AggregateSource::ResourcePairs, _) => Some(AccessPath::Index(BY_RESOURCE.to_owned())),
        (AggregateSource::Events, Source::RecordScan(..)) => Some(AccessPath::RecordScan),
        (AggregateSource::Events, Source::SparseHours(_)) => Some(AccessPath::Index(BY_TIME.to_owned())),
        (AggregateSource::Events, Source::EventsByTime) if plan.terms.iter().any(is_time) => {
            Some(AccessPath::Index(BY_TIME.to_owned()))
        }
        (AggregateSource::Events, Source::EventsByTime) => Some(AccessPath::TimeOrder(BY_TIME.to_owned())),
        (AggregateSource::Events, Source::Events) if plan.only_errors => {
            Some(AccessPath::Index("events_by_error_code".to_owned()))
        }
        (AggregateSource::Events, Source::Events) => {
            let index = index_of(&plan.terms[plan.driver.term?]);
            index.map(AccessPath::Index)
        }
    }
}

/// Returns the index that finds the events of a term.
fn index_of(term: &Node) -> Option<String> {
    if ResourcePredicate::of_term(term).is_some() {
        return Some(BY_RESOURCE.to_owned());
    }
    match &term.kind {
        NodeKind::Condition(Condition::Field(field, _)) => match field.place {
            Place::Event if field.indexed => Some(format!("events_by_{}", field.column)),
            Place::Identity | Place::Role => Some("events_by_identity".to_owned()),
            Place::UserAgent => Some("events_by_user_agent".to_owned()),
            Place::AddressFiles => Some("events_by_source_ip_address".to_owned()),
            _ => None,
        },
        // The first of the indexes that are asked one after the other.
        NodeKind::Condition(Condition::Bare(_)) => Some("events_by_event_id".to_owned()),
        // The first of the indexes of the alternatives.
        NodeKind::Any(nodes) if near_unique(nodes) => nodes.first().and_then(index_of),
        _ => None,
    }
}
