//! Lists of values, wildcards and networks of any length. One look at a text costs about as much for a list of 200,000
//! as for a short one.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use aho_corasick::AhoCorasick;
use ipnet::IpNet;
use serde::Deserialize;

use crate::store::records::fold::fold;

/// Lists that stay parsed, the latest first.
const MAX_CACHED: usize = 4;

/// A list as the function `in_list` takes it, in JSON.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct ListSpec {
    exact: Vec<String>,
    /// In GLOB's syntax, without `?` and classes of several characters.
    wildcards: Vec<String>,
    networks: Vec<String>,
    /// True if case is ignored.
    folded: bool,
}

/// A list of which one entry has to match.
pub(crate) struct ValueList {
    exact: HashSet<String>,
    wildcards: Wildcards,
    networks: Networks,
    folded: bool,
}

impl ValueList {
    /// Parses a list.
    ///
    /// # Errors
    /// It is not a list, or an entry is not a wildcard or a network.
    pub(crate) fn parse(text: &str) -> Result<ValueList, String> {
        let written: ListSpec = serde_json::from_str(text).map_err(|error| format!("invalid list: {error}"))?;
        let folded = |text: String| if written.folded { fold(&text).into_owned() } else { text };
        let wildcards = written
            .wildcards
            .iter()
            .map(|glob| pieces(glob).map(|pieces| pieces.into_iter().map(folded).collect::<Vec<String>>()));
        Ok(ValueList {
            wildcards: Wildcards::new(wildcards.collect::<Result<_, _>>()?)?,
            networks: Networks::parse(&written.networks)?,
            exact: written.exact.into_iter().map(folded).collect(),
            folded: written.folded,
        })
    }

    /// Reports whether a text is one of the exact values.
    pub(crate) fn has(&self, text: &str) -> bool {
        self.exact.contains(&*self.as_compared(text))
    }

    /// Reports whether case is ignored.
    pub(crate) fn is_folded(&self) -> bool {
        self.folded
    }

    /// Returns a text as it is compared.
    fn as_compared<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.folded { fold(text) } else { Cow::Borrowed(text) }
    }

    /// Reports whether an entry matches the whole text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let compared = self.as_compared(text);
        self.exact.contains(&*compared) || self.networks.contain(text) || self.wildcards.match_text(&compared)
    }

    /// Reports whether an entry matches the text, or what follows one of the separators in it.
    pub(crate) fn matches_end(&self, text: &str, separators: &str) -> bool {
        let ends = text.char_indices().filter(|(_, character)| separators.contains(*character));
        self.matches(text)
            || ends.map(|(at, character)| &text[at + character.len_utf8()..]).any(|end| self.matches(end))
    }

    /// Returns the literal texts of every entry: the pieces of a wildcard, or the one of an exact value. `None` if a network
    /// is in the list.
    pub(crate) fn literals(&self) -> Option<impl Iterator<Item = &[String]>> {
        let exact = self.exact.iter().map(std::slice::from_ref);
        self.networks.is_empty().then(|| exact.chain(self.wildcards.patterns.iter().map(Vec::as_slice)))
    }

    /// Returns the exact values, where nothing else is in the list.
    pub(crate) fn exact_only(&self) -> Option<impl Iterator<Item = &str>> {
        let only = self.wildcards.patterns.is_empty() && self.networks.is_empty();
        only.then(|| self.exact.iter().map(String::as_str))
    }
}

/// The lists that were parsed last: a statement asks for one in several places, and so does the choice of its index.
#[derive(Clone, Default)]
pub(crate) struct ListCache(Arc<Mutex<Vec<CachedList>>>);

/// A list as it is written, and parsed.
type CachedList = (String, Arc<ValueList>);

impl ListCache {
    /// Returns the parsed list.
    ///
    /// # Errors
    /// As for [`ValueList::parse`].
    pub(crate) fn get(&self, text: &str) -> Result<Arc<ValueList>, String> {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = lists.iter().position(|(known, _)| known == text) {
            lists[..=at].rotate_right(1);
        } else {
            lists.insert(0, (text.to_owned(), Arc::new(ValueList::parse(text)?)));
            lists.truncate(MAX_CACHED);
        }
        Ok(Arc::clone(&lists[0].1))
    }
}

/// Returns the texts between the asterisks of a wildcard.
fn pieces(glob: &str) -> Result<Vec<String>, String> {
    let mut pieces = vec![String::new()];
    let mut rest = glob.chars();
    while let Some(next) = rest.next() {
        let literal = match next {
            '*' => {
                pieces.push(String::new());
                continue;
            }
            '[' => rest.next().filter(|literal| *literal != '^' && rest.next() == Some(']')),
            '?' => None,
            other => Some(other),
        };
        let literal = literal.ok_or_else(|| format!("invalid wildcard \"{glob}\": only * and [c] are known"))?;
        pieces.last_mut().into_iter().for_each(|piece| piece.push(literal));
    }
    Ok(pieces)
}

/// Wildcards, found by the rarest of their pieces: the beginning or the end by hash, one between by an automaton.
struct Wildcards {
    patterns: Vec<Vec<String>>,
    beginnings: ByLength,
    ends: ByLength,
    between: Option<Between>,
    /// Wildcards without a text of their own.
    any: bool,
}

/// The wildcards with a piece, by that piece; and which lengths the pieces have.
#[derive(Default)]
struct ByLength {
    patterns: HashMap<String, Vec<usize>>,
    lengths: BTreeSet<usize>,
}

impl ByLength {
    fn add(&mut self, piece: &str, pattern: usize) {
        self.lengths.insert(piece.len());
        self.patterns.entry(piece.to_owned()).or_default().push(pattern);
    }
}

/// Pieces that may be anywhere.
struct Between {
    finder: AhoCorasick,
    /// The wildcards of each piece.
    patterns: Vec<Vec<usize>>,
}

impl Wildcards {
    fn new(patterns: Vec<Vec<String>>) -> Result<Wildcards, String> {
        let mut uses: HashMap<&str, usize> = HashMap::new();
        for piece in patterns.iter().flatten().filter(|piece| !piece.is_empty()) {
            *uses.entry(piece).or_default() += 1;
        }
        let (mut beginnings, mut ends, mut any) = (ByLength::default(), ByLength::default(), false);
        let mut between: HashMap<&str, Vec<usize>> = HashMap::new();
        for (number, pieces) in patterns.iter().enumerate() {
            let last = pieces.len() - 1;
            let inner = |at: &usize| *at != 0 && *at != last;
            let rarest = (0..pieces.len())
                .filter(|at| !pieces[*at].is_empty())
                .min_by_key(|at| (uses[pieces[*at].as_str()], inner(at), usize::MAX - pieces[*at].len()));
            match rarest {
                None => any = true,
                Some(0) => beginnings.add(&pieces[0], number),
                Some(at) if at == last => ends.add(&pieces[at], number),
                Some(at) => between.entry(&pieces[at]).or_default().push(number),
            }
        }
        let between = match between.is_empty() {
            true => None,
            false => {
                let (texts, patterns): (Vec<&str>, Vec<Vec<usize>>) = between.into_iter().unzip();
                let finder = AhoCorasick::new(texts).map_err(|error| error.to_string())?;
                Some(Between { finder, patterns })
            }
        };
        Ok(Wildcards { patterns, beginnings, ends, between, any })
    }

    fn match_text(&self, text: &str) -> bool {
        let one_of = |patterns: &Vec<usize>| patterns.iter().any(|pattern| is_like(text, &self.patterns[*pattern]));
        let found = |index: &ByLength, piece: Option<&str>| {
            piece.and_then(|piece| index.patterns.get(piece)).is_some_and(one_of)
        };
        self.any
            || self.beginnings.lengths.iter().any(|length| found(&self.beginnings, text.get(..*length)))
            || self
                .ends
                .lengths
                .iter()
                .any(|length| found(&self.ends, text.len().checked_sub(*length).and_then(|start| text.get(start..))))
            || self.between.as_ref().is_some_and(|between| {
                let mut matches = between.finder.find_overlapping_iter(text);
                matches.any(|found| one_of(&between.patterns[found.pattern().as_usize()]))
            })
    }
}

/// Reports whether a text begins with the first piece, ends with the last, and has the others between them in order.
fn is_like(text: &str, pieces: &[String]) -> bool {
    let [first, between @ .., last] = pieces else { return pieces.first().is_some_and(|only| only == text) };
    let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
    let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
    for piece in between {
        let Some(at) = rest.find(piece.as_str()) else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
}

/// Networks as ranges of addresses that do not overlap, in order.
#[derive(Default)]
struct Networks {
    ranges: Vec<(IpAddr, IpAddr)>,
}

impl Networks {
    fn parse(networks: &[String]) -> Result<Networks, String> {
        let network = |text: &String| {
            let single = text.parse::<IpAddr>().map(IpNet::from);
            text.parse::<IpNet>().or(single).map_err(|_| format!("`{text}` is not a network"))
        };
        let networks = networks.iter().map(network).collect::<Result<Vec<_>, _>>()?;
        // Addresses of IPv4 come before those of IPv6.
        let mut ranges: Vec<_> =
            IpNet::aggregate(&networks).iter().map(|net| (net.network(), net.broadcast())).collect();
        ranges.sort_unstable();
        Ok(Networks { ranges })
    }

    fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    fn contain(&self, text: &str) -> bool {
        let Some(Ok(address)) = (!self.is_empty()).then(|| text.parse::<IpAddr>()) else { return false };
        let place = |(first, last): &(IpAddr, IpAddr)| match (first.cmp(&address), last.cmp(&address)) {
            (Ordering::Greater, _) => Ordering::Greater,
            (_, Ordering::Less) => Ordering::Less,
            _ => Ordering::Equal,
        };
        self.ranges.binary_search_by(place).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ListCache, ValueList};

    fn list(exact: &[&str], wildcards: &[&str], networks: &[&str]) -> ValueList {
        let text = json!({ "exact": exact, "wildcards": wildcards, "networks": networks }).to_string();
        ValueList::parse(&text).unwrap()
    }

    #[test]
    fn every_kind_of_entry_matches_whole_texts() {
        let list = list(
            &["alice", ""],
            &["AKIA*", "*-prod", "a*b*c", "*mid*", "x[*]*", "Bü*", "*aXa*aXa*"],
            &["10.0.0.0/8", "203.0.113.77", "2001:db8::/32", "10.1.0.0/16"],
        );
        for text in [
            "alice",
            "",
            "AKIA",
            "AKIA1",
            "web-prod",
            "-prod",
            "abc",
            "aXbXc",
            "abbcc",
            "amidst",
            "mid",
            "x*",
            "x*y",
            "Büro",
            "aXaXaXa",
            "10.9.9.9",
            "10.1.2.3",
            "203.0.113.77",
            "2001:db8::1",
            "2001:0DB8:0::1",
        ] {
            assert!(list.matches(text), "{text}");
        }
        for text in [
            "Alice",
            "alice ",
            "AKI",
            "web-prod1",
            "ac",
            "acb",
            "ab",
            "xy",
            "B",
            "aXaXa",
            "11.0.0.1",
            "203.0.113.78",
            "2001:db9::1",
            "10.0.0",
            "::ffff:10.0.0.1",
        ] {
            assert!(!list.matches(text), "{text}");
        }
    }

    #[test]
    fn an_end_is_what_follows_a_separator() {
        let list = list(&["Admin", "role/Ops"], &["web-*"], &[]);
        for text in ["Admin", "arn:aws:iam::1:role/Admin", "arn:aws:iam::1:role/Ops", "a:web-1", "a/web-1/b", "é/Admin"]
        {
            assert!(list.matches_end(text, "/:"), "{text}");
        }
        for text in ["arn:aws:iam::1:role/Admin2", "xAdmin", "arn:x/Ops", ""] {
            assert!(!list.matches_end(text, "/:"), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_list_is_an_error() {
        let cache = ListCache::default();
        for (text, problem) in [
            ("[", "invalid list"),
            (r#"{"exakt":[]}"#, "unknown field"),
            (r#"{"wildcards":["a?"]}"#, "invalid wildcard \"a?\""),
            (r#"{"wildcards":["[ab]"]}"#, "invalid wildcard"),
            (r#"{"wildcards":["["]}"#, "invalid wildcard"),
            (r#"{"networks":["10.0.0.0/33"]}"#, "`10.0.0.0/33` is not a network"),
        ] {
            let error = cache.get(text).err().unwrap();
            assert!(error.contains(problem), "{text}: {error}");
        }
        for number in 0..10 {
            assert!(cache.get(&format!(r#"{{"exact":["{number}"]}}"#)).unwrap().matches(&number.to_string()));
        }
    }
}
