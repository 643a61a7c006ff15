//! Messages for failures of the file system: the action, the place and the reason, without error numbers and names of
//! temporary files. Imports nothing of trailq.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Returns the reason of a failure as the end of a sentence: `there is no space left`.
pub(crate) fn describe(error: &io::Error) -> String {
    let known = match error.kind() {
        ErrorKind::NotFound => "there is no such file",
        ErrorKind::PermissionDenied => "there is no permission for it",
        ErrorKind::AlreadyExists => "there is a file of that name already",
        ErrorKind::NotADirectory => "part of its path is not a folder",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::ReadOnlyFilesystem => "its file system is read-only",
        ErrorKind::StorageFull => "there is no space left",
        ErrorKind::QuotaExceeded => "the quota of disk space is used up",
        ErrorKind::FileTooLarge => "the file is larger than allowed",
        ErrorKind::InvalidFilename => "the name is too long or not allowed here",
        ErrorKind::BrokenPipe => "its reader has ended",
        ErrorKind::TimedOut => "it took too long",
        ErrorKind::Interrupted => "it was interrupted",
        _ => return system_text(error),
    };
    known.to_owned()
}

/// Returns the message for a file that cannot be written, or for a temporary file beside it.
pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> String {
    let shown = path.display();
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            missing_folder(path).unwrap_or_else(|| format!("cannot write {shown}: {}", describe(error)))
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            format!("cannot write in {}: {}", folder_name(path), describe(error))
        }
        ErrorKind::StorageFull => format!("no space left to write {shown}"),
        ErrorKind::IsADirectory => format!("{shown} is a folder"),
        ErrorKind::AlreadyExists => format!("there is a file {shown} already"),
        _ => format!("cannot write {shown}: {}", describe(error)),
    }
}

/// Returns the message for a file or folder that cannot be read.
pub(crate) fn cannot_read(path: &Path, error: &io::Error) -> String {
    let shown = path.display();
    match error.kind() {
        ErrorKind::NotFound => format!("there is no file {shown}"),
        ErrorKind::NotADirectory => missing_folder(path).unwrap_or_else(|| format!("there is no file {shown}")),
        ErrorKind::PermissionDenied => format!("no permission to read {shown}"),
        ErrorKind::IsADirectory => format!("{shown} is a folder"),
        _ => format!("cannot read {shown}: {}", describe(error)),
    }
}

/// Returns advice on a file that cannot be written, if there is any.
pub(crate) fn advice(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some("free some space, or name a file on another disk"),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Some("name a file in a folder that is writable"),
        ErrorKind::NotFound => Some("make the folder first, or name a file in another one"),
        ErrorKind::NotADirectory => Some("name a file in a folder"),
        ErrorKind::IsADirectory => Some("name a file in it"),
        _ => None,
    }
}

/// Returns the folder of a path: `.` if the path has none.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns the folder of a path as messages show it, with a slash at its end.
fn folder_name(path: &Path) -> String {
    let folder = folder_of(path);
    if folder == Path::new(".") {
        return "the current folder".to_owned();
    }
    let shown = folder.display().to_string();
    if shown.ends_with('/') { shown } else { format!("{shown}/") }
}

/// Describes the first folder of a path that is missing or is a file.
fn missing_folder(path: &Path) -> Option<String> {
    let mut folders: Vec<PathBuf> = path.ancestors().skip(1).map(Path::to_path_buf).collect();
    folders.reverse();
    let missing = folders.into_iter().find(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())?;
    // A folder that cannot be inspected may exist.
    match std::fs::metadata(&missing) {
        Ok(_) => Some(format!("{} is not a folder", missing.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Some(format!("the folder {} does not exist", missing.display()))
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Some(format!("{} is not a folder", missing.display()))
        }
        Err(_) => None,
    }
}

/// Returns the system's message without the number and without the path that a library adds.
fn system_text(error: &io::Error) -> String {
    let mut text = error.to_string();
    let mut inner = error.get_ref().and_then(|inner| inner.source());
    while let Some(cause) = inner {
        text = cause.to_string();
        inner = cause.source();
    }
    if let Some((before, _)) = text.split_once(" (os error ") {
        text.truncate(before.len());
    }
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        // An abbreviation keeps its capitals.
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(characters).collect(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::{advice, cannot_read, cannot_write, describe};

    /// Returns a system error by its number on Linux.
    fn system(number: i32) -> io::Error {
        io::Error::from_raw_os_error(number)
    }

    #[test]
    fn reasons_have_no_error_numbers() {
        for number in 1..=133 {
            let told = describe(&system(number));
            assert!(!told.contains("os error") && !told.is_empty() && !told.ends_with('.'), "{told}");
        }
        assert_eq!(describe(&system(28)), "there is no space left");
        assert_eq!(describe(&system(5)), "input/output error");
        assert_eq!(describe(&io::Error::other("It broke")), "it broke");
    }

    #[test]
    fn temporary_names_of_a_library_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let error = tempfile::Builder::new().prefix(".s.db-").tempfile_in(folder.path().join("none")).unwrap_err();
        let told = cannot_write(&folder.path().join("none/s.db"), &error);
        assert_eq!(told, format!("the folder {} does not exist", folder.path().join("none").display()));
    }

    #[test]
    fn the_place_of_a_failure_is_named() {
        assert_eq!(cannot_write(Path::new("s.db"), &system(28)), "no space left to write s.db");
        assert_eq!(
            cannot_write(Path::new("ro/s.db"), &system(13)),
            "cannot write in ro/: there is no permission for it"
        );
        assert_eq!(
            cannot_write(Path::new("s.db"), &system(30)),
            "cannot write in the current folder: its file system is read-only"
        );
        assert_eq!(cannot_write(Path::new("/nowhere/deep/x.db"), &system(2)), "the folder /nowhere does not exist");
        assert_eq!(cannot_write(Path::new("/dev/null/x"), &system(20)), "/dev/null is not a folder");
        assert_eq!(cannot_read(Path::new("x"), &system(2)), "there is no file x");
        assert!(advice(&system(2)).is_some_and(|advice| advice.starts_with("make the folder")));
    }
}
