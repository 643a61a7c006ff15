//! Names of files in the ledger: each content that was read has a row with a name of its own. Imports nothing of trailq.
//!
//! A name is text. What of a path is not UTF-8 is written byte by byte as `\xNN`, and a `\` that would be mistaken for the
//! begin of such a byte as `\x5c`: two paths never have one name, and the path can be derived from the name.
//!
//! A file that was overwritten has several contents. One of them has the plain name, each other one its name with a mark:
//! `events.json#sha256:` and the first 16 digits of its SHA-256. The `#` of a path that ends like a mark is written as
//! `\x23`, so that no path is mistaken for the earlier content of another one.
//!
//! An archive may have several members of one name and one content. The second of them has the name of the first with
//! `#copy:2`, and so on.

use std::path::Path;

/// The separator of a name and the SHA-256 of its content.
const MARK: &str = "#sha256:";
/// The number of digits of the SHA-256 in a mark.
const DIGITS: usize = 16;

/// The separator of a name and the number of a further member of an archive with this name.
const COPY: &str = "#copy:";

/// Returns the name of the file at a path.
pub(crate) fn name_of(path: &Path) -> String {
    name_of_bytes(path.as_os_str().as_encoded_bytes())
}

/// Returns the name of a file, given the bytes of its path.
pub(crate) fn name_of_bytes(path: &[u8]) -> String {
    let mut name = String::with_capacity(path.len());
    let mut rest = path;
    for chunk in path.utf8_chunks() {
        for (at, character) in chunk.valid().char_indices() {
            match character {
                '\\' if begins_escape(&rest[at..]) => name.push_str("\\x5c"),
                character => name.push(character),
            }
        }
        for byte in chunk.invalid() {
            name.push_str(&format!("\\x{byte:02x}"));
        }
        rest = &rest[chunk.valid().len() + chunk.invalid().len()..];
    }
    match mark_at(&name) {
        Some(at) => format!("{}\\x23{}", &name[..at], &name[at + 1..]),
        None => name,
    }
}

/// Returns the bytes of the path that has a name.
pub(crate) fn path_of(name: &str) -> Vec<u8> {
    let (mut path, mut rest) = (Vec::with_capacity(name.len()), name.as_bytes());
    while let [byte, after @ ..] = rest {
        let escaped = begins_escape(rest).then(|| rest.get(2..4).and_then(|digits| std::str::from_utf8(digits).ok()));
        match escaped.flatten().and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                path.push(byte);
                rest = rest.get(4..).unwrap_or_default();
            }
            None => {
                path.push(*byte);
                rest = after;
            }
        }
    }
    path
}

/// Reports whether bytes begin like a byte that was written as `\xNN`.
fn begins_escape(bytes: &[u8]) -> bool {
    matches!(bytes, [b'\\', b'x', digits @ ..] if digits.len() >= 2 && digits[..2].iter().all(is_digit))
}

fn is_digit(byte: &u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// Returns the place of what looks like a mark or the number of a copy in a name.
fn mark_at(name: &str) -> Option<usize> {
    if let Some((before, number)) = name.rsplit_once(COPY)
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Some(before.len());
    }
    let at = name.len().checked_sub(MARK.len() + DIGITS)?;
    let digits = name.get(at..)?.strip_prefix(MARK)?;
    digits.bytes().all(|byte| is_digit(&byte)).then_some(at)
}

/// Returns the mark of a content. That of one that could not be read has no digits.
pub(crate) fn mark(sha256: &str) -> String {
    format!("{MARK}{}", sha256.get(..DIGITS).unwrap_or(sha256))
}

/// Returns the name of a further member of an archive with the name and the content of another one. The second member has
/// the number 2.
pub(crate) fn copy(name: &str, number: u64) -> String {
    format!("{name}{COPY}{number}")
}

/// Returns the name of a file without the mark of its content.
pub(crate) fn plain<'n>(name: &'n str, sha256: &str) -> &'n str {
    name.strip_suffix(&mark(sha256)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{copy, mark, name_of_bytes, path_of, plain};

    #[test]
    fn a_name_that_is_utf_8_is_the_path() {
        for path in ["/trail/a.json", "/Büro/ü.json", "C:\\trail\\x.json", "/a#sha256:0123", "/odd\\xy.json", ""] {
            assert_eq!(name_of_bytes(path.as_bytes()), path);
        }
    }

    #[test]
    fn distinct_paths_have_distinct_reversible_names() {
        assert_eq!(name_of_bytes(b"/a\xff.json"), "/a\\xff.json");
        assert_eq!(name_of_bytes(b"/a\\xff.json"), "/a\\x5cxff.json");
        assert_eq!(name_of_bytes(b"/e.json#sha256:0123456789abcdef"), "/e.json\\x23sha256:0123456789abcdef");
        assert_eq!(name_of_bytes(b"/e.json#copy:2"), "/e.json\\x23copy:2");
        assert_eq!(name_of_bytes(b"/e.json#copy:x"), "/e.json#copy:x");
        assert_eq!(copy("/e.json", 2), "/e.json#copy:2");
        let mut names = HashSet::new();
        // Every path of up to five of these pieces.
        let pieces: [&[u8]; 9] =
            [b"\\", b"x", b"5c", b"ff", b"\xff", b"\xc3", b"\xa9", b"#sha256:0123456789abcdef", b"#copy:2"];
        let mut paths: Vec<Vec<u8>> = vec![Vec::new()];
        let mut longest = paths.clone();
        for _ in 0..5 {
            longest = longest.iter().flat_map(|path| pieces.map(|piece| [path, piece].concat())).collect();
            paths.extend_from_slice(&longest);
        }
        paths.sort();
        paths.dedup();
        for path in &paths {
            let name = name_of_bytes(path);
            assert_eq!(path_of(&name), *path, "{name}");
            assert!(names.insert(name));
        }
    }

    #[test]
    fn only_the_mark_of_its_own_content_is_taken_off_a_name() {
        let sum = "0123456789abcdef0123456789abcdef";
        assert_eq!(plain(&format!("/a{}", mark(sum)), sum), "/a");
        assert_eq!(plain(&format!("/a{}", mark(sum)), "fedcba"), format!("/a{}", mark(sum)));
        assert_eq!(plain("/a#sha256:", ""), "/a");
    }
}
