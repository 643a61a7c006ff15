//! Counts of the values of attributes.

use crate::event::{Event, Text};
use crate::fields::{FIELDS, Field, PLAIN, Place, Values};
use crate::store::rollup::occurring::{Occurring, add_value, join_value};
use crate::store::rollup::seen::Seen;
use crate::store::rollup::{attribute_values, facets};

/// Returns the columns of `events` whose values `attribute_values` counts, but for those that `facets` has.
pub(crate) fn kept_attributes() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| field.place == Place::Event && field.values == Values::Kept && !field.facet)
}

/// Reports whether `attribute_values` counts the values of a column.
pub(crate) fn is_kept(column: &str) -> bool {
    kept_attributes().chain(facets::kept()).any(|field| field.column == column)
}

/// The place of the values of a kept attribute in an event.
#[derive(Debug, Clone, Copy)]
enum Attribute {
    /// Among the plain values.
    Plain(usize),
    /// In a member of its own.
    Own(&'static str),
}

impl Attribute {
    fn of(field: &Field) -> Attribute {
        match PLAIN.iter().position(|plain| plain.column == field.column) {
            Some(column) => Attribute::Plain(column),
            None => Attribute::Own(field.column),
        }
    }

    /// Returns its value in an event, as it is counted.
    fn value(self, event: &Event) -> Option<&str> {
        let flag = |flag: Option<bool>| flag.map(|flag| if flag { "true" } else { "false" });
        match self {
            Attribute::Plain(column) => event.plain.get(column)?.as_text(),
            Attribute::Own("user_name") => event.user_name.as_deref(),
            Attribute::Own("mfa_authenticated") => flag(event.mfa_authenticated),
            Attribute::Own("from_console") => flag(Some(event.from_console)),
            Attribute::Own("invoked_by") => event.invoked_by.as_deref(),
            Attribute::Own(_) => None,
        }
    }
}

/// The values of events and how often each occurs, by attribute.
#[derive(Debug)]
pub(crate) struct ValueCounts {
    attributes: Vec<(&'static Field, Attribute, Occurring)>,
    /// Reading all resources again when a run ends takes longer.
    resource_types: Occurring,
}

impl Default for ValueCounts {
    fn default() -> ValueCounts {
        let attributes = kept_attributes().map(|field| (field, Attribute::of(field), Occurring::default()));
        ValueCounts { attributes: attributes.collect(), resource_types: Occurring::default() }
    }
}

/// The values of some events, of one attribute after the other in the order of [`ValueCounts`].
pub(crate) type BatchValues = Vec<Vec<(Text, Seen)>>;

impl ValueCounts {
    /// Counts the values of an event.
    pub(crate) fn add(&mut self, event: &Event) {
        for kind in event.resources.iter().filter_map(|used| used.resource.kind.as_deref()) {
            add_value(&mut self.resource_types, kind, event.time);
        }
        for (_, attribute, values) in &mut self.attributes {
            let Some(value) = attribute.value(event) else { continue };
            add_value(values, value, event.time);
        }
    }

    /// Takes out what has been counted.
    pub(crate) fn take(&mut self) -> BatchValues {
        self.maps().map(|values| values.drain().collect()).collect()
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn join(&mut self, others: &BatchValues) {
        for (values, others) in self.maps().zip(others) {
            for (value, seen) in others {
                join_value(values, value, *seen);
            }
        }
    }

    fn maps(&mut self) -> impl Iterator<Item = &mut Occurring> {
        self.attributes.iter_mut().map(|(_, _, values)| values).chain([&mut self.resource_types])
    }

    /// Returns each attribute and value with its occurrences.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &str, Seen)> {
        let types = [(attribute_values::RESOURCE_TYPE, &self.resource_types)];
        let all = self.attributes.iter().map(|(field, _, values)| (field.column, values)).chain(types);
        all.flat_map(|(column, values)| occurrences(column, values))
    }
}

/// Returns an attribute and each of its values with its occurrences.
pub(crate) fn occurrences<'v>(
    column: &'static str,
    values: &'v Occurring,
) -> impl Iterator<Item = (&'static str, &'v str, Seen)> {
    values.iter().map(move |(value, seen)| (column, value.as_str(), *seen))
}
