//! The path of a case: which names and files can be one.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::store::build_folder::check_not_made;
use crate::store::error::CaseError;

/// Returns a path that SQLite takes literally: `:memory:`, `file:...` and an empty name are special to it.
pub(crate) fn literal(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) }
}

/// Rejects names that SQLite does not take for a file.
fn check_name(path: &Path) -> Result<(), CaseError> {
    let name = path.as_os_str();
    let reason = if name.is_empty() {
        "the name is empty"
    } else if name == OsStr::new(":memory:") {
        "this is SQLite's name for a database in memory, and a case is a file"
    } else if name.as_encoded_bytes().starts_with(b"file:") {
        "this is a URI, and a case is named by a path"
    } else {
        return Ok(());
    };
    Err(CaseError::NotACase { path: path.to_owned(), reason: reason.to_owned() })
}

/// Describes what is at a path, if that is not a regular file.
fn kind_of(metadata: &fs::Metadata) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return Some("it is a pipe");
        }
        if kind.is_block_device() || kind.is_char_device() {
            return Some("it is a device");
        }
        if kind.is_socket() {
            return Some("it is a socket");
        }
    }
    match metadata {
        metadata if metadata.is_dir() => Some("it is a folder"),
        metadata if metadata.is_file() => None,
        _ => Some("it is not a regular file"),
    }
}

/// Returns the metadata of the file that a case is or is to become; `None` if it does not exist.
pub(crate) fn metadata_of(path: &Path) -> Result<Option<fs::Metadata>, CaseError> {
    check_name(path)?;
    let not_a_case = |reason: &str| CaseError::NotACase { path: path.to_owned(), reason: reason.to_owned() };
    match fs::metadata(path) {
        Ok(metadata) => match kind_of(&metadata) {
            Some(reason) => Err(not_a_case(reason)),
            None => Ok(Some(metadata)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
                return Err(not_a_case("a name that ends in / is a folder"));
            }
            Ok(None)
        }
        Err(source) => Err(CaseError::Io { path: path.to_owned(), source }),
    }
}

/// Reports [`CaseError::Missing`] if there is no file, and whether it is being made.
pub(crate) fn check_file(path: &Path) -> Result<(), CaseError> {
    match metadata_of(path)? {
        Some(_) => Ok(()),
        None => {
            check_not_made(path)?;
            Err(CaseError::Missing(path.to_owned()))
        }
    }
}

/// Returns the state of the first import into a case that does not exist: [`CaseError::Importing`] if it is running,
/// [`CaseError::Interrupted`] if its process was killed, another error if its folder cannot be read.
pub fn unfinished_import(path: &Path) -> Option<CaseError> {
    match metadata_of(path) {
        Ok(None) => check_not_made(path).err(),
        _ => None,
    }
}
