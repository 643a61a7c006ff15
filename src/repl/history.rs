//! What was typed in earlier runs, in the user's state folder.

use std::fs;
use std::path::{Path, PathBuf};

use rustyline::history::{DefaultHistory, History as _, SearchDirection};

/// How many inputs are kept.
pub(super) const MOST: usize = 5_000;

/// The file of the history, if there is a place for one.
pub(super) struct File(Option<PathBuf>);

impl File {
    /// The file that `TRAILQ_HISTORY` names (an empty one turns the history off), else one in the state folder.
    pub(super) fn from_environment() -> File {
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        File(path(variable("TRAILQ_HISTORY"), variable("XDG_STATE_HOME"), variable("HOME")))
    }

    /// Fills the editor's history, of inputs that occur several times with the last only.
    pub(super) fn load(&self, history: &mut DefaultHistory) {
        let Some(path) = &self.0 else { return };
        if let Some(folder) = path.parent() {
            let _ = fs::create_dir_all(folder);
        }
        if history.load(path).is_err() {
            return;
        }
        let entries: Vec<String> = (0..history.len())
            .filter_map(|at| history.get(at, SearchDirection::Forward).ok().flatten())
            .map(|found| found.entry.into_owned())
            .collect();
        let kept = last_of_each(&entries);
        if kept.len() < entries.len() && history.clear().is_ok() {
            for entry in kept {
                let _ = history.add(entry);
            }
            let _ = history.save(path);
        }
    }

    /// Adds an input, and writes it out at once, so that a crash loses nothing. A history that cannot be written is
    /// no reason to stop.
    pub(super) fn add(&self, history: &mut DefaultHistory, input: &str) {
        if let (Ok(true), Some(path)) = (history.add(input), &self.0) {
            let _ = append(history, path);
        }
    }
}

/// Writes new inputs to the end of the file.
fn append(history: &mut DefaultHistory, path: &Path) -> rustyline::Result<()> {
    history.append(path)
}

/// Where the history is.
fn path(named: Option<PathBuf>, state: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    if let Some(named) = named {
        return (!named.as_os_str().is_empty()).then_some(named);
    }
    let state = state.filter(|state| state.is_absolute()).or_else(|| home.map(|home| home.join(".local/state")))?;
    Some(state.join("trailq").join("history"))
}

/// Each entry at the place where it occurs last.
fn last_of_each(entries: &[String]) -> Vec<&str> {
    let mut seen = std::collections::HashSet::new();
    let mut kept: Vec<&str> = entries.iter().rev().map(String::as_str).filter(|entry| seen.insert(*entry)).collect();
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rustyline::history::DefaultHistory;

    use super::{File, last_of_each, path};

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
    fn an_input_is_kept_across_runs_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = File(Some(folder.path().join("new/history")));
        let mut first = DefaultHistory::new();
        file.load(&mut first);
        for input in ["user=alice", "SELECT 1\nFROM x;", "user=alice"] {
            file.add(&mut first, input);
        }
        let mut second = DefaultHistory::new();
        file.load(&mut second);
        assert_eq!(second.iter().collect::<Vec<_>>(), ["SELECT 1\nFROM x;", "user=alice"]);
        assert_eq!(last_of_each(&["a".into(), "b".into(), "a".into()]), ["b", "a"]);
    }
}
