//! A folder for files on the way that nobody else may read, beside what is made of them.
//!
//! A lock says that the process which made the folder lives. What a killed one left is removed when the next folder is
//! made beside it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use tempfile::TempDir;

/// The name of the lock in a folder.
const LOCK: &str = ".trailq-lock";
/// What the names of these folders end in.
const SUFFIX: &str = ".part";
/// Another process may take a folder for abandoned before it is locked.
const TRIES: usize = 3;

/// The folder, which goes away with this.
pub(super) struct WorkFolder {
    folder: TempDir,
    /// Held as long as the folder is used.
    _lock: File,
}

impl WorkFolder {
    /// Makes a folder for what becomes `name`, and removes those that no process uses any more.
    pub(super) fn create(beside: &Path, name: &str) -> io::Result<WorkFolder> {
        remove_abandoned(beside);
        let prefix = format!(".{name}-");
        for _ in 0..TRIES {
            let mut builder = tempfile::Builder::new();
            builder.prefix(&prefix).suffix(SUFFIX);
            #[cfg(unix)]
            {
                // Otherwise the user's mask says who may look into it.
                use std::os::unix::fs::PermissionsExt as _;
                builder.permissions(fs::Permissions::from_mode(0o700));
            }
            let folder = builder.tempdir_in(beside)?;
            let path = folder.path().join(LOCK);
            let lock = match create_private(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                lock => lock?,
            };
            match lock.try_lock() {
                Err(TryLockError::WouldBlock) => continue,
                // Where there are no locks, nobody takes a folder for abandoned.
                Ok(()) | Err(TryLockError::Error(_)) => {}
            }
            if path.exists() {
                return Ok(WorkFolder { folder, _lock: lock });
            }
        }
        Err(io::Error::other("other processes remove its temporary folder again and again"))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Makes a file that only its owner can read.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

/// Removes the folders whose processes are gone. What cannot be looked at or removed stays: it is no reason not to work.
fn remove_abandoned(beside: &Path) {
    let Ok(entries) = fs::read_dir(beside) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_hidden = name.to_string_lossy().starts_with('.') && name.to_string_lossy().ends_with(SUFFIX);
        if !is_hidden || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let Ok(lock) = File::open(entry.path().join(LOCK)) else { continue };
        if lock.try_lock().is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{LOCK, WorkFolder};

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_another_one_uses_stays() {
        let beside = tempfile::tempdir().unwrap();
        let left = beside.path().join(".out.db-abc123.part");
        let foreign = beside.path().join(".other-abc123.part");
        for folder in [&left, &foreign] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("plain.db"), "alice").unwrap();
        }
        fs::write(left.join(LOCK), "").unwrap();
        let first = WorkFolder::create(beside.path(), "out.db").unwrap();
        assert!(!left.exists() && foreign.exists());
        let second = WorkFolder::create(beside.path(), "out.db").unwrap();
        assert!(first.path().exists() && second.path().exists() && first.path() != second.path());
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            assert_eq!(fs::metadata(first.path()).unwrap().mode() & 0o777, 0o700);
            assert_eq!(fs::metadata(first.path().join(LOCK)).unwrap().mode() & 0o777, 0o600);
        }
        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists() && second.path().exists());
    }
}
