//! The printed form of the digest of a case's events. Imports nothing of trailq.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The name of this kind of digest. Another way to compute it gets another name.
pub(crate) const VERSION: &str = "events-v1";

/// The digest of the events of a case, as it is printed: `events-v1:` and 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDigest {
    sha256: String,
    events: u64,
}

impl EventDigest {
    /// Returns the digest with this SHA-256, in hexadecimal, of a number of events.
    pub(crate) fn new(sha256: String, events: u64) -> EventDigest {
        EventDigest { sha256, events }
    }

    /// Returns the number of events.
    pub fn events(&self) -> u64 {
        self.events
    }
}

impl fmt::Display for EventDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{VERSION}:{}", self.sha256)
    }
}

impl Serialize for EventDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A digest of events that was kept elsewhere, to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedDigest(String);

impl ExpectedDigest {
    /// Reports whether it is the digest of these events.
    pub fn is(&self, digest: &EventDigest) -> bool {
        self.0 == digest.sha256
    }
}

impl fmt::Display for ExpectedDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{VERSION}:{}", self.0)
    }
}

impl FromStr for ExpectedDigest {
    type Err = String;

    /// Parses a printed digest. Digits may be in upper case.
    fn from_str(text: &str) -> Result<ExpectedDigest, String> {
        let digits = match text.trim().split_once(':') {
            Some((VERSION, digits)) => digits,
            Some((other, _)) if other.starts_with("events-v") => {
                return Err(format!("this version of trailq computes {VERSION}, not {other}"));
            }
            _ => return Err(format!("expected {VERSION}: and 64 hexadecimal digits")),
        };
        if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("expected 64 hexadecimal digits after {VERSION}:"));
        }
        Ok(ExpectedDigest(digits.to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::ExpectedDigest;

    #[test]
    fn a_malformed_digest_is_refused() {
        let digits = "0123456789abcdef".repeat(4);
        let parse = |text: &str| text.parse::<ExpectedDigest>().map(|digest| digest.to_string());
        let printed = format!("events-v1:{digits}");
        assert_eq!(parse(&printed), Ok(printed.clone()));
        assert_eq!(parse(&format!(" events-v1:{}\n", digits.to_uppercase())), Ok(printed));
        assert_eq!(
            parse(&format!("events-v2:{digits}")),
            Err("this version of trailq computes events-v1, not events-v2".to_owned())
        );
        assert_eq!(parse(&digits), Err("expected events-v1: and 64 hexadecimal digits".to_owned()));
        for wrong in ["events-v1:", "events-v1:0123", &format!("events-v1:{}g", &digits[1..])] {
            assert_eq!(parse(wrong), Err("expected 64 hexadecimal digits after events-v1:".to_owned()));
        }
    }
}
