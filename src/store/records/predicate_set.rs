//! Many predicates, asked of each record together: the texts that they need are looked for in one pass, and the values at
//! a path are read once.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::bytes::Regex;

use crate::store::records::id_set::IdSet;
use crate::store::records::json_path;
use crate::store::records::json_path::{Leaf, LeafPredicate};
use crate::store::records::predicate::{AnyText, RecordPredicate};
use crate::store::records::value_list::ValueList;

/// Longer lists of texts have a finder of their own.
const MAX_SHARED_TEXTS: usize = 64;
/// Automata of more texts are smaller and slower ones.
const MAX_FAST_TEXTS: usize = 3_000;
/// The shortest text that is looked for ignoring case.
const MIN_FOLDED: usize = 3;

/// Predicates that are asked together.
pub(crate) struct PredicateSet {
    predicates: Vec<Node>,
    paths: Vec<Vec<String>>,
    exact: Finder,
    folded: Finder,
}

/// A part of a predicate. Texts and paths are named by their numbers in the set.
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Ids(Arc<IdSet>),
    /// One of these texts is in the record.
    Text(Vec<usize>),
    LongText(AnyText),
    Matches(Regex, Vec<usize>),
    Same(usize, usize),
    Path {
        path: usize,
        tests: Vec<LeafPredicate>,
        /// Of each list, a record with such a value has one text.
        needed: Vec<Vec<usize>>,
        /// The same, ignoring case; empty if nothing is known.
        folded: Vec<usize>,
        long: Vec<AnyText>,
    },
}

/// Distinct things by their numbers.
struct Numbered<T>(HashMap<T, usize>);

impl<T: Eq + Hash> Numbered<T> {
    fn number(&mut self, thing: T) -> usize {
        let next = self.0.len();
        *self.0.entry(thing).or_insert(next)
    }

    fn into_list(self) -> Vec<T> {
        let mut all: Vec<(T, usize)> = self.0.into_iter().collect();
        all.sort_unstable_by_key(|(_, number)| *number);
        all.into_iter().map(|(thing, _)| thing).collect()
    }
}

/// The numbers that are given out while a set is put together.
struct Numbers {
    paths: Numbered<Vec<String>>,
    exact: Numbered<String>,
    folded: Numbered<String>,
}

impl PredicateSet {
    /// Puts predicates together, each with the sets that it names.
    ///
    /// # Errors
    /// A set is missing, or the texts are too long for an automaton.
    pub(crate) fn new(predicates: Vec<(RecordPredicate, Vec<Arc<IdSet>>)>) -> Result<PredicateSet, String> {
        let empty = || Numbered(HashMap::new());
        let mut numbers = Numbers { paths: Numbered(HashMap::new()), exact: empty(), folded: empty() };
        let predicates = predicates.into_iter().map(|(predicate, sets)| Node::new(predicate, &sets, &mut numbers));
        let predicates = predicates.collect::<Result<_, _>>()?;
        Ok(PredicateSet {
            predicates,
            paths: numbers.paths.into_list(),
            exact: Finder::new(numbers.exact.into_list(), false)?,
            folded: Finder::new(numbers.folded.into_list(), true)?,
        })
    }

    /// Returns the sets of which each event that meets a predicate is in one; `None` if any event may meet it.
    pub(crate) fn bounds(&self, predicate: usize) -> Option<Vec<&IdSet>> {
        self.predicates.get(predicate).and_then(Node::bounds)
    }

    /// Returns a record that the predicates are asked of.
    pub(crate) fn record<'s>(&'s self, id: i64, raw: &'s [u8]) -> AskedRecord<'s> {
        let leaves = self.paths.iter().map(|_| OnceCell::new()).collect();
        AskedRecord {
            set: self,
            id,
            raw,
            plain: json_path::readable(raw),
            exact: OnceCell::new(),
            folded: OnceCell::new(),
            leaves,
        }
    }
}

/// A record, and what was found out about it.
pub(crate) struct AskedRecord<'s> {
    set: &'s PredicateSet,
    id: i64,
    raw: &'s [u8],
    plain: std::borrow::Cow<'s, [u8]>,
    exact: OnceCell<Vec<u64>>,
    folded: OnceCell<Vec<u64>>,
    leaves: Vec<OnceCell<Vec<Leaf>>>,
}

impl AskedRecord<'_> {
    /// Reports whether the record meets a predicate.
    pub(crate) fn meets(&self, predicate: usize) -> bool {
        self.set.predicates.get(predicate).is_some_and(|node| node.holds(self))
    }

    fn has_exact(&self, text: usize) -> bool {
        is_set(self.exact.get_or_init(|| self.set.exact.found(&self.plain)), text)
    }

    fn has_folded(&self, text: usize) -> bool {
        is_set(self.folded.get_or_init(|| self.set.folded.found(&self.plain)), text)
    }

    fn leaves(&self, path: usize) -> &[Leaf] {
        self.leaves[path].get_or_init(|| json_path::leaves_and_arrays(self.raw, &self.set.paths[path]))
    }
}

fn is_set(bits: &[u64], at: usize) -> bool {
    bits.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

/// Texts that are looked for in one pass.
struct Finder {
    automaton: Option<AhoCorasick>,
    words: usize,
    /// The texts without a character, which are everywhere.
    empty: Vec<usize>,
}

impl Finder {
    fn new(texts: Vec<String>, ignores_case: bool) -> Result<Finder, String> {
        let empty = texts.iter().enumerate().filter(|(_, text)| text.is_empty()).map(|(at, _)| at).collect();
        let kind = if texts.len() <= MAX_FAST_TEXTS { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        let words = texts.len().div_ceil(64);
        let automaton = (!texts.is_empty()).then(|| {
            AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .kind(Some(kind))
                .ascii_case_insensitive(ignores_case)
                .build(&texts)
                .map_err(|error| error.to_string())
        });
        Ok(Finder { automaton: automaton.transpose()?, words, empty })
    }

    /// Returns the texts that are in a record, as bits.
    fn found(&self, record: &[u8]) -> Vec<u64> {
        let mut bits = vec![0; self.words];
        let mut add = |at: usize| bits[at / 64] |= 1 << (at % 64);
        if let Some(automaton) = &self.automaton {
            automaton.find_overlapping_iter(record).for_each(|found| add(found.pattern().as_usize()));
        }
        self.empty.iter().copied().for_each(add);
        bits
    }
}

impl Node {
    fn new(predicate: RecordPredicate, sets: &[Arc<IdSet>], numbers: &mut Numbers) -> Result<Node, String> {
        let each = |parts: Vec<RecordPredicate>, numbers: &mut Numbers| {
            let mut nodes =
                parts.into_iter().map(|part| Node::new(part, sets, numbers)).collect::<Result<Vec<_>, String>>()?;
            nodes.sort_by_key(Node::cost);
            Ok::<_, String>(nodes)
        };
        Ok(match predicate {
            RecordPredicate::All(parts) => Node::All(each(parts, numbers)?),
            RecordPredicate::Any(parts) => Node::Any(each(parts, numbers)?),
            RecordPredicate::Not(part) => Node::Not(Box::new(Node::new(*part, sets, numbers)?)),
            RecordPredicate::Ids(number) => {
                Node::Ids(Arc::clone(sets.get(number).ok_or_else(|| format!("there is no set {number}"))?))
            }
            RecordPredicate::Text(texts) => match shared(texts, numbers) {
                Ok(texts) => Node::Text(texts),
                Err(long) => Node::LongText(long),
            },
            RecordPredicate::Matches(pattern, texts) => {
                let runs = texts.iter().map(|text| safe_run(std::slice::from_ref(text))).collect::<Option<Vec<_>>>();
                let runs = runs.unwrap_or_default();
                Node::Matches(pattern, runs.into_iter().map(|run| numbers.folded.number(run)).collect())
            }
            RecordPredicate::Same(one, other) => Node::Same(numbers.paths.number(one), numbers.paths.number(other)),
            RecordPredicate::Path { keys, tests, needed } => {
                let (mut lists, mut long) = (Vec::new(), Vec::new());
                for texts in needed {
                    match shared(texts, numbers) {
                        Ok(texts) => lists.push(texts),
                        Err(texts) => long.push(texts),
                    }
                }
                let folded = folded_needs(&tests).unwrap_or_default();
                let folded = folded.into_iter().map(|run| numbers.folded.number(run)).collect();
                Node::Path { path: numbers.paths.number(keys), tests, needed: lists, folded, long }
            }
        })
    }

    /// Returns the cost of asking, so that the cheapest is asked first.
    fn cost(&self) -> u32 {
        match self {
            Node::Ids(_) => 0,
            Node::Text(_) => 1,
            Node::All(parts) | Node::Any(parts) => 2 + parts.iter().map(Node::cost).max().unwrap_or(0),
            Node::Not(part) => 1 + part.cost(),
            Node::Path { .. } => 100,
            Node::Same(..) => 200,
            Node::LongText(_) => 1_000,
            Node::Matches(..) => 2_000,
        }
    }

    fn bounds(&self) -> Option<Vec<&IdSet>> {
        match self {
            Node::Ids(set) => Some(vec![set]),
            Node::All(parts) => parts.iter().find_map(Node::bounds),
            Node::Any(parts) => parts.iter().map(Node::bounds).collect::<Option<Vec<_>>>().map(|sets| sets.concat()),
            _ => None,
        }
    }

    fn holds(&self, record: &AskedRecord<'_>) -> bool {
        match self {
            Node::All(parts) => parts.iter().all(|part| part.holds(record)),
            Node::Any(parts) => parts.iter().any(|part| part.holds(record)),
            Node::Not(part) => !part.holds(record),
            Node::Ids(set) => set.has(record.id),
            Node::Text(texts) => texts.iter().any(|text| record.has_exact(*text)),
            Node::LongText(texts) => texts.stands_in(&record.plain),
            Node::Matches(pattern, texts) => {
                (texts.is_empty() || texts.iter().any(|text| record.has_folded(*text)))
                    && pattern.is_match(&record.plain)
            }
            Node::Same(one, other) => {
                let whole = |leaf: &&Leaf| !matches!(leaf, Leaf::Array(_));
                let mut values = record.leaves(*one).iter().filter(whole);
                values.any(|value| record.leaves(*other).iter().filter(whole).any(|leaf| leaf.text() == value.text()))
            }
            Node::Path { path, tests, needed, folded, long } => {
                needed.iter().all(|texts| texts.iter().any(|text| record.has_exact(*text)))
                    && (folded.is_empty() || folded.iter().any(|text| record.has_folded(*text)))
                    && long.iter().all(|texts| texts.stands_in(&record.plain))
                    && record.leaves(*path).iter().any(|leaf| tests.iter().any(|test| test.passes(leaf)))
            }
        }
    }
}

/// Returns the numbers of texts, or a list that is too long to share.
fn shared(texts: AnyText, numbers: &mut Numbers) -> Result<Vec<usize>, AnyText> {
    if texts.texts.len() > MAX_SHARED_TEXTS {
        return Err(texts);
    }
    Ok(texts.texts.iter().map(|text| numbers.exact.number(text.clone())).collect())
}

/// Returns texts of which a record with a value that passes has one, ignoring the case of ASCII. `None` if that is not
/// known.
fn folded_needs(tests: &[LeafPredicate]) -> Option<Vec<String>> {
    let of_list = |list: &ValueList| -> Option<Vec<String>> { list.literals()?.map(safe_run).collect() };
    let of_test = |test: &LeafPredicate| match test {
        LeafPredicate::In(list) if list.is_folded() => of_list(list),
        _ => None,
    };
    let runs = tests.iter().map(of_test).collect::<Option<Vec<_>>>()?.concat();
    (runs.len() <= MAX_SHARED_TEXTS).then_some(runs)
}

/// Returns the longest run of letters and digits in some texts that a record spells like a value in every case: `s` and
/// `k` have a form outside ASCII, and a number has several spellings.
fn safe_run(texts: &[String]) -> Option<String> {
    let is_safe = |c: char| c.is_ascii() && (c.is_alphanumeric() || "_-./:@".contains(c)) && !"sSkK".contains(c);
    let runs = texts.iter().flat_map(|text| text.split(|c| !is_safe(c)));
    let is_word = |run: &&str| run.bytes().any(|byte| byte.is_ascii_alphabetic() && !byte.eq_ignore_ascii_case(&b'e'));
    let longest = runs.filter(is_word).max_by_key(|run| run.len())?;
    (longest.len() >= MIN_FOLDED).then(|| longest.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{PredicateSet, safe_run};
    use crate::store::records::id_set::IdSet;
    use crate::store::records::predicate::{PredicateSpec, RecordPredicate};

    const RECORDS: [&[u8]; 3] = [
        br#"{"a":{"b":"Kali \"x\"","n":1.50e1,"t":["one","two"]},"c":"one"}"#,
        br#"{"a":{"b":"\u212aali","n":2},"c":"none"}"#,
        br#"{"z":"KALI and parrot"}"#,
    ];

    const PREDICATES: [&str; 12] = [
        r#"{"text":["one","z\""]}"#,
        r#"{"text":[""]}"#,
        r#"{"path":"a.b","is":[["in","{\"exact\":[\"KALI \\\"X\\\"\"],\"folded\":true}"]]}"#,
        r#"{"path":"a.b","is":[["in","{\"wildcards\":[\"k*li*\"],\"folded\":true}"]]}"#,
        r#"{"path":"a","is":[["in","{\"wildcards\":[\"*\\\"T\\\":[[]\\\"ONE*\"],\"folded\":true}"]]}"#,
        r#"{"path":"a.n","is":[["in","{\"exact\":[\"15.0\"],\"folded\":true}"]]}"#,
        r#"{"path":"a.n","is":[[">","1"]]}"#,
        r#"{"matches":"(?is)kali|parrot","texts":["kali","parrot"]}"#,
        r#"{"matches":"(?is)k.*i","texts":["k","i"]}"#,
        r#"{"same":["a.t","c"]}"#,
        r#"{"not":{"path":"c","is":[["present",""]]}}"#,
        r#"{"all":[{"any":[{"text":["parrot"]},{"path":"c","is":[["~","^n"]]}]},{"not":{"text":["one\""]}}]}"#,
    ];

    fn predicate(written: &str) -> RecordPredicate {
        RecordPredicate::new(serde_json::from_str::<PredicateSpec>(written).unwrap()).unwrap()
    }

    #[test]
    fn predicates_give_together_what_each_gives_alone() {
        let set = PredicateSet::new(PREDICATES.map(|written| (predicate(written), Vec::new())).into()).unwrap();
        let mut met = 0;
        for (id, record) in (0..).zip(RECORDS) {
            let asked = set.record(id, record);
            for (at, written) in PREDICATES.iter().enumerate() {
                let alone = predicate(written).is_met_by(record);
                assert_eq!(asked.meets(at), alone, "{written} of record {id}");
                met += u32::from(alone);
            }
        }
        assert!(met > 12, "{met}");
    }

    #[test]
    fn sets_of_events_bound_what_is_read() {
        let sets = || vec![Arc::new(IdSet::new(vec![1, 5])), Arc::new(IdSet::new(vec![2]))];
        let all = r#"{"all":[{"text":["one"]},{"ids":0},{"any":[{"ids":1},{"text":["two"]}]}]}"#;
        let any = r#"{"any":[{"all":[{"ids":0},{"text":["one"]}]},{"ids":1}]}"#;
        let open = r#"{"any":[{"ids":0},{"all":[{"text":["one"]},{"not":{"ids":1}}]}]}"#;
        let all = (predicate(all), sets());
        let set = PredicateSet::new(vec![all, (predicate(any), sets()), (predicate(open), sets())]).unwrap();
        assert_eq!(set.bounds(0).map(|sets| sets.len()), Some(1));
        assert_eq!(set.bounds(1).map(|sets| sets.len()), Some(2));
        assert!(set.bounds(2).is_none());
        let met = |id: i64| (0..3).map(|at| set.record(id, RECORDS[0]).meets(at)).collect::<Vec<_>>();
        assert_eq!(met(1), [true, true, true]);
        assert_eq!(met(2), [false, true, false]);
        assert_eq!(met(3), [false, false, true]);
        assert!(PredicateSet::new(vec![(predicate(r#"{"ids":0}"#), Vec::new())]).is_err());
    }

    #[test]
    fn runs_leave_out_what_may_be_spelled_otherwise() {
        let run = |text: &str| safe_run(&[text.to_owned()]);
        assert_eq!(run("describeInstances").as_deref(), Some("cribein"));
        assert_eq!(run("\"acme-LOG\":1").as_deref(), Some("acme-log"));
        assert_eq!((run("15.0e3"), run("ss"), run("ab")), (None, None, None));
    }
}
