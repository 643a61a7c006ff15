//! Simple case folding, as Unicode defines it: one character becomes one, in every language the same.

use std::borrow::Cow;

/// Folds the case of a text.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        };
    }
    Cow::Owned(text.chars().map(fold_char).collect())
}

/// Returns a character that stands for all that differ from it in case only: the lower case of its upper case. Mappings
/// to several characters are left out, and so is the dotless i of Turkish, which is a letter of its own.
fn fold_char(character: char) -> char {
    if character.is_ascii() || character == '\u{131}' {
        return character.to_ascii_lowercase();
    }
    let single = |mut characters: &mut dyn Iterator<Item = char>, otherwise: char| {
        let first = characters.next().unwrap_or(otherwise);
        if (&mut characters).next().is_some() { otherwise } else { first }
    };
    let upper = single(&mut character.to_uppercase(), character);
    single(&mut upper.to_lowercase(), upper)
}

/// Reports whether folding leaves a text as it is, and no other text becomes the same.
pub(crate) fn is_caseless(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::{fold, fold_char, is_caseless};

    #[test]
    fn folding_agrees_with_regular_expressions_that_ignore_case() {
        let cased = (0..=0x1_ffff).filter_map(char::from_u32).filter(|c| fold_char(*c) != *c);
        let assigned = Regex::new(r"\A[\p{L}\p{M}\p{N}\p{S}]\z").unwrap();
        let mut checked = 0;
        for character in cased {
            let folded = fold_char(character);
            // The standard library may know a newer Unicode.
            if !assigned.is_match(&character.to_string()) {
                continue;
            }
            let same = Regex::new(&format!("(?i)^{}$", regex::escape(&folded.to_string()))).unwrap();
            assert!(same.is_match(&character.to_string()), "{character} {folded}");
            checked += 1;
        }
        assert!(checked > 1_300, "{checked}");
        for (one, other) in [("\u{130}", "i"), ("\u{131}", "i"), ("ß", "ss"), ("é", "e")] {
            assert_ne!(fold(one), fold(other), "{one} {other}");
        }
        assert_eq!(fold("STRASSE Ä Σς ſ K"), "strasse ä σσ s k");
        assert!(is_caseless("10.0.0.0/8") && !is_caseless("a") && !is_caseless("é"));
    }

    #[test]
    fn regular_expressions_fold_nothing_else() {
        for character in (0x80..=0x2fff).filter_map(char::from_u32).filter(|c| c.is_alphabetic()) {
            let lower = character.to_lowercase().to_string();
            let upper = character.to_uppercase().to_string();
            for other in [lower, upper].into_iter().filter(|other| other.chars().count() == 1) {
                let regex = Regex::new(&format!("(?i)^{}$", regex::escape(&other))).unwrap();
                let equal = regex.is_match(&character.to_string());
                assert_eq!(fold(&character.to_string()) == fold(&other), equal, "{character} {other}");
            }
        }
    }
}
