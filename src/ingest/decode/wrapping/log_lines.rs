//! Lines of a log, each a time and perhaps the name of a stream before its JSON: what CloudWatch Logs exports to S3,
//! `aws logs tail`, and the text of `lookup-events`.

use crate::ingest::decode::content::{Content, Wrapping, without_mark};
use crate::ingest::decode::json;
use crate::ingest::decode::sink::{Decoded, Sink};
use crate::ingest::decode::window::Window;

/// The words with which a line of `aws cloudtrail lookup-events --output text` begins.
const EVENTS: &[u8] = b"EVENTS\t";

/// Lines with JSON after a time.
pub(super) struct LogLines;

impl Wrapping for LogLines {
    fn recognize(&self, head: &[u8]) -> bool {
        without_mark(head).split(|byte| *byte == b'\n').any(is_line)
    }

    fn decode(&self, content: Content<'_>, strict: bool, sink: &mut dyn Sink) -> Decoded {
        sink.format("cloudwatch-logs");
        match content {
            Content::Whole(content) => json::decode_log(Window::whole(content), strict, sink),
            Content::Stream(stream) => json::decode_log(Window::new(stream), strict, sink),
        }
    }
}

/// Reports whether a line has an object after its time.
fn is_line(line: &[u8]) -> bool {
    let is_time = matches!(line, [a, b, c, d, b'-', _, _, b'-', _, _, b'T' | b' ', ..]
        if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()));
    let object = || line.windows(2).any(|pair| matches!(pair, b" {" | b"\t{"));
    (is_time || line.starts_with(EVENTS)) && object()
}

#[cfg(test)]
mod tests {
    use super::is_line;

    #[test]
    fn a_line_needs_a_time_and_an_object() {
        for line in [
            "2024-03-01T09:00:00.000Z {\"a\":1}",
            "2024-03-01T09:00:00 {\"a\":1}",
            "2024-03-01T09:00:00.123000+00:00 111122223333_CloudTrail_eu-west-1 {\"a\":1}",
            "2024-03-01 09:00:00 {",
            "EVENTS\tAKIAEXAMPLE\t{\"a\":1}\t1",
        ] {
            assert!(is_line(line.as_bytes()), "{line}");
        }
        for line in ["", "2024", "2024-03-01T09:00:00Z started", "{\"a\":1}", "time {", "2024-03-01T09:00:00Z{"] {
            assert!(!is_line(line.as_bytes()), "{line}");
        }
    }
}
