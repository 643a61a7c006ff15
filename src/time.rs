//! Times as records and the schema spell them. Imports nothing of trailq.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The Unix seconds of years with four digits.
const WRITABLE: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

/// Parses a time in any form that records have: `2024-03-01T09:00:00Z`, with a fraction (dropped) or an
/// offset, with a blank instead of the T, or in ISO's basic form `20131102T010628Z`. A time without an offset is UTC.
/// Returns Unix seconds.
pub fn parse(text: &str) -> Option<i64> {
    if let Some(seconds) = parse_usual(text.as_bytes()) {
        return Some(seconds);
    }
    let seconds = text.parse::<Timestamp>().map(floor).ok().or_else(|| parse_rare(text))?;
    WRITABLE.contains(&seconds).then_some(seconds)
}

/// Reports whether these Unix seconds are in a year with four digits.
pub fn is_writable(seconds: i64) -> bool {
    WRITABLE.contains(&seconds)
}

/// Rounds a time down to whole seconds.
fn floor(time: Timestamp) -> i64 {
    time.as_nanosecond().div_euclid(1_000_000_000) as i64
}

fn parse_rare(text: &str) -> Option<i64> {
    if let Ok(civil) = text.parse::<DateTime>() {
        return civil.to_zoned(TimeZone::UTC).ok().map(|zoned| floor(zoned.timestamp()));
    }
    let basic = text.strip_suffix('Z')?;
    let civil = DateTime::strptime("%Y%m%dT%H%M%S", basic).ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| floor(zoned.timestamp()))
}

/// Parses `YYYY-MM-DDTHH:MM:SSZ`, which nearly every record has.
fn parse_usual(text: &[u8]) -> Option<i64> {
    let text: &[u8; 20] = text.try_into().ok()?;
    let punctuated = text[4] == b'-'
        && text[7] == b'-'
        && text[10] == b'T'
        && text[13] == b':'
        && text[16] == b':'
        && text[19] == b'Z';
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        text[range].iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let sound = punctuated
        && (1..=12).contains(&month)
        && day >= 1
        && day <= days_in(year, month)
        && hour < 24
        && minute < 60
        && second < 60;
    sound.then(|| days_since_epoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Returns the days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant's algorithm).
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Formats Unix seconds as `YYYY-MM-DDTHH:MM:SSZ`; a year of more than four digits is replaced by the nearest one.
pub fn format(seconds: i64) -> String {
    String::from_utf8_lossy(&characters(seconds)).into_owned()
}

/// Returns the characters of [`format`], without an allocation.
pub(crate) fn characters(seconds: i64) -> [u8; 20] {
    let seconds = seconds.clamp(*WRITABLE.start(), *WRITABLE.end());
    let (year, month, day) = date_of(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400) as u32;
    let mut text = *b"0000-00-00T00:00:00Z";
    let mut put = |at: usize, number: u32| {
        text[at] = b'0' + (number / 10 % 10) as u8;
        text[at + 1] = b'0' + (number % 10) as u8;
    };
    put(0, year as u32 / 100);
    put(2, year as u32);
    put(5, month as u32);
    put(8, day as u32);
    put(11, second / 3_600);
    put(14, second / 60 % 60);
    put(17, second % 60);
    text
}

/// Returns year, month and day of a number of days since 1970-01-01, the inverse of [`days_since_epoch`].
fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * month_from_march + 2) / 5 + 1)
}

/// Returns the clock's time in Unix seconds, limited to years of four digits.
pub fn now() -> i64 {
    seconds_of(SystemTime::now())
}

fn seconds_of(time: SystemTime) -> i64 {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds - 1),
    };
    seconds.clamp(*WRITABLE.start(), *WRITABLE.end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::time::{Duration, UNIX_EPOCH};

    use super::{format, parse, seconds_of};

    #[test]
    fn a_clock_of_any_time_is_written_with_four_digits() {
        let far = Duration::from_secs(1 << 60);
        for (time, written) in [
            (UNIX_EPOCH + Duration::from_secs(1_709_283_600), "2024-03-01T09:00:00Z"),
            (UNIX_EPOCH - Duration::from_millis(1), "1969-12-31T23:59:59Z"),
            (UNIX_EPOCH - Duration::from_secs(100_000_000_000), "0000-01-01T00:00:00Z"),
            (UNIX_EPOCH.checked_add(far).unwrap_or(UNIX_EPOCH), "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(format(seconds_of(time)), written);
        }
    }

    #[test]
    fn every_spelling_of_a_time_is_read() {
        let expected = Some(1_709_283_600);
        for text in [
            "2024-03-01T09:00:00Z",
            "2024-03-01T09:00:00.999Z",
            "2024-03-01T10:00:00+01:00",
            "2024-03-01 20:00:00+11:00",
            "2024-03-01T09:00:00",
            "2024-03-01 09:00:00",
            "20240301T090000Z",
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        for text in ["", "yesterday", "2024-02-30T00:00:00Z", "2024-13-01T00:00:00Z", "2024-03-01T24:00:00Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_usual_form_is_read_as_the_library_reads_it(seconds in -62_135_596_800_i64..=253_402_207_200) {
            let text = format(seconds);
            prop_assert_eq!(parse(&text), Some(seconds));
            let library = jiff::Timestamp::from_second(seconds).unwrap().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            prop_assert_eq!(&text, &library);
            prop_assert_eq!(text.parse::<jiff::Timestamp>().ok().map(|time| time.as_second()), Some(seconds));
        }
    }
}
