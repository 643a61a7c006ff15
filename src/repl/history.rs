//! The history of inputs, of this run and of earlier ones, each input once: in memory for the line editor, and in a
//! file in the user's state folder, to which each input is added as it is typed.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rustyline::history::{History, SearchDirection, SearchResult};

use crate::output_file::{Existing, Options, OutputFile};

/// The first line of the file, as rustyline writes it: in what follows, `\\n` is a line break and `\\\\` a backslash.
const HEAD: &str = "#V2";

/// The inputs, the last last, and where they are kept.
pub(super) struct Inputs {
    entries: Vec<String>,
    path: Option<PathBuf>,
    /// Maximum number of inputs.
    max: usize,
}

impl Inputs {
    /// The inputs of the file that `TRAILQ_HISTORY` names (an empty one turns the history off), else of one in the
    /// state folder. A history that cannot be read or written does not stop the session.
    pub(super) fn from_environment(max: usize) -> Inputs {
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        Inputs::at(path(variable("TRAILQ_HISTORY"), variable("XDG_STATE_HOME"), variable("HOME")), max)
    }

    /// The inputs of a file, those that occur several times at their last place.
    fn at(path: Option<PathBuf>, max: usize) -> Inputs {
        let mut inputs = Inputs { entries: Vec::new(), path, max };
        let Some(path) = &inputs.path else { return inputs };
        if let Some(folder) = path.parent() {
            let _ = fs::create_dir_all(folder);
        }
        let Ok(content) = fs::read(path) else { return inputs };
        if !content.is_empty() && !content.starts_with(HEAD.as_bytes()) {
            // It is another file, which stays as it is.
            inputs.path = None;
            return inputs;
        }
        let content = String::from_utf8_lossy(&content);
        let lines: Vec<String> =
            content.lines().filter(|line| *line != HEAD && !line.is_empty()).map(unescaped).collect();
        let mut seen = HashSet::new();
        let mut kept: Vec<String> = lines.iter().rev().filter(|line| seen.insert(*line)).take(max).cloned().collect();
        kept.reverse();
        if kept.len() < lines.len() {
            let _ = rewrite(path, &kept);
        }
        inputs.entries = kept;
        inputs
    }

    fn found(&self, at: usize, pos: usize) -> Option<SearchResult<'_>> {
        self.entries.get(at).map(|entry| SearchResult { entry: Cow::Borrowed(entry.as_str()), idx: at, pos })
    }

    /// The nearest input from a place on of which a test finds a place.
    fn look(
        &self,
        start: usize,
        direction: SearchDirection,
        test: impl Fn(&str) -> Option<usize>,
    ) -> Option<SearchResult<'_>> {
        let hit = |at: usize| test(self.entries.get(at)?).map(|pos| (at, pos));
        if start >= self.entries.len() {
            return None;
        }
        let found = match direction {
            SearchDirection::Forward => (start..self.entries.len()).find_map(hit),
            SearchDirection::Reverse => (0..=start).rev().find_map(hit),
        };
        found.and_then(|(at, pos)| self.found(at, pos))
    }
}

impl History for Inputs {
    fn get(&self, index: usize, _: SearchDirection) -> rustyline::Result<Option<SearchResult<'_>>> {
        Ok(self.found(index, 0))
    }

    fn add(&mut self, line: &str) -> rustyline::Result<bool> {
        self.add_owned(line.to_owned())
    }

    fn add_owned(&mut self, line: String) -> rustyline::Result<bool> {
        // What begins with a blank is not to be remembered.
        if line.is_empty() || line.starts_with(char::is_whitespace) || self.entries.last() == Some(&line) {
            return Ok(false);
        }
        self.entries.retain(|entry| *entry != line);
        if self.entries.len() >= self.max {
            self.entries.remove(0);
        }
        if let Some(path) = &self.path {
            append(path, &line)?;
        }
        self.entries.push(line);
        Ok(true)
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn set_max_len(&mut self, _: usize) -> rustyline::Result<()> {
        Ok(())
    }

    fn ignore_dups(&mut self, _: bool) -> rustyline::Result<()> {
        Ok(())
    }

    fn ignore_space(&mut self, _: bool) {}

    fn save(&mut self, path: &Path) -> rustyline::Result<()> {
        Ok(rewrite(path, &self.entries)?)
    }

    fn append(&mut self, _: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn load(&mut self, path: &Path) -> rustyline::Result<()> {
        self.entries = Inputs::at(Some(path.to_owned()), self.max).entries;
        Ok(())
    }

    fn clear(&mut self) -> rustyline::Result<()> {
        self.entries.clear();
        Ok(())
    }

    fn search(
        &self,
        term: &str,
        start: usize,
        direction: SearchDirection,
    ) -> rustyline::Result<Option<SearchResult<'_>>> {
        Ok(if term.is_empty() { None } else { self.look(start, direction, |entry| entry.find(term)) })
    }

    fn starts_with(
        &self,
        term: &str,
        start: usize,
        direction: SearchDirection,
    ) -> rustyline::Result<Option<SearchResult<'_>>> {
        let begins = |entry: &str| entry.starts_with(term).then_some(term.len());
        Ok(if term.is_empty() { None } else { self.look(start, direction, begins) })
    }
}

/// Adds an input to the end of the file, in one write, so that two sessions can share it.
fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let head = if file.metadata()?.len() == 0 { format!("{HEAD}\n") } else { String::new() };
    file.write_all(format!("{head}{}\n", escaped(line)).as_bytes())
}

/// Writes the file anew, as a whole.
fn rewrite(path: &Path, entries: &[String]) -> io::Result<()> {
    let lines: String = entries.iter().map(|entry| format!("{}\n", escaped(entry))).collect();
    let options = Options { in_use: &[], existing: Existing::Replace, private: false };
    let mut file = OutputFile::create(path, &options).map_err(io::Error::other)?;
    file.write_all(format!("{HEAD}\n{lines}").as_bytes())?;
    file.commit().map_err(io::Error::other)
}

fn escaped(line: &str) -> String {
    line.replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescaped(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match (c, c == '\\') {
            (_, true) => match characters.next() {
                Some('n') => text.push('\n'),
                Some(other) => text.push(other),
                None => text.push(c),
            },
            (c, false) => text.push(c),
        }
    }
    text
}

/// Returns the path of the history.
fn path(named: Option<PathBuf>, state: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    if let Some(named) = named {
        return (!named.as_os_str().is_empty()).then_some(named);
    }
    let state = state.filter(|state| state.is_absolute()).or_else(|| home.map(|home| home.join(".local/state")))?;
    Some(state.join("trailq").join("history"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rustyline::history::{History as _, SearchDirection};

    use super::{Inputs, escaped, path, unescaped};

    /// Maximum number of inputs.
    const MOST: usize = 50;

    #[test]
    fn the_history_is_in_the_state_folder_unless_named() {
        let at = |text: &str| Some(PathBuf::from(text));
        assert_eq!(path(at("/h"), at("/s"), at("/home/a")), at("/h"));
        assert_eq!(path(at(""), at("/s"), at("/home/a")), None);
        assert_eq!(path(None, at("/s"), at("/home/a")), at("/s/trailq/history"));
        assert_eq!(path(None, at("relative"), at("/home/a")), at("/home/a/.local/state/trailq/history"));
        assert_eq!(path(None, None, None), None);
    }

    #[test]
    fn a_file_that_is_not_a_history_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trailq.db");
        std::fs::write(&path, b"SQLite format 3\0\n1\n1\n").unwrap();
        let mut inputs = Inputs::at(Some(path.clone()), MOST);
        inputs.add("user=alice").unwrap();
        assert_eq!(inputs.entries, ["user=alice"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"SQLite format 3\0\n1\n1\n");
    }

    #[test]
    fn an_input_is_kept_across_runs_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = || Inputs::at(Some(folder.path().join("new/history")), MOST);
        let mut first = at();
        for input in ["user=alice", "SELECT 1\nFROM x;", "user=~\\w", "", " hidden", "user=alice"] {
            first.add(input).unwrap();
        }
        let expected = ["SELECT 1\nFROM x;", "user=~\\w", "user=alice"];
        assert_eq!(first.entries, expected);
        assert_eq!(at().entries, expected);
        assert_eq!(at().starts_with("user=", 2, SearchDirection::Reverse).unwrap().unwrap().entry, "user=alice");
        let found = at().search("1", 2, SearchDirection::Reverse).unwrap().unwrap().idx;
        assert_eq!((found, at().len()), (0, 3));
        assert!(at().starts_with("FROM", 2, SearchDirection::Reverse).unwrap().is_none());
        let mut many = at();
        (0..MOST).for_each(|n| drop(many.add(&format!("n={n}"))));
        assert_eq!((many.len(), at().len()), (MOST, MOST));
        for text in ["a\\nb", "\\", "\n\\n"] {
            assert_eq!(unescaped(&escaped(text)), text);
        }
    }
}
