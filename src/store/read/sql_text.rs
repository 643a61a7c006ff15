//! SQL as it is typed: whether a statement is whole.

/// Reports whether the text ends with a `;` outside strings, names and comments.
pub(crate) fn is_complete(sql: &str) -> bool {
    let bytes = sql.as_bytes();
    let mut at = 0;
    let mut complete = false;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let length = match rest[0] {
            quote @ (b'\'' | b'"' | b'`') => match rest[1..].iter().position(|byte| *byte == quote) {
                Some(end) => end + 2,
                None => return false,
            },
            b'[' => match rest.iter().position(|byte| *byte == b']') {
                Some(end) => end + 1,
                None => return false,
            },
            b'-' if rest.starts_with(b"--") => {
                at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                continue;
            }
            b'/' if rest.starts_with(b"/*") => match memchr::memmem::find(&rest[2..], b"*/") {
                Some(end) => {
                    at += end + 4;
                    continue;
                }
                None => return false,
            },
            b';' => {
                complete = true;
                at += 1;
                continue;
            }
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            _ => 1,
        };
        complete = false;
        at += length;
    }
    complete
}

#[cfg(test)]
mod tests {
    use super::is_complete;

    #[test]
    fn a_semicolon_ends_a_statement_only_outside_texts_and_comments() {
        for whole in ["SELECT 1;", "SELECT ';' ; ", "SELECT 1; -- done", "SELECT 1; /* ; */", "SELECT \"a;b\";"] {
            assert!(is_complete(whole), "{whole}");
        }
        for open in ["", "SELECT 1", "SELECT ';", "SELECT 1 -- ;", "SELECT 1 /* ;", "SELECT 1; SELECT 2", "SELECT [;"] {
            assert!(!is_complete(open), "{open}");
        }
    }
}
