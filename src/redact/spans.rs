//! Where in a text something stands that is to be replaced.

use std::collections::{BTreeMap, HashSet};
use std::net::{AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::{Kind, Redactor};
use crate::fields::FIELDS;

/// An ARN, as far as that can be told in a text: its first five parts, and its resource.
static ARN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"arn:([a-z0-9*-]*):([A-Za-z0-9*-]*):([A-Za-z0-9*-]*):([A-Za-z0-9*-]*):([^\s"'<>\\,;()\[\]{}]+)"#).ok()
});
/// A type of resources.
static TYPE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("AWS::[A-Za-z0-9]+(?:::[A-Za-z0-9]+)*").ok());
/// What has the shape of a key, of one or more numbers with dots or hyphens, and of an address of IPv6.
static KEY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("(?:AKIA|ASIA|AROA|AIDA|AGPA|AIPA|ANPA|ANVA|ABIA|ACCA|APKA|ASCA)[A-Z0-9]{8,124}").ok());
static DOTTED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\d+(?:\.\d+)+").ok());
static DASHED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}").ok());
static COLONS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*").ok());
static DIGITS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\d{12,}").ok());
/// Digits of an account.
const ACCOUNT: usize = 12;
/// Services whose ARNs do not say what kind of thing they name.
const WITHOUT_KIND: &[&str] = &["s3", "sns", "sqs", "codecommit", "execute-api"];
/// Kinds of things that ARNs name.
const ARN_KINDS: &[&str] = &[
    "user",
    "role",
    "group",
    "policy",
    "instance-profile",
    "assumed-role",
    "federated-user",
    "mfa",
    "saml-provider",
    "oidc-provider",
    "server-certificate",
    "instance",
    "vpc",
    "subnet",
    "security-group",
    "volume",
    "snapshot",
    "network-interface",
    "image",
    "key-pair",
    "vpc-endpoint",
    "internet-gateway",
    "natgateway",
    "route-table",
    "function",
    "layer",
    "table",
    "index",
    "db",
    "cluster",
    "cluster-snapshot",
    "subgrp",
    "pg",
    "og",
    "secgrp",
    "es",
    "key",
    "alias",
    "log-group",
    "log-stream",
    "secret",
    "parameter",
    "document",
    "service",
    "task",
    "task-definition",
    "container-instance",
    "loadbalancer",
    "app",
    "net",
    "gwy",
    "targetgroup",
    "listener",
    "stack",
    "stackset",
    "autoScalingGroup",
    "autoScalingGroupName",
    "launchConfiguration",
    "launchConfigurationName",
    "trail",
    "eventdatastore",
    "channel",
    "repository",
    "stream",
    "deliverystream",
    "domain",
    "project",
    "build",
    "distribution",
    "hostedzone",
    "rule",
    "event-bus",
    "alarm",
    "certificate",
    "stateMachine",
    "execution",
    "workgroup",
    "database",
    "catalog",
    "detector",
    "namespace",
    "file-system",
    "aws-service-role",
    "service-role",
    "aws-reserved",
];

/// Names that are nobody's.
const NOBODY: &[&str] =
    &["root", "HIDDEN_DUE_TO_SECURITY_REASONS", "aws", "AWS", "amazon", "true", "false", "null", "AWS Internal"];

/// Whether a name says nothing of anybody.
pub(super) fn is_nobody(name: &str) -> bool {
    NOBODY.contains(&name) || !name.chars().any(char::is_alphanumeric) || name.ends_with(".amazonaws.com")
}

/// Names that are looked for in texts.
pub(super) struct Names {
    all: HashSet<String>,
    finder: Option<AhoCorasick>,
}

impl Names {
    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Result<Names, String> {
        let all: HashSet<String> = names.into_iter().filter(|name| !is_nobody(name)).collect();
        let finder = (!all.is_empty()).then(|| AhoCorasick::new(&all)).transpose();
        Ok(Names { finder: finder.map_err(|error| error.to_string())?, all })
    }

    /// Where a name stands as a whole.
    fn spans<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
        let found = self.finder.iter().flat_map(move |finder| finder.find_overlapping_iter(text));
        found.map(|found| found.start()..found.end()).filter(|span| stands_alone(text, span))
    }
}

/// Whether something has the shape of a key.
pub(super) fn looks_like_key(text: &str) -> bool {
    KEY.as_ref().and_then(|key| key.find(text)).is_some_and(|found| found.len() == text.len())
}

/// Whether neither side of a place in a text goes on in letters or digits.
fn stands_alone(text: &str, span: &Range<usize>) -> bool {
    let is_word = |found: Option<char>| found.is_some_and(char::is_alphanumeric);
    let (Some(inside), Some(before), Some(behind)) =
        (text.get(span.clone()), text.get(..span.start), text.get(span.end..))
    else {
        return false;
    };
    let goes_on_before = is_word(before.chars().next_back()) && is_word(inside.chars().next());
    let goes_on_behind = is_word(inside.chars().next_back()) && is_word(behind.chars().next());
    !goes_on_before && !goes_on_behind
}

/// What is in a place, and what to put there; `None`: it stays.
struct Hit {
    span: Range<usize>,
    put: Option<String>,
}

impl Hit {
    fn new(span: Range<usize>, put: String) -> Hit {
        Hit { span, put: Some(put) }
    }
}

/// A text with everything in it replaced; `None` where there is nothing to replace. `is_agent`: it is a user agent.
pub(super) fn replace(redactor: &Redactor, text: &str, is_agent: bool) -> Option<String> {
    let mut hits = Vec::new();
    // What stands in an escaped or URL-encoded text stands there otherwise too. What is not escaped stays as it is spelled.
    if text.contains(['\\', '%']) {
        let (read, places) = unescape(text);
        let outer = |span: &Range<usize>| Some(*places.get(span.start)?..*places.get(span.end)?);
        let found = if read == text { Vec::new() } else { find(redactor, &read, false) };
        hits.extend(found.into_iter().filter_map(|hit| Some(Hit { span: outer(&hit.span)?, ..hit })));
    }
    hits.extend(find(redactor, text, is_agent));
    put(text, apart(hits))
}

/// As [`replace`], in a lookup or a statement: words that fields have are replaced only where a value stands.
pub(super) fn replace_code(redactor: &Redactor, code: &str) -> Option<String> {
    let words: HashSet<&str> = FIELDS
        .iter()
        .flat_map(|field| field.aliases.iter().copied().chain([field.name, field.column]))
        .flat_map(|name| name.split(['-', '_']).chain([name]))
        .collect();
    let mut hits = find(redactor, code, false);
    hits.retain(|hit| {
        let value = code[..hit.span.start].ends_with(['\'', '"', '=', ',', '~', '*', ' ']);
        let field = code[hit.span.end..].starts_with(['=', '!', '~', '<', '>', '_', '-', '.']);
        !words.contains(&code[hit.span.clone()]) || (value && !field)
    });
    put(code, apart(hits))
}

/// The hits in order, of those that overlap the longest, or of several as long the first.
fn apart(mut all: Vec<Hit>) -> impl Iterator<Item = Hit> {
    all.sort_by_key(|hit| std::cmp::Reverse(hit.span.len()));
    let mut hits: BTreeMap<usize, Hit> = BTreeMap::new();
    for hit in all {
        let before = hits.range(..hit.span.end).next_back();
        if before.is_none_or(|(_, before)| before.span.end <= hit.span.start) {
            hits.insert(hit.span.start, hit);
        }
    }
    hits.into_values()
}

/// Puts the hits into a text, which come in order and do not overlap.
fn put(text: &str, hits: impl Iterator<Item = Hit>) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    for hit in hits {
        let Some(put) = hit.put else { continue };
        out.push_str(text.get(from..hit.span.start)?);
        out.push_str(&put);
        from = hit.span.end;
    }
    if from == 0 {
        return None;
    }
    out.push_str(text.get(from..)?);
    Some(out)
}

/// What a text says where escapes of JSON, however deep, and URL encoding are read; and for each byte of it, and for its
/// end, the place in the text.
pub(super) fn unescape(text: &str) -> (String, Vec<usize>) {
    let bytes = text.as_bytes();
    let (mut read, mut places) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
    let mut at = 0;
    while at < bytes.len() {
        let (value, length) = unit(&bytes[at..]);
        let mut buffer = [0; 4];
        let encoded: &[u8] = match value {
            Unit::Byte(byte) => {
                buffer[0] = byte;
                &buffer[..1]
            }
            Unit::Char(character) => character.encode_utf8(&mut buffer).as_bytes(),
        };
        read.extend_from_slice(encoded);
        places.extend(std::iter::repeat_n(at, encoded.len()));
        at += length;
    }
    places.push(text.len());
    match String::from_utf8(read) {
        Ok(read) => (read, places),
        // URL-encoded bytes that are no text.
        Err(_) => (text.to_owned(), (0..=text.len()).collect()),
    }
}

enum Unit {
    Byte(u8),
    Char(char),
}

/// The first character of an escaped text, and how many bytes it takes.
fn unit(bytes: &[u8]) -> (Unit, usize) {
    let hexadecimal = |from: usize, to: usize| {
        let digits = std::str::from_utf8(bytes.get(from..to)?).ok()?;
        u32::from_str_radix(digits, 16).ok()
    };
    let slashes = bytes.iter().take_while(|byte| **byte == b'\\').count();
    if slashes > 0 {
        return match bytes.get(slashes) {
            Some(b'u') => match hexadecimal(slashes + 1, slashes + 5).and_then(char::from_u32) {
                Some(character) => (Unit::Char(character), slashes + 5),
                None => (Unit::Byte(b' '), slashes),
            },
            Some(b'n' | b'r' | b't' | b'b' | b'f') => (Unit::Byte(b' '), slashes + 1),
            _ => (Unit::Byte(b' '), slashes),
        };
    }
    if bytes.first() == Some(&b'%') {
        // Encoded twice, the % is %25.
        let mut from = 1;
        while bytes.get(from..from + 2) == Some(b"25") && hexadecimal(from + 2, from + 4).is_some() {
            from += 2;
        }
        if let Some(Ok(byte)) = hexadecimal(from, from + 2).map(u8::try_from) {
            return (Unit::Byte(byte), from + 2);
        }
    }
    (Unit::Byte(bytes.first().copied().unwrap_or_default()), 1)
}

/// Everything in a text that is to be replaced. Of what is found in what is replaced as a whole, nothing is told.
fn find(redactor: &Redactor, text: &str, is_agent: bool) -> Vec<Hit> {
    let mut fixed = Vec::new();
    for arn in arns(text) {
        // What begins an ARN is no name, whoever is called so.
        fixed.push(Hit { span: arn.whole.start..arn.account.start, put: None });
        if redactor.has(Kind::Arns) && &text[arn.account.clone()] != "aws" {
            let put = resource(redactor, &text[arn.service], &text[arn.resource.clone()]);
            fixed.push(Hit::new(arn.resource, put));
        }
    }
    let types = TYPE.iter().flat_map(|types| types.find_iter(text));
    fixed.extend(types.map(|found| Hit { span: found.range(), put: None }));
    fixed.sort_by_key(|hit| hit.span.start);
    let host = |span: &Range<usize>| text[span.end..].starts_with(".amazonaws.com");
    let names = redactor.names.spans(text).filter(|span| !host(span));
    let mut found: Vec<Hit> = names.map(|span| Hit::new(span.clone(), name(redactor, &text[span]))).collect();
    shapes(redactor, text, is_agent, &mut found);
    let inside = |hit: &Hit| {
        // They come in order.
        let at = fixed.partition_point(|fixed| fixed.span.end <= hit.span.start);
        fixed.get(at).is_some_and(|fixed| fixed.span.start < hit.span.end)
    };
    found.retain(|hit| !inside(hit));
    fixed.into_iter().chain(found).collect()
}

/// The places of an ARN's parts.
pub(super) struct Place {
    pub(super) whole: Range<usize>,
    service: Range<usize>,
    pub(super) account: Range<usize>,
    pub(super) resource: Range<usize>,
}

/// The ARNs in a text.
pub(super) fn arns(text: &str) -> Vec<Place> {
    if !text.contains("arn:") {
        return Vec::new();
    }
    let all = ARN.iter().flat_map(|arn| arn.captures_iter(text));
    all.filter_map(|parts| {
        let (whole, service, account, resource) = (parts.get(0)?, parts.get(2)?, parts.get(4)?, parts.get(5)?);
        // A sentence may end behind an ARN.
        let end = resource.start() + resource.as_str().trim_end_matches(['.', ':', '!', '?']).len();
        (end > resource.start()).then(|| Place {
            whole: whole.start()..end,
            service: service.range(),
            account: account.range(),
            resource: resource.start()..end,
        })
    })
    .filter(|place| stands_alone(text, &(place.whole.start..place.whole.start + 3)))
    .collect()
}

/// What is told by its shape. In a user agent, numbers behind a product's name are its version.
fn shapes(redactor: &Redactor, text: &str, is_agent: bool, hits: &mut Vec<Hit>) {
    let by = &redactor.pseudonyms;
    let all = |shape: &'static LazyLock<Option<Regex>>| shape.iter().flat_map(|shape| shape.find_iter(text));
    let alone = |span: &Range<usize>| stands_alone(text, span);
    if redactor.has(Kind::Keys) {
        let keys = all(&KEY).filter(|key| alone(&key.range()));
        hits.extend(keys.map(|key| Hit::new(key.range(), by.key(key.as_str()))));
    }
    if redactor.has(Kind::Accounts) {
        let accounts = all(&DIGITS).filter(|digits| digits.len() == ACCOUNT);
        hits.extend(accounts.map(|account| Hit::new(account.range(), by.account(account.as_str()))));
    }
    if !redactor.has(Kind::Ips) {
        return;
    }
    for found in all(&DOTTED).filter(|found| alone(&found.range())) {
        let Ok(address) = found.as_str().parse::<Ipv4Addr>() else { continue };
        let product = text[..found.start()].strip_suffix('/').and_then(|text| text.chars().next_back());
        let version = is_agent && product.is_some_and(char::is_alphabetic);
        if !is_everywhere(address.into()) && (!version || redactor.addresses.contains(&address.into())) {
            hits.push(Hit::new(found.range(), by.address(address.into())));
        }
    }
    for found in all(&DASHED).filter(|found| alone(&found.range())) {
        if let Ok(address) = found.as_str().replace('-', ".").parse::<Ipv4Addr>() {
            let put = by.address(address.into()).replace('.', "-");
            hits.push(Hit::new(found.range(), put));
        }
    }
    for found in all(&COLONS) {
        let (span, Ok(address)) = address6(found.as_str(), found.start()) else { continue };
        if alone(&span) && !is_everywhere(address.into()) {
            hits.push(Hit::new(span, by.address(address.into())));
        }
    }
}

/// An address of IPv6 without what stands beside it.
fn address6(spelled: &str, start: usize) -> (Range<usize>, Result<Ipv6Addr, AddrParseError>) {
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

/// Addresses that are no machine's in particular.
pub(super) fn is_everywhere(address: IpAddr) -> bool {
    address.is_unspecified() || address.is_loopback()
}

/// The pseudonym of a name, word by word where it has several.
pub(super) fn name(redactor: &Redactor, name: &str) -> String {
    let last = crate::arn::last_part(name);
    words(name, |word| {
        let number = word.len() <= 6 && word.bytes().all(|byte| byte.is_ascii_digit());
        let kind = ARN_KINDS.contains(&word) && word != last;
        let kept = word != name && (number || kind) && !redactor.names.all.contains(word);
        if kept { word.to_owned() } else { redactor.pseudonyms.word(word) }
    })
}

/// The resource of an ARN: what kind it is stays.
fn resource(redactor: &Redactor, service: &str, resource: &str) -> String {
    let kind = resource.find(['/', ':']).filter(|at| ARN_KINDS.contains(&&resource[..*at]));
    let kind = kind.filter(|_| !WITHOUT_KIND.contains(&service));
    let (kind, rest) = resource.split_at(kind.map_or(0, |at| at + 1));
    // An account is told alone: `root`.
    if kind.is_empty() && is_nobody(rest) { rest.to_owned() } else { format!("{kind}{}", name(redactor, rest)) }
}

/// A name with each of its words replaced; wildcards and variables stay.
fn words(name: &str, replace: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(at) = rest.find(['/', ':', '*', '?', '$']) {
        let (word, behind) = rest.split_at(at);
        let put = if word.is_empty() { String::new() } else { replace(word) };
        out.push_str(&put);
        out.push_str(&behind[..1]);
        rest = &behind[1..];
    }
    if !rest.is_empty() {
        out.push_str(&replace(rest));
    }
    out
}
