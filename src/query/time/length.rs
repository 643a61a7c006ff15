//! Lengths of time in the words that people and other tools use, as the short form that lookups take.

/// Seconds of a minute, an hour and a day.
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Seconds of a length such as `24 hours`, `1h30m`, `2days`, `week` or `-7d`; a month is 30 days, a year 365.
pub(crate) fn spoken(text: &str) -> Option<i64> {
    let lower = text.trim().to_ascii_lowercase();
    let text = lower.strip_prefix("now").unwrap_or(&lower).trim_start_matches([' ', '-', '+']);
    let text = text.strip_suffix("ago").unwrap_or(text).trim();
    let text = ["last ", "past "].into_iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text);
    let mut rest = text;
    let mut seconds = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        // A unit alone is one of it, but only where nothing else is said: `week`.
        let number: i64 = if number.is_empty() && rest == text { 1 } else { number.parse().ok()? };
        let after = after.trim_start();
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        seconds = seconds.checked_add(number.checked_mul(unit_seconds(unit)?)?)?;
        rest = after.trim_start_matches([' ', ',']);
    }
    (seconds > 0).then_some(seconds)
}

/// A number of seconds as lookups write it, in the largest unit that says it exactly.
pub(crate) fn short(seconds: i64) -> String {
    match seconds {
        _ if seconds % DAY == 0 => format!("{}d", seconds / DAY),
        _ if seconds % HOUR == 0 => format!("{}h", seconds / HOUR),
        _ if seconds % MINUTE == 0 => format!("{}m", seconds / MINUTE),
        _ => format!("{seconds}s"),
    }
}

fn unit_seconds(unit: &str) -> Option<i64> {
    Some(match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => DAY,
        "w" | "wk" | "wks" | "week" | "weeks" => 7 * DAY,
        "mo" | "mon" | "month" | "months" => 30 * DAY,
        "y" | "yr" | "yrs" | "year" | "years" => 365 * DAY,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{short, spoken};

    #[test]
    fn spoken_lengths_have_a_short_form() {
        for (text, expected) in [
            ("24h", "1d"),
            ("36 hours", "36h"),
            ("week", "7d"),
            ("last month", "30d"),
            ("1h30m", "90m"),
            ("90min", "90m"),
            ("2 days ago", "2d"),
            ("-7d", "7d"),
            ("now-36h", "36h"),
            ("1y", "365d"),
            ("45 sec", "45s"),
        ] {
            assert_eq!(spoken(text).map(short).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "soon", "24", "0h", "7x", "1h30", "99999999999999999w", "day week"] {
            assert_eq!(spoken(text), None, "{text}");
        }
    }
}
