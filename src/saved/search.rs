//! Search of words in the texts of queries and detections: whole words, plurals and synonyms.

/// The words that mean the same, and what else they find: see the file's first lines.
const SYNONYMS: &str = include_str!("synonyms.tsv");
/// The fewest letters of a word that may be the beginning of another.
const MIN_BEGINNING: usize = 4;

/// The searched words, each with its synonyms. A text matches if it contains each of them.
#[derive(Debug, Clone)]
pub struct SearchTerms {
    /// For each word the phrases that it may be.
    terms: Vec<Vec<Phrase>>,
}

/// Words side by side, in lower case and singular.
type Phrase = Vec<String>;

/// A word of a text: a hump of `ConsoleLogin`, and where it is the first one, the whole.
struct Token {
    word: String,
    whole: Option<String>,
}

impl SearchTerms {
    /// Parses searched words. Each may be a phrase, such as `access key` or `console-logins`.
    pub fn parse(words: &[String]) -> SearchTerms {
        let phrases = words.iter().map(|word| vec![phrase(word), phrase(&word.to_lowercase())]);
        let terms = phrases.filter(|phrases| !phrases[0].is_empty());
        SearchTerms { terms: terms.map(with_synonyms).collect() }
    }

    /// Reports whether texts contain every word, or a synonym of it, as whole words.
    pub fn match_words(&self, texts: &[&str]) -> bool {
        let tokens: Vec<Vec<Token>> = texts.iter().map(|text| tokens(text)).collect();
        self.terms.iter().all(|phrases| phrases.iter().any(|phrase| tokens.iter().any(|text| contains(text, phrase))))
    }

    /// Reports whether texts contain words that begin with every searched word. Short words have to be whole.
    pub fn match_beginnings(&self, texts: &[&str]) -> bool {
        let tokens: Vec<Vec<Token>> = texts.iter().map(|text| tokens(text)).collect();
        let begins = |word: &str| {
            let long = word.chars().count() >= MIN_BEGINNING;
            tokens.iter().flatten().any(|token| token.word == word || (long && token.word.starts_with(word)))
        };
        let searched = self.terms.iter().filter_map(|phrases| phrases.first());
        searched.flatten().all(|word| begins(word))
    }
}

/// Selects the items whose texts contain the words; if there are none, those with words that begin so.
pub fn search<T>(items: Vec<T>, words: &[String], texts: impl Fn(&T) -> Vec<String>) -> Vec<T> {
    let terms = SearchTerms::parse(words);
    let found = |item: &T, matches: fn(&SearchTerms, &[&str]) -> bool| {
        let texts = texts(item);
        matches(&terms, &texts.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let mut matches: fn(&SearchTerms, &[&str]) -> bool = SearchTerms::match_words;
    if !items.iter().any(|item| found(item, matches)) {
        matches = SearchTerms::match_beginnings;
    }
    items.into_iter().filter(|item| found(item, matches)).collect()
}

/// Returns spellings of a phrase and what else it finds.
fn with_synonyms(mut phrases: Vec<Phrase>) -> Vec<Phrase> {
    let searched = phrases.clone();
    for line in SYNONYMS.lines().filter(|line| !line.starts_with('#')) {
        let (same, others) = line.split_once('\t').unwrap_or((line, ""));
        let list = |text: &str| text.split(',').map(phrase).filter(|phrase| !phrase.is_empty()).collect::<Vec<_>>();
        let same = list(same);
        if searched.iter().any(|phrase| same.contains(phrase)) {
            phrases.extend(same);
            phrases.extend(list(others));
        }
    }
    phrases
}

/// Reports whether a text contains the words of a phrase side by side.
fn contains(text: &[Token], phrase: &Phrase) -> bool {
    let [first, rest @ ..] = phrase.as_slice() else { return true };
    (0..text.len()).any(|at| {
        let whole = rest.is_empty() && text[at].whole.as_ref() == Some(first);
        whole
            || (text.len() - at >= phrase.len()
                && phrase.iter().zip(&text[at..]).all(|(word, token)| *word == token.word))
    })
}

/// Returns the words of what was searched for.
fn phrase(text: &str) -> Phrase {
    tokens(text).into_iter().map(|token| token.word).collect()
}

/// Returns the words of a text. `ConsoleLogin` is `console` and `login`, and also `consolelogin`.
fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    for run in text.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty()) {
        let first = found.len();
        let mut start = 0;
        let mut was_lower = false;
        for (at, c) in run.char_indices() {
            if was_lower && c.is_uppercase() {
                found.push(Token { word: singular(&run[start..at]), whole: None });
                start = at;
            }
            was_lower = c.is_lowercase();
        }
        found.push(Token { word: singular(&run[start..]), whole: None });
        if start > 0 {
            found[first].whole = Some(singular(run));
        }
    }
    found
}

/// Returns a word in lower case, without the `s` of a plural. Short words, such as `eks` and `dns`, keep it.
fn singular(word: &str) -> String {
    let word = word.to_lowercase();
    let stem = match word.as_str() {
        short if short.chars().count() <= 3 => None,
        plural if plural.ends_with("ies") => plural.strip_suffix("ies").map(|stem| format!("{stem}y")),
        plural if plural.ends_with("sses") || plural.ends_with("xes") => plural.strip_suffix("es").map(str::to_owned),
        same if ["ss", "us", "is"].iter().any(|end| same.ends_with(end)) => None,
        plural => plural.strip_suffix('s').map(str::to_owned),
    };
    stem.unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::{SYNONYMS, SearchTerms, phrase};
    use crate::saved::Library;

    fn matches(words: &[&str], text: &str) -> bool {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        SearchTerms::parse(&words).match_words(&[text])
    }

    #[test]
    fn words_match_whole_in_any_case_and_number() {
        for (word, text) in [
            ("key", "Access keys created"),
            ("KEYS", "an access key"),
            ("policy", "Changes of IAM policies"),
            ("address", "new addresses"),
            ("GuardDuty", "guardduty off"),
            ("guardduty", "GuardDuty switched off"),
            ("consolelogin", "ConsoleLogin of a user"),
            ("login", "ConsoleLogin of a user"),
            ("T1562", "T1562.008"),
            ("T1562.008", "T1562.008"),
            ("console-logins", "console-logins-without-mfa"),
            ("access key", "every access-key"),
        ] {
            assert!(matches(&[word], text), "{word} in {text}");
        }
        for (word, text) in [
            ("eks", "unused for weeks"),
            ("rds", "records and standards"),
            ("T1562.001", "T1562.008"),
            ("key access", "access key"),
            ("ke", "access key"),
        ] {
            assert!(!matches(&[word], text), "{word} in {text}");
        }
        assert!(
            matches(&["created", "key"], "Access keys created")
                && !matches(&["created", "bucket"], "Access keys created")
        );
        assert!(matches(&[], "anything"));
    }

    #[test]
    fn synonyms_find_what_headers_call_it() {
        for (word, text) in [
            ("ransomware", "T1486"),
            ("privesc", "Steps that raise privileges"),
            ("2fa", "without MFA"),
            ("k8s", "EKS access entries"),
            ("kali", "clients of attack tools"),
        ] {
            assert!(matches(&[word], text), "{word} in {text}");
        }
    }

    #[test]
    fn every_line_of_synonyms_has_words_and_what_they_find() {
        for line in SYNONYMS.lines().filter(|line| !line.starts_with('#')) {
            let (same, others) = line.split_once('\t').unwrap();
            assert!(same.split(',').chain(others.split(',')).all(|text| !phrase(text).is_empty()), "{line}");
        }
    }

    #[test]
    fn what_a_person_searches_for_is_found_in_the_shipped_queries() {
        let mut library = Library::default();
        library.add_shipped();
        let find = |words: &str| -> Vec<String> {
            let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
            library.search(&words).into_iter().map(|query| query.name.clone()).collect()
        };
        for (words, name) in [
            ("rds", "rds-snapshots-shared"),
            ("ransomware", "ransom-notes"),
            ("ransomware", "foreign-key-encryption"),
            ("persistence", "access-keys-created"),
            ("quarantine", "keys-from-many-networks"),
            ("kali", "keys-with-many-agents"),
            ("exfiltration", "snapshots-and-images-shared"),
            ("mfa", "mfa-changes"),
            ("backdoor", "role-trust-changes"),
            ("login", "console-logins"),
            ("T1562", "trails-stopped"),
            ("cryptomining", "mining-launches"),
            ("escalat", "privilege-escalation"),
        ] {
            assert!(find(words).contains(&name.to_owned()), "{words}: {:?}", find(words));
        }
        assert!(!find("eks").contains(&"dormant-keys-used".to_owned()), "{:?}", find("eks"));
        for words in ["rds", "mfa", "kali", "ransomware", "quarantine"] {
            assert!(find(words).len() <= 20, "{words}: {:?}", find(words));
        }
    }
}
