//! What a name leads to, and whether it may be written: never a database or a file beside one, another file only if
//! that is asked for.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::io_message::{advice, cannot_write, folder_of};

/// The first bytes of a SQLite database, of its rollback journal, and of both kinds of its write-ahead log.
const DATABASE_HEADS: [&[u8]; 4] =
    [b"SQLite format 3\0", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"];
/// What SQLite adds to the name of a database for the files beside it.
const BESIDE_DATABASE: [&str; 3] = ["-journal", "-wal", "-shm"];
/// How many symbolic links are followed.
const MAX_LINKS: usize = 40;
/// What becomes of a regular file that has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It stays, and the output is refused.
    Refuse,
    /// It is replaced if it is empty.
    ReplaceEmpty,
    /// It is replaced.
    Replace,
}

/// How a file is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options<'a> {
    /// Databases in use: these, and the files beside them, are never written, whether they exist or not.
    pub(crate) in_use: &'a [&'a Path],
    /// What becomes of a file of that name.
    pub(crate) existing: Existing,
    /// True if only its owner may read it.
    pub(crate) private: bool,
}

/// The reason why a file is not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// It is a database that is in use.
    #[error("{} is the open case", .0.display())]
    InUse(PathBuf),
    /// It is a database.
    #[error("{} is a SQLite database", .0.display())]
    Database(PathBuf),
    /// It is a file that SQLite keeps beside a database, or would take for one.
    #[error("{} belongs to the database {}", .0.display(), .1.display())]
    BesideDatabase(PathBuf, PathBuf),
    /// Nothing is known of its content.
    #[error("{} cannot be read, so that it may be a database", .0.display())]
    Unreadable(PathBuf),
    /// It is there already.
    #[error("there is a file {} already", .0.display())]
    Exists(PathBuf),
    /// Another file has got its name, so that what was written has a name of its own.
    #[error("there is a file {} already: what was written is in {}", path.display(), kept.display())]
    Moved {
        /// The file, as it was named.
        path: PathBuf,
        /// Where the output is.
        kept: PathBuf,
    },
    /// It is not a file.
    #[error("{} is a {what}", .path.display())]
    NotAFile {
        /// The path, as it was named.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// The system refuses it.
    #[error("{}", cannot_write(.path, .source))]
    System {
        /// The file, as it was named.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl Refused {
    /// What to do about it, where that does not depend on the command.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Refused::InUse(_) | Refused::Database(_) => {
                Some("no database is replaced, not even with --force; take another name")
            }
            Refused::BesideDatabase(..) | Refused::Unreadable(_) => Some("take another name"),
            Refused::NotAFile { what: "folder", .. } => Some("name a file in it"),
            Refused::NotAFile { .. } => Some("name a file"),
            Refused::Exists(_) | Refused::Moved { .. } => None,
            Refused::System { source, .. } => advice(source),
        }
    }
}

impl From<Refused> for Diagnostic {
    fn from(refused: Refused) -> Diagnostic {
        let mut mistake = Diagnostic::new(refused.to_string());
        mistake.hints.extend(refused.hint().map(str::to_owned));
        mistake
    }
}

/// Where a name leads.
pub(super) enum Lead {
    /// To a file that may not exist.
    File(PathBuf),
    /// To an open descriptor of this process or another.
    Descriptor(PathBuf),
}

/// Reports whether a path leads to a database, to a file beside one, or to one of the files in use.
pub(crate) fn is_protected(path: &Path, in_use: &[&Path]) -> bool {
    let options = Options { in_use, existing: Existing::Replace, private: false };
    let Ok(Lead::File(target)) = follow(path) else { return false };
    if check_name(path, &target, &options).is_err() {
        return true;
    }
    fs::metadata(&target).is_ok_and(|found| {
        found.is_file() && (in_use.iter().any(|used| is_same(used, &found)) || is_database(&target).unwrap_or(false))
    })
}

/// Reports whether two paths lead to one file, be it there or not.
pub(crate) fn leads_to_same(a: &Path, b: &Path) -> bool {
    let target = |path: &Path| match follow(path) {
        Ok(Lead::File(target)) => Some(target),
        _ => None,
    };
    let same_name = target(a).zip(target(b)).is_some_and(|(a, b)| a == b);
    same_name || fs::metadata(a).is_ok_and(|found| found.is_file() && is_same(b, &found))
}

/// Follows the links of a path to its end.
pub(super) fn follow(path: &Path) -> io::Result<Lead> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidFilename, "the name is empty"));
    }
    if bytes.ends_with(b"/") {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Some(name) = path.file_name() else { return fs::canonicalize(&path).map(Lead::File) };
        let folder = fs::canonicalize(folder_of(&path))?;
        let here = folder.join(name);
        if folder.ends_with("fd") && (folder.starts_with("/proc") || folder.starts_with("/dev")) {
            return Ok(Lead::Descriptor(here));
        }
        match fs::read_link(&here) {
            Ok(target) => path = folder.join(target),
            Err(_) => return Ok(Lead::File(here)),
        }
    }
    Err(io::Error::other("its links go in a circle"))
}

/// Checks that a name is not that of a database in use or of a file beside a database.
pub(super) fn check_name(path: &Path, target: &Path, options: &Options<'_>) -> Result<(), Refused> {
    let leads = |used: &Path| matches!(follow(used), Ok(Lead::File(used)) if used == target);
    if options.in_use.iter().any(|used| leads(used)) {
        return Err(Refused::InUse(path.to_owned()));
    }
    let name = target.file_name().and_then(OsStr::to_str).unwrap_or_default();
    for base in BESIDE_DATABASE.iter().filter_map(|suffix| name.strip_suffix(suffix)) {
        let base = target.with_file_name(base);
        let used = options.in_use.iter().any(|used| matches!(follow(used), Ok(Lead::File(used)) if used == base));
        if used || (base.is_file() && is_database(&base).unwrap_or(true)) {
            let shown = path.with_file_name(base.file_name().unwrap_or_default());
            return Err(Refused::BesideDatabase(path.to_owned(), shown));
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
) -> Result<(), Refused> {
    for used in options.in_use {
        if is_same(used, found) {
            return Err(Refused::InUse(path.to_owned()));
        }
        for suffix in BESIDE_DATABASE {
            let mut beside = used.as_os_str().to_owned();
            beside.push(suffix);
            if is_same(Path::new(&beside), found) {
                return Err(Refused::BesideDatabase(path.to_owned(), (*used).to_owned()));
            }
        }
    }
    match is_database(target) {
        Ok(true) => return Err(Refused::Database(path.to_owned())),
        Ok(false) => {}
        Err(_) => return Err(Refused::Unreadable(path.to_owned())),
    }
    match options.existing {
        Existing::Replace => Ok(()),
        Existing::ReplaceEmpty if found.len() == 0 => Ok(()),
        Existing::ReplaceEmpty | Existing::Refuse => Err(Refused::Exists(path.to_owned())),
    }
}

/// Opens something that is not a regular file: bytes go through it.
pub(super) fn open_special(path: &Path, target: &Path, found: &Metadata) -> Result<File, Refused> {
    let not_a_file = |what| Err(Refused::NotAFile { path: path.to_owned(), what });
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
    opened.map_err(|source| Refused::System { path: path.to_owned(), source })
}

/// Opens a descriptor: standard output and standard error of this process as they are, others at their end.
pub(super) fn open_descriptor(path: &Path, descriptor: &Path, options: &Options<'_>) -> Result<File, Refused> {
    let system = |source| Refused::System { path: path.to_owned(), source };
    let found = fs::metadata(descriptor).map_err(system)?;
    if found.is_file() {
        if options.in_use.iter().any(|used| is_same(used, &found)) {
            return Err(Refused::InUse(path.to_owned()));
        }
        // What this process may write but not read is the shell's choice.
        if is_database(descriptor).unwrap_or(false) {
            return Err(Refused::Database(path.to_owned()));
        }
    } else if found.is_dir() {
        return Err(Refused::NotAFile { path: path.to_owned(), what: "folder" });
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

/// Reports whether a path leads to this file, by whatever name.
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

/// Reports whether a regular file is a SQLite database or one of the files that SQLite keeps beside it.
pub(super) fn is_database(path: &Path) -> io::Result<bool> {
    let mut head = Vec::with_capacity(16);
    File::open(path)?.take(16).read_to_end(&mut head)?;
    Ok(DATABASE_HEADS.iter().any(|known| head.starts_with(known)))
}
