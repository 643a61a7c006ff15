//! Sources of bytes: files, folders and standard input, through any layers of gzip, and zip archives.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::thread;

use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::file_names;
use crate::hash::hex;
use crate::ingest::expansion::Expansion;

/// A file that an import is to look at.
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    /// Absolute, links resolved.
    pub(crate) path: PathBuf,
    /// True if it was named on the command line: it is then rejected, not ignored, if it is not a trail file.
    pub(crate) named: bool,
    /// Size on disk in bytes.
    pub(crate) bytes: u64,
    /// Modification time in Unix nanoseconds.
    pub(crate) modified: Option<i64>,
    /// The reason why it cannot be read, if that is known already.
    pub(crate) unreadable: Option<String>,
    /// The pipe that is read instead, once: it has no size and no time, and is named by what comes out of it, as
    /// standard input is.
    pub(crate) pipe: Option<PathBuf>,
    /// The reason why it is not opened, if its path is outside the limits of the import.
    pub(crate) left_out: Option<String>,
    /// The name of the file that it is a copy of, if it is one.
    pub(crate) copy_of: Option<String>,
}

impl SourceFile {
    /// Returns the name that the file has in ledgers and tables.
    pub(crate) fn name(&self) -> String {
        self.copy_of.clone().unwrap_or_else(|| file_names::name_of(&self.path))
    }
}

/// Standard input, as it is named on the command line.
pub(crate) const STDIN: &str = "-";

/// Every file under `paths`, in path order whatever the order of the arguments, each once.
///
/// # Errors
/// The first of `paths` that does not exist.
pub(crate) fn walk(paths: &[PathBuf], follow_links: bool) -> Result<Vec<SourceFile>, (PathBuf, io::Error)> {
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() == STDIN {
            found.push(stream(None));
            continue;
        }
        let metadata = fs::metadata(path).map_err(|error| (path.clone(), error))?;
        if is_pipe(&metadata) {
            // What a shell makes of `<(...)` has no other path.
            found.push(stream(Some(path.clone())));
            continue;
        }
        let absolute = fs::canonicalize(path).map_err(|error| (path.clone(), error))?;
        if metadata.is_dir() {
            walk_folder(&absolute, follow_links, &mut found);
        } else {
            found.push(describe(absolute, &metadata, true));
        }
    }
    // The files of a folder come in order: comparing each with the next is all there is to do then.
    found.sort_by(|a, b| place(a).cmp(&place(b)).then(b.named.cmp(&a.named)));
    // Paths are canonical: their bytes differ if they do.
    found.dedup_by(|a, b| a.path.as_os_str() == b.path.as_os_str() && a.pipe == b.pipe);
    Ok(found)
}

/// Returns the key that identifies a file, by which files are sorted.
fn place(found: &SourceFile) -> (Option<&Path>, &Path) {
    (found.pipe.as_deref(), &found.path)
}

/// Standard input, or a pipe.
fn stream(pipe: Option<PathBuf>) -> SourceFile {
    SourceFile {
        path: PathBuf::from(STDIN),
        named: true,
        bytes: 0,
        modified: None,
        unreadable: None,
        pipe,
        left_out: None,
        copy_of: None,
    }
}

/// Reports whether reading takes what is read away.
fn is_pipe(metadata: &fs::Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type());
    #[cfg(not(unix))]
    return false;
}

/// Adds the files of a folder and its subfolders.
fn walk_folder(folder: &Path, follow_links: bool, found: &mut Vec<SourceFile>) {
    for entry in WalkDir::new(folder).follow_links(follow_links).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) if entry.path_is_symlink() && !follow_links => {
                found.push(unreadable(entry.path(), "is a link; --follow-links imports what it points to"));
            }
            Ok(entry) => match entry.metadata() {
                Ok(metadata) => {
                    let path = if follow_links { fs::canonicalize(entry.path()).ok() } else { None };
                    found.push(describe(path.unwrap_or_else(|| entry.path().to_owned()), &metadata, false));
                }
                Err(error) => found.push(unreadable(entry.path(), &error.to_string())),
            },
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                let reason = if error.loop_ancestor().is_some() {
                    "is a link to a folder that contains it".to_owned()
                } else {
                    error.io_error().map_or_else(|| error.to_string(), reason_of)
                };
                found.push(unreadable(&path, &reason));
            }
        }
    }
}

fn describe(path: PathBuf, metadata: &fs::Metadata, named: bool) -> SourceFile {
    let unreadable = (!metadata.is_file()).then(|| "is not a regular file".to_owned());
    SourceFile {
        path,
        named,
        bytes: metadata.len(),
        modified: modified(metadata),
        unreadable,
        pipe: None,
        left_out: None,
        copy_of: None,
    }
}

fn unreadable(path: &Path, reason: &str) -> SourceFile {
    let (path, unreadable) = (path.to_owned(), Some(reason.to_owned()));
    SourceFile { path, named: false, bytes: 0, modified: None, unreadable, pipe: None, left_out: None, copy_of: None }
}

/// A file's modification time in Unix nanoseconds; `None` where 64 bits do not hold it: the file is read again each time.
fn modified(metadata: &fs::Metadata) -> Option<i64> {
    match metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).ok(),
        Err(before) => i64::try_from(before.duration().as_nanos()).ok().map(|nanoseconds| -nanoseconds),
    }
}

/// An I/O error in the words of a report.
pub(crate) fn reason_of(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "cannot be read: permission denied".to_owned(),
        io::ErrorKind::NotFound => "was removed after the folder was listed".to_owned(),
        // What trailq itself says of the content has no kind of the system's.
        _ => crate::io_message::describe(error),
    }
}

/// The bytes of a file as they lie on disk, counted and hashed as they pass.
pub(crate) struct RawFile<'a> {
    inner: Box<dyn Read + Send + 'a>,
    hasher: Sha256,
    bytes: u64,
    /// Is told what has been read, for the limit of expansion above it and for progress.
    expansion: &'a Expansion,
}

impl<'a> RawFile<'a> {
    /// Hashes and counts what `inner` gives; `expansion` sees the running count.
    pub(crate) fn new(inner: Box<dyn Read + Send + 'a>, expansion: &'a Expansion) -> RawFile<'a> {
        expansion.set_read(0);
        RawFile { inner, hasher: Sha256::new(), bytes: 0, expansion }
    }

    /// Reads what is left and gives the size and the SHA-256 of the whole, in hexadecimal.
    pub(crate) fn finish(mut self) -> io::Result<(u64, String)> {
        io::copy(&mut self, &mut io::sink())?;
        Ok((self.bytes, hex(&self.hasher.finalize())))
    }
}

impl Read for RawFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.bytes += count as u64;
        self.expansion.set_read(self.bytes);
        Ok(count)
    }
}

/// Reads up to `wanted` bytes ahead of a stream and gives them back in front of it.
pub(crate) fn peek<'a>(
    mut stream: Box<dyn Read + Send + 'a>,
    wanted: usize,
) -> io::Result<(Vec<u8>, Box<dyn Read + Send + 'a>)> {
    let mut first = vec![0; wanted];
    let mut filled = 0;
    while filled < wanted {
        match stream.read(&mut first[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // What came before the error is still looked at; the error comes again when it is reached.
            Err(_) if filled > 0 => break,
            Err(error) => return Err(error),
        }
    }
    first.truncate(filled);
    Ok((first.clone(), Box::new(io::Cursor::new(first).chain(stream))))
}

/// The number and the size of the pieces that a stream is read ahead.
const AHEAD: (usize, usize) = (4, 1 << 20);

/// Reads a stream ahead in a thread of its own while `read` looks at what came, so that a large file is inflated on one
/// processor and parsed on another.
pub(crate) fn read_ahead<T>(
    mut stream: Box<dyn Read + Send + '_>,
    read: impl FnOnce(Box<dyn Read + Send + 'static>) -> io::Result<T>,
) -> io::Result<T> {
    let (pieces_in, pieces) = crossbeam_channel::bounded(AHEAD.0);
    thread::scope(|scope| {
        scope.spawn(move || {
            loop {
                let mut piece = Vec::with_capacity(AHEAD.1);
                let result = stream.by_ref().take(AHEAD.1 as u64).read_to_end(&mut piece);
                let ended = piece.is_empty();
                // What came before an error is handed on before it. An error of `send`: the receiver has disconnected.
                if !ended && pieces_in.send(Ok(piece)).is_err() {
                    return;
                }
                if let Err(error) = result {
                    let _ = pieces_in.send(Err(error));
                    return;
                }
                if ended {
                    return;
                }
            }
        });
        read(Box::new(Ahead { pieces, piece: io::Cursor::default(), failure: None }))
    })
}

/// The end of a stream that is read ahead.
struct Ahead {
    pieces: crossbeam_channel::Receiver<io::Result<Vec<u8>>>,
    piece: io::Cursor<Vec<u8>>,
    failure: Option<io::Error>,
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.piece.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            // An error stays one, as in any stream: a second read returns it again.
            if let Some(error) = &self.failure {
                return Err(io::Error::new(error.kind(), error.to_string()));
            }
            match self.pieces.recv() {
                Ok(Ok(piece)) => self.piece = io::Cursor::new(piece),
                Ok(Err(error)) => self.failure = Some(error),
                // The other thread has read all.
                Err(_) => return Ok(0),
            }
        }
    }
}

/// Copies a stream into a temporary file, for what must be sought in.
pub(crate) fn spool(stream: &mut dyn Read) -> io::Result<File> {
    let mut copy = tempfile::tempfile()?;
    io::copy(stream, &mut copy)?;
    copy.rewind()?;
    Ok(copy)
}
