//! Conditions on the resources of events.

use crate::arn::{Arn, last_part};
use crate::query::plan::resource::ResourcePredicate;
use crate::query::resolved::{Pattern, ValuePredicate};
use crate::sql::sqlite::builder::{IndexHint, SqlBuilder, any};
use crate::sql::sqlite::glob::glob;
use crate::sql::sqlite::value_list::{Length, length_of};

impl SqlBuilder<'_> {
    /// Resources by name, id or ARN; a name also finds the ARNs that end in it.
    fn resource_name(&mut self, predicate: &ValuePredicate) -> String {
        if let ValuePredicate::Patterns(patterns) = predicate
            && length_of(patterns) != Length::Short
        {
            return self.resource_list(patterns);
        }
        let name = self.matches("name", predicate);
        match predicate {
            ValuePredicate::Folded(_) => format!("({name} OR {})", self.tail("arn", predicate, &['/', ':'])),
            ValuePredicate::Patterns(patterns) => {
                let arns = self.arns(patterns);
                let tail = self.tail("arn", predicate, &['/', ':']);
                any([vec![name], arns, vec![tail]].concat())
            }
            _ => format!("({name} OR {})", self.matches("arn", predicate)),
        }
    }

    /// Resources by ARN; the index on the name, which is a part of the ARN, serves.
    fn arns(&mut self, patterns: &[Pattern]) -> Vec<String> {
        let mut parts = Vec::new();
        for pattern in patterns {
            match pattern {
                Pattern::Exact(value) => {
                    if let Some(arn) = Arn::parse(value) {
                        parts.push(format!(
                            "(name = {} AND arn = {})",
                            self.params.text(arn.name()),
                            self.params.text(value)
                        ));
                    }
                }
                Pattern::Wildcard(wildcard) => parts.push(self.wildcard("arn", wildcard)),
                Pattern::Network(_) => {}
            }
        }
        parts
    }

    /// Returns the condition that a column ends in one of the values, after a separator.
    pub(crate) fn tail(&mut self, column: &str, predicate: &ValuePredicate, separators: &[char]) -> String {
        if let ValuePredicate::Folded(patterns) = predicate {
            let separators: String = separators.iter().collect();
            return format!("ends_in_list({column}, '{separators}', {})", self.folded_list(patterns));
        }
        let ValuePredicate::Patterns(patterns) = predicate else { return "0".to_owned() };
        if length_of(patterns) != Length::Short {
            let separators: String = separators.iter().collect();
            return format!("ends_in_list({column}, '{separators}', {})", self.list(patterns));
        }
        let mut parts = Vec::new();
        for pattern in patterns {
            match pattern {
                // The column arn_end is indexed, and where it is the name, the name is; the rest is then compared.
                Pattern::Exact(value) if column == "arn" => {
                    let last = last_part(value);
                    let end = self.params.text(last);
                    let ends = separators.iter().map(|separator| {
                        let tail = format!("{separator}{value}");
                        let length = tail.chars().count();
                        format!("substr(arn, -{length}) = {}", self.params.text(&tail))
                    });
                    let ends = any(ends.collect());
                    parts.push(format!("(arn_end = {end} AND {ends})"));
                    if last != value {
                        parts.push(format!("(name = {end} AND {ends})"));
                    }
                }
                Pattern::Exact(value) => {
                    for separator in separators {
                        let tail = format!("{separator}{value}");
                        let length = tail.chars().count();
                        parts.push(format!("substr({column}, -{length}) = {}", self.params.text(&tail)));
                    }
                }
                Pattern::Wildcard(wildcard) => {
                    let glob = glob(wildcard);
                    for separator in separators {
                        parts.push(format!("{column} GLOB {}", self.params.text(&format!("*{separator}{glob}"))));
                    }
                }
                Pattern::Network(_) => {}
            }
        }
        any(parts)
    }

    /// As Event history spells resources: by ARN where the record does, else by name or id.
    fn listed_name(&mut self, predicate: &ValuePredicate) -> String {
        format!("({} OR (arn IS NULL AND {}))", self.matches("arn", predicate), self.matches("name", predicate))
    }

    /// Returns the condition on a row of `resources`.
    pub(crate) fn resource(&mut self, predicate: ResourcePredicate<'_>) -> String {
        let name = predicate.name.map(|name| match predicate.listed {
            true => self.listed_name(name),
            false => self.resource_name(name),
        });
        let types: Vec<String> = predicate.types.iter().map(|kind| self.matches("type", kind)).collect();
        name.into_iter().chain(types).collect::<Vec<_>>().join(" AND ")
    }

    /// Returns the condition on a row of `event_resources`.
    pub(crate) fn event_resource(&mut self, predicate: ResourcePredicate<'_>) -> String {
        let listed = if predicate.listed { " AND listed" } else { "" };
        format!("resource IN (SELECT id FROM resources WHERE {}){listed}", self.resource(predicate))
    }

    /// Returns the condition on an event that has such a resource.
    pub(crate) fn events_with_resource(&mut self, predicate: ResourcePredicate<'_>, hint: IndexHint) -> String {
        let resource = self.event_resource(predicate);
        if hint == IndexHint::Forbid && self.stats.is_popular(predicate) {
            return format!("EXISTS (SELECT 1 FROM event_resources er WHERE er.event = e.id AND er.{resource})");
        }
        let column = if hint == IndexHint::Forbid { "+e.id" } else { "e.id" };
        format!("{column} IN (SELECT event FROM event_resources WHERE {resource})")
    }
}
