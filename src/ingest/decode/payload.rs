//! Values that hold records: JSON, its text, and its text in base64 with or without gzip around it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::value::RawValue;

/// Messages of CloudWatch Logs that only test a subscription.
const CONTROL_MESSAGE: &str = "CWL CONTROL MESSAGE:";
/// The first bytes of gzip.
const GZIP: &[u8] = b"\x1f\x8b";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The content of a value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    /// Text that begins as JSON does.
    Json(Cow<'a, str>),
    /// Bytes of gzip.
    Gzip(Vec<u8>),
    /// A test of a subscription, which holds nothing.
    Control,
}

/// Returns the content of a value, `None` if it cannot hold a record.
pub(crate) fn of_value(value: &RawValue) -> Option<Payload<'_>> {
    let json = value.get();
    match json.as_bytes().first()? {
        b'{' | b'[' => Some(Payload::Json(Cow::Borrowed(json))),
        b'"' => Some(match of_text(&serde_json::from_str::<String>(json).ok()?)? {
            Payload::Json(text) => Payload::Json(Cow::Owned(text.into_owned())),
            Payload::Gzip(bytes) => Payload::Gzip(bytes),
            Payload::Control => Payload::Control,
        }),
        _ => None,
    }
}

/// Returns the content of a text, `None` if it cannot hold a record.
pub(crate) fn of_text(text: &str) -> Option<Payload<'_>> {
    let text = text.trim();
    if begins_as_json(text) {
        return Some(Payload::Json(Cow::Borrowed(text)));
    }
    if text.starts_with(CONTROL_MESSAGE) {
        return Some(Payload::Control);
    }
    let bytes = decode_base64(text)?;
    if bytes.starts_with(GZIP) {
        return Some(Payload::Gzip(bytes));
    }
    let text = String::from_utf8(bytes).ok()?;
    let text = text.trim();
    begins_as_json(text).then(|| Payload::Json(Cow::Owned(text.to_owned())))
}

fn begins_as_json(text: &str) -> bool {
    text.starts_with(['{', '[']) || text.starts_with("\"{")
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    if text.bytes().all(is_plain) {
        return BASE64.decode(text).ok();
    }
    // Lines of 76 characters, as mail has them.
    if !text.bytes().all(|byte| is_plain(byte) || matches!(byte, b'\r' | b'\n')) {
        return None;
    }
    BASE64.decode(text.bytes().filter(|byte| is_plain(*byte)).collect::<Vec<u8>>()).ok()
}

#[cfg(test)]
mod tests {
    use super::{Payload, of_text};

    #[test]
    fn texts_are_recognized_by_their_first_bytes() {
        let json = |text: &str| Some(Payload::Json(text.to_owned().into()));
        assert_eq!(of_text(" {\"a\":1}\n"), json("{\"a\":1}"));
        assert_eq!(of_text("eyJhIjoxfQ=="), json("{\"a\":1}"));
        assert_eq!(of_text("eyJhIjox\nfQ"), json("{\"a\":1}"));
        assert_eq!(of_text("H4sIAA=="), Some(Payload::Gzip(vec![0x1f, 0x8b, 8, 0])));
        assert_eq!(of_text("CWL CONTROL MESSAGE: Checking health of destination Kinesis."), Some(Payload::Control));
        for text in ["", "START RequestId: 1", "eyJhIjoxfQ=", "eyJ*", "AAAA", "plain"] {
            let found = of_text(text);
            assert!(matches!(found, None | Some(Payload::Json(_))), "{text}: {found:?}");
        }
        assert_eq!(of_text("eyJ*"), None);
    }
}
