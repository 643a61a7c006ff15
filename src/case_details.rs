//! The details of a case: its number, its examiner and its source, as options of `trailq import` or a TOML file give them.
//! Imports nothing of trailq.

use serde::Deserialize;

/// The largest number of characters of a detail.
const MAX_CHARACTERS: usize = 1_000;
/// The largest size of a file of details, in bytes.
pub const MAX_FILE_BYTES: u64 = 64 << 10;

/// The details of a case; absent ones are not given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseDetails {
    /// The number of the case.
    pub case_number: Option<String>,
    /// The name of the person who examines the evidence.
    pub examiner: Option<String>,
    /// The origin of the evidence: a bucket, a device, a hand-over.
    pub source: Option<String>,
}

impl CaseDetails {
    /// The names of the details, in the order in which they are shown.
    pub const NAMES: [&str; 3] = ["case_number", "examiner", "source"];

    /// Parses a TOML file with the keys of [`CaseDetails::NAMES`].
    ///
    /// # Errors
    /// The mistake with the number of its line, from 1: the text is not TOML, has another key, or a value that is not
    /// one line of text.
    pub fn parse(text: &str) -> Result<CaseDetails, (usize, String)> {
        let details: CaseDetails = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start).min(text.len());
            let line = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            (line, error.message().replace('\n', "; "))
        })?;
        for (name, value) in details.given() {
            let line = text.lines().position(|line| line.trim_start().trim_start_matches('"').starts_with(name));
            check(value).map_err(|mistake| (line.unwrap_or(0) + 1, format!("`{name}` {mistake}")))?;
        }
        Ok(details)
    }

    /// Returns the names and values of the details that are given.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let values = [&self.case_number, &self.examiner, &self.source];
        CaseDetails::NAMES.into_iter().zip(values).filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// Returns these details, and those of another where these are not given.
    #[must_use]
    pub fn or(self, other: CaseDetails) -> CaseDetails {
        CaseDetails {
            case_number: self.case_number.or(other.case_number),
            examiner: self.examiner.or(other.examiner),
            source: self.source.or(other.source),
        }
    }
}

/// Checks the value of a detail.
///
/// # Errors
/// It is blank, too long, or has a line break or another control character.
pub fn check(value: &str) -> Result<(), String> {
    if value.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    if value.chars().any(char::is_control) {
        return Err("has a line break or another control character".to_owned());
    }
    match value.chars().count() {
        0..=MAX_CHARACTERS => Ok(()),
        count => Err(format!("has {count} characters, and at most {MAX_CHARACTERS} are stored")),
    }
}

#[cfg(test)]
mod tests {
    use super::CaseDetails;

    #[test]
    fn a_file_gives_the_details_that_it_has() {
        let parsed = CaseDetails::parse("# 2026\nexaminer = \"Ada\"\ncase_number = '4\"2'\n").unwrap();
        assert_eq!(parsed.given().collect::<Vec<_>>(), [("case_number", "4\"2"), ("examiner", "Ada")]);
        let source =
            CaseDetails { source: Some("bucket".to_owned()), examiner: Some("Bob".to_owned()), ..parsed.clone() };
        assert_eq!(parsed.or(source).given().map(|(_, value)| value).collect::<Vec<_>>(), ["4\"2", "Ada", "bucket"]);
        assert_eq!(CaseDetails::parse(""), Ok(CaseDetails::default()));
    }

    #[test]
    fn mistakes_name_their_line() {
        let mistake = |text: &str| {
            let (line, message) = CaseDetails::parse(text).unwrap_err();
            format!("{line}: {message}")
        };
        insta::assert_snapshot!([
            "examiner = \"Ada\"\nexaminor = \"x\"\n",
            "\n\nsource = 3\n",
            "source = \"a\nb\"",
            "case_number = 1 2",
            "examiner = \"Ada\"\n\nsource = \" \"",
            "source = \"a\\nb\"",
            "source = \"a\"\nsource = \"b\"",
            &format!("source = \"{}\"", "x".repeat(1001)),
        ].map(mistake).join("\n"), @r"
        2: unknown field `examinor`, expected one of `case_number`, `examiner`, `source`
        3: invalid type: integer `3`, expected a string
        2: key with no value, expected `=`
        1: string values must be quoted, expected literal string
        3: `source` is empty
        1: `source` has a line break or another control character
        2: duplicate key
        1: `source` has 1001 characters, and at most 1000 are stored
        ");
    }
}
