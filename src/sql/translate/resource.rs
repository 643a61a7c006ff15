//! Conditions on the resources of an event, and what is shown of them.

use crate::fields::Place;
use crate::query::plan::resource::ResourcePredicate;
use crate::query::resolved::{Pattern, ValuePredicate};
use crate::sql::translate::dialect::ListOp;
use crate::sql::translate::translator::{Translator, all, any};
use crate::sql::translate::value::like_pattern;

/// Characters between the parts of a key that resources are sorted by; no name has them.
const NEXT_PART: &str = "\u{1}";
const END_OF_KEY: &str = "\u{2}";

impl Translator<'_> {
    /// Returns the condition that an event has such a resource.
    pub(crate) fn has_resource(&self, predicate: ResourcePredicate<'_>) -> String {
        self.require(Place::ResourceName, "resource");
        let mut conditions = Vec::new();
        if let Some(name) = predicate.name {
            conditions.push(if predicate.listed { self.listed_name(name) } else { self.resource_name(name) });
        }
        conditions.extend(predicate.types.iter().map(|kind| self.matches("r.type", kind)));
        if predicate.listed {
            conditions.push("r.listed".to_owned());
        }
        self.dialect.list("e.resources", ListOp::Any("r", &format!("coalesce({}, false)", all(conditions))))
    }

    /// Resources by name, id or ARN; a name also finds the ARNs that end in it.
    fn resource_name(&self, predicate: &ValuePredicate) -> String {
        let mut parts = vec![self.matches("r.name", predicate)];
        match predicate {
            ValuePredicate::Patterns(patterns) => {
                let arns: Vec<Pattern> = patterns
                    .iter()
                    .filter(|pattern| match pattern {
                        // A list of exact names needs no second comparison with ARNs.
                        Pattern::Exact(value) => value.starts_with("arn:"),
                        Pattern::Wildcard(parts) => !like_pattern(parts).is_empty(),
                        Pattern::Network(_) => false,
                    })
                    .cloned()
                    .collect();
                if !arns.is_empty() {
                    parts.push(self.matches("r.arn", &ValuePredicate::Patterns(arns)));
                }
            }
            ValuePredicate::Folded(_) => {}
            predicate => parts.push(self.matches("r.arn", predicate)),
        }
        parts.extend(self.tail("r.arn", predicate, &['/', ':']));
        any(parts)
    }

    /// As Event history spells resources: by ARN where the record does, else by name or id.
    fn listed_name(&self, predicate: &ValuePredicate) -> String {
        self.matches("coalesce(r.arn, r.name)", predicate)
    }

    /// Returns the list of an attribute of the resources.
    pub(crate) fn resource_texts(&self, place: Place) -> String {
        let of = |body: &str| self.dialect.list("e.resources", ListOp::Map("r", body));
        let listed = |body: &str| {
            let listed = self.dialect.list("e.resources", ListOp::Filter("r", "coalesce(r.listed, false)"));
            self.dialect.list(&listed, ListOp::Map("r", body))
        };
        match place {
            Place::ResourceType => of("r.type"),
            Place::ListedType => listed("r.type"),
            Place::ListedName => listed("coalesce(r.arn, r.name)"),
            _ => of("coalesce(r.arn, r.name)"),
        }
    }

    /// Returns the different texts of an attribute of the resources on one line.
    pub(crate) fn resource_line(&self, place: Place) -> String {
        let texts = self.dialect.list(&self.resource_texts(place), ListOp::Filter("x", "x IS NOT NULL"));
        let sorted = self.dialect.list(&self.dialect.list(&texts, ListOp::Distinct), ListOp::Sorted);
        format!("nullif({}, '')", self.dialect.list(&sorted, ListOp::Joined(&self.literal(", "))))
    }

    /// Returns the resources as JSON, in the order of a case: those that Event history lists first, then by type and name.
    pub(crate) fn resources_json(&self) -> String {
        let string = |text: &str| self.dialect.json_string(text);
        let kind = format!("CASE WHEN r.type IS NULL THEN 'null' ELSE {} END", string("r.type"));
        let name = "coalesce(r.arn, r.name)";
        let json = format!(
            "'{{\"type\":' || {kind} || ',\"name\":' || {} || ',\"listed\":' || \
             CASE WHEN r.listed THEN '1' ELSE '0' END || '}}'",
            string(name)
        );
        let (next, end) = (self.literal(NEXT_PART), self.literal(END_OF_KEY));
        let key = format!(
            "CASE WHEN r.listed THEN '0' ELSE '1' END || coalesce('1' || r.type, '0') || {next} || {name} || {end}"
        );
        let keyed = self.dialect.list("e.resources", ListOp::Map("r", &format!("{key} || {json}")));
        let sorted = self.dialect.list(&keyed, ListOp::Sorted);
        let pattern = self.literal("^[^\\x02]*\\x02");
        let without_key = self.dialect.replace_matches("x", &pattern, "''");
        let elements = self.dialect.list(&sorted, ListOp::Map("x", &without_key));
        format!("'[' || {} || ']'", self.dialect.list(&elements, ListOp::Joined(&self.literal(","))))
    }
}
