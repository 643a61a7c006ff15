//! Imports between the files of the crate: `use` declarations and paths, each resolved to the file that defines the item.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::tokens::{self, Token};

/// Re-exports that are followed at most, so that a circle of them ends.
const MAX_STEPS: usize = 16;

/// A source file without its tests.
pub(super) struct SourceFile {
    /// The path below `src`, with `/`.
    pub(super) name: String,
    pub(super) tokens: Vec<Token>,
    /// The lines that are not tests.
    pub(super) lines: usize,
    /// The names that `use` declarations bring in, with the paths they are for.
    names: BTreeMap<String, Vec<String>>,
    /// The modules whose items are all brought in.
    globs: Vec<Vec<String>>,
    /// The items that the file defines.
    items: BTreeSet<String>,
}

/// The source of the crate, by module path (`["store", "open"]`).
pub(super) struct Crate {
    pub(super) modules: BTreeMap<Vec<String>, SourceFile>,
}

impl Crate {
    /// Reads every source file below a folder but those of tests and the program's `main.rs`.
    pub(super) fn read(source: &Path) -> Crate {
        let mut modules = BTreeMap::new();
        for path in rust_files(source) {
            let name = path.strip_prefix(source).unwrap().to_str().unwrap().replace('\\', "/");
            if name == "main.rs" || name.ends_with("tests.rs") {
                continue;
            }
            let module = module_of(&name);
            let text = fs::read_to_string(&path).unwrap();
            modules.insert(module.clone(), SourceFile::new(name, &module, &text));
        }
        Crate { modules }
    }

    /// Returns the files that each file imports from, without itself.
    pub(super) fn imports(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let edges = |(module, file): (&Vec<String>, &SourceFile)| {
            let mut found: BTreeSet<&str> = file.names.values().filter_map(|path| self.definer(path)).collect();
            found.extend(file.globs.iter().filter_map(|path| self.definer(path)));
            found.extend(self.paths(module, file).iter().filter_map(|path| self.definer(path)));
            found.remove(&*file.name);
            found
        };
        self.modules.iter().map(|entry| (&*entry.1.name, edges(entry))).collect()
    }

    /// Returns the paths of two or more segments in a file that lead into the crate.
    fn paths(&self, module: &[String], file: &SourceFile) -> Vec<Vec<String>> {
        let tokens = &file.tokens;
        let mut found = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let mut path = vec![tokens[at].text.clone()];
            let begins = is_name(&path[0]) && (at == 0 || !matches!(&*tokens[at - 1].text, "::" | "." | "fn" | "mod"));
            while begins && is_followed(tokens, at) {
                at += 2;
                path.push(tokens[at].text.clone());
            }
            at += 1;
            if path.len() > 1 {
                found.extend(self.absolute(module, file, &path));
            }
        }
        found
    }

    /// Returns a path from the root of the crate, if it leads into the crate.
    fn absolute(&self, module: &[String], file: &SourceFile, path: &[String]) -> Option<Vec<String>> {
        if let Some(path) = from_root(module, path) {
            return Some(path);
        }
        if let Some(target) = file.names.get(&path[0]) {
            return Some(target.iter().chain(&path[1..]).cloned().collect());
        }
        let child: Vec<String> = module.iter().chain(path).cloned().collect();
        self.modules.contains_key(&child[..=module.len()]).then_some(child)
    }

    /// Returns the file that defines what a path names. A module that only declares and re-exports defines nothing.
    fn definer(&self, path: &[String]) -> Option<&str> {
        self.follow(path, MAX_STEPS)
    }

    fn follow(&self, path: &[String], steps: usize) -> Option<&str> {
        let depth = (0..=path.len()).rev().find(|depth| self.modules.contains_key(&path[..*depth]))?;
        let file = &self.modules[&path[..depth]];
        let Some(item) = path.get(depth) else {
            // A module itself: its uses say what of it is used, unless it is a file of its own.
            return (!file.is_parent()).then_some(&*file.name);
        };
        if file.items.contains(item) || steps == 0 {
            return Some(&file.name);
        }
        if let Some(target) = file.names.get(item) {
            let target: Vec<String> = target.iter().chain(&path[depth + 1..]).cloned().collect();
            return self.follow(&target, steps - 1);
        }
        let from_glob = |glob: &Vec<String>| {
            let target: Vec<String> = glob.iter().chain(&path[depth..]).cloned().collect();
            self.defines(&target).then(|| self.follow(&target, steps - 1)).flatten()
        };
        file.globs.iter().find_map(from_glob).or(Some(&file.name))
    }

    fn defines(&self, path: &[String]) -> bool {
        let (item, module) = path.split_last().unwrap();
        self.modules.get(module).is_some_and(|file| file.items.contains(item) || file.names.contains_key(item))
    }
}

impl SourceFile {
    fn new(name: String, module: &[String], text: &str) -> SourceFile {
        let (tokens, tests) = tokens::without_tests(&tokens::tokens(text));
        let mut file = SourceFile {
            name,
            lines: text.lines().count() - tests,
            names: BTreeMap::new(),
            globs: Vec::new(),
            items: items(&tokens),
            tokens,
        };
        for (name, path) in uses(&file.tokens) {
            let Some(path) = from_root(module, &path) else { continue };
            match &*name {
                "*" => file.globs.push(path),
                _ => drop(file.names.insert(name, path)),
            }
        }
        file
    }

    /// Reports whether the file is the face of a folder.
    fn is_parent(&self) -> bool {
        self.name.ends_with("mod.rs") || self.name == "lib.rs"
    }

    /// Reports whether the code names an external crate or a macro.
    pub(super) fn names_external(&self, word: &str) -> bool {
        let (word, is_macro) = word.strip_suffix('!').map_or((word, false), |word| (word, true));
        let follows = if is_macro { "!" } else { "::" };
        let mut pairs = self.tokens.iter().enumerate().filter(|(_, token)| token.text == word);
        pairs.any(|(at, _)| {
            let before = at.checked_sub(1).map_or("", |before| &*self.tokens[before].text);
            let after = self.tokens.get(at + 1).is_some_and(|after| after.text == follows);
            (after && !matches!(before, "::" | ".")) || (!is_macro && before == "use")
        })
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
}

fn module_of(name: &str) -> Vec<String> {
    let mut module: Vec<String> = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod" || last == "lib") {
        module.pop();
    }
    module
}

/// Returns a path from the root of the crate, if it begins with `crate`, `self` or `super`.
fn from_root(module: &[String], path: &[String]) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    let base = match &**first {
        "crate" => &[],
        "self" => module,
        "super" => &module[..module.len().checked_sub(1)?],
        _ => return None,
    };
    match rest.first() {
        Some(next) if next == "super" => from_root(base, rest),
        _ => Some(base.iter().chain(rest).cloned().collect()),
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Reports whether a path goes on with a name after the token.
fn is_followed(tokens: &[Token], at: usize) -> bool {
    tokens.get(at + 1).is_some_and(|token| token.text == "::")
        && tokens.get(at + 2).is_some_and(|token| is_name(&token.text))
}

/// Returns the names of the items that a file defines, those in functions and inline modules among them.
fn items(tokens: &[Token]) -> BTreeSet<String> {
    const KEYWORDS: [&str; 9] = ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "mod"];
    let named = tokens.windows(3).filter(|three| {
        let is_file = three[0].text == "mod" && three[2].text == ";";
        KEYWORDS.contains(&&*three[0].text) && is_name(&three[1].text) && !is_file
    });
    let macros = tokens.windows(3).filter(|three| three[0].text == "macro_rules").map(|three| three[2].text.clone());
    named.map(|three| three[1].text.clone()).chain(macros).collect()
}

/// Returns the names that the `use` declarations bring in, each with its path as it is written.
pub(super) fn uses(tokens: &[Token]) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (at, _) in tokens.iter().enumerate().filter(|(_, token)| token.text == "use") {
        let end = tokens[at..].iter().position(|token| token.text == ";").map_or(tokens.len(), |length| at + length);
        use_tree(&tokens[at + 1..end], &[], &mut found);
    }
    found
}

fn use_tree(tree: &[Token], prefix: &[String], found: &mut Vec<(String, Vec<String>)>) {
    let mut path = prefix.to_vec();
    for (at, token) in tree.iter().enumerate() {
        match &*token.text {
            "::" => {}
            "{" => {
                let inside = &tree[at + 1..tokens::after_closing(tree, at) - 1];
                branches(inside).into_iter().for_each(|branch| use_tree(branch, &path, found));
                return;
            }
            "as" => {
                found.extend(tree.get(at + 1).map(|alias| (alias.text.clone(), path)));
                return;
            }
            "*" => {
                found.push(("*".to_owned(), path));
                return;
            }
            "self" if !path.is_empty() => {}
            name => path.push(name.to_owned()),
        }
    }
    found.extend(path.last().cloned().map(|name| (name, path)));
}

/// Splits the inside of braces at the commas that are not in inner braces.
fn branches(inside: &[Token]) -> Vec<&[Token]> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, token) in inside.iter().enumerate() {
        match &*token.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 0 => {
                found.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&inside[start..]);
    found.retain(|branch| !branch.is_empty());
    found
}
