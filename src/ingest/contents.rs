//! The contents of files and archive members by SHA-256, without importing them: the evidence of a folder.
//!
//! Of each file only its name and 32 bytes are kept. Digest files and answers of the AWS CLI are recognized by content and
//! read as a whole.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crossbeam_channel::{Sender, bounded};
use flate2::bufread::GzDecoder;
use memchr::memmem;
use sha2::{Digest as _, Sha256};

use crate::file_names;
use crate::hash::Sum;
use crate::ingest::archive::{self, MAX_DEPTH, MAX_MEMBERS, Member, MemberContent};
use crate::ingest::decode::content::without_mark;
use crate::ingest::delivery::is_delivered;
use crate::ingest::expansion::{Capped, Expansion};
use crate::ingest::report::{Error, Progress};
use crate::ingest::source::inflate::{self, Inflater};
use crate::ingest::source::layers::{self, Magic, TAR_BLOCK, magic};
use crate::ingest::source::walk::{self, RawFile, SourceFile, peek};
use crate::ledger;
use crate::proof::{ProofDocument, listing};
use crate::validate::{Content, Evidence, FoundFile};

/// The largest digest file or answer of the AWS CLI that is read as a whole. Of a larger listing of a bucket the objects
/// are read one by one.
const MAX_DOCUMENT: usize = 32 << 20;
/// The deepest compression of a file.
const MAX_LAYERS: usize = 4;
/// Batches of contents that wait to be added.
const QUEUE: usize = 16;
/// Contents that a worker sends at once: sending each alone wakes the receiver for each.
const BATCH: usize = 256;
/// Bytes that are read at once.
const BUFFER: usize = 64 << 10;
/// The keys by which a digest file or an answer of the AWS CLI is recognized.
const KEYS: [&str; 7] = [
    "\"digestS3Object\"",
    "\"PublicKeyList\"",
    "\"Metadata\"",
    "\"IsLogging\"",
    "\"Contents\"",
    "\"Versions\"",
    "\"DeleteMarkers\"",
];

/// The contents of files.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// All that a validation takes.
    pub(crate) evidence: Evidence,
    /// Files and archive members that were read.
    pub(crate) files: u64,
    /// Bytes of the files on disk.
    pub(crate) bytes: u64,
    /// Those that could not be read, in the order of their names.
    pub(crate) unread: Vec<UnreadFile>,
}

/// A file, or a member of an archive, that could not be read and is not named like one that CloudTrail delivers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UnreadFile {
    /// Its path, and after `!` the archive's member.
    pub(crate) place: String,
    /// The reason.
    pub(crate) reason: String,
}

/// A message of a worker.
enum Message {
    Digest {
        place: String,
        sum: Sum,
        digest: Box<ledger::Digest>,
    },
    Proof(ProofDocument),
    File(FoundFile),
    Unread(UnreadFile),
    /// A file or an archive member that holds nothing of CloudTrail.
    Other,
    /// A file on disk is done; its size.
    End(u64),
}

/// Reads the contents of files and folders. `-` is standard input.
///
/// # Errors
/// A path that does not exist, or the user cancelled. A file that cannot be read is not an error: it is listed.
pub(crate) fn read_contents(
    paths: &[PathBuf],
    jobs: Option<usize>,
    follow_links: bool,
    progress: &dyn Progress,
) -> Result<Contents, Error> {
    let files = walk::walk(paths, follow_links).map_err(|(path, source)| Error::Path { path, source })?;
    progress.total(files.len() as u64, files.iter().map(|file| file.bytes).sum());
    let available = thread::available_parallelism().map_or(1, usize::from);
    let workers = jobs.unwrap_or(available).clamp(1, 64);
    let next = AtomicUsize::new(0);
    let (out, messages) = bounded::<Vec<Message>>(QUEUE);
    let mut contents = Contents::default();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (out, files, next) = (out.clone(), &files, &next);
            scope.spawn(move || {
                let mut reader = Reader { out, batch: Vec::new(), inflater: Inflater::new(), members: 0, bytes: None };
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if reader.file(file).is_break() {
                        return;
                    }
                }
                // Where nothing more is wanted, the rest is not either.
                let _ = reader.flush();
            });
        }
        // Without this the queue would never end.
        drop(out);
        for batch in &messages {
            if progress.is_cancelled() {
                return Err(Error::Cancelled);
            }
            batch.into_iter().for_each(|message| contents.take(message, progress));
        }
        Ok(())
    })?;
    contents.unread.sort();
    contents.evidence.sort();
    Ok(contents)
}

impl Contents {
    fn take(&mut self, message: Message, progress: &dyn Progress) {
        match message {
            Message::Digest { place, sum, digest } => {
                self.files += 1;
                self.evidence.add_digest(&place, Some(sum), *digest);
            }
            Message::Proof(proof @ ProofDocument::MoreObjects(_)) => self.evidence.add_proof(proof),
            Message::Proof(proof) => {
                self.files += 1;
                self.evidence.add_proof(proof);
            }
            Message::File(file) => {
                self.files += 1;
                self.evidence.add_file(file);
            }
            Message::Other => self.files += 1,
            Message::Unread(file) => self.unread.push(file),
            Message::End(bytes) => {
                self.bytes += bytes;
                progress.advance(1, bytes, 0);
            }
        }
    }
}

/// A worker. `Break` means that nothing more is wanted.
struct Reader {
    out: Sender<Vec<Message>>,
    batch: Vec<Message>,
    inflater: Inflater,
    /// The members of the file on disk that were seen.
    members: u64,
    /// The size of the file on disk; `None` of a member of it.
    bytes: Option<u64>,
}

impl Reader {
    fn send(&mut self, message: Message) -> ControlFlow<()> {
        self.batch.push(message);
        if self.batch.len() >= BATCH { self.flush() } else { ControlFlow::Continue(()) }
    }

    /// Sends what was gathered.
    fn flush(&mut self) -> ControlFlow<()> {
        if self.out.send(std::mem::take(&mut self.batch)).is_err() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Reads a file on disk.
    fn file(&mut self, found: &SourceFile) -> ControlFlow<()> {
        self.members = 0;
        self.bytes = (found.pipe.is_none() && found.path.as_os_str() != walk::STDIN).then_some(found.bytes);
        let place = file_names::name_of(&found.path);
        if let Some(reason) = &found.unreadable {
            self.damaged(&place, reason.clone())?;
            return self.send(Message::End(0));
        }
        let flow = match self.open(found, &place) {
            Ok(flow) => flow,
            Err(error) => self.damaged(&place, walk::reason_of(&error)),
        };
        flow?;
        self.send(Message::End(found.bytes))
    }

    fn open(&mut self, found: &SourceFile, place: &str) -> io::Result<ControlFlow<()>> {
        let expansion = Arc::new(Expansion::default());
        let stream: Box<dyn Read + Send + '_> = if let Some(pipe) = &found.pipe {
            Box::new(RawFile::new(Box::new(File::open(pipe)?), &expansion))
        } else if found.path.as_os_str() == walk::STDIN {
            Box::new(RawFile::new(Box::new(io::stdin()), &expansion))
        } else if found.bytes <= inflate::MAX_FILE && self.inflater.read(&found.path)?.is_some() {
            expansion.set_read(found.bytes);
            if let Some(content) = self.inflater.plain() {
                let message =
                    recognize((place, self.bytes), Sha256::digest(content).into(), Some(content), is_object(content));
                return Ok(self.send(message));
            }
            Box::new(io::Cursor::new(self.inflater.raw().to_vec()))
        } else {
            // The limit of expansion needs the size: what is read is counted by nobody else.
            expansion.set_read(found.bytes);
            Box::new(File::open(&found.path)?)
        };
        self.stream(place, stream, &expansion, (0, 0))
    }

    /// Reads a stream through its layers. `depth`: the layers of compression and the archives around it.
    fn stream(
        &mut self,
        place: &str,
        stream: Box<dyn Read + Send + '_>,
        expansion: &Arc<Expansion>,
        depth: (usize, usize),
    ) -> io::Result<ControlFlow<()>> {
        let (layers, archives) = depth;
        if layers > MAX_LAYERS {
            return Err(io::Error::other(format!("is compressed more than {MAX_LAYERS} times over")));
        }
        let (first, stream) = peek(stream, TAR_BLOCK)?;
        match magic(&first) {
            Magic::Other => {
                let message = self.content(place, stream)?;
                Ok(self.send(message))
            }
            Magic::Gzip => {
                let mut decoder = Capped::new(GzDecoder::new(BufReader::with_capacity(BUFFER, stream)), expansion);
                let (first, inner) = peek(Box::new(&mut decoder), TAR_BLOCK)?;
                if magic(&first) != Magic::Other {
                    return self.stream(place, inner, expansion, (layers + 1, archives));
                }
                let message = self.content(place, inner)?;
                let trailing = !decoder.get_mut().get_mut().fill_buf()?.is_empty();
                if trailing {
                    return Err(io::Error::other("bytes follow the end of the gzip stream"));
                }
                Ok(self.send(message))
            }
            Magic::Zip | Magic::Tar if archives == MAX_DEPTH => {
                Err(io::Error::other(format!("is an archive nested more than {MAX_DEPTH} deep")))
            }
            kind @ (Magic::Zip | Magic::Tar) => {
                let (archive, _) = archive::open(kind, stream, expansion)?;
                archive.each(&mut |member| self.member(place, member, expansion, archives + 1))
            }
            Magic::Bzip2 | Magic::Xz | Magic::Zstd => {
                let unwrapped = layers::unwrap(stream, expansion)?;
                self.stream(place, unwrapped.stream, expansion, (layers + 1, archives))
            }
        }
    }

    /// Reads a member of an archive.
    fn member(
        &mut self,
        archive: &str,
        member: Member<'_>,
        expansion: &Arc<Expansion>,
        archives: usize,
    ) -> ControlFlow<()> {
        self.members += 1;
        self.bytes = None;
        let place = format!("{archive}!{}", member.name);
        if self.members > MAX_MEMBERS {
            let reason = format!("has more than {MAX_MEMBERS} members; the others are not read");
            self.send(Message::Unread(UnreadFile { place: archive.to_owned(), reason }))?;
            return ControlFlow::Break(());
        }
        let read = match member.content {
            MemberContent::Stream(stream) => self.stream(&place, stream, expansion, (0, archives)),
            MemberContent::None(_) if !is_delivered(&place) => return ControlFlow::Continue(()),
            MemberContent::None(reason) => Err(io::Error::other(reason)),
            MemberContent::Broken(error) => Err(error),
        };
        read.unwrap_or_else(|error| self.damaged(&place, error.to_string()))
    }

    /// Hashes a stream of content, and keeps what may be a digest file or an answer of the AWS CLI.
    fn content(&mut self, place: &str, mut stream: Box<dyn Read + Send + '_>) -> io::Result<Message> {
        let (mut hasher, mut kept, mut buffer) = (Sha256::new(), Some(Vec::new()), vec![0; BUFFER]);
        let (mut is_first, mut is_json) = (true, false);
        loop {
            let count = match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let bytes = &buffer[..count];
            hasher.update(bytes);
            if std::mem::take(&mut is_first) {
                is_json = is_object(bytes);
                kept = kept.filter(|_| is_json && !is_log(bytes));
            }
            let Some(mut content) = kept.take() else { continue };
            if content.len() <= MAX_DOCUMENT {
                content.extend_from_slice(bytes);
                kept = Some(content);
            } else if listing::begins_listing(&content) {
                content.extend_from_slice(bytes);
                return self.listing(io::Cursor::new(content).chain(stream));
            }
        }
        Ok(recognize((place, self.bytes), hasher.finalize().into(), kept.as_deref(), is_json))
    }

    /// Reads a large listing of a bucket.
    fn listing(&mut self, content: impl Read) -> io::Result<Message> {
        let mut content = BufReader::with_capacity(BUFFER, content);
        let mut take = |objects| self.send(Message::Proof(ProofDocument::MoreObjects(objects)));
        let read = listing::read_listing(&mut content, &mut take);
        let flow = read.map_err(|error| io::Error::other(format!("is a listing of a bucket, and {error}")))?;
        while flow.is_continue() {
            let rest = content.fill_buf()?;
            if !rest.trim_ascii().is_empty() {
                return Err(io::Error::other("is a listing of a bucket that something follows"));
            }
            if rest.is_empty() {
                break;
            }
            let count = rest.len();
            content.consume(count);
        }
        Ok(Message::Proof(ProofDocument::Listing(Vec::new())))
    }

    /// Tells of a file that cannot be read.
    fn damaged(&mut self, place: &str, reason: String) -> ControlFlow<()> {
        if is_delivered(place.rsplit('!').next().unwrap_or(place)) {
            let content = Content::Damaged(reason.into_boxed_str());
            return self.send(Message::File(FoundFile { place: place.into(), content, bytes: self.bytes }));
        }
        self.send(Message::Unread(UnreadFile { place: place.to_owned(), reason }))
    }
}

/// Reports whether content begins like a JSON object.
fn is_object(content: &[u8]) -> bool {
    without_mark(content).trim_ascii_start().starts_with(b"{")
}

/// Reports whether content begins as every log file does.
fn is_log(content: &[u8]) -> bool {
    let inside = without_mark(content).trim_ascii_start().strip_prefix(b"{").unwrap_or_default();
    inside.trim_ascii_start().starts_with(b"\"Records\"")
}

/// Returns the message on a content. `bytes`: the size of its file. `content`: its bytes, unless it cannot be a digest file
/// or an answer.
fn recognize((place, bytes): (&str, Option<u64>), sum: Sum, content: Option<&[u8]>, is_json: bool) -> Message {
    let candidate = content.filter(|content| is_json && !is_log(content));
    let candidate = candidate.filter(|content| KEYS.iter().any(|key| memmem::find(content, key.as_bytes()).is_some()));
    if let Some(content) = candidate {
        let content = without_mark(content);
        if let Ok(digest) = serde_json::from_slice::<ledger::Digest>(content)
            && digest.digest_s3_object.is_some()
        {
            return Message::Digest { place: place.to_owned(), sum, digest: Box::new(digest) };
        }
        if let Some(proof) = ProofDocument::parse(content) {
            return Message::Proof(proof);
        }
    }
    if is_json || is_delivered(place.rsplit('!').next().unwrap_or(place)) {
        return Message::File(FoundFile { place: place.into(), content: Content::Sum(sum), bytes });
    }
    Message::Other
}
