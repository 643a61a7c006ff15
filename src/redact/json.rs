//! Rewrites records: texts are replaced, everything else is kept byte for byte.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::kind::{ACCOUNT_DIGITS, Kind};
use super::recognize::is_account;
use super::redactor::Redactor;
use super::shapes::{self, Shape};
use super::spans::{is_api_key, replace};

/// The largest number of cached texts.
const MAX_CACHED: usize = 1 << 16;
/// Longer texts are not cached.
const MAX_CACHED_LENGTH: usize = 512;

/// A cache of strings in their original spelling.
#[derive(Default)]
struct StringCache {
    /// Values and their replacements.
    values: FxHashMap<String, Option<String>>,
    /// Keys and their replacements.
    keys: FxHashMap<String, Option<String>>,
    /// Values that have a shape. Ids and times are not cached, since they hardly ever repeat.
    own: FxHashMap<Shape, FxHashSet<String>>,
}

/// Rewrites records in one thread.
pub(crate) struct Rewriter<'r> {
    redactor: &'r Redactor,
    seen: StringCache,
}

impl<'r> Rewriter<'r> {
    /// Returns a rewriter.
    pub(crate) fn new(redactor: &'r Redactor) -> Rewriter<'r> {
        Rewriter { redactor, seen: StringCache::default() }
    }

    /// Replaces every identifier in a record and keeps its layout.
    ///
    /// # Errors
    /// The record is not JSON.
    pub(crate) fn record(&mut self, record: &[u8]) -> Result<Vec<u8>, String> {
        rewrite(self.redactor, &mut self.seen, record)
    }
}

/// Rewrites a record.
fn rewrite(redactor: &Redactor, seen: &mut StringCache, record: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(record).map_err(|error| error.to_string())?;
    let mut walk = RecordRewriter { redactor, seen, text, at: 0, out: String::with_capacity(text.len() + 64) };
    walk.run()?;
    Ok(walk.out.into_bytes())
}

/// The role of a string in a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StringRole {
    Key,
    Value,
    /// `userAgent`.
    Agent,
    EventId,
}

struct RecordRewriter<'a> {
    redactor: &'a Redactor,
    seen: &'a mut StringCache,
    text: &'a str,
    /// The text before this offset is in `out`.
    at: usize,
    out: String,
}

impl RecordRewriter<'_> {
    fn run(&mut self) -> Result<(), String> {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        // The field of the record whose value comes, and the key before a value.
        let (mut field, mut key) = (Cow::Borrowed(""), Cow::Borrowed(""));
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                b'"' => {
                    let end = string_end(bytes, at).ok_or("a text in it does not end")?;
                    let next = bytes[end..].iter().find(|byte| !byte.is_ascii_whitespace());
                    if next == Some(&b':') {
                        key = unescape(&self.text[at..end])?;
                        if depth == 1 {
                            field = key.clone();
                        }
                        self.string(at, end, StringRole::Key)?;
                    } else {
                        let top = depth == 1;
                        let shapes = if top { shapes::of_field(&field) } else { &[] };
                        // The type of the identity.
                        let shapes = if field == "userIdentity" && key == "type" { &[Shape::Word] } else { shapes };
                        let part = match () {
                            () if shapes::EVENT_ID_FIELDS.contains(&&*key) => StringRole::EventId,
                            () if top && field == "userAgent" => StringRole::Agent,
                            () => StringRole::Value,
                        };
                        if !self.is_own(shapes, at, end)? {
                            self.string(at, end, part)?;
                        }
                    }
                    at = end;
                    continue;
                }
                b'0'..=b'9' => {
                    at = self.number(at);
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        self.out.push_str(&self.text[self.at..]);
        Ok(())
    }

    /// Reports whether a string has one of the shapes of its field.
    fn is_own(&mut self, shapes: &[Shape], start: usize, end: usize) -> Result<bool, String> {
        let spelled = &self.text[start..end];
        let Some(shape) = shapes.first() else { return Ok(false) };
        let memorable = !matches!(shape, Shape::Id | Shape::Time);
        if memorable && self.seen.own.get(shape).is_some_and(|seen| seen.contains(spelled)) {
            return Ok(true);
        }
        let fits = self.redactor.is_own(shapes, &unescape(spelled)?);
        if fits && memorable && spelled.len() <= MAX_CACHED_LENGTH {
            let seen = self.seen.own.entry(*shape).or_default();
            if seen.len() < MAX_CACHED {
                seen.insert(spelled.to_owned());
            }
        }
        Ok(fits)
    }

    /// Replaces a part of the text.
    fn put(&mut self, start: usize, end: usize, put: &str) {
        self.out.push_str(&self.text[self.at..start]);
        self.out.push_str(put);
        self.at = end;
    }

    /// Replaces accounts in the number that begins at `start`, and returns its end.
    fn number(&mut self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
        let end = start + bytes[start..].iter().take_while(|byte| is_part(byte)).count();
        if !self.redactor.has(Kind::Accounts) || end - start < ACCOUNT_DIGITS {
            return end;
        }
        let (spelled, by) = (&self.text[start..end], &self.redactor.pseudonyms);
        let whole = spelled.parse::<f64>().ok().filter(|number| number.fract() == 0.0);
        let whole = whole.map(|number| format!("{number:.0}")).filter(|whole| self.redactor.accounts.contains(whole));
        let is_account = is_account(spelled) && !self.text[..start].ends_with('-');
        if is_account || whole.is_some() {
            let account = by.account(whole.as_deref().unwrap_or(spelled));
            self.put(start, end, &account);
            return end;
        }
        // A known account among more digits.
        let known: Vec<usize> = self.redactor.known_accounts(spelled).collect();
        for at in known {
            let span = start + at..start + at + ACCOUNT_DIGITS;
            if span.start >= self.at {
                let account = by.account(&self.text[span.clone()]);
                self.put(span.start, span.end, &account);
            }
        }
        end
    }

    /// Replaces identifiers in a string.
    fn string(&mut self, start: usize, end: usize, part: StringRole) -> Result<(), String> {
        let spelled = &self.text[start..end];
        let seen = match part {
            StringRole::Key => Some(&mut self.seen.keys),
            StringRole::Value => Some(&mut self.seen.values),
            StringRole::Agent | StringRole::EventId => None,
        };
        let known = seen.as_ref().and_then(|seen| seen.get(spelled)).cloned();
        let replaced = match known {
            Some(known) => known,
            None => {
                let new = replaced(self.redactor, spelled, part)?;
                if let Some(seen) = seen.filter(|seen| spelled.len() <= MAX_CACHED_LENGTH && seen.len() < MAX_CACHED) {
                    seen.insert(spelled.to_owned(), new.clone());
                }
                new
            }
        };
        if let Some(replaced) = replaced {
            self.put(start, end, &replaced);
        }
        Ok(())
    }
}

/// Returns the replacement of a string; `None` if it is kept.
fn replaced(redactor: &Redactor, spelled: &str, part: StringRole) -> Result<Option<String>, String> {
    let text = unescape(spelled)?;
    let new = match part {
        StringRole::Key if is_api_key(&text) => None,
        StringRole::EventId => Some(redactor.event_id(&text)).filter(|new| *new != text),
        _ => replace(redactor, &text, part == StringRole::Agent),
    };
    Ok(new.map(|new| serde_json::Value::from(new).to_string()))
}

/// Decodes a string, given with its quotes.
fn unescape(spelled: &str) -> Result<Cow<'_, str>, String> {
    match spelled.contains('\\') {
        true => serde_json::from_str(spelled).map(Cow::Owned).map_err(|error| error.to_string()),
        false => Ok(Cow::Borrowed(&spelled[1..spelled.len() - 1])),
    }
}

/// Returns the offset after the closing quote of the string that begins at `start`.
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
