//! The keys at the beginning of an object, which tell where its list of records is, if it has one.

use crate::ingest::decode::bracket_scanner::{BracketScan, BracketScanner};
use crate::ingest::decode::wrappings::{LIST_PARENTS, RECORD_KEYS, Wrapping, list_of};

/// The largest number of objects around a list.
const MAX_PARENTS: usize = 2;

/// The meaning of the beginning of an object.
pub(super) enum ObjectStart {
    /// The list of records begins at this offset, inside `parents` objects.
    List { at: usize, parents: usize, list: &'static Wrapping },
    /// It has no such list.
    None,
    /// More of it is needed.
    CutOff,
}

/// Looks through an object's keys for a list of records.
pub(super) fn find_list(bytes: &[u8]) -> ObjectStart {
    find_list_in(bytes, 1)
}

/// Looks through the keys of an object that is the innermost of `parents`.
fn find_list_in(bytes: &[u8], parents: usize) -> ObjectStart {
    let skip_blank = |mut at: usize| {
        while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | b':')) {
            at += 1;
        }
        at
    };
    let mut at = 1;
    loop {
        at = skip_blank(at);
        match bytes.get(at) {
            None => return ObjectStart::CutOff,
            Some(b'"') => {}
            Some(_) => return ObjectStart::None,
        }
        let Some(key_end) = string_end(bytes, at) else { return ObjectStart::CutOff };
        let key = &bytes[at + 1..key_end - 1];
        if RECORD_KEYS.iter().any(|name| name.as_bytes() == key) {
            return ObjectStart::None;
        }
        at = skip_blank(key_end);
        let list = list_of(key);
        if parents < MAX_PARENTS
            && bytes.get(at) == Some(&b'{')
            && LIST_PARENTS.iter().any(|name| name.as_bytes() == key)
        {
            match find_list_in(&bytes[at..], parents + 1) {
                ObjectStart::List { at: inner, parents, list } => {
                    return ObjectStart::List { at: at + inner, parents, list };
                }
                ObjectStart::CutOff => return ObjectStart::CutOff,
                ObjectStart::None => {}
            }
        }
        match (bytes.get(at), list) {
            (None, _) => return ObjectStart::CutOff,
            (Some(b'['), Some(list)) => return ObjectStart::List { at, parents, list },
            (Some(b'"'), _) => match string_end(bytes, at) {
                Some(end) => at = end,
                None => return ObjectStart::CutOff,
            },
            (Some(b'{' | b'['), _) => match BracketScanner::default().feed(&bytes[at..]) {
                BracketScan::Ends(length) => at += length,
                BracketScan::Open => return ObjectStart::CutOff,
                BracketScan::Unbalanced => return ObjectStart::None,
            },
            (Some(_), _) => match bytes[at..].iter().position(|byte| matches!(byte, b',' | b'}')) {
                Some(length) => at += length,
                None => return ObjectStart::CutOff,
            },
        }
    }
}

/// The offset after the closing quote of the string that begins at `start`.
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
