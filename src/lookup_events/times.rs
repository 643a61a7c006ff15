//! Times in the AWS CLI's syntax. A date without a time is its first second, and a time without an offset is UTC,
//! as in the CLI: a coarser time is not a span here.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// The formats of dates in the CLI's manual.
const DATES: [&str; 3] = ["%Y-%m-%d", "%m-%d-%Y", "%m/%d/%Y"];
/// The formats of times of day after a date.
const TIMES: [&str; 5] = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p"];

/// Parses a time: RFC 3339, a date with or without a time of day (`2024-03-01`, `03/01/2024, 01:16 PM`), or
/// Unix seconds in digits, whose fraction is dropped as in the CLI.
pub(crate) fn time(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(seconds) = crate::time::parse(text) {
        return Some(seconds);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if let Some(seconds) = whole.parse().ok().filter(|_| fraction.bytes().all(|byte| byte.is_ascii_digit())) {
        return Some(seconds);
    }
    let words: Vec<&str> =
        text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()).collect();
    let (date, rest) = words.split_first()?;
    let date = DATES.iter().find_map(|format| Date::strptime(format, date).ok())?;
    let rest = rest.join(" ");
    let time = match rest.is_empty() {
        true => Time::midnight(),
        false => TIMES.iter().find_map(|format| Time::strptime(format, &rest).ok())?,
    };
    let civil = DateTime::from_parts(date, time);
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn every_form_of_the_manual_is_read() {
        for text in [
            "1422317760",
            "1422317760.0",
            "1422317760.9",
            "2015-01-27T00:16:00Z",
            "2015-01-27T01:16:00+01:00",
            "2015-01-27 00:16:00",
            "2015-01-27, 12:16 AM",
            "01-27-2015, 12:16AM",
            "01/27/2015, 00:16",
            "01/27/2015 00:16:00",
        ] {
            assert_eq!(time(text), Some(1_422_317_760), "{text}");
        }
        assert_eq!(time("2015-01-27"), Some(1_422_316_800));
        assert_eq!(time("01-27-2015"), Some(1_422_316_800));
        assert_eq!(time("01-27-2015,01:16PM"), Some(1_422_364_560));
        assert_eq!(time("-5"), Some(-5));
        for text in ["", "yesterday", "2015-13-01", "27/01/2015", "1.x", "2015-01-27 25:00"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
