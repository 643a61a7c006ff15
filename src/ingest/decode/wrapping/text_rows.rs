//! Rows of tab-separated cells of which one is a record: the text that the AWS CLI prints of
//! `--query 'Events[].[EventId,CloudTrailEvent]'`.

use crate::ingest::decode::content::{Content, Wrapping, without_mark};
use crate::ingest::decode::json;
use crate::ingest::decode::sink::{Decoded, Sink};
use crate::ingest::decode::window::Window;

/// The bytes of a record's key with which a cell shows that it is a record.
const RECORD_MARK: &[u8] = b"\"event";

/// Lines with a record between tabs.
pub(super) struct TextRows;

impl Wrapping for TextRows {
    fn recognize(&self, head: &[u8]) -> bool {
        let text = without_mark(head);
        is_row(&text[..memchr::memchr(b'\n', text).unwrap_or(text.len())])
    }

    fn decode(&self, content: Content<'_>, strict: bool, sink: &mut dyn Sink) -> Decoded {
        sink.format("lookup-events");
        match content {
            Content::Whole(content) => json::decode_log(Window::whole(content), strict, sink),
            Content::Stream(stream) => json::decode_log(Window::new(stream), strict, sink),
        }
    }
}

/// Reports whether a line has a record and another cell before or after it.
fn is_row(line: &[u8]) -> bool {
    let is_word = |cell: &[u8]| cell.first().is_some_and(u8::is_ascii_alphanumeric);
    let is_record = |cell: &[u8]| cell.starts_with(b"{\"") && memchr::memmem::find(cell, RECORD_MARK).is_some();
    let Some(tab) = memchr::memchr(b'\t', line) else { return false };
    let (first, rest) = (&line[..tab], &line[tab + 1..]);
    if is_record(first) {
        return first.ends_with(b"}") && is_word(rest);
    }
    is_word(first) && rest.split(|byte| *byte == b'\t').any(is_record)
}

#[cfg(test)]
mod tests {
    use super::is_row;

    #[test]
    fn a_row_has_a_record_and_another_cell() {
        for line in [
            "7d5c\t{\"eventVersion\":\"1.08\"}",
            "7d5c\talice\t{\"eventVersion\":\"1.08",
            "{\"eventVersion\":\"1.08\"}\t7d5c",
            "ALICE\t{\"eventVersion\":\"1.08\"}\tx",
        ] {
            assert!(is_row(line.as_bytes()), "{line}");
        }
        for line in [
            "",
            "\t",
            "{\"eventVersion\":\"1.08\"}",
            "{\"eventVersion\":\"1.08\"}\t{\"eventVersion\":\"1.08\"}",
            "{\"eventVersion\":\t\"1.08\"}",
            "[\t{\"eventVersion\":\"1.08\"}",
            "7d5c\t{\"a\":1}",
            "a\tb",
        ] {
            assert!(!is_row(line.as_bytes()), "{line}");
        }
    }
}
