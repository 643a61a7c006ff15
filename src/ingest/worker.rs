//! One file at a time: opens it, takes off its layers, and sends what it holds, in order, to the writer.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use crate::event::EventIds;
use crate::hash::sha256;
use crate::ingest::archive;
use crate::ingest::backlog::{Disconnected, Outlet};
use crate::ingest::decode::sink::Decoded;
use crate::ingest::delivery::is_delivered;
use crate::ingest::expansion::Expansion;
use crate::ingest::file_sink::{EventGatherer, FileSink, Message};
use crate::ingest::read::{decode_ahead, decode_whole};
use crate::ingest::source::hashed::Hashed;
use crate::ingest::source::inflate;
use crate::ingest::source::inflate::Inflater;
use crate::ingest::source::layers::{self, Magic, Unwrapped};
use crate::ingest::source::walk;
use crate::ingest::source::walk::{RawFile, SourceFile};
use crate::ledger::{FileEnd, FileOutcome};

/// The contents of a file that the ledger has and that are of its size: none of them needs a second reading.
pub(crate) struct KnownContents {
    pub(crate) sha256s: Vec<String>,
}

/// The state of a worker that is reused from file to file.
pub(crate) struct WorkerContext<G> {
    pub(crate) batch: G,
    pub(crate) inflater: Inflater,
    pub(crate) ids: EventIds,
}

/// Reads one file and sends what it holds. An error means that the writer has disconnected.
pub(crate) fn read_file<G: EventGatherer>(
    found: &SourceFile,
    before: Option<&KnownContents>,
    tools: &mut WorkerContext<G>,
    out: &Outlet<Message<G::Batch>>,
) -> Result<(), Disconnected> {
    if let Some(reason) = &found.left_out {
        return out.send(Message::End(FileEnd::left_out(reason.clone(), found.bytes)));
    }
    if let Some(before) = before
        && let Ok((bytes, hash)) = hash_file(&found.path)
        && before.sha256s.contains(&hash)
    {
        return out.send(Message::End(FileEnd::new(FileOutcome::Unchanged, bytes, hash)));
    }
    let expansion = Arc::new(Expansion::default());
    let mut sink = FileSink::new(&mut tools.batch, out, &expansion, tools.ids);
    let end = match &found.unreadable {
        Some(reason) => sink.unreadable(reason),
        None => match read_layers(found, &expansion, &mut tools.inflater, &mut sink) {
            Ok(end) => end,
            Err(error) => sink.unreadable(&walk::reason_of(&error)),
        },
    };
    // Where the writer is gone, the next file is not sent either.
    let _ = sink.end(end);
    Ok(())
}

fn hash_file(path: &Path) -> io::Result<(u64, String)> {
    RawFile::new(Box::new(File::open(path)?), &Expansion::default()).finish()
}

/// Reads a file through its layers; the answer lacks format and problems, which the sink has. `passed` counts the bytes
/// that are read on disk.
fn read_layers<G: EventGatherer>(
    found: &SourceFile,
    expansion: &Arc<Expansion>,
    inflater: &mut Inflater,
    sink: &mut FileSink<'_, G>,
) -> io::Result<FileEnd> {
    if let Some(pipe) = &found.pipe {
        return read_through(found, Box::new(File::open(pipe)?), expansion, sink);
    }
    let is_stdin = found.path.as_os_str() == walk::STDIN;
    if is_stdin {
        return read_through(found, Box::new(io::stdin()), expansion, sink);
    }
    if found.bytes > inflate::MAX_FILE {
        return read_through(found, Box::new(File::open(&found.path)?), expansion, sink);
    }
    let Some(whole) = inflater.load(&found.path)? else {
        return read_through(found, Box::new(File::open(&found.path)?), expansion, sink);
    };
    expansion.set_read(whole.bytes);
    let is_compressed = inflater.is_compressed();
    if let Some(content) = inflater.plain() {
        let decoded = decode_whole(content, found.named, sink);
        let content_sha256 = if is_compressed { sha256(content) } else { whole.sha256.clone() };
        return Ok(match ignored_as(found, decoded, whole.bytes, sink) {
            Some(reason) => FileEnd::ignored(reason, whole.bytes),
            None => FileEnd {
                content_sha256: Some(content_sha256),
                ..FileEnd::new(FileOutcome::TrailFile, whole.bytes, whole.sha256)
            },
        });
    }
    read_through(found, Box::new(inflater.raw()), expansion, sink)
}

/// Reads a stream of a file's bytes through its layers, inflating ahead in a thread of its own.
fn read_through<G: EventGatherer>(
    found: &SourceFile,
    stream: Box<dyn Read + Send + '_>,
    expansion: &Arc<Expansion>,
    sink: &mut FileSink<'_, G>,
) -> io::Result<FileEnd> {
    let mut raw = RawFile::new(stream, expansion);
    let mut content_sha256 = None;
    let (decoded, is_plain) = {
        let Unwrapped { magic, stream, is_compressed } = layers::unwrap(Box::new(&mut raw), expansion)?;
        match magic {
            Magic::Zip | Magic::Tar => (archive::read(magic, stream, sink)?, false),
            _ if is_compressed => {
                let (decoded, hash) = decode_hashed(stream, found.named, sink)?;
                content_sha256 = hash;
                (decoded, false)
            }
            _ => (decode_ahead(stream, found.named, sink)?, true),
        }
    };
    if let Some(reason) = ignored_as(found, decoded, expansion.read(), sink) {
        // It is not read to its end.
        return Ok(FileEnd::ignored(reason, found.bytes));
    }
    let (bytes, sha256) = raw.finish().or_else(|_| hash_file(&found.path))?;
    let content_sha256 = if is_plain { Some(sha256.clone()) } else { content_sha256 };
    Ok(FileEnd { content_sha256, ..FileEnd::new(FileOutcome::TrailFile, bytes, sha256) })
}

/// Decodes a stream, and returns the SHA-256 of all of it unless it is another kind of file.
fn decode_hashed<G: EventGatherer>(
    stream: Box<dyn Read + Send + '_>,
    strict: bool,
    sink: &mut FileSink<'_, G>,
) -> io::Result<(Decoded, Option<String>)> {
    let mut content = Hashed::new(stream);
    let decoded = decode_ahead(Box::new(&mut content), strict, sink)?;
    let hash = match decoded {
        Decoded::SomethingElse(_) | Decoded::Foreign(_) if !sink.has_something() => None,
        // What is wrong with its end was reported by the decoder.
        _ => content.finish().ok().map(|(_, sha256)| sha256),
    };
    Ok((decoded, hash))
}

/// Returns the reason to ignore a file after `read` of its bytes are read; `None` if it belongs to the trail. A file that
/// was meant to hold records and holds none is rejected.
fn ignored_as<G: EventGatherer>(
    found: &SourceFile,
    decoded: Decoded,
    read: u64,
    sink: &mut FileSink<'_, G>,
) -> Option<String> {
    let name = found.path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    // Naming a known kind of another service is not a mistake.
    let (what, is_named) = match decoded {
        Decoded::SomethingElse(what) => (what, found.named || (read == 0 && looks_delivered(&name))),
        Decoded::Foreign(kind) => (kind.into(), false),
        Decoded::TrailFile | Decoded::Stopped => return None,
    };
    if is_named || is_delivered(&name) {
        sink.whole_file(&what);
        return None;
    }
    // What was rejected or stored of it must be accounted for.
    (!sink.has_something()).then(|| what.into_owned())
}

/// Reports whether an empty file should contain records: CloudTrail delivers none that are empty, a broken download
/// does.
fn looks_delivered(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("_cloudtrail") || name.ends_with(".json.gz")
}
