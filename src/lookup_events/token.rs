//! The token of the next page: the end of the previous page, bound to the request.

use crate::hash::{hex, sha256};

/// The digits of the digest at the start of a token.
const DIGEST: usize = 32;

/// A position in a list of events, newest first and by eventID among those of one second: that of the last event before
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    /// Unix seconds; events without a time come last.
    pub(super) time: Option<i64>,
    pub(super) event_id: String,
}

impl Position {
    /// Formats the position for a token.
    fn text(&self) -> String {
        format!("{}/{}", self.time.map_or_else(String::new, |time| time.to_string()), self.event_id)
    }

    fn read(text: &str) -> Option<Position> {
        let (time, event_id) = text.split_once('/')?;
        let time = if time.is_empty() { None } else { Some(time.parse().ok()?) };
        Some(Position { time, event_id: event_id.to_owned() })
    }
}

/// Returns the token to continue from a position of the request that `asked` describes.
pub(super) fn write(asked: &str, position: &Position) -> String {
    let text = position.text();
    format!("{}{}", digest(asked, &text), hex(text.as_bytes()))
}

/// Returns the position of a token; `None` if it belongs to another request or was not made by trailq.
pub(super) fn read(asked: &str, token: &str) -> Option<Position> {
    let (given, text) = token.split_at_checked(DIGEST)?;
    let text = String::from_utf8(from_hex(text)?).ok()?;
    if given != digest(asked, &text) {
        return None;
    }
    Position::read(&text)
}

/// Reads a text as a token and as the position in one, which is the same after it was written: what a fuzz target calls.
pub(crate) fn check_token(text: &str) {
    let _ = read("asked", text);
    if let Some(position) = Position::read(text) {
        assert_eq!(read("asked", &write("asked", &position)), Some(position));
    }
}

fn digest(asked: &str, text: &str) -> String {
    let mut digest = sha256(format!("{}\n{asked}\n{text}", asked.len()).as_bytes());
    digest.truncate(DIGEST);
    digest
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::{Position, read, write};

    #[test]
    fn a_token_is_good_for_its_own_request_only() {
        for position in [
            Position { time: Some(1_709_283_600), event_id: "6659ae8b-84fb-46b6-86fc-7ade15019dde".to_owned() },
            Position { time: Some(-1), event_id: "a/b é".to_owned() },
            Position { time: None, event_id: "x".to_owned() },
        ] {
            let token = write("asked", &position);
            assert_eq!(read("asked", &token), Some(position));
            assert_eq!(read("asked otherwise", &token), None);
            for broken in [&token[1..], &token[..token.len() - 2], &token[..token.len() - 1], "", "nonsense"] {
                assert_eq!(read("asked", broken), None, "{broken}");
            }
        }
        assert_eq!(read("asked", &"é".repeat(40)), None);
    }
}
