//! Times as people and other tools write them and lookups do not: recognized only to say what to write.

use jiff::Timestamp;
use jiff::civil::{Date, ISOWeekDate, Time, Weekday};

use crate::query::time::read::read;
use crate::query::time::{length, zone};

/// A guess of what a text that is not a time of the language means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TimeGuess {
    /// A time, as lookups write it.
    Time(String),
    /// A range, as what `since` and `until` take; either may be open.
    Range(Option<String>, Option<String>),
    /// An ambiguous order of day and month: both readings.
    Ambiguous(String, String),
    /// No reading.
    Unknown,
}

/// The months, by the three letters that their names begin with.
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// The days of the week, likewise.
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Separators of the two ends of a range.
const BETWEEN: [&str; 8] = ["...", "..", "…", " to ", " until ", " - ", " – ", "–"];

/// Guesses what a text means. `now`: the clock, in Unix seconds.
pub(crate) fn guess(text: &str, now: i64) -> TimeGuess {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(range) = range(&text, now) {
        return range;
    }
    single(&text, now)
}

/// A range in one text.
fn range(text: &str, now: i64) -> Option<TimeGuess> {
    let starts_with_year = |text: &str| text.len() >= 7 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit);
    let interval = text.split_once('/').filter(|(from, to)| starts_with_year(from) && starts_with_year(to));
    let between = |mark: &&str| text.split_once(*mark).filter(|_| !text.starts_with("now"));
    let (from, to) = interval.or_else(|| BETWEEN.iter().find_map(between))?;
    let (from, to) = (from.trim(), to.trim());
    let end = |text: &str| match () {
        () if text.is_empty() => Some(None),
        () if read(text, now).is_ok() => Some(Some(text.to_owned())),
        () => match single(text, now) {
            TimeGuess::Time(time) => Some(Some(time)),
            _ => None,
        },
    };
    let first = end(from)?;
    let last = end(to).or_else(|| {
        // `2024-03-01 13:00..14:00`: the end has the day of the beginning.
        let (day, _) = first.as_deref()?.split_once([' ', 'T'])?;
        end(&format!("{day} {to}"))
    })?;
    (first.is_some() || last.is_some()).then_some(TimeGuess::Range(first, last))
}

/// A single time.
fn single(text: &str, now: i64) -> TimeGuess {
    let readings = [from_now, epoch, basic, week_or_quarter, calendar];
    let found = readings.iter().find_map(|read| read(text, now)).unwrap_or(TimeGuess::Unknown);
    match &found {
        // What is offered has to be one.
        TimeGuess::Time(time) if read(time, now).is_err() => TimeGuess::Unknown,
        _ => found,
    }
}

/// `yesterday`, `24h`, `now - 2 weeks`, `2 days ago`.
fn from_now(text: &str, now: i64) -> Option<TimeGuess> {
    let lower = text.to_ascii_lowercase();
    let today = Timestamp::from_second(now).ok()?.to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = match lower.as_str() {
        "today" => Some(today),
        "yesterday" => today.yesterday().ok(),
        "tomorrow" => today.tomorrow().ok(),
        _ => None,
    };
    if let Some(day) = day {
        return Some(TimeGuess::Time(day.to_string()));
    }
    let back = match lower.strip_prefix("now") {
        Some("") => return Some(TimeGuess::Time("now".to_owned())),
        Some(rest) => rest.trim_start().strip_prefix('-')?,
        None if lower.starts_with('+') => return None,
        None => &lower,
    };
    let back = back.trim_start_matches(['-', ' ']);
    let length = crate::query::time::read::duration(back)
        .map(|_| back.to_owned())
        .or_else(|| length::spoken(back).map(length::short));
    length.map(|length| TimeGuess::Time(format!("now-{length}")))
}

/// Unix seconds, milliseconds, microseconds or nanoseconds.
fn epoch(text: &str, _: i64) -> Option<TimeGuess> {
    let whole = text.split('.').next()?;
    let number: i64 = whole.bytes().all(|byte| byte.is_ascii_digit()).then(|| whole.parse().ok())??;
    let seconds = match whole.len() {
        9 | 10 => number,
        12 | 13 => number / 1_000,
        15 | 16 => number / 1_000_000,
        18 | 19 => number / 1_000_000_000,
        _ => return None,
    };
    Some(TimeGuess::Time(crate::time::format(seconds)))
}

/// ISO's basic form: `20240301`, `20240301T0930`, `20240301093000Z`.
fn basic(text: &str, _: i64) -> Option<TimeGuess> {
    let digits: String = text.trim_end_matches(['Z', 'z']).chars().filter(|c| !matches!(c, 'T' | 't')).collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut written = format!("{}-{}-{}", digits.get(..4)?, digits.get(4..6)?, digits.get(6..8)?);
    match digits.get(8..)? {
        "" => {}
        time if matches!(time.len(), 2 | 4 | 6) => {
            let parts: Vec<&str> = (0..time.len()).step_by(2).filter_map(|at| time.get(at..at + 2)).collect();
            written.push('T');
            written.push_str(&parts.join(":"));
            written.push('Z');
        }
        _ => return None,
    }
    Some(TimeGuess::Time(written))
}

/// `2024-W09`, `2024W09-5` and `2024-Q1`.
fn week_or_quarter(text: &str, _: i64) -> Option<TimeGuess> {
    let upper = text.to_ascii_uppercase();
    let (year, rest) = upper.split_at_checked(4)?;
    let year: i16 = year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse().ok())??;
    let rest = rest.trim_start_matches(['-', ' ']);
    if let Some(quarter) = rest.strip_prefix('Q') {
        let quarter: i8 = quarter.parse().ok().filter(|quarter| (1..=4).contains(quarter))?;
        let month = |month: i8| Some(format!("{year:04}-{month:02}"));
        return Some(TimeGuess::Range(month(quarter * 3 - 2), month(quarter * 3)));
    }
    let (week, day) = match rest.strip_prefix('W')?.split_once('-') {
        Some((week, day)) => (week, Some(day.parse::<i8>().ok()?)),
        None => (rest.strip_prefix('W')?, None),
    };
    let date = |day: i8| -> Option<Date> {
        let weekday = Weekday::from_monday_one_offset(day).ok()?;
        Some(ISOWeekDate::new(year, week.parse().ok()?, weekday).ok()?.date())
    };
    match day {
        Some(day) => Some(TimeGuess::Time(date(day)?.to_string())),
        None => Some(TimeGuess::Range(Some(date(1)?.to_string()), Some(date(7)?.to_string()))),
    }
}

/// A day in any spelling, with a time of day and a zone where there are: `29.07.2021 1:30 pm CEST`.
fn calendar(text: &str, _: i64) -> Option<TimeGuess> {
    let mut words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    words.retain(|word| !is_weekday(word));
    let mut glued = Vec::new();
    for word in words {
        glued.extend(pieces(word));
    }
    let zone_at = glued.iter().position(|word| zone::is_zone(word));
    let zone = zone_at.map(|at| glued.remove(at));
    let half_at =
        glued.iter().position(|word| matches!(word.to_ascii_lowercase().as_str(), "am" | "pm" | "a.m." | "p.m."));
    let half = half_at.map(|at| glued.remove(at).to_ascii_lowercase());
    let is_hour = |word: &&str| half.is_some() && word.len() <= 2;
    let time_at =
        glued.iter().position(|word| word.contains(':')).or_else(|| glued.iter().rposition(is_hour)).or_else(|| {
            // An hour alone is one only after a T, which `pieces` has taken off.
            (glued.len() == 2 && glued[0].contains('-') && glued[1].len() <= 2).then_some(1)
        });
    let clock = match time_at {
        Some(at) => Some(time_of_day(glued.remove(at), half.as_deref())?),
        None if half.is_some() => return None,
        None => None,
    };
    let days = match day(&glued.join(" "))? {
        Day::Is(day) => vec![day],
        Day::Either(one, other) => vec![one, other],
        Day::Month(month) => {
            return (clock.is_none() && zone.is_none()).then_some(TimeGuess::Time(month));
        }
    };
    let written = |day: &Date| -> Option<String> {
        let Some((time, shown)) = &clock else { return zone.is_none().then(|| day.to_string()) };
        Some(match zone {
            Some(word) => format!("{day}T{shown}{}", zone::offset(word, day.to_datetime(*time))?),
            None => format!("{day} {shown}"),
        })
    };
    let written = days.iter().map(written).collect::<Option<Vec<_>>>()?;
    match written.as_slice() {
        [one] => Some(TimeGuess::Time(one.clone())),
        [one, other] => Some(TimeGuess::Ambiguous(one.clone(), other.clone())),
        _ => None,
    }
}

fn is_weekday(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    lower.len() >= 3
        && lower.bytes().all(|byte| byte.is_ascii_alphabetic())
        && WEEKDAYS.iter().any(|day| lower.starts_with(day))
        && (lower.len() == 3 || lower.ends_with("day"))
}

/// A word at the seams between a day, a time of day, `am` or `pm`, and a zone: `2021-07-29T13:00CEST`.
fn pieces(word: &str) -> Vec<&str> {
    let (day, rest) = match word.find(['T', 't']).filter(|at| {
        let digit = |at: usize| word.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        *at > 0 && digit(at - 1) && digit(at + 1)
    }) {
        Some(at) => (Some(&word[..at]), &word[at + 1..]),
        None => (None, word),
    };
    let mut found: Vec<&str> = day.into_iter().collect();
    let colon = rest.find(':');
    let is_clock = rest.starts_with(|c: char| c.is_ascii_digit()) && (colon.is_some() || day.is_some());
    let half = rest.len() > 2 && rest.is_char_boundary(rest.len() - 2) && {
        let (number, end) = rest.split_at(rest.len() - 2);
        matches!(end.to_ascii_lowercase().as_str(), "am" | "pm")
            && number.bytes().all(|b| b.is_ascii_digit() || b == b':')
    };
    if !is_clock && !half {
        found.push(rest);
        return found;
    }
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.'))).unwrap_or(rest.len());
    let (clock, after) = rest.split_at(end);
    found.push(clock);
    if !after.is_empty() {
        found.push(after);
    }
    found
}

/// A time of day and how lookups write it, as coarse as it was typed.
fn time_of_day(text: &str, half: Option<&str>) -> Option<(Time, String)> {
    let whole = text.split('.').next()?;
    let parts: Vec<i8> = whole.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let mut hour = *parts.first()?;
    if let Some(half) = half {
        hour = match (half.starts_with('p'), hour) {
            (false, 12) => 0,
            (true, 1..=11) => hour + 12,
            (_, 1..=12) => hour,
            _ => return None,
        };
    }
    let time = Time::new(hour, parts.get(1).copied().unwrap_or(0), parts.get(2).copied().unwrap_or(0), 0).ok()?;
    let shown = match parts.len() {
        1 => format!("{hour:02}"),
        2 => format!("{hour:02}:{:02}", time.minute()),
        3 => format!("{hour:02}:{:02}:{:02}", time.minute(), time.second()),
        _ => return None,
    };
    Some((time, shown))
}

/// A day.
enum Day {
    Is(Date),
    /// Day and month may be either way round.
    Either(Date, Date),
    /// A whole month, as lookups write it.
    Month(String),
}

/// A day without its time.
fn day(text: &str) -> Option<Day> {
    let parts: Vec<&str> = text.split(['-', '/', '.', ' ']).filter(|part| !part.is_empty()).collect();
    let month_at = parts.iter().position(|part| month(part).is_some());
    let number = |part: &str| -> Option<i16> {
        let digits = part.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let ordinal = matches!(&part[digits.len()..], "" | "st" | "nd" | "rd" | "th");
        (ordinal && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
    };
    let numbers: Vec<i16> = parts
        .iter()
        .enumerate()
        .filter(|(at, _)| Some(*at) != month_at)
        .map(|(_, part)| number(part))
        .collect::<Option<_>>()?;
    let is_year = |at: usize| parts.get(at).is_some_and(|part| part.len() == 4);
    let date =
        |year: i16, month: i16, day: i16| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    if let Some(month) = month_at.and_then(|at| month(parts[at])) {
        return match numbers.as_slice() {
            [year] if *year > 31 => Some(Day::Month(format!("{year:04}-{month:02}"))),
            [year, day] if *year > 31 => date(*year, month, *day).map(Day::Is),
            [day, year] => date(*year, month, *day).filter(|_| *year > 31).map(Day::Is),
            _ => None,
        };
    }
    match numbers.as_slice() {
        [year, month, day] if is_year(0) => date(*year, *month, *day).map(Day::Is),
        [month, year] if is_year(1) && (1..=12).contains(month) => Some(Day::Month(format!("{year:04}-{month:02}"))),
        [first, second, year] if is_year(2) => {
            let day_first = date(*year, *second, *first);
            // Points are written with the day first everywhere.
            let month_first = date(*year, *first, *second).filter(|_| !text.contains('.'));
            match (day_first, month_first) {
                (Some(one), Some(other)) if one != other => Some(Day::Either(other, one)),
                (one, other) => one.or(other).map(Day::Is),
            }
        }
        _ => None,
    }
}

/// The number of a month's name.
fn month(word: &str) -> Option<i16> {
    let lower = word.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| lower.starts_with(month))?;
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    (NAMES[at].starts_with(&lower) || lower == "sept").then_some(at as i16 + 1)
}

/// Reports whether a word may be the rest of a time whose day comes before it.
pub(crate) fn is_rest(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let clock = |text: &str| {
        let (hours, rest) = text.split_once(':').unwrap_or(("", ""));
        let digits = |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
        digits(hours) && rest.get(..2).is_some_and(digits)
    };
    let marks = ["am", "pm", "a.m.", "p.m.", "ago", "to", "-", "–", "..", "...", "until", "at", "o'clock"];
    let back = lower.strip_prefix('-').is_some_and(|length| length::spoken(length).is_some());
    let half = lower.strip_suffix("am").or_else(|| lower.strip_suffix("pm"));
    clock(word.trim_start_matches(['T', 't', '.']))
        || marks.contains(&lower.as_str())
        || back
        || half.is_some_and(|hour| !hour.is_empty() && hour.len() <= 2 && hour.bytes().all(|b| b.is_ascii_digit()))
        || zone::is_zone(word)
}

/// Reports whether more of a range or of `now -` follows a word.
pub(crate) fn goes_on(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "to" | "-" | "–" | ".." | "..." | "until" | "at")
}

/// The time that a day before and what follows it make.
pub(crate) fn joined<'w>(day: &str, rest: &[&'w str], now: i64) -> TimeGuess {
    let without_t = |word: &&'w str| match word.strip_prefix(['T', 't']) {
        Some(clock) if clock.starts_with(|c: char| c.is_ascii_digit()) => clock,
        _ => *word,
    };
    let rest: Vec<&str> = rest.iter().filter(|word| !matches!(**word, "at" | "o'clock")).map(without_t).collect();
    let text = format!("{day} {}", rest.join(" "));
    let text = if day == "now" { text.replace(' ', "") } else { text };
    // With the day before it, a time with a blank is one already.
    if read(&text, now).is_ok() {
        return TimeGuess::Time(text);
    }
    guess(&text, now)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::TestCaseError;

    use super::{TimeGuess, guess, is_rest, joined};

    const NOON: i64 = 1_709_294_400; // 2024-03-01T12:00:00Z

    #[test]
    fn times_of_other_tools_are_written_as_lookups_write_them() {
        for (text, expected) in [
            ("today", "2024-03-01"),
            ("yesterday", "2024-02-29"),
            ("24h", "now-24h"),
            ("-36h", "now-36h"),
            ("1 day", "now-1d"),
            ("now - 2 weeks", "now-14d"),
            ("now-1month", "now-30d"),
            ("3 days ago", "now-3d"),
            ("1627516800", "2021-07-29T00:00:00Z"),
            ("1627516800123", "2021-07-29T00:00:00Z"),
            ("1627516800.5", "2021-07-29T00:00:00Z"),
            ("20210729", "2021-07-29"),
            ("20210729T1300", "2021-07-29T13:00Z"),
            ("20210729130005Z", "2021-07-29T13:00:05Z"),
            ("2021-W30-4", "2021-07-29"),
            ("29.07.2021", "2021-07-29"),
            ("29.7.2021 13:00", "2021-07-29 13:00"),
            ("07/29/2021", "2021-07-29"),
            ("29/07/2021", "2021-07-29"),
            ("2021/07/29", "2021-07-29"),
            ("2021/7/29 13:00:05", "2021-07-29 13:00:05"),
            ("07/2021", "2021-07"),
            ("July 2021", "2021-07"),
            ("29 Jul 2021", "2021-07-29"),
            ("Jul 29, 2021 1:05 pm", "2021-07-29 13:05"),
            ("29-Jul-2021", "2021-07-29"),
            ("2021-Jul-29", "2021-07-29"),
            ("July 29th 2021", "2021-07-29"),
            ("Thu, 29 Jul 2021 13:00:00 GMT", "2021-07-29T13:00:00Z"),
            ("2021-07-29 13:00 CEST", "2021-07-29T13:00+02:00"),
            ("2021-07-29T13:00CEST", "2021-07-29T13:00+02:00"),
            ("2021-07-29 13:00 +0200", "2021-07-29T13:00+02:00"),
            ("2021-07-29 13:00 Z", "2021-07-29T13:00Z"),
            ("2021-07-29  13:00", "2021-07-29 13:00"),
            ("2021-07-29 13:00 Europe/Berlin", "2021-07-29T13:00+02:00"),
            ("2021-07-29 1pm", "2021-07-29 13"),
            ("2021-07-29T13 UTC", "2021-07-29T13Z"),
        ] {
            assert_eq!(guess(text, NOON), TimeGuess::Time(expected.to_owned()), "{text}");
        }
        for text in ["", "soon", "24", "13:00", "99/99/2021", "2021-13-45", "29.07.21", "x2021", "1pm", "+1h", "漢字"]
        {
            assert_eq!(guess(text, NOON), TimeGuess::Unknown, "{text}");
        }
        let either = TimeGuess::Ambiguous("2021-07-08".to_owned(), "2021-08-07".to_owned());
        assert_eq!(guess("07/08/2021", NOON), either);
    }

    #[test]
    fn ranges_in_one_value_have_two_ends() {
        let range = |from: &str, to: &str| {
            let end = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            TimeGuess::Range(end(from), end(to))
        };
        for (text, from, to) in [
            ("2024-03-01..2024-03-05", "2024-03-01", "2024-03-05"),
            ("2024-03-01 13:00..2024-03-01 14:00", "2024-03-01 13:00", "2024-03-01 14:00"),
            ("2024-03-01T13:00..14:00", "2024-03-01T13:00", "2024-03-01 14:00"),
            ("2024-03-01 to 2024-03-05", "2024-03-01", "2024-03-05"),
            ("2024-03-01/2024-03-05", "2024-03-01", "2024-03-05"),
            ("01.03.2024..05.03.2024", "2024-03-01", "2024-03-05"),
            ("2024-03-01..", "2024-03-01", ""),
            ("..2024-03-05", "", "2024-03-05"),
            ("2024-W09", "2024-02-26", "2024-03-03"),
            ("2024-Q1", "2024-01", "2024-03"),
        ] {
            assert_eq!(guess(text, NOON), range(from, to), "{text}");
        }
        for text in ["..", "a..b", "10.0.0.0/8"] {
            assert_eq!(guess(text, NOON), TimeGuess::Unknown, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_offered_can_be_read(text in r"([0-9]{1,5}|[-/.: ,TZ+WQ]|am|pm|now|to|\.\.|Jul|Mon|CEST|week|yesterday|\PC){0,9}") {
            let readable = |time: &String| prop_assert_ok(super::read(time, NOON).is_ok());
            match guess(&text, NOON) {
                TimeGuess::Time(time) => readable(&time)?,
                TimeGuess::Range(from, to) => from.iter().chain(&to).try_for_each(readable)?,
                TimeGuess::Ambiguous(one, other) => readable(&one).and(readable(&other))?,
                TimeGuess::Unknown => {}
            }
            let _ = (is_rest(&text), joined("2021-07-29", &[&text], NOON));
        }
    }

    fn prop_assert_ok(holds: bool) -> Result<(), TestCaseError> {
        prop_assert!(holds);
        Ok(())
    }

    #[test]
    fn what_follows_a_day_may_be_the_rest_of_a_time() {
        for word in
            ["13:00", "13:00:05", "T13:00", "CEST", "UTC", "Z", "+02:00", "PM", "1pm", "-1h", "to", "13:00..14:00"]
        {
            assert!(is_rest(word), "{word}");
        }
        for word in ["alice", "13", "10.0.0.1", "2001:db8::1", "i-0abc", "", "pm-role", "24h"] {
            assert!(!is_rest(word), "{word}");
        }
        let time = |text: &str| TimeGuess::Time(text.to_owned());
        assert_eq!(joined("2021-07-29", &["13:00"], NOON), time("2021-07-29 13:00"));
        assert_eq!(joined("2021-07-29", &["13:00", "CEST"], NOON), time("2021-07-29T13:00+02:00"));
        assert_eq!(joined("2021-07-29", &["1:00", "PM"], NOON), time("2021-07-29 13:00"));
        assert_eq!(joined("2021-07-29T13:00", &["CEST"], NOON), time("2021-07-29T13:00+02:00"));
        assert_eq!(joined("2021-07-29T13:00", &["+02:00"], NOON), time("2021-07-29T13:00+02:00"));
        assert_eq!(joined("now", &["-", "1h"], NOON), time("now-1h"));
        let range = TimeGuess::Range(Some("2021-07-29".to_owned()), Some("2021-07-30".to_owned()));
        assert_eq!(joined("2021-07-29", &["to", "2021-07-30"], NOON), range);
    }
}
