//! JSON: records, arrays of them, objects around them, and any number of these after one another.

use crate::ingest::decode::content::{Content, Wrapping, without_mark};
use crate::ingest::decode::json;
use crate::ingest::decode::sink::{Decoded, Sink};
use crate::ingest::decode::window::Window;

/// JSON documents.
pub(super) struct Documents;

impl Wrapping for Documents {
    fn recognize(&self, head: &[u8]) -> bool {
        let text = without_mark(head).trim_ascii_start();
        // A text that holds JSON escapes its quotes; CSV doubles them.
        matches!(text.first(), Some(b'{' | b'[')) || text.starts_with(b"\"{\\\"")
    }

    fn decode(&self, content: Content<'_>, strict: bool, sink: &mut dyn Sink) -> Decoded {
        match content {
            Content::Whole(content) => json::decode(Window::whole(content), strict, sink),
            Content::Stream(stream) => json::decode(Window::new(stream), strict, sink),
        }
    }
}
