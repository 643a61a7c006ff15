//! The origin of a record's bytes in the content of a file, for the fuzz targets.

use memchr::memmem;

/// The levels of JSON in texts that are undone.
const MAX_LEVELS: usize = 10;
/// The shortest run of letters and digits that may be a record in base64.
const MIN_BASE64: usize = 16;

/// Reports whether each record is a part of the content, of the texts in it, of the texts in these and so on. Quotation
/// marks are not compared, because CSV doubles them. A content that may hold base64 or gzip holds any record.
pub(super) fn holds_all(content: &[u8], records: &[Vec<u8>]) -> bool {
    let mut missing: Vec<Vec<u8>> = records.iter().map(|record| without_quotes(record)).collect();
    let mut level = content.to_vec();
    for _ in 0..MAX_LEVELS {
        let text = without_quotes(&level);
        missing.retain(|record| memmem::find(&text, record).is_none());
        if missing.is_empty() || holds_base64(&level) {
            return true;
        }
        level = unescaped(&level);
    }
    false
}

fn without_quotes(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| *byte != b'"').collect()
}

fn holds_base64(bytes: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\r' | b'\n');
    bytes.split(|byte| !is_plain(byte)).any(|run| run.len() >= MIN_BASE64)
}

/// Undoes the escapes of JSON everywhere.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let length = match &rest[at + 1..] {
            [b'u', hex @ ..] => match code_unit(hex) {
                Some(unit) => {
                    let low = hex.get(4..).and_then(|rest| rest.strip_prefix(b"\\u")).and_then(code_unit);
                    let pair = [unit, low.unwrap_or_default()];
                    let count = if (0xd800..0xdc00).contains(&unit) && low.is_some() { 2 } else { 1 };
                    out.extend_from_slice(String::from_utf16_lossy(&pair[..count]).as_bytes());
                    6 * count
                }
                None => 2,
            },
            [escape, ..] => {
                out.push(match escape {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'b' => 8,
                    b'f' => 12,
                    other => *other,
                });
                2
            }
            [] => 1,
        };
        rest = rest.get(at + length..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// Reads the four digits of an escaped code unit.
fn code_unit(digits: &[u8]) -> Option<u16> {
    let digits = digits.get(..4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::holds_all;

    #[test]
    fn records_are_found_at_every_level() {
        let record = br#"{"a":"\u00e9\n"}"#.to_vec();
        let mut content = record.clone();
        for _ in 0..4 {
            let text = String::from_utf8(content).unwrap();
            content = format!("[{}]", serde_json::Value::from(text)).into_bytes();
            assert!(holds_all(&content, std::slice::from_ref(&record)));
        }
        assert!(holds_all(br#"x,"{""a"":""\u00e9\n""}""#, std::slice::from_ref(&record)));
        assert!(!holds_all(br#"[{"a":"\u00e8\n"}]"#, &[record]));
    }
}
