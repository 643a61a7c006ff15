//! Time zones in which tables show times: their names, as typed and as shown.

use jiff::tz::{Offset, TimeZone};

/// Advice on how to write a zone.
pub(crate) const ZONE_FORMS: &str = "write UTC, LOCAL, an offset such as +01:00, or a name such as Europe/Berlin";

/// Parses `UTC`, `LOCAL`, an offset or the name of a zone. UTC is `None`, as [`super::Times::zone`] has it.
///
/// # Errors
/// The zone does not exist, or the zone of this machine is not known.
pub(crate) fn parse(name: &str) -> Result<Option<TimeZone>, String> {
    match name.to_ascii_uppercase().as_str() {
        "UTC" | "Z" => Ok(None),
        "LOCAL" => {
            TimeZone::try_system().map(Some).map_err(|error| format!("the zone of this machine is not known: {error}"))
        }
        _ => {
            let zone = offset(name).map(TimeZone::fixed).map_or_else(|| TimeZone::get(name), Ok);
            zone.map(Some).map_err(|_| format!("no zone `{name}`"))
        }
    }
}

/// Returns the name of a zone; `None` is UTC.
pub(crate) fn name(zone: Option<&TimeZone>) -> String {
    let Some(zone) = zone else { return "UTC".to_owned() };
    zone.iana_name().map(str::to_owned).unwrap_or_else(|| match zone.to_fixed_offset() {
        Ok(offset) => offset.to_string(),
        Err(_) => "the zone of this machine".to_owned(),
    })
}

/// Parses `+01:00`, `-0530` or `+2`.
fn offset(text: &str) -> Option<Offset> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    let number = |part: &str| part.parse::<i32>().ok();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (number(&digits)?, 0),
        4 => (number(digits.get(..2)?)?, number(digits.get(2..)?)?),
        _ => return None,
    };
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::{name, offset, parse};

    #[test]
    fn offsets_are_read_as_they_are_written() {
        let seconds = |text: &str| offset(text).map(|offset| offset.seconds());
        assert_eq!(seconds("+01:00"), Some(3_600));
        assert_eq!(seconds("-0530"), Some(-19_800));
        assert_eq!(seconds("+2"), Some(7_200));
        for text in ["", "1", "+", "+99", "+1:2:3", "Europe/Berlin", "+é", "+1é2"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn zones_are_named_as_they_are_typed() {
        for zone in ["UTC", "Europe/Berlin", "+01"] {
            assert_eq!(name(parse(zone).unwrap().as_ref()), zone);
        }
        assert_eq!(parse("Mars").unwrap_err(), "no zone `Mars`");
    }
}
