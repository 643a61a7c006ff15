//! Conditions on one resource of an event.

use crate::fields::Place;
use crate::query::resolved::{Condition, Node, NodeKind, ValuePredicate};

/// The conditions on one and the same resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResourcePredicate<'p> {
    pub(crate) name: Option<&'p ValuePredicate>,
    /// All of these hold of its type.
    pub(crate) types: &'p [ValuePredicate],
    /// True if Event history lists the resource for the event, by its exact spelling.
    pub(crate) listed: bool,
}

impl<'p> ResourcePredicate<'p> {
    /// Returns the predicate of a field of resources.
    pub(crate) fn of_field(place: Place, predicate: &'p ValuePredicate) -> ResourcePredicate<'p> {
        let listed = matches!(place, Place::ListedName | Place::ListedType);
        match place {
            Place::ResourceType | Place::ListedType => {
                ResourcePredicate { name: None, types: std::slice::from_ref(predicate), listed }
            }
            _ => ResourcePredicate { name: Some(predicate), types: &[], listed },
        }
    }

    /// Returns the predicate of a term that asks for nothing but a resource.
    pub(crate) fn of_term(term: &'p Node) -> Option<ResourcePredicate<'p>> {
        match &term.kind {
            NodeKind::Condition(Condition::Field(field, predicate)) if is_resource(field.place) => {
                Some(ResourcePredicate::of_field(field.place, predicate))
            }
            NodeKind::Condition(Condition::SameResource { name, kinds, listed }) => {
                Some(ResourcePredicate { name: Some(name), types: kinds, listed: *listed })
            }
            _ => None,
        }
    }
}

fn is_resource(place: Place) -> bool {
    matches!(place, Place::ResourceName | Place::ResourceType | Place::ListedName | Place::ListedType)
}
