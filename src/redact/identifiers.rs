//! Matches of keys, accounts and addresses in a text, with their pseudonyms.

use std::net::{AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::kind::{ACCOUNT_DIGITS, Kind};
use super::matches::Match;
use super::names::is_whole_word;
use super::recognize::{KEY, MIN_KEY};
use super::redactor::Redactor;
use crate::pattern::literal;

static DOTTED: LazyLock<Regex> = LazyLock::new(|| literal(r"[0-9]+(?:\.[0-9]+)+"));
static DASHED: LazyLock<Regex> = LazyLock::new(|| {
    literal(r"[0-9]{1,3}-[0-9]{1,3}-[0-9]{1,3}-[0-9]{1,3}|[0-9]{1,3}_[0-9]{1,3}_[0-9]{1,3}_[0-9]{1,3}")
});
static COLONS: LazyLock<Regex> = LazyLock::new(|| literal("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"));
static DIGITS: LazyLock<Regex> = LazyLock::new(|| literal("[0-9]{12,}"));
/// An account as the console shows it.
static GROUPED: LazyLock<Regex> = LazyLock::new(|| literal(r"[0-9]{4}([-_. ])[0-9]{4}[-_. ][0-9]{4}"));
static UUID: LazyLock<Regex> =
    LazyLock::new(|| literal("[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"));
/// Characters of an access key, and of the other unique ids of IAM.
const KEY_LENGTHS: std::ops::RangeInclusive<usize> = 20..=21;
/// Reports whether a text may contain a key. Most do not, and this is several times cheaper than the pattern.
fn may_have_key(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_a = |byte: u8| byte.eq_ignore_ascii_case(&b'a');
    // Every prefix of a key begins and ends in an A.
    bytes.len() >= MIN_KEY && bytes.windows(4).any(|four| is_a(four[0]) && is_a(four[3]))
}

/// The numbers of bytes without which a text cannot contain an identifier.
#[derive(Default)]
struct ByteCounts {
    digits: usize,
    dots: usize,
    colons: usize,
    hyphens: usize,
    underscores: usize,
}

impl ByteCounts {
    fn of(text: &str) -> ByteCounts {
        text.bytes().fold(ByteCounts::default(), |mut counts, byte| {
            match byte {
                b'0'..=b'9' => counts.digits += 1,
                b'.' => counts.dots += 1,
                b':' => counts.colons += 1,
                b'-' => counts.hyphens += 1,
                b'_' => counts.underscores += 1,
                _ => {}
            }
            counts
        })
    }
}

/// Finds identifiers by their shape. In a user agent, numbers after a product's name are its version.
pub(super) fn find(redactor: &Redactor, text: &str, is_agent: bool, matches: &mut Vec<Match>) {
    let counts = ByteCounts::of(text);
    if redactor.has(Kind::Keys) && may_have_key(text) {
        // Text that begins as a key does may contain one.
        let mut at = 0;
        while let Some(found) = KEY.find_at(text, at) {
            let key = find_key(redactor, text, found.range());
            at = key.as_ref().map_or(found.start() + 1, |key| key.span.end);
            matches.extend(key);
        }
    }
    if redactor.has(Kind::Accounts) && counts.digits >= ACCOUNT_DIGITS {
        find_accounts(redactor, text, matches);
    }
    if !redactor.has(Kind::Ips) {
        return;
    }
    if counts.digits >= 4 && counts.dots >= 3 {
        find_ipv4(redactor, text, is_agent, matches);
    }
    if counts.digits >= 4 && (counts.hyphens >= 3 || counts.underscores >= 3) {
        find_dashed_ipv4(redactor, text, matches);
    }
    if counts.colons >= 2 {
        find_ipv6(redactor, text, matches);
    }
}

/// Matches a key: a known one in any case and between other letters; otherwise a text that has a key's shape and is not
/// joined to others.
fn find_key(redactor: &Redactor, text: &str, span: Range<usize>) -> Option<Match> {
    let found = &text[span.clone()];
    let upper = found.to_ascii_uppercase();
    let known = redactor
        .key_lengths
        .iter()
        .filter(|length| upper.get(..**length).is_some_and(|key| redactor.keys.contains(key)));
    let length = match known.max() {
        Some(length) => *length,
        None => {
            let capitals = found.bytes().take_while(|byte| !byte.is_ascii_lowercase()).count();
            let exact = KEY_LENGTHS.contains(&found.len()) && found.bytes().any(|byte| byte.is_ascii_digit());
            let alone = is_whole_word(text, &span);
            match (capitals == found.len(), exact) {
                // `asiaPacificRegion2` begins so too.
                (true, _) if alone => found.len(),
                (false, true) if alone && is_lower(found) => found.len(),
                _ if KEY_LENGTHS.contains(&capitals) => capitals,
                _ => return None,
            }
        }
    };
    if length < MIN_KEY {
        return None;
    }
    let span = span.start..span.start + length;
    let pseudonym = redactor.pseudonyms.key(&upper[..length]);
    let is_lower = is_lower(&text[span.clone()]);
    Some(Match::new(span, if is_lower { pseudonym.to_ascii_lowercase() } else { pseudonym }))
}

fn is_lower(text: &str) -> bool {
    !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Finds accounts: twelve digits, or four, four and four. A known one also within more digits and at the end of a UUID.
fn find_accounts(redactor: &Redactor, text: &str, matches: &mut Vec<Match>) {
    let by = &redactor.pseudonyms;
    let digits: Vec<Range<usize>> = DIGITS.find_iter(text).map(|found| found.range()).collect();
    if !digits.is_empty() {
        let uuids: Vec<Range<usize>> = UUID.find_iter(text).map(|found| found.range()).collect();
        for run in digits {
            let in_uuid = || uuids.iter().any(|uuid| uuid.start < run.start && run.end <= uuid.end);
            if run.len() == ACCOUNT_DIGITS && !in_uuid() {
                matches.push(Match::new(run.clone(), by.account(&text[run])));
            } else {
                matches.extend(redactor.known_accounts(&text[run.clone()]).map(|at| {
                    let span = run.start + at..run.start + at + ACCOUNT_DIGITS;
                    Match::new(span.clone(), by.account(&text[span]))
                }));
            }
        }
    }
    let mut at = 0;
    while let Some(parts) = GROUPED.captures_at(text, at) {
        let (Some(whole), Some(separator)) = (parts.get(0), parts.get(1)) else { return };
        at = whole.start() + 1;
        let account: String = whole.as_str().chars().filter(char::is_ascii_digit).collect();
        let joined = |side: Option<char>| side.is_some_and(|c| c.is_alphanumeric() || c == '-');
        let alone = !joined(text[..whole.start()].chars().next_back()) && !joined(text[whole.end()..].chars().next());
        if redactor.accounts.contains(&account) || (separator.as_str() == "-" && alone) {
            let put = by.account(&account);
            let put = [&put[..4], &put[4..8], &put[8..]].join(separator.as_str());
            matches.push(Match::new(whole.range(), put));
            at = whole.end();
        }
    }
}

/// Finds IPv4 addresses. Next to letters or more numbers, only known ones.
fn find_ipv4(redactor: &Redactor, text: &str, is_agent: bool, matches: &mut Vec<Match>) {
    let by = &redactor.pseudonyms;
    for found in DOTTED.find_iter(text) {
        let numbers: Vec<Range<usize>> = numbers(found.as_str(), found.start());
        for four in numbers.windows(4) {
            let span = four[0].start..four[3].end;
            let Some(address) = ipv4(text, four) else { continue };
            let known = redactor.addresses.contains(&address.into());
            let product = text[..span.start].strip_suffix('/').and_then(|text| text.chars().next_back());
            let version = is_agent && product.is_some_and(char::is_alphabetic);
            let address_alone = span.len() == found.len() && is_whole_word(text, &span) && !version;
            if !is_everywhere(address.into()) && (known || address_alone) {
                matches.push(Match::new(span, by.address(address.into())));
            }
        }
    }
}

/// Finds IPv4 addresses in host names, with hyphens; a known one also with underscores and next to letters.
fn find_dashed_ipv4(redactor: &Redactor, text: &str, matches: &mut Vec<Match>) {
    let by = &redactor.pseudonyms;
    for found in DASHED.find_iter(text) {
        let four = numbers(found.as_str(), found.start());
        let Some(address) = ipv4(text, &four) else { continue };
        let known = redactor.addresses.contains(&address.into());
        let separator = if found.as_str().contains('-') { "-" } else { "_" };
        if known || (separator == "-" && is_whole_word(text, &found.range())) {
            matches.push(Match::new(found.range(), by.address(address.into()).replace('.', separator)));
        }
    }
}

/// Returns the spans of the numbers in a text of numbers and single separators.
fn numbers(text: &str, start: usize) -> Vec<Range<usize>> {
    let mut at = start;
    let mut all = Vec::new();
    for number in text.split(['.', '-', '_']) {
        all.push(at..at + number.len());
        at += number.len() + 1;
    }
    all
}

/// Parses an address of four numbers, which may have leading zeros.
fn ipv4(text: &str, numbers: &[Range<usize>]) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    for (octet, number) in octets.iter_mut().zip(numbers) {
        let digits = &text[number.clone()];
        *octet = digits.parse().ok().filter(|_| digits.len() <= 3)?;
    }
    Some(Ipv4Addr::from(octets))
}

/// Finds IPv6 addresses in any spelling.
fn find_ipv6(redactor: &Redactor, text: &str, matches: &mut Vec<Match>) {
    for found in COLONS.find_iter(text) {
        let (span, Ok(address)) = ipv6(found.as_str(), found.start()) else { continue };
        let known = redactor.addresses.contains(&IpAddr::from(address).to_canonical());
        if (known || is_whole_word(text, &span)) && !is_everywhere(address.into()) {
            matches.push(Match::new(span, redactor.pseudonyms.address(address.into())));
        }
    }
}

/// Parses an IPv6 address, without punctuation around it.
fn ipv6(spelled: &str, start: usize) -> (Range<usize>, Result<Ipv6Addr, AddrParseError>) {
    let mut inside = spelled.trim_end_matches('.').trim_start_matches('.');
    let start = start + spelled.len() - spelled.trim_start_matches('.').len();
    let mut from = 0;
    if inside.starts_with(':') && !inside.starts_with("::") {
        (inside, from) = (&inside[1..], 1);
    }
    if inside.ends_with(':') && !inside.ends_with("::") {
        inside = &inside[..inside.len() - 1];
    }
    (start + from..start + from + inside.len(), inside.parse())
}

/// Reports whether an address belongs to no particular machine.
fn is_everywhere(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_unspecified() || address.is_loopback()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::{COLONS, DASHED, DIGITS, DOTTED, GROUPED, UUID};

    #[test]
    fn every_pattern_compiles() {
        for pattern in [&DOTTED, &DASHED, &COLONS, &DIGITS, &GROUPED, &UUID] {
            LazyLock::force(pattern);
        }
    }
}
