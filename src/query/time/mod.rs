//! Times as lookups write them: RFC 3339, or anything coarser, which means its whole span; and durations.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

mod human;
mod length;
mod rest;
mod zone;

use crate::query::quote::literal;
pub(crate) use crate::query::time::human::Meant;
use crate::query::time::human::{goes_on, is_rest, joined, meant};
pub use crate::query::time::rest::{TimeRest, time_rests};

/// Seconds of a duration such as `90s`, `5m`, `36h`, `7d`, `2w`.
pub fn duration(text: &str) -> Option<i64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let number: i64 = text[..text.len() - 1].parse().ok()?;
    (number > 0).then_some(())?;
    number.checked_mul(unit).filter(|seconds| *seconds < 100_000_000_000)
}

/// An invalid time, with what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeMistake {
    /// The mistake and what to write, in one line.
    pub(crate) message: String,
    /// A further hint.
    pub(crate) hint: Option<String>,
    /// A guess of what it means.
    pub(crate) meant: Meant,
}

/// The span that a time means. `now`: the clock, for `now` and `now-36h`.
pub(crate) fn span(text: &str, now: i64) -> Result<(i64, i64), TimeMistake> {
    read(text, now).map_err(|shaped| {
        let meant = meant(text, now);
        let unread = format!("cannot read `{text}` as a time; write");
        let forms = "2024-03-01, \"2024-03-01 13:00\" (UTC), now-24h, or last=7d";
        let mut hint = None;
        let message = match &meant {
            Meant::Time(time) => match time.strip_prefix("now-") {
                Some(length) => format!("{unread} {time}, or last={length}"),
                None if text.bytes().any(|byte| byte.is_ascii_digit()) => format!("{unread} {}", literal(time)),
                None => {
                    hint = Some(format!("`{text}` is {}", literal(time)));
                    format!("{unread} {forms}")
                }
            },
            Meant::Range(from, to) => format!("a range is written {}", range(from.as_deref(), to.as_deref())),
            Meant::Ambiguous(one, other) => {
                format!("cannot tell the day from the month in `{text}`; write {} or {}", literal(one), literal(other))
            }
            Meant::Unknown if shaped => format!("there is no such time as {text}"),
            Meant::Unknown => format!("{unread} {forms}"),
        };
        TimeMistake { message, hint, meant }
    })
}

/// A range as lookups write it.
pub(crate) fn range(from: Option<&str>, to: Option<&str>) -> String {
    let since = from.map(|from| format!("since={}", literal(from)));
    let until = to.map(|to| format!("until={}", literal(to)));
    since.into_iter().chain(until).collect::<Vec<_>>().join(" ")
}

/// Returns the message for an invalid duration, and what to write in its place. `before`: the text before the duration.
pub(crate) fn length_mistake(text: &str, before: &str) -> (String, Option<String>) {
    let short = length::spoken(text).map(length::short);
    let hint = match &short {
        Some(short) => format!("write {before}{short}"),
        None if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("write the unit after the number, s, m, h, d or w: {before}{text}d")
        }
        None => format!("write a number and s, m, h, d or w: {before}36h"),
    };
    (hint, short)
}

/// The span of a time; the error tells whether the text has at least the shape of one.
fn read(text: &str, now: i64) -> Result<(i64, i64), bool> {
    if let Some(rest) = text.strip_prefix("now") {
        let seconds = match rest.split_at_checked(1) {
            None => Some(now),
            Some(("-", ago)) => duration(ago).map(|ago| now - ago),
            _ => None,
        };
        return seconds.map(|at| (at, at)).ok_or(false);
    }
    let (text, offset) = split_offset(text).ok_or(false)?;
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let numbers = |text: &str, separator: char| -> Option<Vec<i16>> {
        text.split(separator)
            .map(|part| (!part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?)
            .collect()
    };
    let date_parts = numbers(date, '-').ok_or(false)?;
    if date.split('-').next().is_none_or(|year| year.len() != 4) {
        return Err(false);
    }
    let time_parts = match time {
        Some(time) => {
            let (whole, fraction) = time.split_once(['.', ',']).unwrap_or((time, ""));
            if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(false);
            }
            Some(numbers(whole, ':').ok_or(false)?)
        }
        None => None,
    };
    bounds(&date_parts, time_parts.as_deref(), offset).ok_or((1..=3).contains(&date_parts.len()))
}

/// Takes `Z` or `+HH:MM` off a time of day.
fn split_offset(text: &str) -> Option<(&str, Offset)> {
    if let Some(rest) = text.strip_suffix(['Z', 'z']) {
        return Some((rest, Offset::UTC));
    }
    let day_length = "2024-03-01T".len();
    let Some(at) = text.get(day_length..).and_then(|time| time.find(['+', '-'])).map(|at| at + day_length) else {
        return Some((text, Offset::UTC));
    };
    let (time, offset) = text.split_at(at);
    let digits: String = offset[1..].chars().filter(|c| *c != ':').collect();
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<i32>().ok());
    let (hours, minutes) = match digits.len() {
        2 => (number(0..2), Some(0)),
        4 => (number(0..2), number(2..4)),
        _ => (None, None),
    };
    let seconds = hours.zip(minutes).map(|(hours, minutes)| hours * 3_600 + minutes * 60);
    let signed = seconds.map(|seconds| if offset.starts_with('-') { -seconds } else { seconds });
    let offset = signed.and_then(|seconds| Offset::from_seconds(seconds).ok());
    Some((time, offset?))
}

/// The first and the last second of a date, or of a part of a day.
fn bounds(date: &[i16], time: Option<&[i16]>, offset: Offset) -> Option<(i64, i64)> {
    let small = |number: &i16| i8::try_from(*number).ok();
    let day =
        Date::new(*date.first()?, date.get(1).map_or(Some(1), small)?, date.get(2).map_or(Some(1), small)?).ok()?;
    let (start, length) = match (date.len(), time) {
        (1, None) => (day.to_datetime(Time::midnight()), 1.year()),
        (2, None) => (day.to_datetime(Time::midnight()), 1.month()),
        (3, None) => (day.to_datetime(Time::midnight()), 1.day()),
        (3, Some(parts)) => {
            let part = |index: usize| parts.get(index).map_or(Some(0), small);
            let time = Time::new(part(0)?, part(1)?, part(2)?, 0).ok()?;
            let length = match parts.len() {
                1 => 1.hour(),
                2 => 1.minute(),
                3 => 1.second(),
                _ => return None,
            };
            (day.to_datetime(time), length)
        }
        _ => return None,
    };
    let second =
        |at: DateTime| -> Option<i64> { Some(at.to_zoned(TimeZone::fixed(offset)).ok()?.timestamp().as_second()) };
    let end = start.checked_add(length).ok().and_then(second).unwrap_or_else(|| Timestamp::MAX.as_second());
    Some((second(start)?, end - 1))
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
            ("2024-03-01..now", "a range is written since=2024-03-01 until=now"),
            ("2024-03-01T13:00..14:00", "a range is written since=2024-03-01T13:00 until=\"2024-03-01 14:00\""),
            ("2024-W09", "a range is written since=2024-02-26 until=2024-03-03"),
            ("02/03/2024", "cannot tell the day from the month in `02/03/2024`; write 2024-02-03 or 2024-03-02"),
            ("2024-13", "there is no such time as 2024-13"),
            ("2024-02-30", "there is no such time as 2024-02-30"),
            ("2024-03-01T25", "there is no such time as 2024-03-01T25"),
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
