//! The program that a user agent names: its family and version, by the patterns of `families.tsv`, the first that matches.
//!
//! A family is a program, such as `aws-cli` or `terraform`; the system that it runs on is not. Tools that name themselves
//! in a part of the user agent come before the SDK that they are built on. Imports nothing of trailq.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

/// A family and the version that the user agent states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Program<'t> {
    pub(crate) family: &'static str,
    pub(crate) version: Option<&'t str>,
}

struct Families {
    names: Vec<&'static str>,
    patterns: Vec<Regex>,
    any: RegexSet,
}

// A pattern that does not compile would lose its family; the tests compile each.
static FAMILIES: LazyLock<Families> = LazyLock::new(|| {
    let rows = include_str!("families.tsv").lines().skip(1).filter_map(|row| row.split_once('\t'));
    let (names, patterns) = rows.filter_map(|(name, pattern)| Some((name, Regex::new(pattern).ok()?))).unzip();
    let patterns: Vec<Regex> = patterns;
    let any = RegexSet::new(patterns.iter().map(Regex::as_str)).unwrap_or_default();
    Families { names, patterns, any }
});

/// Returns the program that a user agent names. `None` if it is of no known family.
pub(crate) fn program(user_agent: &str) -> Option<Program<'_>> {
    let at = FAMILIES.any.matches(user_agent).iter().next()?;
    let (family, pattern) = (*FAMILIES.names.get(at)?, FAMILIES.patterns.get(at)?);
    let captures = pattern.captures(user_agent)?;
    let version = captures.iter().skip(1).flatten().map(|version| version.as_str().trim_end_matches(['.', '-'])).next();
    Some(Program { family, version: version.filter(|version| !version.is_empty()) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;

    use super::{FAMILIES, program};

    #[test]
    fn every_family_has_an_example_and_every_example_its_family() {
        let mut seen = BTreeSet::new();
        for row in include_str!("examples.tsv").lines().skip(1) {
            let [family, version, user_agent] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
            let found = program(user_agent);
            assert_eq!(found.map_or("-", |program| program.family), family, "{user_agent}");
            assert_eq!(found.and_then(|program| program.version).unwrap_or("-"), version, "{user_agent}");
            seen.insert(family);
        }
        let without: Vec<&&str> = FAMILIES.names.iter().filter(|family| !seen.contains(*family)).collect();
        assert!(without.is_empty(), "examples.tsv has no user agent of {without:?}");
    }

    #[test]
    fn every_pattern_compiles() {
        for row in include_str!("families.tsv").lines().skip(1) {
            let (family, pattern) = row.split_once('\t').unwrap();
            Regex::new(pattern).unwrap_or_else(|error| panic!("{family}: {error}"));
        }
        assert_eq!(FAMILIES.any.len(), FAMILIES.names.len());
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_a_family_or_none(text in ".{0,200}") {
            if let Some(found) = program(&text) {
                proptest::prop_assert!(found.version.is_none_or(|version| text.contains(version)));
            }
        }
    }
}
