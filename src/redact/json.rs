//! A record with its texts replaced, and all else byte for byte as it was.

use std::collections::HashMap;

use super::spans::replace;
use super::{Kind, Redactor};

/// Fields of a record whose values are CloudTrail's own words.
const OWN: &[&str] = &[
    "eventVersion",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "eventID",
    "eventId",
    "eventType",
    "eventCategory",
    "sharedEventID",
    "requestID",
    "apiVersion",
    "errorCode",
];
/// Keys that stand in records whoever is called so.
const KEYS: &[&str] = &[
    "name",
    "type",
    "user",
    "users",
    "key",
    "keys",
    "id",
    "ids",
    "value",
    "values",
    "arn",
    "role",
    "roles",
    "group",
    "groups",
    "policy",
    "tag",
    "tags",
    "items",
    "item",
    "resource",
    "resources",
    "action",
    "state",
    "status",
    "source",
    "target",
    "description",
    "message",
    "reason",
    "bucket",
    "object",
    "path",
    "version",
    "account",
    "region",
    "data",
    "rules",
    "web",
    "test",
    "admin",
    "attributes",
    "default",
    "config",
    "host",
];
/// How many texts are kept in mind with what becomes of them.
const MOST_SEEN: usize = 1 << 16;
/// Longer ones are not.
const LONGEST: usize = 512;
/// Digits of an account.
const ACCOUNT: usize = 12;

/// Texts that were met before, with what becomes of them.
#[derive(Default)]
pub(super) struct Seen(HashMap<String, Option<String>>);

/// A record with its texts replaced.
pub(super) fn rewrite(redactor: &Redactor, seen: &mut Seen, record: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(record).map_err(|error| error.to_string())?;
    let mut walk = Walk { redactor, seen, text, at: 0, out: String::with_capacity(text.len() + 64) };
    walk.run()?;
    Ok(walk.out.into_bytes())
}

/// What a text is in a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Key,
    Value,
    /// `userAgent`.
    Agent,
}

struct Walk<'a> {
    redactor: &'a Redactor,
    seen: &'a mut Seen,
    text: &'a str,
    /// What is before it is in `out`.
    at: usize,
    out: String,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<(), String> {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        // The field of the record whose value comes.
        let (mut own, mut agent) = (false, false);
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                b'"' => {
                    let end = string_end(bytes, at).ok_or("a text in it does not end")?;
                    let behind = bytes[end..].iter().find(|byte| !byte.is_ascii_whitespace());
                    let is_key = behind == Some(&b':');
                    if is_key && depth == 1 {
                        let field = &self.text[at + 1..end - 1];
                        (own, agent) = (OWN.contains(&field), field == "userAgent");
                    } else if is_key {
                        self.string(at, end, Part::Key)?;
                    } else if agent && depth == 1 {
                        self.string(at, end, Part::Agent)?;
                    } else if !(own && depth == 1) {
                        self.string(at, end, Part::Value)?;
                    }
                    at = end;
                    continue;
                }
                b'0'..=b'9' => {
                    let number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
                    let end = at + bytes[at..].iter().take_while(|byte| number(byte)).count();
                    let digits = &self.text[at..end];
                    let minus = at > 0 && bytes[at - 1] == b'-';
                    let whole = digits.len() == ACCOUNT && digits.bytes().all(|byte| byte.is_ascii_digit());
                    if whole && !minus && self.redactor.has(Kind::Accounts) {
                        let account = self.redactor.pseudonyms.account(digits);
                        self.put(at, end, &account);
                    }
                    at = end;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        self.out.push_str(&self.text[self.at..]);
        Ok(())
    }

    /// Replaces a part of the text.
    fn put(&mut self, start: usize, end: usize, put: &str) {
        self.out.push_str(&self.text[self.at..start]);
        self.out.push_str(put);
        self.at = end;
    }

    /// Replaces what stands in a string.
    fn string(&mut self, start: usize, end: usize, part: Part) -> Result<(), String> {
        let spelled = &self.text[start..end];
        if part == Part::Key && KEYS.contains(&&spelled[1..spelled.len() - 1]) {
            return Ok(());
        }
        if part != Part::Agent
            && let Some(known) = self.seen.0.get(spelled)
        {
            if let Some(known) = known.clone() {
                self.put(start, end, &known);
            }
            return Ok(());
        }
        let read: String = match spelled.contains('\\') {
            true => serde_json::from_str(spelled).map_err(|error| error.to_string())?,
            false => spelled[1..spelled.len() - 1].to_owned(),
        };
        let replaced = replace(self.redactor, &read, part == Part::Agent)
            .map(|replaced| serde_json::Value::from(replaced).to_string());
        if part != Part::Agent && spelled.len() <= LONGEST && self.seen.0.len() < MOST_SEEN {
            self.seen.0.insert(spelled.to_owned(), replaced.clone());
        }
        if let Some(replaced) = replaced {
            self.put(start, end, &replaced);
        }
        Ok(())
    }
}

/// The offset behind the closing quote of the string that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}
