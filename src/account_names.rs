//! The names of accounts, which people read beside their ids.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// The digits of an account id.
const ID_DIGITS: usize = 12;

/// The names of accounts by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountNames(BTreeMap<String, String>);

impl AccountNames {
    /// Reports whether no account has a name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns an id with the name after it: `111122223333 (prod)`. An id without a name is returned as it is.
    pub fn beside<'a>(&self, id: &'a str) -> Cow<'a, str> {
        self.0.get(id).map_or(Cow::Borrowed(id), |name| Cow::Owned(format!("{id} ({name})")))
    }

    /// Returns the name instead of the id, if no other account has the same name; else the id.
    pub fn instead_of<'a>(&'a self, id: &'a str) -> &'a str {
        let is_unique = |name: &&String| self.0.values().filter(|other| other == name).count() == 1;
        self.0.get(id).filter(is_unique).map_or(id, String::as_str)
    }

    /// Returns a sentence with the name after each id that is a word of it. An id within an ARN has none.
    pub fn in_sentence<'a>(&self, sentence: &'a str) -> Cow<'a, str> {
        let is_id = |word: &&str| word.len() == ID_DIGITS && self.0.contains_key(*word);
        if self.is_empty() || !words(sentence).any(|word| is_id(&word)) {
            return Cow::Borrowed(sentence);
        }
        let named = sentence.split(' ').map(|part| {
            let word = part.trim_end_matches(PUNCTUATION);
            if is_id(&word) { format!("{}{}", self.beside(word), &part[word.len()..]) } else { part.to_owned() }
        });
        Cow::Owned(named.collect::<Vec<_>>().join(" "))
    }
}

/// The characters that may follow a word.
const PUNCTUATION: [char; 3] = [',', ':', '.'];

fn words(sentence: &str) -> impl Iterator<Item = &str> {
    sentence.split(' ').map(|part| part.trim_end_matches(PUNCTUATION))
}

impl FromIterator<(String, String)> for AccountNames {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(named: I) -> AccountNames {
        AccountNames(named.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::AccountNames;

    fn names() -> AccountNames {
        let named = [("111122223333", "prod"), ("444455556666", "twin"), ("777788889999", "twin")];
        named.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect()
    }

    #[test]
    fn an_id_has_its_name_beside_it_or_is_replaced() {
        assert_eq!(names().beside("111122223333"), "111122223333 (prod)");
        assert_eq!(names().beside("444455556666"), "444455556666 (twin)");
        assert_eq!(names().beside("1"), "1");
        assert_eq!(names().instead_of("111122223333"), "prod");
        assert_eq!(names().instead_of("444455556666"), "444455556666", "two accounts are named twin");
        assert_eq!(names().instead_of("1"), "1");
    }

    #[test]
    fn ids_that_are_words_of_a_sentence_have_names() {
        for (sentence, named) in [
            ("a in 111122223333 eu-west-1", "a in 111122223333 (prod) eu-west-1"),
            ("of 111122223333, in 444455556666: no.", "of 111122223333 (prod), in 444455556666 (twin): no."),
            ("111122223333", "111122223333 (prod)"),
            // A part of a word, an account without a name, and spaces stay.
            ("arn:aws:iam::111122223333:role/r 999900001111  x ", "arn:aws:iam::111122223333:role/r 999900001111  x "),
            ("", ""),
        ] {
            assert_eq!(names().in_sentence(sentence), named);
            assert_eq!(AccountNames::default().in_sentence(sentence), sentence);
        }
    }
}
