//! Resolves `@attacker`, `@suspect`, `@cleared` and `@mine`: the subjects of the case that have the mark, by the kind of
//! the field. A file of that name is a list as any other.

use crate::diagnostic::{Diagnostic, Span};
use crate::fields::{self, Field};
use crate::query::ast::{Comparison, Operator, Part, Value};
use crate::query::quote;
use crate::query::resolve::resolver::{Resolver, complement};
use crate::query::resolve::values::{parts_of, patterns};
use crate::query::resolved::{Condition, Node, NodeKind, ValuePredicate};
use crate::subject::{Mark, SubjectKind};

/// The kinds of subjects whose values a field has. Of the fields of an identity each takes every form of a principal.
const KINDS: &[(&str, &[SubjectKind])] = &[
    ("key", &[SubjectKind::Key]),
    ("issued-key", &[SubjectKind::Key]),
    ("user", PRINCIPALS),
    ("arn", PRINCIPALS),
    ("principal", PRINCIPALS),
    ("role", PRINCIPALS),
    ("session-name", PRINCIPALS),
    ("ip", &[SubjectKind::Address]),
    ("user-agent", &[SubjectKind::Client]),
    ("account", &[SubjectKind::Account]),
    ("identity-account", &[SubjectKind::Account]),
    ("resource", &[SubjectKind::Resource]),
    ("listed-resource", &[SubjectKind::Resource]),
];

const PRINCIPALS: &[SubjectKind] = &[SubjectKind::Principal, SubjectKind::Session];

/// A value with the mark that it names.
pub(crate) type NamedMark<'v> = (&'v Value, Mark);

impl Resolver<'_> {
    /// Splits values into those that name a mark, and the others.
    pub(crate) fn split_marks<'v>(&self, values: &'v [Value]) -> (Vec<NamedMark<'v>>, Vec<Value>) {
        let (mut marks, mut others) = (Vec::new(), Vec::new());
        for value in values {
            let named = value.literal().filter(|_| value.from_file).and_then(|name| Mark::parse(&name));
            match named {
                Some(mark) if self.env.has_list(mark.name()) => {
                    self.note(format!(
                        "@{mark} is the list in the file `{mark}`, which hides the marks",
                        mark = mark.name()
                    ));
                    others.push(value.clone());
                }
                Some(mark) => marks.push((value, mark)),
                None => others.push(value.clone()),
            }
        }
        (marks, others)
    }

    /// Resolves a comparison of a field with marks, and perhaps other values.
    pub(crate) fn marked_field(
        &self,
        span: Span,
        field: &'static Field,
        comparison: &Comparison,
        (marks, others): (&[NamedMark<'_>], &[Value]),
    ) -> Result<Node, Diagnostic> {
        let negated = comparison.operator == Operator::NotEqual;
        if !negated && comparison.operator != Operator::Equal {
            return Err(Diagnostic::at(comparison.operator_span, "a mark takes = and != only"));
        }
        let other = match others.is_empty() {
            true => None,
            false => Some(self.field(field, others, comparison, Operator::Equal)?),
        };
        let node = Node { span, kind: self.marked(span, Some(field), marks, other)? };
        Ok(if negated { complement(node) } else { node })
    }

    /// Returns the condition on events of subjects with a mark, or another condition: those that fit the field, or
    /// without a field all.
    pub(crate) fn marked(
        &self,
        span: Span,
        field: Option<&'static Field>,
        marks: &[NamedMark<'_>],
        other: Option<Condition>,
    ) -> Result<NodeKind, Diagnostic> {
        let mut conditions: Vec<Condition> = other.into_iter().collect();
        for (value, mark) in marks {
            let kinds = match field {
                None => &SubjectKind::ALL[..],
                Some(field) => mark_kinds(field).ok_or_else(|| no_kind(value.span, field.name, *mark))?,
            };
            let subjects = self.subjects(value.span, *mark, kinds)?;
            let mut add = |field: Option<&'static Field>, value: Value| add_value(&mut conditions, field, value);
            for (kind, text) in &subjects {
                match (field, PRINCIPALS.contains(kind)) {
                    (_, true) => {
                        let (name, parts) = principal(text);
                        add(fields::find(name), Value { span, parts, from_file: false })?;
                    }
                    (Some(field), false) => add(Some(field), subject_value(span, *kind, text))?,
                    (None, false) => {
                        for (name, _) in KINDS.iter().filter(|(name, kinds)| kinds.contains(kind) && is_bare(name)) {
                            add(fields::find(name), subject_value(span, *kind, text))?;
                        }
                    }
                }
            }
        }
        let mut nodes: Vec<Node> =
            conditions.into_iter().map(|condition| Node { span, kind: NodeKind::Condition(condition) }).collect();
        Ok(if nodes.len() == 1 { nodes.remove(0).kind } else { NodeKind::Any(nodes) })
    }

    /// Returns the subjects of some kinds that have a mark, and notes that there are none, or where marks come from.
    fn subjects(
        &self,
        span: Span,
        mark: Mark,
        kinds: &[SubjectKind],
    ) -> Result<Vec<(SubjectKind, String)>, Diagnostic> {
        let name = mark.name();
        let all =
            self.env.marked(mark).map_err(|reason| Diagnostic::at(span, format!("cannot read the marks: {reason}")))?;
        let elsewhere = all.iter().filter(|subject| kinds.contains(&subject.kind) && subject.is_from_elsewhere).count();
        if elsewhere > 0 {
            self.note(format!(
                "@{name}: {elsewhere} of the marks come from another case; `.marks` lists them with their authors"
            ));
        }
        let found = all.into_iter().filter(|subject| kinds.contains(&subject.kind));
        let found: Vec<_> = found.map(|subject| (subject.kind, subject.value)).collect();
        if found.is_empty() {
            let what = match kinds {
                [kind] => kind.name(),
                kinds if kinds == PRINCIPALS => "principal or session",
                _ => "subject",
            };
            self.note(format!("no {what} is marked {name}, so @{name} matches nothing; `.marks` lists the marks"));
        }
        Ok(found)
    }
}

/// Returns the mistake of a mark for something whose values are not marked.
pub(crate) fn no_kind(span: Span, what: &str, mark: Mark) -> Diagnostic {
    let name = mark.name();
    Diagnostic::at(span, format!("{what} has no marks, and there is no file `{name}`")).hint(format!(
        "marks are values of key, user, arn, principal, ip, user-agent, account and resource: ip=@{name}"
    ))
}

/// Returns the kinds of subjects whose values a field has.
pub(crate) fn mark_kinds(field: &Field) -> Option<&'static [SubjectKind]> {
    KINDS.iter().find(|(name, _)| *name == field.name).map(|(_, kinds)| *kinds)
}

/// Reports whether a mark without a field is looked for in a field.
fn is_bare(name: &str) -> bool {
    name != "listed-resource"
}

/// Adds a value to the condition on its field.
fn add_value(conditions: &mut Vec<Condition>, field: Option<&'static Field>, value: Value) -> Result<(), Diagnostic> {
    let Some(field) = field else { return Ok(()) };
    let found = patterns(&[value], Some(field))?;
    for condition in conditions.iter_mut() {
        if let Condition::Field(known, ValuePredicate::Patterns(all)) = condition
            && *known == field
        {
            all.extend(found);
            return Ok(());
        }
    }
    conditions.push(Condition::Field(field, ValuePredicate::Patterns(found)));
    Ok(())
}

/// Returns the term that finds the events of a subject.
pub(crate) fn subject_term(kind: SubjectKind, value: &str) -> String {
    let (name, parts) = match kind {
        SubjectKind::Principal | SubjectKind::Session => principal(value),
        kind => {
            let name = KINDS.iter().find(|(_, kinds)| kinds.contains(&kind)).map_or("", |(name, _)| *name);
            (name, subject_value(Span::default(), kind, value).parts)
        }
    };
    let text = match parts.as_slice() {
        [Part::Text(text)] => quote::literal(text),
        parts => {
            let inner = parts.iter().map(|part| match part {
                Part::Any => "*".to_owned(),
                Part::Text(text) => quote::escaped(text),
            });
            format!("\"{}\"", inner.collect::<String>())
        }
    };
    format!("{name}={text}")
}

/// Returns a subject as a value: in a client `*` is any text.
fn subject_value(span: Span, kind: SubjectKind, text: &str) -> Value {
    let parts = if kind == SubjectKind::Client { parts_of(text) } else { vec![Part::Text(text.to_owned())] };
    Value { span, parts, from_file: false }
}

/// Returns the field that has a principal in the form in which it is marked, and its value there.
fn principal(text: &str) -> (&'static str, Vec<Part>) {
    let whole = vec![Part::Text(text.to_owned())];
    if text.starts_with("arn:") {
        return (if text.contains(":role/") { "role" } else { "arn" }, whole);
    }
    let id = text.split(':').next().unwrap_or_default();
    let is_id = id.len() >= 16
        && id.starts_with('A')
        && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    match (is_id, text.contains(':')) {
        // The sessions of a role have its id, a colon and a name.
        (true, false) if text.starts_with("AROA") => ("principal", vec![Part::Text(format!("{text}:")), Part::Any]),
        (true, _) => ("principal", whole),
        (false, _) => ("user", whole),
    }
}

#[cfg(test)]
mod tests {
    use super::subject_term;
    use crate::query::parse;
    use crate::subject::SubjectKind;

    #[test]
    fn the_term_of_a_subject_is_a_lookup() {
        for (kind, value, term) in [
            (SubjectKind::Key, "AKIA1", "key=AKIA1"),
            (SubjectKind::Address, "10.0.0.0/8", "ip=10.0.0.0/8"),
            (SubjectKind::Client, "aws-cli/2 (Kali)", "user-agent=\"aws-cli/2 (Kali)\""),
            (SubjectKind::Client, "*Kali \"x\"*", "user-agent=\"*Kali \\\"x\\\"*\""),
            (SubjectKind::Principal, "arn:aws:iam::1:user/a", "arn=arn:aws:iam::1:user/a"),
            (SubjectKind::Principal, "arn:aws:iam::1:role/a", "role=arn:aws:iam::1:role/a"),
            (SubjectKind::Principal, "AIDAEXAMPLEEXAMPLE12", "principal=AIDAEXAMPLEEXAMPLE12"),
            (SubjectKind::Principal, "AROAEXAMPLEEXAMPLE12", "principal=\"AROAEXAMPLEEXAMPLE12:*\""),
            (SubjectKind::Session, "AROAEXAMPLEEXAMPLE12:s", "principal=AROAEXAMPLEEXAMPLE12:s"),
            (SubjectKind::Principal, "alice", "user=alice"),
            (SubjectKind::Account, "111122223333", "account=111122223333"),
            (SubjectKind::Resource, "a*b", "resource=\"a\\*b\""),
        ] {
            assert_eq!(subject_term(kind, value), term);
            assert!(parse(term).is_ok(), "{term}");
        }
    }
}
