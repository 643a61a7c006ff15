//! Decompressed content: finds its wrapping and decodes it, or says what it is.

use std::io::{self, Read};

use crate::ingest::decode::content::{Content, HEAD};
use crate::ingest::decode::foreign;
use crate::ingest::decode::sink::{Decoded, Sink};
use crate::ingest::decode::wrapping;
use crate::ingest::source::walk;

/// Decodes a stream. Only the first bytes of what is in no wrapping are read.
///
/// # Errors
/// The stream fails at its first byte.
pub(crate) fn decode_stream(
    stream: Box<dyn Read + Send + '_>,
    strict: bool,
    sink: &mut dyn Sink,
) -> io::Result<Decoded> {
    let (head, stream) = walk::peek(stream, HEAD)?;
    Ok(match wrapping::find(&head) {
        Some(wrapping) => wrapping.decode(Content::Stream(stream), strict, sink),
        None => foreign::undecoded(&head),
    })
}

/// Decodes a stream, which a thread of its own reads ahead.
///
/// # Errors
/// The stream fails at its first byte.
pub(crate) fn decode_ahead(
    stream: Box<dyn Read + Send + '_>,
    strict: bool,
    sink: &mut dyn Sink,
) -> io::Result<Decoded> {
    let (head, stream) = walk::peek(stream, HEAD)?;
    let Some(wrapping) = wrapping::find(&head) else {
        return Ok(foreign::undecoded(&head));
    };
    walk::read_ahead(stream, |stream| Ok(wrapping.decode(Content::Stream(stream), strict, sink)))
}

/// Decodes content that is in memory.
pub(crate) fn decode_whole(content: &[u8], strict: bool, sink: &mut dyn Sink) -> Decoded {
    let head = &content[..content.len().min(HEAD)];
    match wrapping::find(head) {
        Some(wrapping) => wrapping.decode(Content::Whole(content), strict, sink),
        None => foreign::undecoded(head),
    }
}

#[cfg(test)]
mod tests {
    use crate::ingest::fuzzing;

    const SEEDS: &[&str] = &[
        r#"{"Records":[{"eventVersion":"1.08","eventID":"a"},{"eventSource":"aws:s3","eventName":"x"}],"z":{}}"#,
        r#"{"hits":{"total":1,"hits":[{"_source":{"event":{"original":"{\"eventID\":\"a\",\"eventTime\":\"t\"}"}}}]}}"#,
        r#"{"results":[[{"field":"@message","value":"{\"eventID\":\"a\",\"eventTime\":\"t\"}"}],[{"eventID":"b"},{"eventName":"c"}]]}"#,
        r#"["{\"eventID\":\"a\"}","x",["{}"],1,null]"#,
        r#"{"Messages":[{"Body":"{\"Message\":\"{\\\"Records\\\":[{\\\"eventID\\\":\\\"a\\\"}]}\"}"}]}"#,
        "2024-03-01T09:00:00Z s {\"eventID\":\"a\",\"eventTime\":\"t\"} x\nEVENTS\t{\"eventID\":\"b\"}\nRESOURCES\ty\nz\n",
        "eventid,eventname,eventtime,requestparameters,x\na,b,c,\"{\"\"d\"\":1}\",e\nf,\"g\n\",h,{i=j},k\n",
        "@timestamp;@message\nt;\"{\"\"eventID\"\":\"\"a\"\",\"\"eventTime\"\":1}\"\n",
        r#"{"awslogs":{"data":"eyJsb2dFdmVudHMiOlt7Im1lc3NhZ2UiOiJDV0wgQ09OVFJPTCBNRVNTQUdFOiJ9XX0="},"data":"H4sIAAAA"}"#,
        "{\"digestS3Object\":\"x\"}\n{\"eventID\":\"a\",\"eventSource\":\"e\"",
    ];

    /// Returns a seed with some bytes changed, taken out or doubled.
    fn mutated(number: u64) -> Vec<u8> {
        let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below.max(1) as u64) as usize
        };
        let mut bytes = SEEDS[next(SEEDS.len())].as_bytes().to_vec();
        for _ in 0..next(6) {
            let at = next(bytes.len());
            let end = (at + next(12)).min(bytes.len());
            match next(5) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
                3 => bytes.insert(at, b"{}[]\",:\\\n \t0"[next(12)]),
                _ => bytes[at..end].fill(next(256) as u8),
            }
            if bytes.is_empty() {
                break;
            }
        }
        bytes
    }

    #[test]
    fn broken_content_of_any_wrapping_is_read_the_same_from_memory_and_from_a_stream() {
        for number in 0..1_500 {
            fuzzing::decode(&mutated(number));
        }
    }
}
