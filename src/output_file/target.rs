//! Resolves the path of an output file and checks that it may be written: never a database or a file next to one, an
//! existing file only on request.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::file_magic;
use crate::io_message::{advice, cannot_write, folder_of};

/// The first bytes of a SQLite database, of its rollback journal, and of both kinds of its write-ahead log.
const DATABASE_HEADS: [&[u8]; 4] =
    [file_magic::SQLITE, b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"];
/// The suffixes of the files that SQLite creates next to a database.
const BESIDE_DATABASE: [&str; 3] = ["-journal", "-wal", "-shm"];
/// The largest number of symbolic links that are followed.
const MAX_LINKS: usize = 40;
/// The treatment of an existing regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// The file is kept, and the output is refused.
    Refuse,
    /// The file is replaced if it is empty.
    ReplaceEmpty,
    /// The file is replaced.
    Replace,
}

/// Options of an output file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options<'a> {
    /// Databases in use: these, and the files next to them, are never written, even if they do not exist.
    pub(crate) in_use: &'a [&'a Path],
    /// The treatment of an existing file.
    pub(crate) existing: Existing,
    /// True if only its owner may read it.
    pub(crate) private: bool,
}

/// The reason why a file is not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// The path is a database that is in use.
    #[error("{} is the open case", .0.display())]
    InUse(PathBuf),
    /// The path is a database.
    #[error("{} is a SQLite database", .0.display())]
    Database(PathBuf),
    /// The path is a file that SQLite keeps next to a database, or would take for one.
    #[error("{} belongs to the database {}", .0.display(), .1.display())]
    BesideDatabase(PathBuf, PathBuf),
    /// The file cannot be read.
    #[error("{} cannot be read, so that it may be a database", .0.display())]
    Unreadable(PathBuf),
    /// The file exists.
    #[error("there is a file {} already", .0.display())]
    Exists(PathBuf),
    /// Another file was created under the name, so the output has an alternative one.
    #[error("there is a file {} already: what was written is in {}", path.display(), kept.display())]
    Moved {
        /// The path as the user typed it.
        path: PathBuf,
        /// The path of the output.
        kept: PathBuf,
    },
    /// The path is not a file.
    #[error("{} is a {what}", .path.display())]
    NotAFile {
        /// The path as the user typed it.
        path: PathBuf,
        /// Its kind.
        what: &'static str,
    },
    /// The operating system failed.
    #[error("{}", cannot_write(.path, .source))]
    System {
        /// The path as the user typed it.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl OutputError {
    /// Returns advice, if it does not depend on the command.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            OutputError::InUse(_) | OutputError::Database(_) => {
                Some("no database is replaced, not even with --force; take another name")
            }
            OutputError::BesideDatabase(..) | OutputError::Unreadable(_) => Some("take another name"),
            OutputError::NotAFile { what: "folder", .. } => Some("name a file in it"),
            OutputError::NotAFile { .. } => Some("name a file"),
            OutputError::Exists(_) | OutputError::Moved { .. } => None,
            OutputError::System { source, .. } => advice(source),
        }
    }
}

impl From<OutputError> for Diagnostic {
    fn from(refused: OutputError) -> Diagnostic {
        let mut mistake = Diagnostic::new(refused.to_string());
        mistake.hints.extend(refused.hint().map(str::to_owned));
        mistake
    }
}

/// The destination of a path.
pub(super) enum Destination {
    /// A file that may not exist.
    File(PathBuf),
    /// An open descriptor of this process or another.
    Descriptor(PathBuf),
}

/// Reports whether a path leads to a database, to a file next to one, or to one of the files in use.
pub(crate) fn is_protected(path: &Path, in_use: &[&Path]) -> bool {
    let options = Options { in_use, existing: Existing::Replace, private: false };
    let Ok(Destination::File(target)) = follow(path) else { return false };
    if check_name(path, &target, &options).is_err() {
        return true;
    }
    fs::metadata(&target).is_ok_and(|found| {
        found.is_file() && (in_use.iter().any(|used| is_same(used, &found)) || is_database(&target).unwrap_or(false))
    })
}

/// Reports whether two paths lead to one file, which need not exist.
pub(crate) fn leads_to_same(a: &Path, b: &Path) -> bool {
    let target = |path: &Path| match follow(path) {
        Ok(Destination::File(target)) => Some(target),
        _ => None,
    };
    let same_name = target(a).zip(target(b)).is_some_and(|(a, b)| a == b);
    same_name || fs::metadata(a).is_ok_and(|found| found.is_file() && is_same(b, &found))
}

/// Follows the links of a path to its end.
pub(super) fn follow(path: &Path) -> io::Result<Destination> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidFilename, "the name is empty"));
    }
    if bytes.ends_with(b"/") {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Some(name) = path.file_name() else { return fs::canonicalize(&path).map(Destination::File) };
        let folder = fs::canonicalize(folder_of(&path))?;
        let here = folder.join(name);
        if folder.ends_with("fd") && (folder.starts_with("/proc") || folder.starts_with("/dev")) {
            return Ok(Destination::Descriptor(here));
        }
        match fs::read_link(&here) {
            Ok(target) => path = folder.join(target),
            Err(_) => return Ok(Destination::File(here)),
        }
    }
    Err(io::Error::other("its links go in a circle"))
}

/// Checks that a name is neither a database in use nor a file next to a database.
pub(super) fn check_name(path: &Path, target: &Path, options: &Options<'_>) -> Result<(), OutputError> {
    let leads = |used: &Path| matches!(follow(used), Ok(Destination::File(used)) if used == target);
    if options.in_use.iter().any(|used| leads(used)) {
        return Err(OutputError::InUse(path.to_owned()));
    }
    let name = target.file_name().and_then(OsStr::to_str).unwrap_or_default();
    for base in BESIDE_DATABASE.iter().filter_map(|suffix| name.strip_suffix(suffix)) {
        let base = target.with_file_name(base);
        let used =
            options.in_use.iter().any(|used| matches!(follow(used), Ok(Destination::File(used)) if used == base));
        if used || (base.is_file() && is_database(&base).unwrap_or(true)) {
            let shown = path.with_file_name(base.file_name().unwrap_or_default());
            return Err(OutputError::BesideDatabase(path.to_owned(), shown));
        }
    }
    Ok(())
}

/// Checks that an existing regular file may be replaced.
pub(super) fn check_regular(
    path: &Path,
    target: &Path,
    found: &Metadata,
    options: &Options<'_>,
) -> Result<(), OutputError> {
    for used in options.in_use {
        if is_same(used, found) {
            return Err(OutputError::InUse(path.to_owned()));
        }
        for suffix in BESIDE_DATABASE {
            let mut beside = used.as_os_str().to_owned();
            beside.push(suffix);
            if is_same(Path::new(&beside), found) {
                return Err(OutputError::BesideDatabase(path.to_owned(), (*used).to_owned()));
            }
        }
    }
    match is_database(target) {
        Ok(true) => return Err(OutputError::Database(path.to_owned())),
        Ok(false) => {}
        Err(_) => return Err(OutputError::Unreadable(path.to_owned())),
    }
    match options.existing {
        Existing::Replace => Ok(()),
        Existing::ReplaceEmpty if found.len() == 0 => Ok(()),
        Existing::ReplaceEmpty | Existing::Refuse => Err(OutputError::Exists(path.to_owned())),
    }
}

/// Opens a path that is not a regular file, to write to it directly.
pub(super) fn open_special(path: &Path, target: &Path, found: &Metadata) -> Result<File, OutputError> {
    let not_a_file = |what| Err(OutputError::NotAFile { path: path.to_owned(), what });
    if found.is_dir() {
        return not_a_file("folder");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if found.file_type().is_block_device() {
            return not_a_file("block device");
        }
        if found.file_type().is_socket() {
            return not_a_file("socket");
        }
    }
    let opened = OpenOptions::new().write(true).open(target);
    opened.map_err(|source| OutputError::System { path: path.to_owned(), source })
}

/// Opens a descriptor: standard output and standard error of this process unchanged, others for appending.
pub(super) fn open_descriptor(path: &Path, descriptor: &Path, options: &Options<'_>) -> Result<File, OutputError> {
    let system = |source| OutputError::System { path: path.to_owned(), source };
    let found = fs::metadata(descriptor).map_err(system)?;
    if found.is_file() {
        if options.in_use.iter().any(|used| is_same(used, &found)) {
            return Err(OutputError::InUse(path.to_owned()));
        }
        // A file that this process may write but not read is the shell's choice.
        if is_database(descriptor).unwrap_or(false) {
            return Err(OutputError::Database(path.to_owned()));
        }
    } else if found.is_dir() {
        return Err(OutputError::NotAFile { path: path.to_owned(), what: "folder" });
    }
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        let own = ["/proc/self/fd", "/dev/fd"]
            .iter()
            .any(|own| fs::canonicalize(own).ok().zip(descriptor.parent()).is_some_and(|(own, folder)| own == folder));
        let duplicate = match descriptor.file_name().and_then(OsStr::to_str).filter(|_| own) {
            Some("1") => Some(io::stdout().as_fd().try_clone_to_owned()),
            Some("2") => Some(io::stderr().as_fd().try_clone_to_owned()),
            _ => None,
        };
        if let Some(duplicate) = duplicate {
            return duplicate.map(File::from).map_err(system);
        }
    }
    OpenOptions::new().append(true).open(descriptor).map_err(system)
}

/// Reports whether a path leads to this file, by any name.
fn is_same(path: &Path, file: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == (file.dev(), file.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = (path, file);
        false
    }
}

/// Reports whether a regular file is a SQLite database or one of the files that SQLite keeps next to it.
pub(super) fn is_database(path: &Path) -> io::Result<bool> {
    let mut head = Vec::with_capacity(16);
    File::open(path)?.take(16).read_to_end(&mut head)?;
    Ok(DATABASE_HEADS.iter().any(|known| head.starts_with(known)))
}
