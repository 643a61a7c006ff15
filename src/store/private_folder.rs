//! Private folders for temporary copies of a case: readable and writable by their owner only, from the first byte.
//!
//! Each folder is locked as long as its process lives, so that the next run can tell what a killed one left and remove
//! it. Folders of other users, links and folders that are locked are left alone.
//!
//! ```text
//! $TMPDIR/trailq-UID/PID-RANDOM/       copies that are read instead of a case
//! OUT's folder/.trailq-PID-RANDOM.part/ what is to become a file there
//! ```

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::store::error::CaseError;

/// The attempts to make a folder that a sweep removed as a leftover before it was locked.
const ATTEMPTS: u32 = 16;
/// The prefix and the suffix of the names of folders beside an output.
const BESIDE: (&str, &str) = (".trailq-", ".part");

/// A folder of this process, removed with everything in it when dropped.
#[derive(Debug)]
pub(crate) struct PrivateFolder {
    path: PathBuf,
    /// Holds the lock.
    _handle: File,
    /// The folder of this user around it, removed when it is empty.
    around: Option<PathBuf>,
}

impl PrivateFolder {
    /// Makes a folder in the folder for temporary files.
    pub(crate) fn new() -> Result<PrivateFolder, CaseError> {
        let error = |source| CaseError::of_temporary(&std::env::temp_dir(), source);
        for _ in 0..ATTEMPTS {
            let around = own_folder().map_err(error)?;
            match make(&around, &format!("{}-", std::process::id()), "") {
                Ok((path, handle)) => {
                    let folder = PrivateFolder { path, _handle: handle, around: Some(around) };
                    sweep(folder.around.as_deref().unwrap_or(&folder.path), |_| true);
                    return Ok(folder);
                }
                // Another process has just removed the folder around it, which was empty.
                Err(gone) if gone.kind() == io::ErrorKind::NotFound && std::env::temp_dir().is_dir() => {}
                Err(source) => return Err(error(source)),
            }
        }
        Err(error(io::Error::other("the folder is removed again and again")))
    }

    /// Makes a folder beside a file that is to be written, and removes what killed runs left there.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(crate) fn beside(folder: &Path) -> io::Result<PrivateFolder> {
        sweep(folder, |name| name.starts_with(BESIDE.0) && name.ends_with(BESIDE.1));
        let (path, handle) = make(folder, &format!("{}{}-", BESIDE.0, std::process::id()), BESIDE.1)?;
        Ok(PrivateFolder { path, _handle: handle, around: None })
    }

    /// Returns its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes an empty file in it.
    pub(crate) fn create(&self, name: &str) -> io::Result<(PathBuf, File)> {
        let path = self.path.join(name);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        Ok((path, file))
    }

    /// Returns the permissions that the user's mask, and the folder around this one, give to a new file.
    pub(crate) fn permissions_of_new_files(&self) -> io::Result<fs::Permissions> {
        let path = self.path.join("permissions");
        let made = File::create_new(&path)?.metadata()?.permissions();
        fs::remove_file(&path)?;
        Ok(made)
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        // The next run tries again to remove what cannot be removed now.
        let _ = fs::remove_dir_all(&self.path);
        if let Some(around) = &self.around {
            // Fails where another process has a folder in it.
            let _ = fs::remove_dir(around);
        }
    }
}

/// Removes what killed runs of this user left in the folder for temporary files.
pub(crate) fn sweep_temporary() {
    let around = around();
    if is_own(&around) {
        sweep(&around, |_| true);
        // Fails where a process has a folder in it.
        let _ = fs::remove_dir(&around);
    }
}

/// Makes a locked folder.
fn make(parent: &Path, prefix: &str, suffix: &str) -> io::Result<(PathBuf, File)> {
    for _ in 0..ATTEMPTS {
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix).suffix(suffix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let path = builder.tempdir_in(parent)?.keep();
        match lock(&path) {
            Ok(handle) => return Ok((path, handle)),
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("the folder is removed again and again"))
}

/// Locks a folder that was just made; an error where another process took it for a leftover before that.
fn lock(path: &Path) -> io::Result<File> {
    let handle = File::open(path)?;
    // Not every file system has locks on folders: then no run removes what another one left.
    let _ = handle.lock();
    if is_same(&fs::symlink_metadata(path)?, &handle.metadata()?) {
        return Ok(handle);
    }
    Err(io::ErrorKind::NotFound.into())
}

/// Removes the folders in `parent` whose process has ended. A failure is ignored.
fn sweep(parent: &Path, is_candidate: impl Fn(&str) -> bool) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if !entry.file_name().to_str().is_some_and(&is_candidate) || !is_own(&path) {
            continue;
        }
        let Ok(handle) = File::open(&path) else { continue };
        if handle.try_lock().is_ok() && is_own(&path) {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Returns the folder of this user among temporary files, made where it is missing.
fn own_folder() -> io::Result<PathBuf> {
    let path = around();
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ if is_own(&path) => {
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
            Ok(path)
        }
        // Another program has taken the name: use a folder that no other run finds.
        _ => {
            let mut builder = tempfile::Builder::new();
            builder.prefix("trailq-");
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
            Ok(builder.tempdir()?.keep())
        }
    }
}

fn around() -> PathBuf {
    #[cfg(unix)]
    let name = format!("trailq-{}", rustix::process::geteuid().as_raw());
    #[cfg(not(unix))]
    let name = "trailq";
    std::env::temp_dir().join(name)
}

/// Reports whether this is a folder of this user, and not a link to one.
fn is_own(path: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else { return false };
    #[cfg(unix)]
    let owned = std::os::unix::fs::MetadataExt::uid(&metadata) == rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    let owned = true;
    metadata.is_dir() && owned
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::PrivateFolder;

    #[test]
    fn a_folder_is_private_and_goes_with_its_owner() {
        let parent = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::beside(parent.path()).unwrap();
        let (path, file) = folder.create("case.db").unwrap();
        let mode = |permissions: fs::Permissions| permissions.mode() & 0o777;
        assert_eq!(mode(fs::metadata(folder.path()).unwrap().permissions()), 0o700);
        assert_eq!(mode(file.metadata().unwrap().permissions()), 0o600);
        assert_eq!(mode(folder.permissions_of_new_files().unwrap()) & 0o600, 0o600);
        drop(folder);
        assert!(!path.exists());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn leftovers_are_removed_and_folders_in_use_links_and_other_names_are_not() {
        let parent = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("kept"), "kept").unwrap();
        let used = PrivateFolder::beside(parent.path()).unwrap();
        let left = parent.path().join(".trailq-1-abc.part");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("case.db"), "left").unwrap();
        let other = parent.path().join(".trailq-1-abc");
        fs::create_dir(&other).unwrap();
        let link = parent.path().join(".trailq-2-abc.part");
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let more = PrivateFolder::beside(parent.path()).unwrap();
        assert!(used.path().exists() && more.path().exists() && other.exists());
        assert!(!left.exists());
        assert!(fs::symlink_metadata(&link).is_ok() && elsewhere.path().join("kept").exists());
    }
}
