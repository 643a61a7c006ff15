//! Problems of the fields of a record.

use std::borrow::Cow;

use crate::event::Text;
use crate::ingest::record::lenient::Scalar;
use crate::ledger::Problem;
use crate::time;

/// Collects problems while fields are read.
#[derive(Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl Problems {
    /// Notes a problem.
    pub(crate) fn add(&mut self, field: &'static str, problem: &'static str) {
        self.0.push(Problem { field: Cow::Borrowed(field), problem });
    }

    /// A text; empty is absent. Numbers and flags are taken as they are written.
    pub(crate) fn text(&mut self, field: &'static str, value: &Scalar<'_>) -> Option<Text> {
        self.str(field, value).map(Text::from)
    }

    /// As [`Problems::text`], without a copy where the record has a text.
    pub(crate) fn str<'v>(&mut self, field: &'static str, value: &'v Scalar<'_>) -> Option<Cow<'v, str>> {
        match value {
            Scalar::Absent => None,
            Scalar::Text(text) if text.is_empty() => None,
            Scalar::Text(text) => Some(Cow::Borrowed(text.as_ref())),
            Scalar::Flag(_) | Scalar::Whole(_) | Scalar::Real(_) | Scalar::Other => {
                self.add(field, "is not text");
                None
            }
        }
    }

    /// An account id. A spreadsheet program writes one as a rounded number, `5.28758E+11`: the id is lost.
    pub(crate) fn account(&mut self, field: &'static str, value: &Scalar<'_>) -> Option<Text> {
        let account = self.text(field, value)?;
        if is_rounded(&account) {
            self.add(field, "is a number that a spreadsheet rounded");
            return None;
        }
        Some(account)
    }

    /// A flag, as a flag or in words.
    pub(crate) fn flag(&mut self, field: &'static str, value: &Scalar<'_>) -> Option<bool> {
        match value {
            Scalar::Absent => None,
            Scalar::Flag(flag) => Some(*flag),
            Scalar::Text(text) if text.is_empty() => None,
            Scalar::Text(text) if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("yes") => Some(true),
            Scalar::Text(text) if text.eq_ignore_ascii_case("false") || text.eq_ignore_ascii_case("no") => Some(false),
            _ => {
                self.add(field, "is neither true nor false");
                None
            }
        }
    }

    /// A number, as a number or in digits.
    pub(crate) fn number(&mut self, field: &'static str, value: &Scalar<'_>) -> Option<i64> {
        let number = match value {
            Scalar::Absent => return None,
            Scalar::Whole(number) => Some(*number),
            // Byte counts are sometimes written 12.0.
            Scalar::Real(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i64),
            Scalar::Text(text) => text.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.add(field, "is not a whole number");
        }
        number
    }

    /// A time in Unix seconds.
    pub(crate) fn time(&mut self, field: &'static str, value: &Scalar<'_>) -> Option<i64> {
        let seconds = match value {
            Scalar::Absent => return None,
            Scalar::Text(text) => time::parse(text),
            _ => None,
        };
        if seconds.is_none() {
            self.add(field, "is not a time");
        }
        seconds
    }
}

/// Formats a time as columns have it, without an allocation.
pub(crate) fn time_text(seconds: i64) -> Text {
    Text::from_utf8_lossy(&time::characters(seconds))
}

/// Reports whether a text is a number with an exponent, such as `5.28758E+11`.
pub(crate) fn is_rounded(text: &str) -> bool {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let Some((number, exponent)) = text.split_once(['E', 'e']) else { return false };
    let is_number = |text: &str, marks: &[char]| {
        text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || marks.contains(&c))
    };
    is_number(number, &['.', ',']) && is_number(exponent, &['+'])
}

#[cfg(test)]
mod tests {
    use super::is_rounded;

    #[test]
    fn rounded_numbers_are_told_from_account_ids() {
        for text in ["5.28758E+11", "5,28758e+11", "1E11"] {
            assert!(is_rounded(text), "{text}");
        }
        for text in ["111122223333", "anonymous", "E", "1E", "E1", "HIDDEN_DUE_TO_SECURITY_REASONS", ""] {
            assert!(!is_rounded(text), "{text}");
        }
    }
}
