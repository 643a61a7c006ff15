//! Bare terms that look like the rest of the time before them: `since=2021-07-29 13:00` without quotes.

use crate::fields;
use crate::fields::Kind;
use crate::query::ast::{Comparison, Expression, ExpressionKind, LookupAst, Operator};
use crate::query::quote::literal;
use crate::query::time::human::{TimeGuess, goes_on, is_rest, joined};
use crate::query::time::read::range;
use crate::query::time_names::is_time_name;

/// Bare terms directly after a time term that look like more of its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeRest {
    /// The terms as they were typed.
    pub typed: String,
    /// The term to write instead, if the intended time is known.
    pub term: Option<String>,
    /// The lookup with that term.
    pub corrected: Option<String>,
}

/// The rests of times in a lookup, in order. `now`: the clock, in Unix seconds.
pub fn time_rests(lookup: &LookupAst, now: i64) -> Vec<TimeRest> {
    let mut found = Vec::new();
    if let Some(filter) = &lookup.filter {
        within(filter, &lookup.text, now, &mut found);
    }
    found
}

fn within(part: &Expression, text: &str, now: i64, found: &mut Vec<TimeRest>) {
    match &part.kind {
        ExpressionKind::All(parts) => {
            for (at, part) in parts.iter().enumerate() {
                found.extend(rest_of(part, &parts[at + 1..], text, now));
                within(part, text, now, found);
            }
        }
        ExpressionKind::Any(parts) => parts.iter().for_each(|part| within(part, text, now, found)),
        ExpressionKind::Not(inner) => within(inner, text, now, found),
        ExpressionKind::Bare(_) | ExpressionKind::Compare(_) | ExpressionKind::Same(..) => {}
    }
}

/// Returns the following terms that belong to a time term.
fn rest_of(term: &Expression, following: &[Expression], text: &str, now: i64) -> Option<TimeRest> {
    let ExpressionKind::Compare(comparison) = &term.kind else { return None };
    let day = time_value(comparison)?;
    let mut words: Vec<&str> = Vec::new();
    let mut end = term.span;
    for part in following {
        let ExpressionKind::Bare(values) = &part.kind else { break };
        let word = text.get(part.span.start..part.span.end)?;
        let lone = values.len() == 1 && !word.starts_with(['"', '\'', '@']);
        let after_mark = words.last().is_some_and(|word| goes_on(word));
        if !lone || !(after_mark || is_rest(word) || (words.is_empty() && is_hour(&day, word))) {
            break;
        }
        words.push(word);
        end = part.span;
    }
    let first = following.first().filter(|_| !words.is_empty())?;
    let typed = text.get(first.span.start..end.end)?.to_owned();
    let name = text.get(comparison.name.span.start..comparison.operator_span.end)?;
    let term_text = match joined(&day, &words, now) {
        TimeGuess::Time(time) => Some(format!("{name}{}", literal(&time))),
        TimeGuess::Range(from, to) if comparison.operator == Operator::Equal => {
            Some(range(from.as_deref(), to.as_deref()))
        }
        _ => None,
    };
    let corrected = term_text
        .as_ref()
        .and_then(|new| Some(format!("{}{new}{}", text.get(..term.span.start)?, text.get(end.end..)?)));
    Some(TimeRest { typed, term: term_text, corrected })
}

/// The time of a term that has one.
fn time_value(comparison: &Comparison) -> Option<String> {
    let name = comparison.name.text();
    let is_time = is_time_name(&name) && fields::fold(&name) != "last"
        || fields::find(&name).is_some_and(|field| field.kind == Kind::Time);
    let [value] = comparison.values.as_slice() else { return None };
    is_time.then(|| value.literal()).flatten()
}

/// Reports whether a word may be the hour of a day.
fn is_hour(day: &str, word: &str) -> bool {
    day.len() == "2021-07-29".len() && (1..=2).contains(&word.len()) && word.parse::<u8>().is_ok_and(|hour| hour <= 24)
}

#[cfg(test)]
mod tests {
    use super::time_rests;
    use crate::query::parse;

    const NOON: i64 = 1_709_294_400; // 2024-03-01T12:00:00Z

    #[test]
    fn split_times_are_joined() {
        for (text, typed, corrected) in [
            ("since=2021-07-29 13:00", "13:00", r#"since="2021-07-29 13:00""#),
            ("since=2021-07-29 13:00 user=alice | count", "13:00", r#"since="2021-07-29 13:00" user=alice | count"#),
            ("user=alice (until=2021-07-29 13:00 CEST)", "13:00 CEST", "user=alice (until=2021-07-29T13:00+02:00)"),
            ("since=2021-07-29T13:00 PDT", "PDT", "since=2021-07-29T13:00-07:00"),
            ("time>=2021-07-29 1:30 PM x", "1:30 PM", r#"time>="2021-07-29 13:30" x"#),
            ("since=2021-07-29 13", "13", r#"since="2021-07-29 13""#),
            ("since=2021-07-29 to 2021-07-30", "to 2021-07-30", "since=2021-07-29 until=2021-07-30"),
            ("since=now - 1h", "- 1h", "since=now-1h"),
            ("since=now -1h", "-1h", "since=now-1h"),
        ] {
            let found = time_rests(&parse(text).unwrap(), NOON);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!((found[0].typed.as_str(), found[0].corrected.as_deref()), (typed, Some(corrected)), "{text}");
            assert!(time_rests(&parse(corrected).unwrap(), NOON).is_empty(), "{corrected}");
        }
        let unknown = &time_rests(&parse("since=2021-07 13:00").unwrap(), NOON)[0];
        assert_eq!((unknown.typed.as_str(), unknown.corrected.as_deref()), ("13:00", None));
        for text in
            ["13:00", "user=alice 13:00", "since=2021-07-29 \"13:00\"", "since=2021-07-29 alice", "last=7d 13:00"]
        {
            assert_eq!(time_rests(&parse(text).unwrap(), NOON), [], "{text}");
        }
    }
}
