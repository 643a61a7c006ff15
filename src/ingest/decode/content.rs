//! Decompressed content, and what a way to read it is.

use std::io::{self, Read};

use crate::ingest::decode::sink::{Decoded, Sink};

/// The bytes that are examined to recognize a wrapping.
pub(crate) const HEAD: usize = 64 << 10;

/// Content to decode.
pub(crate) enum Content<'c> {
    /// In memory as a whole.
    Whole(&'c [u8]),
    /// A stream.
    Stream(Box<dyn Read + Send + 'c>),
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Content::Whole(bytes) => bytes.read(buffer),
            Content::Stream(stream) => stream.read(buffer),
        }
    }
}

/// A form that records come in.
pub(crate) trait Wrapping: Sync {
    /// Reports whether content whose first [`HEAD`] bytes are these is in this wrapping.
    fn recognize(&self, head: &[u8]) -> bool;

    /// Hands what the content holds to the sink. `strict`: the file was named on the command line, so that values
    /// that are not records are rejects in any case.
    fn decode(&self, content: Content<'_>, strict: bool, sink: &mut dyn Sink) -> Decoded;
}

/// Removes the byte-order mark of UTF-8.
pub(crate) fn without_mark(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head)
}
