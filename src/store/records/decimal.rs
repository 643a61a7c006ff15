//! Decimal numbers of any length, compared by their digits: a 64-bit float rounds long ones.

use std::cmp::Ordering;

/// A decimal number: `0.DIGITS` times ten to the power of `exponent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// Parses what Rust parses as a float, except infinities and NaN.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, power) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], exponent(&unsigned[at + 1..])?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..leading);
        digits.truncate(digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1));
        if digits.is_empty() {
            return Some(Decimal { negative: false, digits, exponent: 0 });
        }
        let places = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        Some(Decimal { negative, digits, exponent: power.saturating_add(places) })
    }

    /// Returns the sign: -1, 0 or 1.
    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

/// Returns the number after `e`; one that is out of range is as good as the last one in it.
fn exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let most = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(most))
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        let size = || self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
        self.sign().cmp(&other.sign()).then_with(|| match self.sign() {
            1 => size(),
            -1 => size().reverse(),
            _ => Ordering::Equal,
        })
    }
}

/// Returns the order of two texts that are both numbers; `None` where one is not, or is NaN.
pub(crate) fn order(a: &str, b: &str) -> Option<Option<Ordering>> {
    match (Decimal::parse(a), Decimal::parse(b)) {
        (Some(a), Some(b)) => Some(Some(a.cmp(&b))),
        _ => match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(a), Ok(b)) => Some(a.partial_cmp(&b)),
            _ => None,
        },
    }
}

/// Returns the shortest form of a JSON number that is not a whole number in plain digits: `15.0` for `1.50e1`. `None`
/// where the number is written so, or where a float does not have all of its digits.
pub(crate) fn shortest(number: &str) -> Option<String> {
    if number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let float = serde_json::Number::from_f64(number.parse().ok()?)?;
    let shortest = float.to_string();
    let whole = number.strip_prefix('-').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let keeps = (!whole || number == "-0") && shortest != number && Decimal::parse(&shortest) == Decimal::parse(number);
    keeps.then_some(shortest)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::{Decimal, order, shortest};

    #[test]
    fn numbers_are_ordered_by_all_of_their_digits() {
        let ordered = [
            "-1e400",
            "-12345678901234567891",
            "-12345678901234567890",
            "-1.5",
            "-1",
            "-0.001",
            "0",
            "1e-400",
            "0.10",
            "0.11",
            "1",
            "1.0000000000000000001",
            "9007199254740992",
            "9007199254740993",
            "18446744073709551616",
            "1e20",
            "1e400",
            "1e99999999999999999999",
        ];
        for (index, a) in ordered.iter().enumerate() {
            for (other, b) in ordered.iter().enumerate() {
                assert_eq!(order(a, b), Some(Some(index.cmp(&other))), "{a} {b}");
            }
        }
        for (a, b) in [("1.0", "1"), ("1e5", "100000"), ("-0", "0"), ("+.5", "0.50"), ("5.", "5"), ("0e99", "0")] {
            assert_eq!(order(a, b), Some(Some(Ordering::Equal)), "{a} {b}");
        }
    }

    #[test]
    fn what_is_not_a_number_has_no_order() {
        for text in ["", "-", ".", "e5", "1e", "1e+", "1.2.3", "0x10", " 1", "1 ", "١"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
            assert_eq!(order(text, "1"), None, "{text}");
        }
        assert_eq!(order("NaN", "1"), Some(None));
        assert_eq!(order("inf", "1e400"), Some(Some(Ordering::Equal)));
    }

    #[test]
    fn the_shortest_form_has_the_same_value() {
        for (number, expected) in [
            ("1.50e1", Some("15.0")),
            ("1e5", Some("100000.0")),
            ("0.10", Some("0.1")),
            ("-0", Some("-0.0")),
            ("1.5", None),
            ("15", None),
            ("-15", None),
            ("123456789.12345679", None),
            ("0.12345678901234567890", None),
            ("12345678901234567890123", None),
            ("-12345678901234567890123", None),
            ("1e400", None),
        ] {
            assert_eq!(shortest(number).as_deref(), expected, "{number}");
        }
    }
}
