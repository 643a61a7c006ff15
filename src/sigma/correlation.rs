//! Correlations: counts and coincidences of the events of other rules.

use crate::detection::{Correlation, CorrelationKind, CountCondition};
use crate::sigma::field::{FieldKind, Target, target};
use crate::sigma::yaml::Yaml;

/// A rule that a correlation may refer to.
pub(crate) struct Referred<'r> {
    /// The id, by which and by the name it is referred to.
    pub(crate) id: &'r str,
    pub(crate) name: Option<&'r str>,
    /// The filter of a lookup, or why there is none.
    pub(crate) filter: Result<&'r str, &'r str>,
}

/// Returns the ids and names of the rules that a correlation refers to.
pub(crate) fn references(document: &Yaml) -> Vec<String> {
    let rules = document.get("correlation").and_then(|correlation| correlation.get("rules"));
    rules.map(|rules| rules.scalars().into_iter().map(Into::into).collect()).unwrap_or_default()
}

/// Reports whether the rules that a correlation refers to are also rules of their own.
pub(crate) fn generates(document: &Yaml) -> bool {
    let of = |part: Option<&Yaml>| part.and_then(|part| part.get("generate")) == Some(&Yaml::Flag(true));
    of(Some(document)) || of(document.get("correlation"))
}

/// Compiles a correlation.
///
/// # Errors
/// Its kind is not supported, or a rule or a field that it names is not known.
pub(crate) fn compile<'r>(document: &Yaml, find: impl Fn(&str) -> Option<Referred<'r>>) -> Result<Correlation, String> {
    let body = document.get("correlation").unwrap_or(&Yaml::Null);
    let references = references(document);
    if references.is_empty() {
        return Err("the correlation names no rules".to_owned());
    }
    let mut rules = Vec::new();
    for reference in &references {
        let rule = find(reference).ok_or_else(|| format!("no rule has the id or name `{reference}`"))?;
        match rule.filter {
            Ok(filter) => rules.push((rule, filter.to_owned())),
            Err(reason) => return Err(format!("the rule `{reference}` is not compiled: {reason}")),
        }
    }
    let names: Vec<&Referred<'_>> = rules.iter().map(|(rule, _)| rule).collect();
    let aliases = body.get("aliases").unwrap_or(&Yaml::Null);
    let group_by = body.get("group-by").map(Yaml::scalars).unwrap_or_default();
    let group_by = group_by.iter().map(|field| columns(field, &names, aliases)).collect::<Result<_, _>>()?;
    let kind = kind(body, &names, aliases)?;
    let timespan = body.get("timespan").and_then(Yaml::scalar).ok_or("the correlation has no timespan")?;
    Ok(Correlation {
        kind,
        group_by,
        timespan: seconds(&timespan).ok_or_else(|| format!("`{timespan}` is not a timespan"))?,
        rules: rules.iter().map(|(rule, filter)| (rule.id.to_owned(), filter.clone())).collect(),
    })
}

fn kind(body: &Yaml, rules: &[&Referred<'_>], aliases: &Yaml) -> Result<CorrelationKind, String> {
    let kind = body.get("type").and_then(Yaml::scalar).ok_or("the correlation has no type")?;
    let condition = body.get("condition");
    match kind.as_ref() {
        "event_count" => Ok(CorrelationKind::EventCount(count(condition)?)),
        "value_count" => {
            let fields = condition.and_then(|condition| condition.get("field")).map(Yaml::scalars).unwrap_or_default();
            match fields.as_slice() {
                [field] => Ok(CorrelationKind::ValueCount(columns(field, rules, aliases)?, count(condition)?)),
                [] => Err("the condition of `value_count` names no field".to_owned()),
                _ => Err("`value_count` of several fields is not supported".to_owned()),
            }
        }
        "temporal" => {
            let all = rules.len() as u64;
            let wanted = condition.map(|condition| count(Some(condition))).transpose()?;
            match wanted {
                Some(CountCondition { min: Some(min), max: None | Some(_), not: None }) if min == all => {}
                None => {}
                Some(_) => return Err("a condition of `temporal` on fewer than all rules is not supported".to_owned()),
            }
            Ok(CorrelationKind::Temporal)
        }
        other => Err(format!("the correlation type `{other}` is not supported")),
    }
}

/// Returns the condition on a count.
fn count(condition: Option<&Yaml>) -> Result<CountCondition, String> {
    let mut found = CountCondition::default();
    let entries = condition.map(Yaml::entries).unwrap_or_default();
    for (operator, value) in entries.iter().filter(|(operator, _)| operator != "field") {
        let number = value.scalar().and_then(|text| text.parse::<u64>().ok());
        let number = number.filter(|number| *number < u64::MAX).ok_or("a count is not a whole number")?;
        let (min, max) = match operator.as_str() {
            "gt" => (Some(number + 1), None),
            "gte" => (Some(number), None),
            "lt" => (None, Some(number.checked_sub(1).ok_or("no count is less than 0")?)),
            "lte" => (None, Some(number)),
            "eq" => (Some(number), Some(number)),
            "neq" => {
                found.not = Some(number);
                continue;
            }
            other => return Err(format!("the condition `{other}` is not supported")),
        };
        // All of them hold.
        found.min = found.min.max(min);
        found.max = found.max.into_iter().chain(max).min();
    }
    match found == CountCondition::default() {
        true => Err("the correlation has no condition".to_owned()),
        false => Ok(found),
    }
}

/// Returns the field or path of each rule that a name, or an alias, stands for.
fn columns(name: &str, rules: &[&Referred<'_>], aliases: &Yaml) -> Result<Vec<String>, String> {
    let alias = aliases.get(name);
    let of_rule = |rule: &&Referred<'_>| {
        let own = alias
            .and_then(|alias| alias.entries().iter().find(|(of, _)| Some(of.as_str()) == rule.name || of == rule.id));
        let field = match (alias, own) {
            (None, _) => name.into(),
            (Some(_), Some((_, field))) => {
                field.scalar().ok_or_else(|| format!("the alias `{name}` names no field"))?
            }
            (Some(_), None) => return Err(format!("the alias `{name}` names no field of the rule `{}`", rule.id)),
        };
        match target(&field) {
            Target::Field(name, FieldKind::Text | FieldKind::Source | FieldKind::Address, _) => Ok(name.to_owned()),
            Target::Field(_, FieldKind::Flag, path) | Target::Path(path) | Target::Object(path) => Ok(path),
            Target::Unknown => Err(format!("no record has the field `{field}`")),
        }
    };
    rules.iter().map(of_rule).collect()
}

/// Returns the seconds of a timespan such as `90m`.
fn seconds(text: &str) -> Option<i64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let number = text.get(..text.len() - 1)?.parse::<i64>().ok().filter(|number| *number > 0)?;
    number.checked_mul(unit).filter(|seconds| *seconds <= i64::from(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Referred, compile, seconds};
    use crate::detection::{Correlation, CorrelationKind, CountCondition};
    use crate::sigma::yaml::documents;

    fn compiled(text: &str) -> Result<Correlation, String> {
        let document = documents(&format!("correlation:\n  {}", text.replace('\n', "\n  "))).unwrap().remove(0);
        compile(&document, |reference| {
            let (id, name, filter) = match reference {
                "one" | "id-1" => ("id-1", Some("one"), Ok("a=1")),
                "two" => ("id-2", Some("two"), Ok("b=2")),
                "broken" => ("id-3", None, Err("it is broken")),
                _ => return None,
            };
            Some(Referred { id, name, filter })
        })
    }

    #[test]
    fn correlations_are_compiled() {
        let found = compiled(
            "type: value_count\nrules: [one, two]\ngroup-by: [who, sourceIPAddress]\ntimespan: 90m\n\
             aliases:\n  who:\n    one: userIdentity.arn\n    two: requestParameters.userName\n\
             condition: {field: awsRegion, gt: 3, lte: 9}",
        );
        let condition = CountCondition { min: Some(4), max: Some(9), not: None };
        let expected = Correlation {
            kind: CorrelationKind::ValueCount(vec!["region".to_owned(), "region".to_owned()], condition),
            rules: vec![("id-1".to_owned(), "a=1".to_owned()), ("id-2".to_owned(), "b=2".to_owned())],
            group_by: vec![
                vec!["arn".to_owned(), "requestParameters.userName".to_owned()],
                vec!["ip".to_owned(), "ip".to_owned()],
            ],
            timespan: 5_400,
        };
        assert_eq!(found, Ok(expected));
        let temporal = compiled("type: temporal\nrules: [id-1, two]\ntimespan: 1d").unwrap();
        assert_eq!((temporal.kind, temporal.group_by.len()), (CorrelationKind::Temporal, 0));
        let count = compiled("type: event_count\nrules: one\ntimespan: 5s\ncondition: {eq: 7}").unwrap();
        let condition = CountCondition { min: Some(7), max: Some(7), not: None };
        assert_eq!(count.kind, CorrelationKind::EventCount(condition));
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for (text, problem) in [
            ("type: temporal_ordered\nrules: [one]\ntimespan: 1h", "`temporal_ordered` is not supported"),
            ("type: value_sum\nrules: [one]\ntimespan: 1h", "`value_sum`"),
            ("type: temporal\nrules: [three]\ntimespan: 1h", "`three`"),
            ("type: temporal\nrules: [broken]\ntimespan: 1h", "it is broken"),
            ("type: temporal\nrules: []\ntimespan: 1h", "names no rules"),
            ("type: temporal\nrules: [one]", "no timespan"),
            ("type: temporal\nrules: [one]\ntimespan: 1y", "`1y` is not a timespan"),
            ("type: temporal\nrules: [one, two]\ntimespan: 1h\ncondition: {gte: 1}", "fewer than all"),
            ("type: event_count\nrules: [one]\ntimespan: 1h", "no condition"),
            ("type: event_count\nrules: [one]\ntimespan: 1h\ncondition: {gte: x}", "whole number"),
            ("type: value_count\nrules: [one]\ntimespan: 1h\ncondition: {gte: 1}", "names no field"),
            ("type: temporal\nrules: [one]\ntimespan: 1h\ngroup-by: [Image]", "`Image`"),
        ] {
            assert!(compiled(text).unwrap_err().contains(problem), "{text}");
        }
        assert_eq!((seconds("36h"), seconds("0s"), seconds("x"), seconds("")), (Some(129_600), None, None, None));
    }
}
