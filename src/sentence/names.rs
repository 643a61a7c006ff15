//! The words of event names: `DeleteDBCluster` is `delete` and `DB cluster`. `verbs.tsv` has the verbs and their forms.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A verb: what one tries to do, and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verb {
    pub(super) base: &'static str,
    pub(super) past: &'static str,
}

static VERBS: LazyLock<HashMap<&str, Verb>> = LazyLock::new(|| {
    let rows = include_str!("verbs.tsv").lines().skip(1);
    rows.filter_map(|row| match row.split('\t').collect::<Vec<_>>()[..] {
        [word, base, past] => Some((word, Verb { base, past })),
        _ => None,
    })
    .collect()
});

/// Words before the verb of an event name.
const PREFIXES: [&str; 2] = ["Batch", "Admin"];

/// Returns the verb of a word in lower case.
pub(super) fn verb(word: &str) -> Option<Verb> {
    VERBS.get(word).copied()
}

/// Returns the verb of which the base begins with this word, such as `look` of `look at`.
pub(super) fn by_base(word: &str) -> Option<Verb> {
    verb(word).filter(|verb| verb.base == word).or_else(|| VERBS.values().copied().find(|verb| verb.base == word))
}

/// Splits an event name into its verb and the words after it. `None` if it does not begin with a verb.
pub(super) fn split(name: &str) -> Option<(Verb, Vec<String>)> {
    let words = words(name);
    let start = usize::from(words.first().is_some_and(|word| PREFIXES.contains(&word.as_str())));
    let found = verb(&words.get(start)?.to_lowercase())?;
    Some((found, words[start + 1..].iter().map(|word| lower(word)).collect()))
}

/// Returns the words of a name, without a version such as `20150331v2` at its end.
fn words(name: &str) -> Vec<String> {
    let version = name.char_indices().find(|(at, _)| is_version(&name[*at..])).map_or(name.len(), |(at, _)| at);
    let chars: Vec<char> = name[..version].chars().collect();
    let mut words: Vec<String> = Vec::new();
    for (at, letter) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let begins = letter.is_uppercase()
            && (before.is_none_or(|before| !before.is_uppercase()) || after.is_some_and(|after| after.is_lowercase()));
        match words.last_mut() {
            Some(word) if !begins => word.push(*letter),
            _ => words.push(letter.to_string()),
        }
    }
    words
}

fn is_version(text: &str) -> bool {
    let (date, rest) = text.split_at_checked(8).unwrap_or_default();
    let is_date = date.starts_with("20") && date.bytes().all(|byte| byte.is_ascii_digit());
    is_date && (rest.is_empty() || rest.strip_prefix('v').is_some_and(|rest| rest.parse::<u8>().is_ok()))
}

/// Returns a word in lower case, unless it is an abbreviation such as `DB`, `VPC` or `SSMs`.
fn lower(word: &str) -> String {
    let capitals = word.chars().take_while(|letter| letter.is_uppercase()).count();
    if capitals > 1 { word.to_owned() } else { word.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::{VERBS, split, words};

    #[test]
    fn names_are_split_into_verb_and_words() {
        for (name, base, rest) in [
            ("DeleteDBCluster", "delete", "DB cluster"),
            ("CreateFunction20150331v2", "create", "function"),
            ("GetLayerVersion20181031", "read", "layer version"),
            ("BatchDeleteImage", "delete", "image"),
            ("DescribeVpcs", "describe", "vpcs"),
            ("ListMFADevices", "list", "MFA devices"),
            ("PutBucketAcl", "set", "bucket acl"),
            ("Decrypt", "decrypt", ""),
        ] {
            let (verb, words) = split(name).unwrap();
            assert_eq!((verb.base, words.join(" ").as_str()), (base, rest), "{name}");
        }
        for name in ["", "ConsoleLogin", "é", "20150331v2", "SharedSnapshotCopyInitiated"] {
            assert!(split(name).is_none(), "{name}");
        }
    }

    #[test]
    fn verbs_are_complete_and_in_order() {
        let rows = include_str!("verbs.tsv").lines().skip(1);
        assert!(rows.clone().is_sorted());
        assert_eq!(VERBS.len(), rows.count());
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_split_without_loss(name in ".{0,40}") {
            let joined = words(&name).concat();
            proptest::prop_assert!(name.starts_with(&joined));
        }
    }
}
