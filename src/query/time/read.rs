//! Reads times as lookups write them.

use crate::query::quote::literal;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// Returns the span of a time. The error is true if the text has at least the shape of one.
pub(crate) fn read(text: &str, now: i64) -> Result<(i64, i64), bool> {
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

/// A range as lookups write it.
pub(crate) fn range(from: Option<&str>, to: Option<&str>) -> String {
    let since = from.map(|from| format!("since={}", literal(from)));
    let until = to.map(|to| format!("until={}", literal(to)));
    since.into_iter().chain(until).collect::<Vec<_>>().join(" ")
}
