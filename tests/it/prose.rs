//! The prose of the project: doc comments open with a verb or a noun phrase, and phrases that readers stumble over do not
//! come back.

use std::fs;
use std::path::{Path, PathBuf};

/// Words with which no doc comment opens.
const QUESTIONS: [&str; 8] = ["What", "Whether", "How", "Where", "Which", "Who", "Why", "When"];
/// Phrases that have a plainer word.
const PHRASES: [&str; 5] = ["in vain", "whoever", "so many", "by chance", "of its own accord"];
/// Words that may follow "is no" and "are no".
const AFTER_NO: [&str; 5] = ["longer", "more", "fewer", "less", "different"];

/// Files below a folder of the project, with one of these extensions.
fn files(folder: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    walkdir::WalkDir::new(root)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|is| extensions.iter().any(|extension| is == *extension)))
        .collect()
}

/// The lines of files that a check objects to, each with its place.
fn objections(files: &[PathBuf], objects: impl Fn(&[&str], usize) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let places = (0..lines.len()).filter(|at| objects(&lines, *at));
        let name = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display();
        found.extend(places.map(|at| format!("{name}:{}: {}", at + 1, lines[at].trim())));
    }
    found
}

/// The text of a doc comment's line.
fn doc(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))
}

fn opens_with_a_question(lines: &[&str], at: usize) -> bool {
    let Some(text) = doc(lines[at]) else { return false };
    let opens = at == 0 || doc(lines[at - 1]).is_none();
    let first = text.split_whitespace().next().unwrap_or_default();
    opens && QUESTIONS.contains(&first)
}

fn says_is_no(line: &str) -> bool {
    let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.windows(2).enumerate().any(|(at, pair)| {
        let before = at.checked_sub(1).map_or("", |before| words[before]).to_lowercase();
        let after = words.get(at + 2).copied().unwrap_or_default();
        matches!(pair, ["is" | "are", "no"]) && before != "there" && !AFTER_NO.contains(&after)
    })
}

fn has_a_phrase(lines: &[&str], at: usize) -> bool {
    let line = lines[at].to_lowercase();
    says_is_no(lines[at]) || PHRASES.iter().any(|phrase| line.contains(phrase))
}

#[test]
fn doc_comments_open_with_a_verb_or_a_noun() {
    let found = objections(&files("src", &["rs"]), opens_with_a_question);
    assert!(found.is_empty(), "{} doc comments\n{}", found.len(), found.join("\n"));
}

#[test]
fn phrases_with_a_plainer_word_do_not_come_back() {
    let mut all = files("src", &["rs", "md"]);
    all.extend(files("sql", &["sql", "trailq"]));
    all.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let found = objections(&all, has_a_phrase);
    assert!(found.is_empty(), "{} lines\n{}", found.len(), found.join("\n"));
}
