//! Loads rules from files and folders. A file that cannot be read or compiled never costs the others.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::detection::{Condition, Rule};
use crate::query::{self, Environment};
use crate::sigma::correlation::{self, Referred};
use crate::sigma::detection;
use crate::sigma::document::{self, Kind, Status};
use crate::sigma::yaml::{self, Yaml};

/// The bytes of the longest file that is read.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// The rules of some files and folders.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// The rules, in the order of their files' paths.
    pub rules: Vec<Rule>,
    /// Rules and files that could not be compiled.
    pub not_compiled: Vec<NotCompiled>,
    /// Remarks on rules that were compiled.
    pub notes: Vec<RuleNote>,
    /// The number of files that were read.
    pub files: u64,
    /// The number of rules for other logs, by log.
    pub other_logs: BTreeMap<String, u64>,
    /// The number of rules with the status `deprecated`.
    pub deprecated: u64,
    /// The number of rules with the status `unsupported`.
    pub unsupported: u64,
    /// Files that hold no rule.
    pub not_rules: Vec<PathBuf>,
}

/// A rule or a file that could not be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCompiled {
    /// The file.
    pub path: PathBuf,
    /// The title of the rule; empty if the file is not YAML.
    pub title: String,
    /// The reason; a modifier that is not supported is named.
    pub reason: String,
}

/// A remark on a rule that was compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleNote {
    /// The id of the rule.
    pub rule: String,
    /// The remark.
    pub note: String,
}

/// A path that was named and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read rules from {}: {error}", path.display())]
pub struct LoadError {
    /// The path.
    pub path: PathBuf,
    /// The reason.
    #[source]
    pub error: io::Error,
}

/// Loads the rules of files and folders. A folder gives all its files that end in `.yml` or `.yaml`.
///
/// # Errors
/// A path does not exist or cannot be read.
pub fn load(paths: &[PathBuf]) -> Result<RuleSet, LoadError> {
    let mut loader = Loader::default();
    for path in files(paths)? {
        loader.file(&path);
    }
    Ok(loader.finish())
}

/// Loads the rules of one text, as if it were a file of this name.
pub fn load_text(name: &Path, text: &str) -> RuleSet {
    let mut loader = Loader::default();
    loader.text(name, text);
    loader.finish()
}

/// Returns the files of some paths, each once, in the order of their names.
pub(crate) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, LoadError> {
    let mut found = Vec::new();
    for path in paths {
        let fail = |error: io::Error| LoadError { path: path.clone(), error };
        if !std::fs::metadata(path).map_err(fail)?.is_dir() {
            found.push(path.clone());
            continue;
        }
        for entry in WalkDir::new(path) {
            let entry = entry.map_err(|error| fail(error.into()))?;
            let is_yaml = |path: &Path| {
                path.extension().is_some_and(|is| is.eq_ignore_ascii_case("yml") || is.eq_ignore_ascii_case("yaml"))
            };
            if entry.file_type().is_file() && is_yaml(entry.path()) {
                found.push(entry.into_path());
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// A rule of a file, compiled as far as it goes.
struct Loaded {
    /// The number of its file.
    file: usize,
    name: Option<String>,
    title: String,
    /// The rule, or why it was not compiled.
    rule: Result<Rule, String>,
    /// Another rule of its file is made of it, and it is not one of its own.
    is_part: bool,
}

impl Loaded {
    /// Returns what a correlation needs to know, if it has this id, name or title. The specification knows no titles, but
    /// public rules refer to them.
    fn referred(&self, reference: &str) -> Option<Referred<'_>> {
        let id = self.rule.as_ref().map_or("", |rule| &rule.id);
        let names = [Some(id), self.name.as_deref(), Some(self.title.as_str())];
        names.contains(&Some(reference)).then(|| Referred {
            id,
            name: self.name.as_deref(),
            filter: match &self.rule {
                Ok(Rule { condition: Condition::Lookup(filter), .. }) => Ok(filter),
                Ok(_) => Err("correlations of correlations are not supported"),
                Err(reason) => Err(reason),
            },
        })
    }
}

/// A correlation, and the number of its file and its place among the rules.
struct Waiting {
    file: usize,
    place: usize,
    id: String,
    document: Yaml,
}

#[derive(Default)]
struct Loader {
    set: RuleSet,
    paths: Vec<PathBuf>,
    loaded: Vec<Loaded>,
    correlations: Vec<Waiting>,
    /// Rules for other logs, by ids, names and titles, with their logs.
    others: HashMap<String, String>,
    /// The ids of the rules that were added.
    ids: HashSet<String>,
}

impl Loader {
    fn file(&mut self, path: &Path) {
        self.set.files += 1;
        match read(path) {
            Ok(text) => self.text(path, &text),
            Err(reason) => self.not_compiled(path, "", reason),
        }
    }

    fn not_compiled(&mut self, path: &Path, title: &str, reason: String) {
        self.set.not_compiled.push(NotCompiled { path: path.to_owned(), title: title.to_owned(), reason });
    }

    fn text(&mut self, path: &Path, text: &str) {
        let documents = match yaml::documents(text) {
            Ok(documents) => documents,
            Err(reason) => return self.not_compiled(path, "", format!("not YAML: {reason}")),
        };
        let file = self.paths.len();
        self.paths.push(path.to_owned());
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let mut is_rule_file = false;
        for (number, document) in documents.into_iter().enumerate() {
            let id = if number == 0 { stem.clone() } else { format!("{stem}#{}", number + 1) };
            let kind = document::kind(&document);
            is_rule_file |= kind != Kind::Other;
            match kind {
                Kind::Other => {}
                Kind::OtherLog(log) => {
                    let name = |key: &str| document::text(&document, key).map(Into::into);
                    self.others
                        .extend(["id", "name", "title"].into_iter().filter_map(name).map(|name| (name, log.clone())));
                    self.count_other(log);
                }
                Kind::Retired(Status::Deprecated) => self.set.deprecated += 1,
                Kind::Retired(Status::Unsupported) => self.set.unsupported += 1,
                Kind::Detection => self.detection(file, &id, &document),
                Kind::Correlation => {
                    self.correlations.push(Waiting { file, place: self.loaded.len(), id, document });
                }
            }
        }
        if !is_rule_file {
            self.set.not_rules.push(path.to_owned());
        }
    }

    fn count_other(&mut self, log: String) {
        *self.set.other_logs.entry(log).or_default() += 1;
    }

    fn detection(&mut self, file: usize, id: &str, rule: &Yaml) {
        let mut unknown = Vec::new();
        let compiled = detection::compile(rule.get("detection").unwrap_or(&Yaml::Null), &mut unknown)
            .and_then(|filter| document::rule(rule, id, Condition::Lookup(checked(filter.text())?)));
        if let Ok(compiled) = &compiled {
            let notes = unknown.iter().map(|field| RuleNote {
                rule: compiled.id.clone(),
                note: format!("no CloudTrail record has the field `{field}`, so it never matches"),
            });
            self.set.notes.extend(notes);
        }
        self.loaded.push(Loaded {
            file,
            name: document::text(rule, "name").map(Into::into),
            title: document::title(rule),
            rule: compiled,
            is_part: false,
        });
    }

    /// Compiles the correlations, whose rules may be in any file, and puts all rules in order.
    fn finish(mut self) -> RuleSet {
        for waiting in std::mem::take(&mut self.correlations) {
            let references = correlation::references(&waiting.document);
            let known = |reference: &String| self.loaded.iter().any(|loaded| loaded.referred(reference).is_some());
            let log = references.iter().find_map(|reference| self.others.get(reference)).cloned();
            match log.filter(|_| !references.iter().any(known)) {
                Some(log) => self.count_other(log),
                None => self.correlations.push(waiting),
            }
        }
        let mut compiled = Vec::new();
        for waiting in &self.correlations {
            let find = |reference: &str| {
                let named: Vec<&Loaded> =
                    self.loaded.iter().filter(|loaded| loaded.referred(reference).is_some()).collect();
                // The names of a file come before those of others.
                let own = named.iter().find(|loaded| loaded.file == waiting.file);
                own.or(named.first()).and_then(|loaded| loaded.referred(reference))
            };
            let rule = correlation::compile(&waiting.document, find).and_then(|correlation| {
                document::rule(&waiting.document, &waiting.id, Condition::Correlation(correlation))
            });
            compiled.push(rule);
        }
        for (waiting, rule) in std::mem::take(&mut self.correlations).into_iter().zip(compiled).rev() {
            if rule.is_ok() && !correlation::generates(&waiting.document) {
                let references = correlation::references(&waiting.document);
                let of_file = self.loaded.iter_mut().filter(|loaded| loaded.file == waiting.file);
                for loaded in of_file.filter(|loaded| references.iter().any(|name| loaded.referred(name).is_some())) {
                    loaded.is_part = true;
                }
            }
            let title = document::title(&waiting.document);
            let loaded = Loaded { file: waiting.file, name: None, title, rule, is_part: false };
            self.loaded.insert(waiting.place, loaded);
        }
        for Loaded { file, title, rule, is_part, .. } in std::mem::take(&mut self.loaded) {
            match rule {
                Ok(_) if is_part => {}
                Ok(rule) => self.add(file, rule),
                Err(reason) => {
                    let path = self.paths[file].clone();
                    self.not_compiled(&path, &title, reason);
                }
            }
        }
        self.set.not_compiled.sort_by(|a, b| a.path.cmp(&b.path));
        self.set
    }

    /// Adds a rule, unless one has its id.
    fn add(&mut self, file: usize, rule: Rule) {
        if !self.ids.insert(rule.id.clone()) {
            let path = self.paths[file].clone();
            return self.not_compiled(&path, &rule.title, format!("another rule has the id `{}`", rule.id));
        }
        self.set.rules.push(rule);
    }
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut text = String::new();
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => "not UTF-8".to_owned(),
        _ => error.to_string(),
    })?;
    match text.len() as u64 > MAX_FILE_BYTES {
        true => Err("larger than 1 MiB".to_owned()),
        false => Ok(text),
    }
}

/// An environment without a case, in which lookups are checked.
struct NoCase;

impl Environment for NoCase {
    fn now(&self) -> i64 {
        0
    }

    fn newest_event(&self) -> Option<i64> {
        None
    }

    fn read_list(&self, _: &str) -> Result<String, String> {
        Err("a rule reads no file".to_owned())
    }

    fn paths_to_key(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

/// Returns the text of a lookup that has a meaning.
pub(crate) fn checked(text: String) -> Result<String, String> {
    match query::parse(&text).and_then(|tree| query::resolve(&tree, &NoCase)) {
        Ok(_) => Ok(text),
        Err(mistake) => Err(format!("it does not become a lookup: {}", mistake.message)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{load, load_text};
    use crate::detection::Condition;

    const RULE: &str = "title: T\nid: ID\nname: NAME\nlogsource: {product: aws, service: cloudtrail}\n\
                        detection:\n  s:\n    eventName: VALUE\n  condition: s\n";
    const COUNT: &str = "title: C\nid: count\ncorrelation:\n  type: event_count\n  rules: [one]\n  timespan: 1h\n  \
                         condition: {gte: 2}\n";

    fn rule(id: &str, value: &str) -> String {
        RULE.replace("ID", id).replace("NAME", &format!("name-{id}")).replace("VALUE", value)
    }

    fn ids(set: &super::RuleSet) -> Vec<&str> {
        set.rules.iter().map(|rule| rule.id.as_str()).collect()
    }

    #[test]
    fn a_broken_file_costs_none_of_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let large = "#".repeat(1 << 20) + "\nx";
        let windows = rule("w", "x").replace("product: aws, service: cloudtrail", "product: windows");
        for (name, text) in [
            ("b.yml", rule("b", "B").as_bytes()),
            ("a.yaml", rule("a", "A").as_bytes()),
            ("again.yml", rule("a", "A").as_bytes()),
            ("broken.yml", b"a: [1\nb: }"),
            ("bytes.yml", &[0xff, 0xfe, 0x00]),
            ("large.yml", large.as_bytes()),
            ("modifier.yml", rule("m", "x").replace("eventName", "eventName|windash").as_bytes()),
            ("none.yml", b"just: a file\n"),
            ("notes.txt", b"not asked for"),
            ("old.yml", format!("{}status: deprecated\n", rule("o", "x")).as_bytes()),
            ("windows.yml", windows.as_bytes()),
        ] {
            fs::write(path(name), text).unwrap();
        }
        let set = load(&[path("b.yml"), folder.path().to_owned()]).unwrap();
        assert_eq!(ids(&set), ["a", "b"]);
        let failed: Vec<String> = set
            .not_compiled
            .iter()
            .map(|failed| format!("{}: {}", failed.path.file_name().unwrap().display(), failed.reason))
            .collect();
        assert_eq!(failed.len(), 5, "{failed:?}");
        for (failed, expected) in failed.iter().zip([
            "again.yml: another rule has the id `a`",
            "broken.yml: not YAML",
            "bytes.yml: not UTF-8",
            "large.yml: larger than 1 MiB",
            "modifier.yml: eventName: the modifier `windash` is not supported",
        ]) {
            assert!(failed.starts_with(expected), "{failed}");
        }
        assert_eq!((set.files, set.deprecated, set.other_logs["windows"]), (10, 1, 1));
        assert_eq!(set.not_rules, [path("none.yml")]);
        assert!(load(&[path("absent.yml")]).is_err());
    }

    #[test]
    fn rules_of_a_correlation_are_rules_of_their_own_only_where_it_says_so() {
        let load = |text: &str| load_text(Path::new("r.yml"), text);
        let part = rule("one", "A").replace("name-one", "one");
        let set = load(&format!("{COUNT}---\n{part}"));
        assert_eq!(ids(&set), ["count"]);
        let Condition::Correlation(found) = &set.rules[0].condition else { panic!() };
        assert_eq!(found.rules, [("one".to_owned(), "event-name=~\"A\"".to_owned())]);
        let set = load(&format!("{part}---\n{}", COUNT.replace("  type", "  generate: true\n  type")));
        assert_eq!(ids(&set), ["one", "count"]);
        let set = load(&format!("{part}---\n{}", COUNT.replace("[one]", "[T]")));
        assert_eq!(ids(&set), ["count"], "a title is a reference too");
        let windows = part.replace("product: aws, service: cloudtrail", "product: windows");
        let set = load(&format!("{windows}---\n{COUNT}"));
        assert_eq!((set.other_logs["windows"], set.not_compiled.len()), (2, 0));
        let set = load(&format!("{part}---\n{}", COUNT.replace("[one]", "[two]")));
        assert_eq!((ids(&set), set.not_compiled.len()), (vec!["one"], 1));
        let chained = COUNT.replace("id: count", "id: chained").replace("[one]", "[count]");
        let set = load(&format!("{COUNT}---\n{part}---\n{chained}"));
        assert_eq!(ids(&set), ["count"]);
        assert!(set.not_compiled[0].reason.contains("`count`"), "{:?}", set.not_compiled);
    }

    #[test]
    fn rules_without_ids_are_named_after_their_file() {
        let text = rule("x", "A").replace("id: x\n", "");
        let set = load_text(&PathBuf::from("folder/create_user.yml"), &format!("{text}---\n{text}"));
        assert_eq!(ids(&set), ["create_user", "create_user#2"]);
        let set = load_text(Path::new("r.yml"), &rule("x", "A").replace("eventName:", "Image:"));
        assert_eq!((set.notes.len(), set.notes[0].rule.as_str()), (1, "x"));
    }
}
