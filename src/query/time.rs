//! Times as lookups write them: RFC 3339, or anything coarser, which means its whole span; and durations.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// A span of time in Unix seconds, both ends inclusive; an open end is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interval {
    /// The first second.
    pub from: Option<i64>,
    /// The last second.
    pub to: Option<i64>,
}

impl Interval {
    /// The part that both share; `None` where they share none.
    pub(super) fn and(self, other: Interval) -> Interval {
        let pick = |a: Option<i64>, b: Option<i64>, wider: fn(i64, i64) -> i64| match (a, b) {
            (Some(a), Some(b)) => Some(wider(a, b)),
            (a, b) => a.or(b),
        };
        Interval { from: pick(self.from, other.from, i64::max), to: pick(self.to, other.to, i64::min) }
    }
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

/// The span that a time means. `now`: the clock, for `now` and `now-36h`.
pub(super) fn span(text: &str, now: i64) -> Result<(i64, i64), String> {
    if let Some(rest) = text.strip_prefix("now") {
        let seconds = match rest.split_at_checked(1) {
            None => Some(now),
            Some(("-", ago)) => duration(ago).map(|ago| now - ago),
            _ => None,
        };
        return seconds.map(|at| (at, at)).ok_or_else(|| format!("`{text}` is no time: write now-36h, now-7d"));
    }
    let (text, offset) = split_offset(text)?;
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let numbers = |text: &str, separator: char| -> Option<Vec<i16>> {
        text.split(separator)
            .map(|part| (!part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?)
            .collect()
    };
    let bad = || format!("`{text}` is no time: write 2024, 2024-03, 2024-03-01, 2024-03-01T09 or 2024-03-01T09:30:00Z");
    let date_parts = numbers(date, '-').ok_or_else(bad)?;
    if date_parts.first().is_none_or(|_| date.split('-').next().is_none_or(|year| year.len() != 4)) {
        return Err(bad());
    }
    let time_parts = match time {
        Some(time) => {
            let whole = time.split(['.', ',']).next().unwrap_or(time);
            Some(numbers(whole, ':').ok_or_else(bad)?)
        }
        None => None,
    };
    bounds(&date_parts, time_parts.as_deref(), offset).ok_or_else(|| match date_parts.len() {
        1..=3 => format!("there is no such time as {text}"),
        _ => bad(),
    })
}

/// Takes `Z` or `+HH:MM` off a time of day.
fn split_offset(text: &str) -> Result<(&str, Offset), String> {
    if let Some(rest) = text.strip_suffix(['Z', 'z']) {
        return Ok((rest, Offset::UTC));
    }
    let day_length = "2024-03-01T".len();
    let Some(at) = text.get(day_length..).and_then(|time| time.find(['+', '-'])).map(|at| at + day_length) else {
        return Ok((text, Offset::UTC));
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
    Ok((time, offset.ok_or_else(|| format!("`{text}` has an offset that is none: write Z or +01:00"))?))
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
    fn what_is_no_time_is_told() {
        for text in
            ["", "24", "2024-13", "2024-02-30", "2024-03-01T25", "yesterday", "now-", "now-5x", "2024-03-01T12+9"]
        {
            assert!(span(text, NOON).is_err(), "{text}");
        }
        assert_eq!(
            (duration("36h"), duration("0s"), duration("7x"), duration("-1d")),
            (Some(129_600), None, None, None)
        );
    }
}
