//! The single-call detections: the rows of `meaning.tsv`, each decided from one record.

use std::sync::OnceLock;

use crate::detection::rule::{Condition, Origin, Rule};
use crate::embedded::{MEANING_TSV, Text};
use crate::level::Level;

/// The table: one line of column names, then one detection a line, with tabs between the columns.
const TABLE: Text = MEANING_TSV;
/// The columns of the table.
const COLUMNS: [&str; 10] =
    ["id", "source", "names", "lookup", "success", "level", "attack", "title", "meaning", "false_positives"];
/// The value of an empty column.
const NONE: &str = "-";
/// The value of `source` and `names` that any call has.
const ANY: &str = "*";
/// The end of event sources that the table leaves out.
const DOMAIN: &str = ".amazonaws.com";

/// The table, parsed: `calls[i]` are the calls of `rules[i]`.
#[derive(Debug, Default)]
struct Detections {
    rules: Vec<Rule>,
    calls: Vec<Calls>,
}

/// The calls that a rule applies to, before its further filter.
#[derive(Debug, PartialEq)]
struct Calls {
    sources: Vec<&'static str>,
    names: Vec<&'static str>,
}

/// Returns the single-call detections, in the order of the table.
pub fn calls() -> &'static [Rule] {
    &table().rules
}

/// Returns the single-call detections of an event source and name. Their further filters are not evaluated.
pub fn of_call(event_source: &str, event_name: &str) -> Vec<&'static Rule> {
    let source = event_source.strip_suffix(DOMAIN).unwrap_or(event_source);
    let table = table();
    let pairs = table.rules.iter().zip(&table.calls);
    pairs.filter(|(_, calls)| calls.contain(source, event_name)).map(|(rule, _)| rule).collect()
}

/// Returns the single-call detection with this id.
pub fn call(id: &str) -> Option<&'static Rule> {
    calls().iter().find(|rule| rule.id == id)
}

#[expect(clippy::expect_used, reason = "the table is part of the source, and a test parses it")]
fn table() -> &'static Detections {
    static PARSED: OnceLock<Detections> = OnceLock::new();
    PARSED.get_or_init(|| parse(TABLE.as_str()).expect("the table of the source parses"))
}

impl Calls {
    fn contain(&self, source: &str, name: &str) -> bool {
        let any = |patterns: &[&str], text: &str| patterns.iter().any(|pattern| is_match(pattern, text));
        any(&self.sources, source) && any(&self.names, name)
    }
}

/// Parses the table.
fn parse(text: &'static str) -> Result<Detections, String> {
    let mut lines = text.lines();
    if lines.next() != Some(COLUMNS.join("\t").as_str()) {
        return Err(format!("the first line is not the columns {}", COLUMNS.join(", ")));
    }
    let mut table = Detections::default();
    for line in lines {
        let (rule, calls) = parse_row(line).map_err(|why| format!("{why}: {line}"))?;
        if table.rules.iter().any(|other| other.id == rule.id) {
            return Err(format!("duplicate id `{}`", rule.id));
        }
        table.rules.push(rule);
        table.calls.push(calls);
    }
    Ok(table)
}

/// Parses a row of the table.
fn parse_row(line: &'static str) -> Result<(Rule, Calls), String> {
    let columns: Vec<&'static str> = line.split('\t').collect();
    let columns = <[&'static str; COLUMNS.len()]>::try_from(columns)
        .map_err(|columns| format!("{} columns instead of {}", columns.len(), COLUMNS.len()))?;
    if let Some(at) = columns.iter().position(|value| value.is_empty() || value.trim() != *value) {
        return Err(format!("`{}` is empty or has blanks around it", COLUMNS[at]));
    }
    let [id, source, names, lookup, success, level, attack, title, meaning, false_positives] = columns;
    let needs_success = match success {
        "yes" => true,
        NONE => false,
        other => return Err(format!("`{other}` is neither yes nor -")),
    };
    let rule = Rule {
        id: id.to_owned(),
        title: title.to_owned(),
        level: Level::parse(level).ok_or_else(|| format!("`{level}` is not a level"))?,
        origin: Origin::Call,
        author: None,
        attack: list(attack, ',').into_iter().map(str::to_owned).collect(),
        about: meaning.to_owned(),
        false_positives: list(false_positives, ';').into_iter().map(str::to_owned).collect(),
        condition: Condition::Lookup(lookup_of(source, names, lookup)?),
        needs_success,
    };
    Ok((rule, Calls { sources: list(source, ','), names: list(names, ',') }))
}

/// Returns the items of a column.
fn list(column: &'static str, separator: char) -> Vec<&'static str> {
    if column == NONE { Vec::new() } else { column.split(separator).map(str::trim).collect() }
}

/// Returns the filter of a lookup that selects the calls of a row. An Insights event names a call and is not one.
fn lookup_of(source: &str, names: &str, lookup: &str) -> Result<String, String> {
    let fields = [("source", source), ("event-name", names)].into_iter();
    let mut terms: Vec<String> =
        fields.filter(|(_, value)| *value != ANY).map(|(field, value)| format!("{field}={value}")).collect();
    if lookup != NONE {
        terms.push(format!("({lookup})"));
    }
    if terms.is_empty() {
        return Err("the row selects every event".to_owned());
    }
    terms.push("not category=Insight".to_owned());
    Ok(terms.join(" "))
}

/// Reports whether a text matches a pattern in which `*` is any text.
fn is_match(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::{TABLE, calls, is_match, of_call, parse, parse_row};
    use crate::detection::{Condition, attack};

    #[test]
    fn every_row_of_the_table_is_a_rule() {
        let table = parse(TABLE.as_str()).unwrap();
        assert_eq!(table.rules.len(), TABLE.as_str().lines().count() - 1);
        for rule in &table.rules {
            let id = rule.id.as_str();
            let is_kebab = id.split('-').all(|part| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            });
            assert!(is_kebab && id.starts_with(|c: char| c.is_ascii_lowercase()), "{id}");
            assert!(!rule.title.ends_with('.') && rule.title.len() <= 70, "{id}: {}", rule.title);
            assert!(rule.title.starts_with(|c: char| !c.is_lowercase()), "{id}: {}", rule.title);
            assert!(rule.about.ends_with('.') && rule.about.len() > 30, "{id}: {}", rule.about);
            let unknown: Vec<_> = rule.attack.iter().filter(|technique| !attack::is_valid(technique)).collect();
            assert!(unknown.is_empty() && !rule.attack.is_empty(), "{id}: {unknown:?}");
            assert!(rule.false_positives.iter().all(|reading| !reading.ends_with('.')), "{id}");
        }
    }

    #[test]
    fn rows_are_in_the_order_of_their_ids() {
        let ids: Vec<&str> = calls().iter().map(|rule| rule.id.as_str()).collect();
        assert!(ids.is_sorted(), "sort the rows of meaning.tsv by id");
    }

    #[test]
    fn a_row_is_a_lookup_on_source_name_and_filter() {
        let row = "an-id\ta,b\tN*\trequest.x=1 or request.x=2\tyes\thigh\tT1078.004, T1110\tA title\tSo.\tone; two";
        let (rule, calls) = parse_row(row).unwrap();
        let lookup = "source=a,b event-name=N* (request.x=1 or request.x=2) not category=Insight";
        assert_eq!(rule.condition, Condition::Lookup(lookup.to_owned()));
        assert_eq!((rule.attack.len(), rule.false_positives.len(), rule.needs_success), (2, 2, true));
        assert!(calls.contain("b", "Name") && !calls.contain("b", "name") && !calls.contain("c", "Name"));
    }

    #[test]
    fn broken_rows_are_rejected() {
        for (row, says) in [
            ("a\tb", "2 columns instead of 10"),
            ("a\ts\tn\t-\t-\tsevere\tT1\tT\tM.\t-", "`severe` is not a level"),
            ("a\ts\tn\t-\tno\tlow\tT1\tT\tM.\t-", "`no` is neither yes nor -"),
            ("a\ts\tn\t-\t-\tlow\tT1\tT \tM.\t-", "`title` is empty or has blanks around it"),
            ("a\t*\t*\t-\t-\tlow\tT1\tT\tM.\t-", "the row selects every event"),
        ] {
            let wrong = parse_row(row).unwrap_err();
            assert!(wrong.contains(says), "{wrong}");
        }
        assert!(parse("id\n").unwrap_err().contains("the first line"));
    }

    #[test]
    fn rules_of_a_call_are_found_by_source_and_name() {
        let ids = |source, name| of_call(source, name).into_iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>();
        assert!(ids("cloudtrail.amazonaws.com", "StopLogging").contains(&"trail-stopped"));
        assert!(!ids("kinesis.amazonaws.com", "StopLogging").contains(&"trail-stopped"));
    }

    #[test]
    fn a_star_in_a_pattern_is_any_text() {
        for (pattern, text, is) in [
            ("Get", "Get", true),
            ("Get", "GetX", false),
            ("Get*", "Get", true),
            ("*Get*X", "aGetbX", true),
            ("*Get*X", "aGetbXc", false),
            ("a*b*c", "abbc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(is_match(pattern, text), is, "{pattern} {text}");
        }
    }
}
