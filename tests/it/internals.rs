//! The internals pages of the guide agree with the source: dependencies and citations of sections.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("src/guide/internals").join(name)).unwrap()
}

/// The crates that a section of `Cargo.toml` names.
fn crates_of(section: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let lines = manifest.lines().skip_while(|line| *line != section).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_dependencies_page_lists_every_crate() {
    let text = page("dependencies.md");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let listed: BTreeSet<String> = rows
        .flat_map(|row| row.split('|').nth(1).unwrap_or_default().split(','))
        .map(|name| name.trim().trim_matches('`').to_owned())
        .collect();
    let declared: BTreeSet<String> =
        crates_of("[dependencies]").union(&crates_of("[dev-dependencies]")).cloned().collect();
    assert_eq!(listed, declared);
}

#[test]
fn cited_sections_of_the_formats_page_exist() {
    let text = page("formats.md");
    let headings: BTreeSet<&str> = text
        .lines()
        .filter(|line| line.starts_with("## ") || line.starts_with("### "))
        .filter_map(|line| line.split(' ').nth(1))
        .map(|number| number.trim_end_matches('.'))
        .collect();
    let citation =
        regex::Regex::new(r"guide/internals/formats\.md`,?(?:\n *//[/!])? \(?([0-9.]+)(?: and ([0-9.]+))?").unwrap();
    let mut found = 0;
    let files = ["src", "tests"].iter().flat_map(|folder| walkdir::WalkDir::new(root().join(folder)));
    for path in files
        .map(|entry| entry.unwrap().into_path())
        .filter(|path: &PathBuf| path.extension().is_some_and(|e| e == "rs"))
    {
        let source = fs::read_to_string(&path).unwrap();
        for citation in citation.captures_iter(&source) {
            for number in citation.iter().skip(1).flatten().map(|number| number.as_str().trim_end_matches('.')) {
                assert!(headings.contains(number), "{} cites section {number}", path.display());
                found += 1;
            }
        }
    }
    assert!(found >= 10, "only {found} citations");
}
