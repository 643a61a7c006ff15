//! The state of the building of a case in the making, for the import that takes it up after a kill.
//!
//! Nothing of a case in the making is synced. So the state is good only as long as the machine runs on, and it has the
//! identity of the start of the machine.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The file with the state, and the one that takes its name when it is complete.
pub(crate) const FILE: &str = "build.json";
pub(crate) const NEXT_FILE: &str = "build.json.new";
/// The identity of the start of the machine (`random(4)`).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// The largest file that is read.
const MAX_BYTES: u64 = 64 << 10;

/// The trees that are part of a case in the making. All its other rows are committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BuildState {
    trailq_version: String,
    boot_id: String,
    /// True if the digest of the events is stored.
    pub(crate) has_sum: bool,
    /// The pages of the file with these trees.
    pub(crate) pages: u32,
    /// The tables and indexes that are complete, each with the number of its entries.
    pub(crate) installed: Vec<(String, u64)>,
}

impl BuildState {
    /// Returns a state without trees. `None` where a start of the machine has no identity, as outside Linux.
    pub(crate) fn new(has_sum: bool) -> Option<BuildState> {
        let trailq_version = env!("CARGO_PKG_VERSION").to_owned();
        Some(BuildState { trailq_version, boot_id: boot_id()?, has_sum, pages: 0, installed: Vec::new() })
    }

    /// Returns the state of the same build with these pages and trees.
    pub(crate) fn with(&self, pages: u32, installed: Vec<(String, u64)>) -> BuildState {
        BuildState { pages, installed, ..self.clone() }
    }

    /// Reads the state from the folder of a case in the making. `None` if there is none that can be taken up.
    pub(crate) fn read(folder: &Path) -> Option<BuildState> {
        let mut text = Vec::new();
        File::open(folder.join(FILE)).ok()?.take(MAX_BYTES).read_to_end(&mut text).ok()?;
        let state: BuildState = serde_json::from_slice(&text).ok()?;
        let is_own = state.trailq_version == env!("CARGO_PKG_VERSION") && Some(&state.boot_id) == boot_id().as_ref();
        is_own.then_some(state)
    }

    /// Writes the state.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let next = folder.join(NEXT_FILE);
        fs::write(&next, serde_json::to_vec(self)?)?;
        fs::rename(&next, folder.join(FILE))
    }

    /// Removes the state, because the case is changed from here on in a way that cannot be taken up.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn remove(folder: &Path) -> io::Result<()> {
        match fs::remove_file(folder.join(FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn boot_id() -> Option<String> {
    let id = fs::read_to_string(BOOT_ID).ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::BuildState;

    #[test]
    fn only_a_state_of_this_version_and_this_start_of_the_machine_is_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let state =
            BuildState { pages: 7, installed: vec![("events".to_owned(), 3)], ..BuildState::new(true).unwrap() };
        assert_eq!(BuildState::read(folder.path()), None);
        state.write(folder.path()).unwrap();
        assert_eq!(BuildState::read(folder.path()), Some(state.clone()));
        for other in [
            BuildState { trailq_version: "0.0.0".to_owned(), ..state.clone() },
            BuildState { boot_id: "another".to_owned(), ..state.clone() },
        ] {
            other.write(folder.path()).unwrap();
            assert_eq!(BuildState::read(folder.path()), None);
        }
        std::fs::write(folder.path().join(super::FILE), "{\"pages\":").unwrap();
        assert_eq!(BuildState::read(folder.path()), None);
        state.write(folder.path()).unwrap();
        BuildState::remove(folder.path()).unwrap();
        BuildState::remove(folder.path()).unwrap();
        assert_eq!(BuildState::read(folder.path()), None);
    }
}
