//! A stream seen through a window that slides: the value being read is whole in memory, what comes before is discarded.
//! Content that is in memory as a whole is a window that has nothing to slide over.

use std::cell::Cell;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

use crate::hash::{hex, sha256};
use crate::ledger::Reject;

/// The bytes that are read at a time. A record that the window cuts is parsed twice: one in about seven hundred.
const STEP: usize = 1 << 20;
/// The largest value that is kept whole: CloudTrail's own limit is 256 KB (1 MB in event data stores), a digest of a
/// busy hour has a few MB.
pub(crate) const MAX_VALUE: usize = 32 << 20;
/// The bytes of a reject that are kept.
const MAX_REJECT: usize = 64 << 10;

/// A sliding window over a stream.
pub(crate) struct Window<'b, R> {
    stream: R,
    /// All that there is, where it is in memory already; `buffer` is then empty.
    whole: Option<&'b [u8]>,
    /// The same, where it is valid UTF-8.
    text: Option<&'b str>,
    buffer: Vec<u8>,
    /// The start of the unread bytes in `buffer`.
    start: usize,
    /// Their end.
    end: usize,
    /// Stream offset of `buffer[0]`.
    offset: u64,
    /// Line breaks before `buffer[0]`.
    lines: u64,
    /// The bytes of `buffer` whose line breaks are counted, and their number: a file of many rejects asks for many lines.
    counted: Cell<(usize, u64)>,
    /// No more bytes will come.
    ended: bool,
    /// The error that ended the stream early.
    failure: Option<io::Error>,
}

impl<'b> Window<'b, io::Empty> {
    /// A window over content that is in memory as a whole.
    pub(crate) fn whole(content: &'b [u8]) -> Window<'b, io::Empty> {
        Window {
            whole: Some(content),
            // Checked at once, it need not be checked text by text.
            text: simdutf8::basic::from_utf8(content).ok(),
            end: content.len(),
            ended: true,
            ..Window::new(io::empty())
        }
    }
}

impl<'b, R: Read> Window<'b, R> {
    pub(crate) fn new(stream: R) -> Window<'b, R> {
        Window {
            stream,
            whole: None,
            text: None,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset: 0,
            lines: 0,
            counted: Cell::default(),
            ended: false,
            failure: None,
        }
    }

    fn data(&self) -> &[u8] {
        self.whole.unwrap_or(&self.buffer)
    }

    /// The unread bytes that are in memory.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.data()[self.start..self.end]
    }

    /// The same as text, where they are known to be valid UTF-8.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text?.get(self.start..self.end)
    }

    /// Stream offset of the first unread byte.
    pub(crate) fn position(&self) -> u64 {
        self.offset + self.start as u64
    }

    /// Line of the first unread byte, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.lines + self.breaks() + 1
    }

    /// The line breaks in `buffer` before the unread bytes.
    fn breaks(&self) -> u64 {
        let (counted, before) = self.counted.get();
        let breaks = before + count_lines(&self.data()[counted..self.start]);
        self.counted.set((self.start, breaks));
        breaks
    }

    /// Returns the error that ended the stream early, if one did. Meaningful after all bytes are read.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Passes over the first `count` unread bytes.
    pub(crate) fn advance(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Reads more after the unread bytes. False when nothing came: the stream has ended, or failed, see `take_failure`.
    pub(crate) fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.make_room();
        let before = self.end;
        // A value that the window cuts is parsed again: a well filled window makes that rare.
        while self.end < self.buffer.len() && !self.ended {
            match self.stream.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(error);
                    self.ended = true;
                }
            }
        }
        self.end > before
    }

    /// Takes the first `count` unread bytes as a reject.
    pub(crate) fn reject(&mut self, count: usize, reason: String) -> Reject {
        let bytes = &self.bytes()[..count.min(self.end - self.start)];
        let reject = reject_of((self.position(), self.line()), reason, bytes);
        self.advance(count);
        reject
    }

    /// Takes everything up to where `stop` says, or to the end of the stream, as a reject, whatever its size.
    ///
    /// `stop` sees the bytes piece by piece and answers where the reject ends, if in this piece.
    pub(crate) fn reject_until(&mut self, reason: String, mut stop: impl FnMut(&[u8]) -> Option<usize>) -> Reject {
        let (position, line) = (self.position(), self.line());
        let (mut hasher, mut bytes, mut length) = (Sha256::new(), Vec::new(), 0);
        loop {
            let piece = self.bytes();
            let end = stop(piece);
            let taken = &piece[..end.unwrap_or(piece.len())];
            hasher.update(taken);
            bytes.extend_from_slice(&taken[..taken.len().min(MAX_REJECT - bytes.len())]);
            let count = taken.len();
            length += count as u64;
            self.advance(count);
            if end.is_some() || !self.more() {
                break;
            }
        }
        Reject { member: None, position, line, reason, bytes, length, sha256: hex(&hasher.finalize()) }
    }

    /// Drops what is read and makes space for a step more.
    fn make_room(&mut self) {
        self.lines += self.breaks();
        self.counted.set((0, 0));
        self.buffer.copy_within(self.start..self.end, 0);
        self.offset += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        // Doubling keeps the work on one huge value linear.
        let wanted = self.end + STEP.max(self.end);
        if self.buffer.len() < wanted || self.buffer.len() > 2 * MAX_VALUE.min(wanted) {
            self.buffer.resize(wanted, 0);
            self.buffer.shrink_to(wanted);
        }
    }
}

/// The unread bytes of a window as a stream. An error that ended the window's stream early is its end.
pub(crate) struct Unread<'w, 'b, R>(pub(crate) &'w mut Window<'b, R>);

impl<R: Read> Read for Unread<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Unread(window) = self;
        if window.start == window.end && !window.more() {
            return Ok(0);
        }
        let count = window.bytes().len().min(buffer.len());
        buffer[..count].copy_from_slice(&window.bytes()[..count]);
        window.advance(count);
        Ok(count)
    }
}

/// A reject of these bytes at a position and line.
pub(crate) fn reject_of((position, line): (u64, u64), reason: String, bytes: &[u8]) -> Reject {
    Reject {
        member: None,
        position,
        line,
        reason,
        bytes: bytes[..bytes.len().min(MAX_REJECT)].to_vec(),
        length: bytes.len() as u64,
        sha256: sha256(bytes),
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::Window;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn lines_are_those_of_the_stream(
            lengths in prop::collection::vec(0usize..300_000, 1..30),
            steps in prop::collection::vec((0usize..700_000, any::<bool>(), any::<bool>()), 1..60),
        ) {
            let text: Vec<u8> = lengths.iter().flat_map(|length| [vec![b'x'; *length], vec![b'\n']].concat()).collect();
            let ends = lengths.iter().scan(0, |end, length| {
                *end += length + 1;
                Some(*end)
            });
            let breaks: Vec<usize> = ends.collect();
            for is_whole in [false, true] {
                let stream = Cursor::new(if is_whole { &[][..] } else { &text });
                let mut window = Window { whole: is_whole.then_some(&text[..]), ended: is_whole, ..Window::new(stream) };
                window.end = if is_whole { text.len() } else { 0 };
                for (count, reads, asks) in &steps {
                    if *reads {
                        window.more();
                    }
                    window.advance(*count);
                    if *asks {
                        let at = usize::try_from(window.position()).unwrap();
                        let naive = breaks.iter().filter(|end| **end <= at).count() as u64 + 1;
                        prop_assert_eq!(window.line(), naive);
                    }
                }
            }
        }
    }
}
