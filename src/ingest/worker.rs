//! One file at a time: opens it, takes off its layers, and sends what it holds, in order, to the writer.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::Sender;

use crate::file_magic;
use crate::file_names;
use crate::ingest::decode::csv_rows;
use crate::ingest::decode::json;
use crate::ingest::decode::json::{Decoded, Sink};
use crate::ingest::decode::window::{Window, reject_of};
use crate::ingest::record::normalize::normalize;
use crate::ingest::record::raw::RawRecord;
use crate::ingest::source::inflate;
use crate::ingest::source::inflate::Inflater;
use crate::ingest::source::walk;
use crate::ingest::source::walk::{Capped, Magic, RawFile, SourceFile};
use crate::ledger::{Digest, FileEnd, FileOutcome, Problem, Reject};
use crate::store::{Batch, BatchBuilder};

/// The messages of a worker about a file; `End` comes last.
pub(crate) enum Message {
    /// Events, and how many bytes of the file on disk have been read by now.
    Batch(Batch, u64),
    Digest(Digest),
    Reject(Reject),
    End(FileEnd),
}

/// The contents of a file that the ledger has and that are of its size: none of them needs a second reading.
pub(crate) struct KnownContents {
    pub(crate) sha256s: Vec<String>,
}

/// The bytes that are examined to recognize a CSV download.
const HEADING: usize = 4 << 10;

/// The state of a worker that is reused from file to file.
pub(crate) struct WorkerContext {
    pub(crate) batch: BatchBuilder,
    pub(crate) inflater: Inflater,
}

/// Reads one file and sends what it holds. An error means that the writer has disconnected.
pub(crate) fn read_file(
    found: &SourceFile,
    before: Option<&KnownContents>,
    tools: &mut WorkerContext,
    out: &Sender<Message>,
) -> Result<(), crossbeam_channel::SendError<Message>> {
    if let Some(before) = before
        && let Ok((bytes, hash)) = hash_file(&found.path)
        && before.sha256s.contains(&hash)
    {
        return out.send(Message::End(FileEnd {
            outcome: FileOutcome::Unchanged,
            sha256: hash,
            bytes,
            format: None,
            problems: BTreeMap::new(),
        }));
    }
    let passed = AtomicU64::new(0);
    let mut sink = FileSink::new(&mut tools.batch, out, &passed);
    let end = match &found.unreadable {
        Some(reason) => sink.unreadable(reason),
        None => match read_layers(found, &passed, &mut tools.inflater, &mut sink) {
            Ok(end) => end,
            Err(error) => sink.unreadable(&walk::reason_of(&error)),
        },
    };
    let _ = sink.flush();
    if sink.disconnected {
        return Ok(());
    }
    let problems = std::mem::take(&mut sink.problems);
    let format = sink.format.or((end.outcome == FileOutcome::TrailFile).then_some("json"));
    out.send(Message::End(FileEnd { format, problems, ..end }))
}

fn hash_file(path: &Path) -> io::Result<(u64, String)> {
    let passed = AtomicU64::new(0);
    RawFile::new(Box::new(File::open(path)?), &passed).finish()
}

/// Reads a file through its layers; the answer lacks format and problems, which the sink has. `passed` counts the bytes
/// that are read on disk.
fn read_layers(
    found: &SourceFile,
    passed: &AtomicU64,
    inflater: &mut Inflater,
    sink: &mut FileSink<'_>,
) -> io::Result<FileEnd> {
    if let Some(pipe) = &found.pipe {
        return read_through(found, Box::new(File::open(pipe)?), passed, sink);
    }
    let is_stdin = found.path.as_os_str() == walk::STDIN;
    if is_stdin {
        return read_through(found, Box::new(io::stdin()), passed, sink);
    }
    if found.bytes > inflate::MAX_FILE {
        return read_through(found, Box::new(File::open(&found.path)?), passed, sink);
    }
    let Some(whole) = inflater.load(&found.path)? else {
        return read_through(found, Box::new(File::open(&found.path)?), passed, sink);
    };
    passed.store(whole.bytes, Ordering::Relaxed);
    if let Some(content) = inflater.plain() {
        let decoded = read_whole(content, found.named, sink);
        let outcome = outcome_of(found, decoded, whole.bytes, sink);
        return Ok(file_end(outcome, whole.bytes, whole.sha256));
    }
    read_through(found, Box::new(inflater.raw()), passed, sink)
}

/// Reads a stream of a file's bytes through its layers, inflating ahead in a thread of its own.
fn read_through(
    found: &SourceFile,
    stream: Box<dyn Read + Send + '_>,
    passed: &AtomicU64,
    sink: &mut FileSink<'_>,
) -> io::Result<FileEnd> {
    let mut raw = RawFile::new(stream, passed);
    let decoded = {
        let (magic, mut stream) = walk::unwrap_gzip(Box::new(&mut raw), passed)?;
        if magic == Magic::Zip {
            read_zip(walk::spool(&mut stream)?, sink)
        } else {
            walk::read_ahead(stream, |stream| read_stream(stream, found.named, sink))?
        }
    };
    let outcome = outcome_of(found, decoded, passed.load(Ordering::Relaxed), sink);
    // What does not come into the ledger is not read to its end.
    let (bytes, sha256) = match outcome {
        FileOutcome::TrailFile => raw.finish().or_else(|_| hash_file(&found.path))?,
        FileOutcome::Ignored | FileOutcome::Unchanged => (0, String::new()),
    };
    Ok(file_end(outcome, bytes, sha256))
}

/// Returns the outcome of a file after `read` of its bytes are read.
fn outcome_of(found: &SourceFile, decoded: Decoded, read: u64, sink: &mut FileSink<'_>) -> FileOutcome {
    match decoded {
        Decoded::SomethingElse(what) if found.named || (read == 0 && looks_delivered(&found.path)) => {
            sink.whole_file(what);
            FileOutcome::TrailFile
        }
        Decoded::SomethingElse(_) if !sink.has_something() => FileOutcome::Ignored,
        // What was rejected or stored of it must be accounted for.
        Decoded::SomethingElse(_) => FileOutcome::TrailFile,
        Decoded::TrailFile | Decoded::Stopped => FileOutcome::TrailFile,
    }
}

fn file_end(outcome: FileOutcome, bytes: u64, sha256: String) -> FileEnd {
    let (bytes, sha256) = if outcome == FileOutcome::Ignored { (0, String::new()) } else { (bytes, sha256) };
    FileEnd { outcome, sha256, bytes, format: None, problems: BTreeMap::new() }
}

/// Reports whether an empty file should contain records: CloudTrail delivers none that are empty, a broken download
/// does.
fn looks_delivered(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    name.contains("_cloudtrail") || name.ends_with(".json.gz")
}

/// The kinds of decompressed content, by its first bytes.
enum Content {
    Json,
    /// A CSV download, with this separator.
    Csv(u8),
    /// Nothing that can be imported; says what it looks like.
    Other(&'static str),
}

/// Recognizes content by at least its first [`HEADING`] bytes, or all of it.
fn recognize(first: &[u8]) -> Content {
    let first = &first[..first.len().min(HEADING)];
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let begins = text.iter().find(|byte| !byte.is_ascii_whitespace());
    if let Some(b'{' | b'[') = begins {
        return Content::Json;
    }
    if let Some(separator) = csv_rows::recognize(first) {
        return Content::Csv(separator);
    }
    match begins {
        None if text.len() < HEADING => Content::Other("is empty"),
        _ if first.starts_with(b"\xff\xfe") || first.starts_with(b"\xfe\xff") => {
            Content::Other("is UTF-16 text; save it as UTF-8")
        }
        _ if first.starts_with(file_magic::SQLITE) => {
            Content::Other("is a SQLite database; where it is a case, `trailq merge` takes it in")
        }
        _ => Content::Other("is neither JSON nor a CSV download, and no gzip or zip of them"),
    }
}

/// Reads decompressed content from a stream.
fn read_stream<'s>(stream: Box<dyn Read + Send + 's>, strict: bool, sink: &mut FileSink<'_>) -> io::Result<Decoded> {
    let (first, stream) = walk::peek(stream, HEADING)?;
    Ok(match recognize(&first) {
        Content::Json => json::decode(Window::new(stream), strict, sink),
        Content::Csv(separator) => read_csv(stream, separator, sink),
        Content::Other(what) => Decoded::SomethingElse(what),
    })
}

/// Reads decompressed content that is in memory.
fn read_whole(content: &[u8], strict: bool, sink: &mut FileSink<'_>) -> Decoded {
    match recognize(content) {
        Content::Json => json::decode(Window::whole(content), strict, sink),
        Content::Csv(separator) => read_csv(content, separator, sink),
        Content::Other(what) => Decoded::SomethingElse(what),
    }
}

fn read_csv(stream: impl Read, separator: u8, sink: &mut FileSink<'_>) -> Decoded {
    sink.from_csv = true;
    let decoded = csv_rows::decode(stream, separator, sink);
    let _ = sink.flush();
    sink.from_csv = false;
    decoded
}

/// Reads every member of an archive, in the archive's order.
fn read_zip(archive: File, sink: &mut FileSink<'_>) -> Decoded {
    let mut archive = match zip::ZipArchive::new(archive) {
        Ok(archive) => archive,
        Err(error) => {
            sink.whole_file(&format!("is a damaged zip archive: {error}"));
            return Decoded::TrailFile;
        }
    };
    let mut outcome = Decoded::SomethingElse("is a zip archive without a trail file");
    for index in 0..archive.len() {
        let decoded = match archive.by_index(index) {
            Ok(member) if member.is_dir() => continue,
            Ok(member) => {
                sink.member = Some(file_names::name_of_bytes(member.name_raw()));
                let size = member.compressed_size();
                read_member(member, size, sink)
            }
            Err(error) => Err(io::Error::other(error)),
        };
        match decoded {
            Ok(Decoded::SomethingElse(_)) => {}
            Ok(Decoded::Stopped) => return Decoded::Stopped,
            Ok(Decoded::TrailFile) => outcome = Decoded::TrailFile,
            Err(error) => {
                sink.whole_file(&error.to_string());
                outcome = Decoded::TrailFile;
            }
        }
        sink.member = None;
    }
    outcome
}

/// Reads one member of an archive; a member that is something else is passed over, as a file in a folder is.
fn read_member(member: impl Read + Send, compressed: u64, sink: &mut FileSink<'_>) -> io::Result<Decoded> {
    let passed = AtomicU64::new(compressed);
    let capped = Capped { inner: member, passed: &passed, given: 0 };
    let (magic, stream) = walk::unwrap_gzip(Box::new(capped), &passed)?;
    if magic == Magic::Zip {
        return Err(io::Error::other("is an archive inside an archive; unpack it first"));
    }
    read_stream(stream, false, sink)
}

/// Gathers events into batches and sends them on.
pub(crate) struct FileSink<'w> {
    batch: &'w mut BatchBuilder,
    out: &'w Sender<Message>,
    passed: &'w AtomicU64,
    pub(crate) from_csv: bool,
    member: Option<String>,
    format: Option<&'static str>,
    problems: BTreeMap<Problem, u64>,
    /// True if anything of the file was sent.
    sent: bool,
    /// The writer has disconnected.
    disconnected: bool,
}

impl<'w> FileSink<'w> {
    pub(crate) fn new(batch: &'w mut BatchBuilder, out: &'w Sender<Message>, passed: &'w AtomicU64) -> FileSink<'w> {
        FileSink {
            batch,
            out,
            passed,
            from_csv: false,
            member: None,
            format: None,
            problems: BTreeMap::new(),
            sent: false,
            disconnected: false,
        }
    }

    fn send(&mut self, message: Message) -> ControlFlow<()> {
        self.sent = true;
        self.disconnected |= self.out.send(message).is_err();
        if self.disconnected { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Reports whether the file has anything that is stored or rejected.
    fn has_something(&self) -> bool {
        self.sent || !self.batch.is_empty()
    }

    /// Sends the events gathered so far.
    pub(crate) fn flush(&mut self) -> ControlFlow<()> {
        if self.batch.is_empty() {
            return ControlFlow::Continue(());
        }
        match self.batch.take(self.from_csv) {
            Ok(batch) => self.send(Message::Batch(batch, self.passed.load(Ordering::Relaxed))),
            // zstd fails only without memory.
            Err(failed) => self.reject(whole(&failed.records, format!("could not be compressed: {}", failed.error))),
        }
    }

    /// Rejects the file, or the archive's member, as a whole.
    fn whole_file(&mut self, reason: &str) {
        let _ = self.reject(whole(&[], reason.to_owned()));
    }

    /// The end of a file of which nothing could be read.
    fn unreadable(&mut self, reason: &str) -> FileEnd {
        self.whole_file(reason);
        FileEnd {
            outcome: FileOutcome::TrailFile,
            sha256: String::new(),
            bytes: 0,
            format: None,
            problems: BTreeMap::new(),
        }
    }
}

/// A reject that begins where its file does.
fn whole(bytes: &[u8], reason: String) -> Reject {
    reject_of((0, 1), reason, bytes)
}

impl Sink for FileSink<'_> {
    fn record(&mut self, record: &RawRecord<'_>, bytes: &[u8]) -> ControlFlow<()> {
        let (event, problems) = normalize(record, bytes);
        for problem in problems.0 {
            *self.problems.entry(problem).or_default() += 1;
        }
        self.batch.push(event, bytes);
        if self.batch.is_full() {
            return self.flush();
        }
        ControlFlow::Continue(())
    }

    fn digest(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        match serde_json::from_slice(bytes) {
            Ok(digest) => self.send(Message::Digest(digest)),
            Err(error) => self.reject(whole(bytes, format!("is a digest file that cannot be read: {error}"))),
        }
    }

    fn reject(&mut self, mut reject: Reject) -> ControlFlow<()> {
        // The ledger keeps the order of the file.
        self.flush()?;
        reject.member = self.member.clone();
        self.send(Message::Reject(reject))
    }

    fn format(&mut self, format: &'static str) {
        self.format = Some(format);
    }
}
