//! Completion within a lookup: fields, operators, values with their counts, stages and their arguments.

use super::candidate::{Candidate, Source};
use crate::escape::is_unsafe;
use crate::fields::{self, FIELDS, Field, Kind, fold};
use crate::number;
use crate::query::edit;
use crate::query::mark_kinds;
use crate::session::SampledKey;
use crate::session::commands::help::{STAGES, TERMS};
use crate::store::ValueCount;
use crate::subject::Mark;

/// The number of values that are offered.
pub(super) const MOST_VALUES: usize = 50;
/// The operators, longest first.
const OPERATORS: [&str; 8] = ["!=", "<=", ">=", "=~", "=", "<", ">", "~"];
/// The name, folded, that takes ids of rules.
const FINDING: &str = "finding";
/// The name, folded, that takes people.
const PERSON: &str = "person";
/// The name, folded, that takes access keys.
const CHAIN: &str = "chain";
/// The objects of a record whose paths are completed.
const PATH_HEADS: [&str; 10] = [
    "request",
    "response",
    "requestParameters",
    "responseElements",
    "userIdentity",
    "additionalEventData",
    "serviceEventDetails",
    "tlsDetails",
    "resources",
    "insightDetails",
];
/// Spans that a timeline is often cut into.
const BUCKETS: [&str; 5] = ["1m", "10m", "1h", "1d", "7d"];

/// Returns the candidates at the end of the text, and the offset that they start at.
pub(super) fn complete(before: &str, source: &dyn Source) -> (usize, Vec<Candidate>) {
    let scanned = Scanned::of(before);
    match scanned.stage {
        Some(stage) => complete_stage(before, stage, source),
        None => complete_term(before, scanned.word, source),
    }
}

/// The start of the word at the end of a lookup.
struct Scanned {
    /// After the last blank or parenthesis outside quotes.
    word: usize,
    /// After the last `|` outside quotes.
    stage: Option<usize>,
}

impl Scanned {
    fn of(text: &str) -> Scanned {
        let mut scanned = Scanned { word: 0, stage: None };
        let mut quoted = false;
        let mut escaped = false;
        for (at, c) in text.char_indices() {
            let next = at + c.len_utf8();
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = !quoted,
                _ if quoted => {}
                '|' => (scanned.stage, scanned.word) = (Some(next), next),
                '(' | ')' => scanned.word = next,
                c if c.is_whitespace() => scanned.word = next,
                _ => {}
            }
        }
        scanned
    }
}

/// Completes a field, an operator or a value.
fn complete_term(before: &str, start: usize, source: &dyn Source) -> (usize, Vec<Candidate>) {
    let word = &before[start..];
    let name_end = word.find(|c: char| "=!<>~".contains(c));
    match name_end {
        None => {
            if is_path(word) {
                return (start, keys(word, &before[..start], "=", source));
            }
            let mut candidates = names(word);
            if candidates.is_empty() && !word.is_empty() {
                candidates = bare_values(word, source);
            }
            (start, candidates)
        }
        // `=i-0`: without a field, it is a resource.
        Some(0) if word.starts_with('=') => {
            let values = fields::find("resource").map_or_else(Vec::new, |field| values(field, &word[1..], source));
            let named = |value: Candidate| Candidate { text: format!("resource={}", value.text), ..value };
            (start, values.into_iter().map(named).collect())
        }
        Some(end) => {
            let Some(operator) = OPERATORS.into_iter().find(|operator| word[end..].starts_with(operator)) else {
                return (start, Vec::new());
            };
            let list = end + operator.len();
            let value = list + last_of_list(&word[list..]);
            let typed = &word[value..];
            let candidates = match fields::find(&word[..end]) {
                _ if fold(&word[..end]) == FINDING => rules(typed, source),
                _ if fold(&word[..end]) == PERSON => counted(source.people(&unquoted(typed), MOST_VALUES), typed),
                _ if fold(&word[..end]) == CHAIN => {
                    fields::find("key").map_or_else(Vec::new, |field| values(field, typed, source))
                }
                Some(field) if typed.starts_with('@') => marks(field, typed),
                Some(field) => values(field, typed, source),
                None => Vec::new(),
            };
            (start + value, candidates)
        }
    }
}

/// The values that a word begins where a field is left out: of what is asked for most in this way.
fn bare_values(word: &str, source: &dyn Source) -> Vec<Candidate> {
    let fields = ["resource", "user", "key", "ip", "event-id"].into_iter().filter_map(fields::find);
    let mut found: Vec<Candidate> = Vec::new();
    for field in fields {
        for value in values(field, word, source) {
            if found.iter().all(|earlier| earlier.text != value.text) {
                let shown = format!("{}  {}", value.shown, field.name);
                found.push(Candidate { shown, ..value });
            }
        }
    }
    found
}

/// Returns the start of the last value of a list.
fn last_of_list(list: &str) -> usize {
    let mut quoted = false;
    let mut start = 0;
    for (at, c) in list.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => start = at + 1,
            _ => {}
        }
    }
    start
}

/// The fields that a word begins, with `=`; where it is one, its operators.
fn names(word: &str) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    if let Some(field) = fields::find(word) {
        let operators: &[&str] = match field.kind {
            Kind::Number | Kind::Time => &["=", "!=", "<", "<=", ">", ">="],
            Kind::Flag => &["=", "!="],
            _ => &["=", "!=", "=~", "~"],
        };
        candidates.extend(operators.iter().map(|operator| Candidate::new(format!("{word}{operator}"))));
    }
    let others = matching_fields(word).into_iter().filter(|name| fold(name) != fold(word));
    candidates.extend(others.map(|name| Candidate::shown_as(name, format!("{name}="))));
    candidates.extend(path_heads(word));
    let times = TERMS.iter().map(|entry| entry.name).filter(|name| name.starts_with(word));
    candidates.extend(times.map(|name| Candidate::shown_as(name, format!("{name}="))));
    let joins = ["not", "or"].into_iter().filter(|join| !word.is_empty() && join.starts_with(word));
    candidates.extend(joins.map(|join| Candidate::shown_as(join, format!("{join} "))));
    candidates
}

/// Reports whether a word is a path of the record: `requestParameters.b`.
fn is_path(word: &str) -> bool {
    let head = word.split_once('.').map(|(head, _)| head);
    head.is_some_and(|head| PATH_HEADS.contains(&head))
}

/// The objects of a record that a word begins, with the dot of a path.
fn path_heads(word: &str) -> impl Iterator<Item = Candidate> {
    let begins = move |head: &&&str| !word.is_empty() && head.starts_with(word);
    PATH_HEADS.iter().filter(begins).map(|head| Candidate::new(format!("{head}.")))
}

/// The paths that continue a path, with `end` if nothing is below them, else with a dot.
fn keys(word: &str, filter: &str, end: &str, source: &dyn Source) -> Vec<Candidate> {
    let (parent, typed) = word.rsplit_once('.').unwrap_or((word, ""));
    let path: Vec<&str> = parent.split('.').collect();
    let is_name = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let found =
        source.keys(filter, &path).into_iter().filter(|found| found.key.starts_with(typed) && is_name(&found.key));
    let candidate = |found: SampledKey| {
        let end = if found.has_keys { "." } else { end };
        let shown = format!("{}  ({})", found.key, number::counted(found.records, "record"));
        Candidate::shown_as(shown, format!("{parent}.{}{end}", found.key))
    };
    found.take(MOST_VALUES).map(candidate).collect()
}

/// The names, and where no name does the aliases, that a word begins.
fn matching_fields(word: &str) -> Vec<&'static str> {
    let wanted = fold(word);
    let begins = |name: &&'static str| fold(name).starts_with(&wanted);
    let names: Vec<&str> = FIELDS.iter().map(|field| field.name).filter(begins).collect();
    if names.is_empty() {
        FIELDS.iter().flat_map(|field| field.aliases).copied().filter(begins).collect()
    } else {
        names
    }
}

/// The values of a field that a text begins.
pub(super) fn values(field: &Field, typed: &str, source: &dyn Source) -> Vec<Candidate> {
    let prefix = unquoted(typed);
    if field.kind == Kind::Flag {
        return ["true", "false"].into_iter().filter(|word| word.starts_with(&prefix)).map(Candidate::new).collect();
    }
    counted(source.values(field, &prefix, MOST_VALUES), typed)
}

/// Returns values with their numbers of events, quoted as what is typed.
fn counted(values: Vec<ValueCount>, typed: &str) -> Vec<Candidate> {
    let quoted = typed.starts_with('"');
    values
        .into_iter()
        // The list goes to the terminal as it is.
        .filter(|counted| !counted.value.chars().any(is_unsafe))
        .map(|counted| {
            let last = counted.last_seen.as_deref().and_then(|seen| seen.get(..10));
            let last = last.map_or_else(String::new, |day| format!(", last {day}"));
            let more = if counted.more { "+" } else { "" };
            let shown = format!("{}  ({}{more}{last})", counted.value, number::count(counted.events));
            let text = if quoted { edit::quoted(&counted.value) } else { edit::literal(&counted.value) };
            Candidate::shown_as(shown, text)
        })
        .collect()
}

/// The marks of subjects that a text begins, for a field that has values of such subjects.
fn marks(field: &Field, typed: &str) -> Vec<Candidate> {
    let marks = Mark::NAMES.iter().rev().map(|name| format!("@{name}"));
    let offered = marks.filter(|mark| mark_kinds(field).is_some() && mark.starts_with(typed));
    offered.map(Candidate::new).collect()
}

/// The ids of rules that a text begins.
pub(super) fn rules(typed: &str, source: &dyn Source) -> Vec<Candidate> {
    let prefix = unquoted(typed);
    let ids = source.rules().into_iter().filter(|id| id.starts_with(&prefix) && !id.chars().any(is_unsafe));
    ids.take(MOST_VALUES).map(|id| Candidate::shown_as(id.as_str(), edit::literal(&id))).collect()
}

/// The text that was typed of a value, without quotes and escapes.
fn unquoted(typed: &str) -> String {
    let mut text = String::new();
    let mut escaped = false;
    for c in typed.chars() {
        match c {
            _ if escaped => {
                text.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => {}
            c => text.push(c),
        }
    }
    text
}

/// Completes a stage, or its arguments.
fn complete_stage(before: &str, stage: usize, source: &dyn Source) -> (usize, Vec<Candidate>) {
    let text = &before[stage..];
    let start = stage + text.rfind(|c: char| c.is_whitespace() || c == ',').map_or(0, |at| at + 1);
    let word = &before[start..];
    let earlier: Vec<&str> = before[stage..start].split([' ', ',', '\t']).filter(|part| !part.is_empty()).collect();
    let choose = |words: &[&str]| -> Vec<Candidate> {
        words.iter().filter(|choice| choice.starts_with(word)).copied().map(Candidate::new).collect()
    };
    let candidates = match earlier.as_slice() {
        [] => choose(&STAGES.iter().map(|stage| stage.name).collect::<Vec<_>>()),
        [.., "having"] => choose(&["events>"]),
        ["count"] => choose(&["by"]),
        ["timeline"] => choose(&BUCKETS).into_iter().chain(choose(&["by"])).collect(),
        ["timeline", bucket] if *bucket != "by" => choose(&["by"]),
        ["count", "by", ..] | ["timeline", "by", ..] | ["timeline", _, "by", ..] | ["top" | "fields" | "sort", ..] => {
            if is_path(word) {
                let filter = before.split('|').next().unwrap_or_default();
                return (start, keys(word, filter, "", source));
            }
            let mut candidates: Vec<Candidate> = matching_fields(word).into_iter().map(Candidate::new).collect();
            candidates.extend(path_heads(word));
            if earlier[0] == "sort" && earlier.len() > 1 {
                candidates.splice(0..0, choose(&["asc", "desc"]));
            }
            candidates
        }
        _ => Vec::new(),
    };
    (start, candidates)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Fixed, lines};
    use super::super::{Completion, complete};

    #[test]
    fn fields_operators_and_values_are_completed() {
        assert_eq!(lines("event-n", false), ["event-name="]);
        assert_eq!(lines("EventN", false), ["event-name="]);
        assert_eq!(lines("user=alice recip", false)[0], "user=alice recipient=");
        assert_eq!(lines("(sess", false), ["(session-name=", "(session-created="]);
        assert_eq!(lines("region", false), ["region=", "region!=", "region=~", "region~"]);
        assert_eq!(lines("bytes-in", false).last().unwrap(), "bytes-in>=");
        assert_eq!(lines("event-name=C", false), ["event-name=ConsoleLogin", "event-name=CreateUser"]);
        assert_eq!(lines("name!=ConsoleLogin,Cr", false), ["name!=ConsoleLogin,CreateUser"]);
        assert_eq!(lines("user=~b,ali", false), ["user=~b,alice"]);
        assert_eq!(lines("user=\"a", false), ["user=\"alice\"", "user=\"a b\""]);
        assert_eq!(lines("outcome=d", false), ["outcome=denied"]);
        assert_eq!(lines("write=", false), ["write=true", "write=false"]);
        assert_eq!(lines("sin", false), ["since="]);
        assert_eq!(lines("no", false), ["not "]);
        assert_eq!(lines("resource=i-0a", false), ["resource=i-0abc"]);
        assert_eq!(lines("user=alice =i-0", false), ["user=alice resource=i-0abc", "user=alice resource=i-0def"]);
        assert_eq!(lines("i-0d", false), ["i-0def"]);
        assert_eq!(lines("ip=@", false), ["ip=@attacker", "ip=@suspect", "ip=@mine", "ip=@cleared"]);
        assert_eq!(lines("key=AKIA1,@su", false), ["key=AKIA1,@suspect"]);
        assert!(lines("event-name=@", false).is_empty());
        assert_eq!(lines("finding=trail", false), ["finding=trail-stopped", "finding=trails-changed"]);
        assert_eq!(lines("chain=AK", false), ["chain=AKIABUILD"]);
        assert_eq!(lines("chain!=AKIABUILD,AS", false), ["chain!=AKIABUILD,ASIAONE"]);
        assert_eq!(lines("chai", false), ["chain="]);
        assert_eq!(lines("person=ali", false), ["person=alice@example.com"]);
        assert_eq!(lines("person!=bob,Al", false), ["person!=bob,\"Alice Example\""]);
        assert_eq!(lines("finding!=root-used,trails", false), ["finding!=root-used,trails-changed"]);
    }

    #[test]
    fn paths_are_completed_from_the_records_that_the_line_selects() {
        assert_eq!(lines("requ", false), ["request.", "requestParameters."]);
        assert_eq!(
            lines("user=alice request.", false),
            ["user=alice request.bucketName=", "user=alice request.policy."]
        );
        assert_eq!(lines("user=alice request.b", false), ["user=alice request.bucketName="]);
        assert!(lines("user=bob request.", false).is_empty());
        assert_eq!(lines("requestParameters.policy.", false), ["requestParameters.policy.Version="]);
        assert_eq!(lines("user=alice | count by request.b", false), ["user=alice | count by request.bucketName"]);
        assert_eq!(lines("user=alice | fields time,request.", false).len(), 2);
    }

    #[test]
    fn values_show_their_counts_and_none_acts_on_the_terminal() {
        let Completion::Words(_, candidates) = complete("name=Con", 8, "", &Fixed) else { unreachable!() };
        assert_eq!(candidates[0].shown, "ConsoleLogin  (1,200, last 2024-03-01)");
        assert_eq!(lines("user=a", false), ["user=alice", "user=\"a b\""]);
    }

    #[test]
    fn stages_and_their_arguments_are_completed() {
        assert_eq!(lines("user=a | ti", false), ["user=a | timeline"]);
        assert_eq!(lines("| count b", false), ["| count by"]);
        assert_eq!(lines("| count by regi", false), ["| count by region"]);
        assert_eq!(lines("| count by region,event-n", false), ["| count by region,event-name"]);
        assert_eq!(lines("| count by region having ev", false), ["| count by region having events>"]);
        assert_eq!(lines("| top 10 account", false), ["| top 10 account"]);
        assert_eq!(lines("| sort time d", false), ["| sort time desc"]);
        assert_eq!(lines("user=\"a|b\" | tim", false), ["user=\"a|b\" | timeline"]);
        assert!(lines("| limit ", false).is_empty());
    }
}
