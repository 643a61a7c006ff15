//! Circles in a graph of files.

use std::collections::{BTreeMap, BTreeSet};

/// Returns the groups of two or more files that reach one another, sorted.
pub(super) fn circles<'a>(imports: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<Vec<&'a str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = imports.keys().map(|file| (*file, reach(imports, file))).collect();
    let together = |file: &&'a str| -> Vec<&'a str> {
        let others = reached[file].iter().filter(|other| reached[**other].contains(file));
        others.copied().collect()
    };
    let groups: BTreeSet<Vec<&str>> = imports.keys().map(together).filter(|group| group.len() > 1).collect();
    groups.into_iter().collect()
}

/// Returns the files that one file imports, directly or through others.
fn reach<'a>(imports: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        for next in imports.get(file).into_iter().flatten() {
            if found.insert(*next) {
                open.push(next);
            }
        }
    }
    found
}
