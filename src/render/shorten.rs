//! Cuts the texts of a column so that they fit, and so that two different ones never look the same.

use std::collections::{HashMap, HashSet};

use crate::escape::{head, tail, width};
use crate::render::fit::cut;

/// The shares of the room before the mark, in tenths, in the order in which they are tried.
const SHARES: [usize; 6] = [4, 6, 2, 8, 0, 10];

/// Returns each text as shown in `most` columns; a text that fits is unchanged.
pub(super) fn shorten<'t>(
    texts: impl Iterator<Item = &'t str>,
    most: usize,
    ellipsis: &str,
) -> HashMap<&'t str, String> {
    let mut seen = HashSet::new();
    let distinct: Vec<&str> = texts.filter(|text| seen.insert(*text)).collect();
    let mut shown: HashMap<&str, String> = distinct.iter().map(|text| (*text, cut(text, most, ellipsis))).collect();
    for share in SHARES {
        let alike = alike(&distinct, &shown);
        if alike.is_empty() {
            return shown;
        }
        for text in alike {
            shown.insert(text, middle(text, most, share, ellipsis));
        }
    }
    number(&distinct, &mut shown, most, ellipsis);
    shown
}

/// Returns the texts that are cut and look like another one.
fn alike<'t>(distinct: &[&'t str], shown: &HashMap<&'t str, String>) -> Vec<&'t str> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for text in distinct {
        *counts.entry(shown[text].as_str()).or_default() += 1;
    }
    distinct.iter().filter(|text| counts[shown[**text].as_str()] > 1 && shown[**text] != **text).copied().collect()
}

/// Cuts the middle of a text.
fn middle(text: &str, most: usize, share: usize, ellipsis: &str) -> String {
    let room = most.saturating_sub(width(ellipsis));
    let front = head(text, room * share / 10);
    format!("{front}{ellipsis}{}", tail(text, room - width(front)))
}

/// Appends a number to texts that still look alike: `~2`.
fn number<'t>(distinct: &[&'t str], shown: &mut HashMap<&'t str, String>, most: usize, ellipsis: &str) {
    let alike = alike(distinct, shown);
    let mut taken: HashSet<String> = shown.values().cloned().collect();
    let mut next = 1;
    for text in distinct.iter().filter(|text| alike.contains(text)) {
        loop {
            let suffix = format!("~{next}");
            next += 1;
            let numbered = format!("{}{suffix}", cut(text, most.saturating_sub(suffix.len()), ellipsis));
            if taken.insert(numbered.clone()) {
                // `distinct` and `shown` have the same keys.
                if let Some(entry) = shown.get_mut(text) {
                    *entry = numbered;
                }
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::shorten;
    use crate::escape::width;

    #[test]
    fn what_fits_stays_and_what_differs_looks_different() {
        let roles = ["arn:aws:iam::111122223333:role/reader-1", "arn:aws:iam::444455556666:role/reader-1", "short"];
        let shown = shorten(roles.into_iter(), 20, "…");
        assert_eq!(shown["short"], "short");
        assert_ne!(shown[roles[0]], shown[roles[1]]);
        assert!(roles.iter().all(|role| width(&shown[role]) <= 20), "{shown:?}");
        let names = ["DescribeInstanceStatus", "DescribeInstances"];
        let shown = shorten(names.into_iter(), 12, "…");
        assert_ne!(shown[names[0]], shown[names[1]], "{shown:?}");
        let same_ends = ["aaaaaaaaaa1bbbbbbbbbb", "aaaaaaaaaa2bbbbbbbbbb"];
        let shown = shorten(same_ends.into_iter(), 10, "…");
        assert_eq!(same_ends.map(|text| shown[text].as_str()), ["aaaaaaa…~1", "aaaaaaa…~2"]);
    }

    proptest! {
        #[test]
        fn different_texts_never_look_the_same(
            texts in proptest::collection::hash_set("[ab]{0,14}", 1..40), most in 6..12_usize,
        ) {
            let shown = shorten(texts.iter().map(String::as_str), most, "…");
            let distinct: HashSet<&String> = shown.values().collect();
            prop_assert_eq!(distinct.len(), texts.len());
            prop_assert!(shown.values().all(|text| width(text) <= most));
        }
    }
}
