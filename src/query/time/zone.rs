//! Zones as people write them after a time of day, as offsets.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

const HOUR: i32 = 3_600;

/// Abbreviations that mean one offset, in seconds. Those that mean several (`IST`, `CST` of China) are taken as the
/// meaning that log files have most often; the corrected line shows the offset.
const ABBREVIATIONS: &[(&str, i32)] = &[
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("WET", 0),
    ("WEST", HOUR),
    ("BST", HOUR),
    ("CET", HOUR),
    ("MEZ", HOUR),
    ("CEST", 2 * HOUR),
    ("MESZ", 2 * HOUR),
    ("EET", 2 * HOUR),
    ("SAST", 2 * HOUR),
    ("EEST", 3 * HOUR),
    ("MSK", 3 * HOUR),
    ("IST", 5 * HOUR + HOUR / 2),
    ("SGT", 8 * HOUR),
    ("HKT", 8 * HOUR),
    ("AWST", 8 * HOUR),
    ("JST", 9 * HOUR),
    ("KST", 9 * HOUR),
    ("AEST", 10 * HOUR),
    ("AEDT", 11 * HOUR),
    ("NZST", 12 * HOUR),
    ("NZDT", 13 * HOUR),
    ("EST", -5 * HOUR),
    ("EDT", -4 * HOUR),
    ("CST", -6 * HOUR),
    ("CDT", -5 * HOUR),
    ("MST", -7 * HOUR),
    ("MDT", -6 * HOUR),
    ("PST", -8 * HOUR),
    ("PDT", -7 * HOUR),
    ("BRT", -3 * HOUR),
];

/// Reports whether a word names a zone or an offset.
pub(crate) fn is_zone(word: &str) -> bool {
    abbreviation(word).is_some() || numeric(word).is_some() || named(word).is_some()
}

/// The offset that a word means at a time of day, as lookups write it: `Z` or `+02:00`.
pub(crate) fn offset(word: &str, at: DateTime) -> Option<String> {
    let seconds = abbreviation(word).or_else(|| numeric(word)).or_else(|| {
        let zone = named(word)?;
        Some(zone.to_ambiguous_zoned(at).compatible().ok()?.offset().seconds())
    })?;
    Offset::from_seconds(seconds).ok()?;
    if seconds == 0 {
        return Some("Z".to_owned());
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    Some(format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60))
}

fn abbreviation(word: &str) -> Option<i32> {
    ABBREVIATIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, seconds)| *seconds)
}

/// `+02:00`, `+0200`, `+2`, `UTC+2` and `GMT-05:00`.
fn numeric(word: &str) -> Option<i32> {
    let upper = word.to_ascii_uppercase();
    let rest = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT")).unwrap_or(&upper);
    let sign = match rest.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits = rest.get(1..)?;
    let is_number = |text: &str, most: usize| {
        !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if is_number(hours, 2) && minutes.len() == 2 && is_number(minutes, 2) => {
            (hours, minutes)
        }
        None if is_number(digits, 2) => (digits, "0"),
        None if digits.len() == 4 && is_number(digits, 4) => digits.split_at(2),
        _ => return None,
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 18 && minutes < 60).then_some(sign * (hours * HOUR + minutes * 60))
}

/// A zone of the tz database, such as `Europe/Berlin`.
fn named(word: &str) -> Option<TimeZone> {
    (word.contains('/') && word.starts_with(|c: char| c.is_ascii_alphabetic()))
        .then(|| TimeZone::get(word).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{is_zone, offset};

    #[test]
    fn zones_are_written_as_offsets() {
        let summer = date(2021, 7, 29).at(13, 0, 0, 0);
        for (word, expected) in [
            ("CEST", "+02:00"),
            ("utc", "Z"),
            ("Z", "Z"),
            ("PDT", "-07:00"),
            ("IST", "+05:30"),
            ("+0530", "+05:30"),
            ("+2", "+02:00"),
            ("UTC-3", "-03:00"),
            ("Europe/Berlin", "+02:00"),
            ("America/New_York", "-04:00"),
        ] {
            assert_eq!(offset(word, summer).as_deref(), Some(expected), "{word}");
        }
        for word in ["", "alice", "+", "+123", "+1:2", "+99:00", "a/b", "10.0.0.0/8"] {
            assert!(!is_zone(word), "{word}");
        }
    }
}
