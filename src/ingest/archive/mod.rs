//! Archives, also in one another: each member is read as a file is, and one that is not read is listed with the reason.

mod member;
mod tar;
mod zip;

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

pub(crate) use crate::ingest::archive::member::{Archive, Member, MemberContent};
use crate::ingest::decode::sink::{Decoded, Sink as _};
use crate::ingest::delivery;
use crate::ingest::expansion::Expansion;
use crate::ingest::file_sink::{EventGatherer, FileSink};
use crate::ingest::read::decode_stream;
use crate::ingest::source::hashed::Hashed;
use crate::ingest::source::layers::{self, Magic, Unwrapped};
use crate::ingest::source::walk;
use crate::ledger::{FileEnd, FileOutcome};

/// The deepest nesting of archives.
pub(crate) const MAX_DEPTH: usize = 4;
/// The number of members of one file that are read.
pub(crate) const MAX_MEMBERS: u64 = 1_000_000;
/// The description of an ignored member, which its archive does not use.
const NOTHING: &str = "holds no records";

/// Reads every member of the archive in a stream, in the archive's order.
///
/// # Errors
/// A temporary file for a zip archive cannot be written.
pub(crate) fn read<G: EventGatherer>(
    magic: Magic,
    stream: Box<dyn Read + Send + '_>,
    sink: &mut FileSink<'_, G>,
) -> io::Result<Decoded> {
    Reading { sink, depth: 1, members: 0 }.read(magic, stream)
}

/// Opens the archive in a stream, and names its format.
///
/// # Errors
/// A temporary file for a zip archive cannot be written.
pub(crate) fn open<'a>(
    magic: Magic,
    mut stream: Box<dyn Read + Send + 'a>,
    expansion: &Arc<Expansion>,
) -> io::Result<(Box<dyn Archive + 'a>, &'static str)> {
    Ok(match magic {
        Magic::Tar => (Box::new(tar::Tar { stream }), "tar"),
        _ => {
            let file = walk::spool(&mut stream)?;
            (Box::new(zip::Zip { file, expansion: Arc::clone(expansion) }), "zip")
        }
    })
}

/// The reading of a file that is an archive.
struct Reading<'s, 'w, G: EventGatherer> {
    sink: &'s mut FileSink<'w, G>,
    /// The number of archives that the current one is in, with itself.
    depth: usize,
    /// The members seen so far.
    members: u64,
}

impl<G: EventGatherer> Reading<'_, '_, G> {
    fn read(&mut self, magic: Magic, stream: Box<dyn Read + Send + '_>) -> io::Result<Decoded> {
        let (archive, format) = open(magic, stream, &self.sink.expansion())?;
        self.sink.format(format);
        let mut outcome = Decoded::SomethingElse(format!("is a {format} archive without a trail file").into());
        let read = archive.each(&mut |member| match self.member(member) {
            Decoded::SomethingElse(_) | Decoded::Foreign(_) => ControlFlow::Continue(()),
            Decoded::TrailFile => {
                outcome = Decoded::TrailFile;
                ControlFlow::Continue(())
            }
            Decoded::Stopped => ControlFlow::Break(()),
        });
        match read {
            Ok(ControlFlow::Continue(())) => Ok(outcome),
            Ok(ControlFlow::Break(())) if self.members <= MAX_MEMBERS => Ok(Decoded::Stopped),
            Ok(ControlFlow::Break(())) => {
                self.sink.whole_file(&format!("has more than {MAX_MEMBERS} members; the others are not read"));
                Ok(Decoded::TrailFile)
            }
            Err(error) => {
                self.sink.whole_file(&error.to_string());
                Ok(Decoded::TrailFile)
            }
        }
    }

    /// Reads one member, which gets an account of its own.
    fn member(&mut self, member: Member<'_>) -> Decoded {
        self.members += 1;
        if self.members > MAX_MEMBERS || self.sink.begin_member(&member.name).is_break() {
            return Decoded::Stopped;
        }
        let end = match member.content {
            MemberContent::Stream(stream) => self.content(&member.name, member.size, stream),
            MemberContent::None(reason) => Ok(FileEnd::ignored(reason.to_owned(), member.size)),
            MemberContent::Broken(error) => Err(error),
        };
        let end = end.unwrap_or_else(|error| self.sink.unreadable(&error.to_string()));
        let decoded = match end.outcome {
            FileOutcome::Ignored | FileOutcome::LeftOut => Decoded::SomethingElse(NOTHING.into()),
            FileOutcome::TrailFile | FileOutcome::Unchanged => Decoded::TrailFile,
        };
        if self.sink.end_member(end).is_break() { Decoded::Stopped } else { decoded }
    }

    /// Reads the content of a member. `size`: what the archive says of it.
    fn content(&mut self, name: &str, size: u64, stream: Box<dyn Read + Send + '_>) -> io::Result<FileEnd> {
        let mut raw = Hashed::new(stream);
        let mut content_sha256 = None;
        let (decoded, is_plain) = {
            let Unwrapped { magic, stream, is_compressed } =
                layers::unwrap(Box::new(&mut raw), &self.sink.expansion())?;
            if matches!(magic, Magic::Zip | Magic::Tar) {
                (self.nested(magic, stream)?, false)
            } else {
                let mut content = Hashed::new(stream);
                let decoded = decode_stream(Box::new(&mut content), false, self.sink)?;
                if is_compressed && !matches!(decoded, Decoded::SomethingElse(_) | Decoded::Foreign(_)) {
                    // What is wrong with its end was reported by the decoder.
                    content_sha256 = content.finish().ok().map(|(_, sha256)| sha256);
                }
                (decoded, !is_compressed)
            }
        };
        let what = match decoded {
            Decoded::SomethingElse(what) => Some(what),
            Decoded::Foreign(kind) => Some(kind.into()),
            Decoded::TrailFile | Decoded::Stopped => None,
        };
        if let Some(what) = what {
            if delivery::is_delivered(name) {
                self.sink.whole_file(&what);
            } else if !self.sink.has_something() {
                return Ok(FileEnd::ignored(what.into_owned(), size));
            }
        }
        let (bytes, sha256) = raw.finish().unwrap_or((size, String::new()));
        let content_sha256 =
            if is_plain { Some(sha256.clone()).filter(|sha256| !sha256.is_empty()) } else { content_sha256 };
        Ok(FileEnd { content_sha256, ..FileEnd::new(FileOutcome::TrailFile, bytes, sha256) })
    }

    /// Reads an archive in this one.
    fn nested(&mut self, magic: Magic, stream: Box<dyn Read + Send + '_>) -> io::Result<Decoded> {
        if self.depth == MAX_DEPTH {
            return Err(io::Error::other(format!("is an archive nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let decoded = self.read(magic, stream);
        self.depth -= 1;
        decoded
    }
}
