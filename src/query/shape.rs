//! The shape of a lookup: two texts of one shape differ in values only.

use std::fmt::Write as _;

use crate::query::ast::{Expression, ExpressionKind, LookupAst, Name, Part, StageKind, Value};

/// The shape of a lookup, as a text that is equal for lookups that differ in the texts of names and values only.
pub(crate) fn shape(lookup: &LookupAst) -> String {
    let mut shape = String::new();
    if let Some(filter) = &lookup.filter {
        expression(&mut shape, filter);
    }
    for stage in &lookup.stages {
        shape.push('|');
        shape.push_str(stage.kind.name());
        match &stage.kind {
            StageKind::Count(names) | StageKind::Fields(names) => name_shapes(&mut shape, names),
            StageKind::Top(number, names) => {
                shape.push_str(if number.is_some() { " N" } else { "" });
                name_shapes(&mut shape, names);
            }
            StageKind::Timeline(bucket, names) => {
                value_shapes(&mut shape, bucket.as_slice());
                name_shapes(&mut shape, names);
            }
            StageKind::Sort(keys) => {
                for (name, descending) in keys {
                    name_shapes(&mut shape, std::slice::from_ref(name));
                    shape.push(if *descending { '-' } else { '+' });
                }
            }
            StageKind::Limit(_) => {}
            StageKind::Having(conditions) => {
                for (name, operator, _) in conditions {
                    name_shapes(&mut shape, std::slice::from_ref(name));
                    shape.push_str(operator.text());
                }
            }
        }
    }
    shape
}

fn expression(shape: &mut String, part: &Expression) {
    let (word, parts) = match &part.kind {
        ExpressionKind::All(parts) => ("all", parts.as_slice()),
        ExpressionKind::Any(parts) => ("any", parts.as_slice()),
        ExpressionKind::Not(part) => ("not", std::slice::from_ref(part.as_ref())),
        ExpressionKind::Bare(values) => return value_shapes(shape, values),
        ExpressionKind::Compare(comparison) => {
            name_shapes(shape, std::slice::from_ref(&comparison.name));
            shape.push_str(comparison.operator.text());
            return value_shapes(shape, &comparison.values);
        }
        ExpressionKind::Same(name, other, _) => {
            name_shapes(shape, std::slice::from_ref(name));
            shape.push_str("==");
            return name_shapes(shape, std::slice::from_ref(other));
        }
    };
    let _ = write!(shape, "{word}(");
    for part in parts {
        expression(shape, part);
    }
    shape.push(')');
}

fn name_shapes(shape: &mut String, names: &[Name]) {
    for name in names {
        let _ = write!(shape, " name{}", name.segments.len());
    }
}

fn value_shapes(shape: &mut String, values: &[Value]) {
    for value in values {
        let wildcards = value.parts.iter().filter(|part| **part == Part::Any).count();
        let _ = write!(shape, " {}value{wildcards}", if value.from_file { "@" } else { "" });
    }
}
