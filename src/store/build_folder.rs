//! The folder beside a case in which the case is made: `PATH.import`. It is locked as long as its process lives.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::io_message::folder_of;
use crate::place_file::place_path;
use crate::store::build_state::{self, BuildState};
use crate::store::error::CaseError;
use crate::store::import_progress::{self, ImportProgress};

/// The name of the case in the making, and of SQLite's journal beside it.
const CASE: &str = "case.db";
const JOURNAL: &str = "case.db-journal";
/// The files that an import leaves if it is killed.
const FILES: [&str; 6] =
    [build_state::NEXT_FILE, build_state::FILE, JOURNAL, import_progress::NEXT_FILE, import_progress::FILE, CASE];
/// The beginning and the length of the names of temporary files. Where the system cannot make files without a name, they
/// have one for a moment.
const TEMPORARY: (&str, usize) = (".tmp", 10);

/// The folder of a case in the making. It is removed when dropped.
#[derive(Debug)]
pub(crate) struct BuildFolder {
    path: PathBuf,
    target: PathBuf,
    /// Holds the lock.
    handle: File,
    /// The state of the build that a killed process left here.
    left: Option<BuildState>,
}

/// Returns the folder in which a case is made.
fn folder(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".import");
    PathBuf::from(name)
}

/// Checks that no process is making a case, and that none has left it incomplete.
///
/// # Errors
/// [`CaseError::Importing`] if one is making it, [`CaseError::Interrupted`] if one was killed; the folder of another user
/// cannot be read.
pub(crate) fn check_not_made(target: &Path) -> Result<(), CaseError> {
    let path = folder(target);
    let handle = match File::open(&path) {
        // Another user's import may be running there.
        Err(source) if source.kind() == io::ErrorKind::PermissionDenied => return Err(CaseError::Io { path, source }),
        Err(_) => return Ok(()),
        Ok(handle) => handle,
    };
    if !is_own(&path).is_ok_and(|is_own| is_own) {
        return Ok(());
    }
    match handle.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Err(importing(target, &path)),
        // Not every file system has locks on folders.
        Err(TryLockError::Error(_)) | Ok(()) if path.join(CASE).exists() => {
            Err(CaseError::Interrupted { path: target.to_owned(), progress: ImportProgress::read(&path) })
        }
        _ => Ok(()),
    }
}

/// Reports whether a killed process has left a build of a case that can be taken up.
pub fn has_left_build(target: &Path) -> bool {
    BuildState::read(&folder(target)).is_some()
}

/// Returns the error of a case that a process is making in a folder.
fn importing(target: &Path, folder: &Path) -> CaseError {
    CaseError::Importing { path: target.to_owned(), progress: ImportProgress::read(folder) }
}

impl BuildFolder {
    /// Makes and locks the folder of a case that does not exist. `None` if the case exists, if the name of the folder is
    /// taken, or if the file system has no locks on folders, as on some network drives.
    ///
    /// # Errors
    /// [`CaseError::Importing`] if another process is making the case.
    pub(crate) fn take(target: &Path) -> Result<Option<BuildFolder>, CaseError> {
        BuildFolder::take_with(target, File::try_lock)
    }

    fn take_with(
        target: &Path,
        lock: impl Fn(&File) -> Result<(), TryLockError>,
    ) -> Result<Option<BuildFolder>, CaseError> {
        let path = folder(target);
        let error = |source| CaseError::of_folder(folder_of(target), source);
        let busy = || importing(target, &path);
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&path) {
            Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => {
                if !is_own(&path).map_err(error)? {
                    return Ok(None);
                }
            }
            made => made.map_err(error)?,
        }
        let handle = match File::open(&path) {
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => return Err(busy()),
            opened => opened.map_err(error)?,
        };
        match lock(&handle) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(busy()),
            Err(TryLockError::Error(_)) => {
                // Another process may be making the case there: a folder with files stays.
                let _ = fs::remove_dir(&path);
                return Ok(None);
            }
        }
        if !is_same(&path, &handle) {
            // Its process has just completed the case and removed the folder.
            return Err(busy());
        }
        let mut taken = BuildFolder { path, target: target.to_owned(), handle, left: None };
        if fs::symlink_metadata(target).is_ok() {
            return Ok(None);
        }
        taken.left = BuildState::read(&taken.path).filter(|_| taken.case().is_file());
        if taken.left.is_some() {
            taken.clear_temporary()
        } else {
            taken.clear()
        }
        Ok(Some(taken))
    }

    /// Returns the state of the build that a killed process left here, if it can be taken up.
    pub(crate) fn left(&self) -> Option<&BuildState> {
        self.left.as_ref()
    }

    /// Removes the folder that a process left when it was killed, which may be after it gave the case its name. Nothing is
    /// removed while another process makes the case.
    pub(crate) fn remove_left(target: &Path) {
        let path = folder(target);
        // What cannot be opened or locked is not known to be left: it stays.
        let Ok(handle) = File::open(&path) else { return };
        if handle.try_lock().is_ok() && is_same(&path, &handle) && is_own(&path).is_ok_and(|is_own| is_own) {
            drop(BuildFolder { path, target: target.to_owned(), handle, left: None });
        }
    }

    /// Returns its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of the case in the making.
    pub(crate) fn case(&self) -> PathBuf {
        self.path.join(CASE)
    }

    /// Checks that the folder was not removed: files that are opened by their paths would be those of another import.
    ///
    /// # Errors
    /// It was removed, and another one may have its name.
    pub(crate) fn check_is_there(&self) -> Result<(), CaseError> {
        if is_same(&self.path, &self.handle) {
            return Ok(());
        }
        Err(CaseError::Io { path: self.path.clone(), source: io::ErrorKind::NotFound.into() })
    }

    /// Gives the case its name.
    pub(crate) fn publish(&self) -> Result<(), CaseError> {
        self.check_is_there()?;
        let error = |source| CaseError::Io { path: self.target.clone(), source };
        let made = self.case();
        File::open(&made).and_then(|file| file.sync_all()).map_err(error)?;
        let made = tempfile::TempPath::try_from_path(made).map_err(error)?;
        place_path(made, &self.target).map_err(|taken| match taken.error.kind() {
            io::ErrorKind::AlreadyExists => CaseError::Exists(self.target.clone()),
            _ => error(taken.error),
        })?;
        // Not every file system can do this.
        let _ = File::open(folder_of(&self.target)).and_then(|folder| folder.sync_all());
        Ok(())
    }

    /// Removes what a killed process left.
    pub(crate) fn clear(&self) {
        // What cannot be removed is reported when it is written.
        for left in FILES {
            let _ = fs::remove_file(self.path.join(left));
        }
        self.clear_temporary();
    }

    fn clear_temporary(&self) {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        for temporary in entries.filter(|entry| is_temporary(&entry.file_name())) {
            let _ = fs::remove_file(temporary.path());
        }
    }
}

impl Drop for BuildFolder {
    fn drop(&mut self) {
        if self.check_is_there().is_ok() {
            self.clear();
            // The next import tries again to remove what cannot be removed now.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// Reports whether a folder has nothing but what an import leaves.
fn is_own(path: &Path) -> io::Result<bool> {
    if !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        return Ok(false);
    }
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if !is_temporary(&name) && FILES.iter().all(|own| name != *own) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reports whether a name is one of a temporary file.
fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(TEMPORARY.0.as_bytes()) && name.len() == TEMPORARY.1
}

#[cfg(unix)]
fn is_same(path: &Path, handle: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let opened = handle.metadata().ok().map(identity);
    opened.is_some() && fs::symlink_metadata(path).ok().map(identity) == opened
}

#[cfg(not(unix))]
fn is_same(_: &Path, _: &File) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::fs::{self, TryLockError};
    use std::io;

    use super::{BuildFolder, check_not_made, folder};
    use crate::store::error::CaseError;

    #[test]
    fn a_case_gets_its_name_when_it_is_complete_and_never_that_of_another_file() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("new.db");
        let made = BuildFolder::take(&target).unwrap().unwrap();
        fs::write(made.case(), "whole").unwrap();
        assert!(matches!(check_not_made(&target), Err(CaseError::Importing { .. })));
        assert!(matches!(BuildFolder::take(&target), Err(CaseError::Importing { .. })));
        fs::write(&target, "another").unwrap();
        assert!(matches!(made.publish(), Err(CaseError::Exists(_))));
        assert_eq!(fs::read(&target).unwrap(), b"another");
        fs::remove_file(&target).unwrap();
        let handle = made.handle.try_clone().unwrap();
        let again = BuildFolder { path: made.path.clone(), target: target.clone(), handle, left: None };
        fs::write(again.case(), "whole").unwrap();
        again.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole");
        drop((made, again));
        assert!(!folder(&target).exists());
        assert!(BuildFolder::take(&target).unwrap().is_none(), "the case exists");
        assert!(!folder(&target).exists());
    }

    #[test]
    fn what_a_killed_process_left_is_reported_and_removed() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("new.db");
        fs::create_dir(folder(&target)).unwrap();
        assert!(check_not_made(&target).is_ok(), "it was killed before it wrote");
        for name in ["case.db", "case.db-journal", "progress.json", "progress.json.new", ".tmpAbC123"] {
            fs::write(folder(&target).join(name), "part").unwrap();
        }
        assert!(matches!(check_not_made(&target), Err(CaseError::Interrupted { progress: None, .. })));
        let made = BuildFolder::take(&target).unwrap().unwrap();
        assert_eq!(fs::read_dir(made.path()).unwrap().count(), 0);
        drop(made);
        fs::write(folder(&target), "a file").unwrap();
        assert!(check_not_made(&target).is_ok() && BuildFolder::take(&target).unwrap().is_none());
        assert_eq!(fs::read(folder(&target)).unwrap(), b"a file");
    }

    #[test]
    fn without_locks_on_folders_none_is_made_or_removed() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("new.db");
        let no_locks = |_: &fs::File| Err(TryLockError::Error(io::ErrorKind::Unsupported.into()));
        assert!(BuildFolder::take_with(&target, no_locks).unwrap().is_none());
        assert!(!folder(&target).exists());
        fs::create_dir(folder(&target)).unwrap();
        fs::write(folder(&target).join("case.db"), "part").unwrap();
        assert!(BuildFolder::take_with(&target, no_locks).unwrap().is_none());
        assert_eq!(fs::read(folder(&target).join("case.db")).unwrap(), b"part");
    }

    #[test]
    fn a_folder_that_was_removed_is_not_that_of_another_import() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("new.db");
        let made = BuildFolder::take(&target).unwrap().unwrap();
        fs::remove_dir(made.path()).unwrap();
        let other = BuildFolder::take(&target).unwrap().unwrap();
        fs::write(other.case(), "part").unwrap();
        assert!(matches!(made.check_is_there(), Err(CaseError::Io { .. })));
        assert!(matches!(made.publish(), Err(CaseError::Io { .. })));
        drop(made);
        assert_eq!(fs::read(other.case()).unwrap(), b"part");
        other.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"part");
    }

    #[test]
    fn only_a_folder_that_is_left_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("new.db");
        BuildFolder::remove_left(&target);
        let made = BuildFolder::take(&target).unwrap().unwrap();
        fs::write(made.case(), "part").unwrap();
        BuildFolder::remove_left(&target);
        assert_eq!(fs::read(made.case()).unwrap(), b"part", "its process lives");
        drop(made);
        fs::create_dir(folder(&target)).unwrap();
        fs::write(folder(&target).join("case.db"), "part").unwrap();
        BuildFolder::remove_left(&target);
        assert!(!folder(&target).exists());
        fs::create_dir(folder(&target)).unwrap();
        fs::write(folder(&target).join("notes.txt"), "kept").unwrap();
        BuildFolder::remove_left(&target);
        assert_eq!(fs::read(folder(&target).join("notes.txt")).unwrap(), b"kept");
    }
}
