//! Output files that a user names. Each is checked before anything is written, written to a temporary file next to
//! it, and renamed when complete: a database is never replaced, another file only on request, and
//! an incomplete file never has the name. Devices, pipes and open descriptors are written directly. Knows no case.

mod target;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, PersistError};

pub(crate) use target::{Existing, Options, OutputError, is_protected, leads_to_same};

use crate::diagnostic::Diagnostic;
use crate::io_message::folder_of;
use crate::place_file::{permit, place_file};
use target::{Destination, check_name, check_regular, follow, is_database, open_descriptor, open_special};

/// The attempts to create a temporary file, in case another run removes it as a leftover before it is locked.
const ATTEMPTS: u32 = 16;
/// The largest number that is tried for an alternative name.
const MAX_SUFFIX: u32 = 1_000;
/// The end of the name of a temporary file.
const PART: &str = ".part";

/// An output file that is being written.
#[derive(Debug)]
pub(crate) struct OutputFile {
    /// The path as the user typed it.
    path: PathBuf,
    writer: BufWriter<File>,
    /// The temporary file that is renamed at the end, unless bytes are written directly.
    pending: Option<PendingFile>,
}

/// A temporary file and its destination.
#[derive(Debug)]
struct PendingFile {
    temporary: NamedTempFile,
    /// The destination, with all links followed.
    target: PathBuf,
    /// The mode of the file that is replaced.
    mode: Option<fs::Permissions>,
    existing: Existing,
}

impl OutputFile {
    /// Checks that a file may be written, and opens it. Opening a pipe waits for its reader.
    pub(crate) fn create(path: &Path, options: &Options<'_>) -> Result<OutputFile, OutputError> {
        let system = |source| OutputError::System { path: path.to_owned(), source };
        let (target, mode) = match follow(path).map_err(system)? {
            Destination::Descriptor(descriptor) => {
                let file = open_descriptor(path, &descriptor, options)?;
                return Ok(OutputFile { path: path.to_owned(), writer: BufWriter::new(file), pending: None });
            }
            Destination::File(target) => match fs::metadata(&target) {
                Ok(found) if found.is_file() => {
                    check_regular(path, &target, &found, options)?;
                    (target, Some(plain_mode(&found)))
                }
                Ok(found) => {
                    let file = open_special(path, &target, &found)?;
                    return Ok(OutputFile { path: path.to_owned(), writer: BufWriter::new(file), pending: None });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => (target, None),
                Err(error) => return Err(system(error)),
            },
        };
        check_name(path, &target, options)?;
        remove_leftovers(&target);
        let temporary = temporary(&target, options.private || mode.is_some()).map_err(system)?;
        let writer = BufWriter::new(temporary.as_file().try_clone().map_err(system)?);
        let mode = mode.filter(|_| !options.private);
        let pending = PendingFile { temporary, target, mode, existing: options.existing };
        Ok(OutputFile { path: path.to_owned(), writer, pending: Some(pending) })
    }

    /// Returns the path as the user typed it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reports whether bytes go to a device, a pipe or an open descriptor.
    pub(crate) fn is_through(&self) -> bool {
        self.pending.is_none()
    }

    /// Completes the file and renames it.
    pub(crate) fn commit(mut self) -> Result<(), OutputError> {
        self.writer.flush().map_err(|source| OutputError::System { path: self.path.clone(), source })?;
        self.place(false)
    }

    /// Completes the file after it is synchronized to the disk, for content that must not be lost.
    pub(crate) fn commit_durably(mut self) -> Result<(), OutputError> {
        let system = |source| OutputError::System { path: self.path.clone(), source };
        self.writer.flush().map_err(system)?;
        if let Some(pending) = &self.pending {
            pending.temporary.as_file().sync_all().map_err(system)?;
        }
        self.place(false)
    }

    /// Renames the file even if it is incomplete. If another file was created under
    /// the name meanwhile, it gets an alternative name.
    pub(crate) fn commit_written(mut self) -> Result<(), OutputError> {
        let flushed = self.writer.flush().map_err(|source| OutputError::System { path: self.path.clone(), source });
        self.place(true)?;
        flushed
    }

    fn place(self, keep: bool) -> Result<(), OutputError> {
        let OutputFile { path, writer: _writer, pending } = self;
        let Some(PendingFile { temporary, target, mode, existing }) = pending else { return Ok(()) };
        let system = |source| OutputError::System { path: path.clone(), source };
        let replace = match (existing, fs::metadata(&target)) {
            (Existing::Refuse, _) => false,
            // A file that has appeared meanwhile.
            (_, Ok(found)) if !found.is_file() || is_database(&target).map_err(system)? => {
                return Err(OutputError::Exists(path));
            }
            (Existing::ReplaceEmpty, Ok(found)) => found.len() == 0,
            (Existing::ReplaceEmpty, Err(_)) => false,
            (Existing::Replace, _) => true,
        };
        if let Some(mode) = mode {
            permit(temporary.as_file(), mode).map_err(system)?;
        }
        let placed = if replace { temporary.persist(&target).map(drop) } else { place_file(temporary, &target) };
        let Err(PersistError { error, file: temporary }) = placed else { return Ok(()) };
        match error.kind() {
            io::ErrorKind::AlreadyExists if keep => match place_beside(temporary, &path, &target) {
                Ok(kept) => Err(OutputError::Moved { path, kept }),
                Err(source) => Err(OutputError::System { path, source }),
            },
            io::ErrorKind::AlreadyExists => Err(OutputError::Exists(path)),
            _ => Err(OutputError::System { path, source: error }),
        }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes).map_err(|error| named_error(&self.path, error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush().map_err(|error| named_error(&self.path, error))
    }
}

/// Renames a file to the first free alternative name, and returns it as the user would have typed it.
fn place_beside(mut temporary: NamedTempFile, path: &Path, target: &Path) -> io::Result<PathBuf> {
    let stem = target.file_stem().unwrap_or_default();
    for number in 2..MAX_SUFFIX {
        let mut name = stem.to_owned();
        name.push(format!("-{number}"));
        if let Some(extension) = target.extension() {
            name.push(".");
            name.push(extension);
        }
        match place_file(temporary, &target.with_file_name(&name)) {
            Ok(()) => return Ok(path.with_file_name(&name)),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => temporary = error.file,
            Err(error) => return Err(error.error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Creates a temporary file next to another. Unless it is private, its permissions are those of any new file of the
/// user.
fn temporary(target: &Path, private: bool) -> io::Result<NamedTempFile> {
    let name = target.file_name().unwrap_or(OsStr::new("trailq"));
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push("-");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(PART);
    #[cfg(unix)]
    if !private {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    for _ in 0..ATTEMPTS {
        let file = builder.tempfile_in(folder_of(target))?;
        // The lock shows other runs that this one is alive. On a file system without locks, leftovers are never
        // removed.
        let _ = file.as_file().lock();
        if is_there(&file)? {
            return Ok(file);
        }
    }
    Err(io::Error::other("the temporary file is removed again and again"))
}

/// Reports whether the name of a temporary file still leads to it.
#[cfg(unix)]
fn is_there(file: &NamedTempFile) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(file.as_file().metadata()?.nlink() > 0)
}

/// Reports whether the name of a temporary file still leads to it.
#[cfg(not(unix))]
fn is_there(file: &NamedTempFile) -> io::Result<bool> {
    file.path().try_exists()
}

/// Removes temporary files that a killed run left beside a file.
fn remove_leftovers(target: &Path) {
    let Some(name) = target.file_name().and_then(OsStr::to_str) else { return };
    // A folder that cannot be listed can still be written to.
    let Ok(entries) = fs::read_dir(folder_of(target)) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let temporary = path.file_name().and_then(OsStr::to_str).is_some_and(|other| {
            other.strip_prefix('.').and_then(|other| other.strip_prefix(name)).is_some_and(|rest| {
                rest.strip_prefix('-')
                    .and_then(|rest| rest.strip_suffix(PART))
                    .is_some_and(|random| random.len() == 6 && random.chars().all(|c| c.is_ascii_alphanumeric()))
            })
        });
        if temporary {
            remove_leftover(&path);
        }
    }
}

/// Removes a temporary file unless a running process holds it.
fn remove_leftover(path: &Path) {
    if !fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        return;
    }
    let Ok(file) = File::open(path) else { return };
    if file.try_lock().is_ok() {
        // The lock is held until the file is removed, so that a run that has just created it notices.
        let _ = fs::remove_file(path);
    }
}

/// Returns the mode of a file, without the set-user-id and similar bits.
fn plain_mode(found: &fs::Metadata) -> fs::Permissions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::Permissions::from_mode(found.permissions().mode() & 0o777)
    }
    #[cfg(not(unix))]
    found.permissions()
}

/// Adds the name of the file to an error of writing. A broken pipe is unchanged.
fn named_error(path: &Path, error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return error;
    }
    let kind = error.kind();
    io::Error::new(kind, Diagnostic::from(OutputError::System { path: path.to_owned(), source: error }))
}
