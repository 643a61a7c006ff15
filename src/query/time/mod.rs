//! Times as lookups write them: RFC 3339, or anything coarser, which means its whole span; and durations.

mod human;
mod length;
mod read;
mod rest;
mod zone;

use crate::query::quote::literal;
pub(crate) use crate::query::time::human::TimeGuess;
use crate::query::time::human::guess;
pub use crate::query::time::read::duration;
pub(crate) use crate::query::time::read::range;
use crate::query::time::read::read;
pub use crate::query::time::rest::{TimeRest, time_rests};

/// An invalid time, with what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeMistake {
    /// The mistake and what to write, in one line.
    pub(crate) message: String,
    /// A further hint.
    pub(crate) hint: Option<String>,
    /// A guess of what it means.
    pub(crate) guess: TimeGuess,
}

/// The span that a time means. `now`: the clock, for `now` and `now-36h`.
pub(crate) fn span(text: &str, now: i64) -> Result<(i64, i64), TimeMistake> {
    read(text, now).map_err(|shaped| {
        let guess = guess(text, now);
        let unread = format!("cannot read `{text}` as a time; write");
        let forms = "2024-03-01, \"2024-03-01 13:00\" (UTC), now-24h, or last=7d";
        let mut hint = None;
        let message = match &guess {
            TimeGuess::Time(time) => match time.strip_prefix("now-") {
                Some(length) => format!("{unread} {time}, or last={length}"),
                None if text.bytes().any(|byte| byte.is_ascii_digit()) => format!("{unread} {}", literal(time)),
                None => {
                    hint = Some(format!("`{text}` is {}", literal(time)));
                    format!("{unread} {forms}")
                }
            },
            TimeGuess::Range(from, to) => {
                format!("`{text}` is a range, not a time; write {}", range(from.as_deref(), to.as_deref()))
            }
            TimeGuess::Ambiguous(one, other) => {
                format!("cannot tell the day from the month in `{text}`; write {} or {}", literal(one), literal(other))
            }
            TimeGuess::Unknown if shaped => format!("invalid time `{text}`: a part of it is out of range"),
            TimeGuess::Unknown => format!("{unread} {forms}"),
        };
        TimeMistake { message, hint, guess }
    })
}

/// Returns the message for an invalid duration.
pub(crate) fn invalid_duration(text: &str) -> String {
    format!("invalid duration `{text}`: expected a number and one of s, m, h, d, w (for example 36h)")
}

/// Returns the hint for an invalid duration, and what to write in its place. `before`: the text before the duration.
pub(crate) fn length_mistake(text: &str, before: &str) -> (String, Option<String>) {
    let short = length::spoken(text).map(length::short);
    let hint = match &short {
        Some(short) => format!("write {before}{short}"),
        None if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("write the unit after the number: {before}{text}d")
        }
        None => format!("for example {before}36h"),
    };
    (hint, short)
}

#[cfg(test)]
mod tests {
    use super::{duration, span};

    const NOON: i64 = 1_709_294_400; // 2024-03-01T12:00:00Z

    #[test]
    fn a_coarse_time_is_its_whole_span() {
        for (text, from, to) in [
            ("2024-03-01T12:00:00Z", NOON, NOON),
            ("2024-03-01 12:00:00", NOON, NOON),
            ("2024-03-01T13:00:00+01:00", NOON, NOON),
            ("2024-03-01T12:00:00.5Z", NOON, NOON),
            ("2024-03-01T12:00", NOON, NOON + 59),
            ("2024-03-01T12", NOON, NOON + 3_599),
            ("2024-03-01", NOON - 43_200, NOON + 43_199),
            ("2024-03", NOON - 43_200, NOON - 43_200 + 31 * 86_400 - 1),
            ("2024", 1_704_067_200, 1_735_689_599),
            ("now-1h", NOON - 3_600, NOON - 3_600),
            ("now", NOON, NOON),
        ] {
            assert_eq!(span(text, NOON), Ok((from, to)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_time_is_answered_with_what_to_write() {
        for (text, told) in [
            ("soon", "cannot read `soon` as a time; write 2024-03-01, \"2024-03-01 13:00\" (UTC), now-24h, or last=7d"),
            ("yesterday", "cannot read `yesterday` as a time; write 2024-03-01, \"2024-03-01 13:00\" (UTC), now-24h, "),
            ("24h", "cannot read `24h` as a time; write now-24h, or last=24h"),
            ("29.02.2024 9:30", "cannot read `29.02.2024 9:30` as a time; write \"2024-02-29 09:30\""),
            ("2024-03-01T12+9", "cannot read `2024-03-01T12+9` as a time; write 2024-03-01T12+09:00"),
            ("2024-03-01..now", "`2024-03-01..now` is a range, not a time; write since=2024-03-01 until=now"),
            (
                "2024-03-01T13:00..14:00",
                "`2024-03-01T13:00..14:00` is a range, not a time; write since=2024-03-01T13:00 until=\"2024-03-01 14:00\"",
            ),
            ("2024-W09", "`2024-W09` is a range, not a time; write since=2024-02-26 until=2024-03-03"),
            ("02/03/2024", "cannot tell the day from the month in `02/03/2024`; write 2024-02-03 or 2024-03-02"),
            ("2024-13", "invalid time `2024-13`: a part of it is out of range"),
            ("2024-02-30", "invalid time `2024-02-30`: a part of it is out of range"),
            ("2024-03-01T25", "invalid time `2024-03-01T25`: a part of it is out of range"),
            ("", "cannot read `` as a time"),
            ("24", "cannot read `24` as a time"),
            ("now-", "cannot read `now-` as a time"),
            ("now-5x", "cannot read `now-5x` as a time"),
        ] {
            let message = span(text, NOON).expect_err(text).message;
            assert!(message.starts_with(told), "{text}: {message}");
        }
        assert_eq!(
            (duration("36h"), duration("0s"), duration("7x"), duration("-1d")),
            (Some(129_600), None, None, None)
        );
    }
}
