//! What there is to be replaced that no shape tells: names, gathered from everything before anything is replaced.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::spans::{arns, is_nobody, looks_like_key, unescape};
use super::{Kind, implied};
use crate::arn::Arn;

/// Keys of a record under which a user's or a session's name stands, in lower case.
const NAME_KEYS: &[&str] = &[
    "username",
    "usernames",
    "newusername",
    "sessionname",
    "rolesessionname",
    "sourceidentity",
    "federatedusername",
    "masterusername",
    "loginname",
    "subject",
    "emailaddress",
    "email",
    "preferredusername",
];
/// The same in JSON that stands in a text, once its escapes are read.
static INNER_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let keys = NAME_KEYS.join("|");
    Regex::new(&format!(r#"(?i)"\s*(?:{keys})\s*"\s*:\s*"\s*([^"]+?)\s*""#)).ok()
});
/// An e-mail address.
static EMAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[A-Za-z0-9._%+=-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+").ok());
/// Names in ARNs that are shorter are replaced there only.
const SHORTEST: usize = 3;

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    pub(super) kinds: Vec<Kind>,
    pub(super) names: HashSet<String>,
    pub(super) addresses: HashSet<IpAddr>,
    /// Texts that were looked through.
    seen: HashSet<String>,
}

/// How many texts are kept in mind, so as not to be looked through again.
const MOST_SEEN: usize = 1 << 18;

impl Found {
    /// Looks for what these kinds need.
    pub fn new(kinds: &[Kind]) -> Found {
        Found { kinds: implied(kinds), ..Found::default() }
    }

    fn has(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    pub(super) fn originals(&self) -> HashSet<String> {
        self.names.clone()
    }

    /// A name of a user or a session.
    pub fn user(&mut self, name: &str) {
        if self.has(Kind::Users) && !is_nobody(name) {
            self.names.insert(name.to_owned());
        }
    }

    /// A key, which may not look like one.
    pub fn key(&mut self, key: &str) {
        if self.has(Kind::Keys) && !looks_like_key(key) && !is_nobody(key) {
            self.names.insert(key.to_owned());
        }
    }

    /// An address, or something else that stands in its place.
    pub fn address(&mut self, address: &str) {
        self.addresses.extend(address.parse::<IpAddr>().ok());
    }

    /// Looks through a record.
    pub fn record(&mut self, record: &[u8]) {
        if let Ok(value) = serde_json::from_slice::<Value>(record) {
            self.value(None, &value);
        }
    }

    fn value(&mut self, key: Option<&str>, value: &Value) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    self.text(key);
                    self.value(Some(key), value);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.value(key, value)),
            Value::String(text) => {
                if let Some(key) = key {
                    self.under(key, text);
                }
                self.text(text);
            }
            _ => {}
        }
    }

    /// A text that stands under a key.
    fn under(&mut self, key: &str, text: &str) {
        if key == "sourceIPAddress" {
            self.address(text);
        } else if key == "accessKeyId" {
            self.key(text);
        } else if key.eq_ignore_ascii_case("principalId") {
            if let Some((_, session)) = text.split_once(':') {
                self.user(session);
            }
        } else if NAME_KEYS.iter().any(|name| key.eq_ignore_ascii_case(name)) {
            self.user(text);
        }
    }

    /// Looks through any text.
    pub fn text(&mut self, text: &str) {
        let worth = text.contains("arn:") || text.contains(['@', '\\', '%']);
        if !worth || self.seen.contains(text) {
            return;
        }
        if self.seen.len() < MOST_SEEN {
            self.seen.insert(text.to_owned());
        }
        self.flat(text);
        if text.contains(['\\', '%', '"']) {
            let (read, _) = unescape(text);
            self.flat(&read);
            let users: Vec<String> = INNER_NAME
                .iter()
                .flat_map(|names| names.captures_iter(&read))
                .filter_map(|parts| Some(parts.get(1)?.as_str().to_owned()))
                .collect();
            users.iter().for_each(|name| self.user(name));
        }
    }

    fn flat(&mut self, text: &str) {
        for place in arns(text) {
            self.arn(&text[place.whole]);
        }
        if self.has(Kind::Users) && text.contains('@') {
            let emails: Vec<&str> =
                EMAIL.iter().flat_map(|email| email.find_iter(text)).map(|found| found.as_str()).collect();
            emails.into_iter().for_each(|email| self.user(email));
        }
    }

    /// The names in an ARN.
    fn arn(&mut self, text: &str) {
        let Some(arn) = Arn::parse(text).filter(|arn| arn.account != "aws") else { return };
        let (kind, parts) = (arn.kind(), arn.resource.split('/').collect::<Vec<_>>());
        match (arn.service, kind) {
            ("iam", "user") | ("sts", "federated-user") => parts.last().into_iter().for_each(|name| self.user(name)),
            ("sts", "assumed-role") => parts.get(2..).into_iter().flatten().for_each(|name| self.user(name)),
            _ => {}
        }
        if !self.has(Kind::Arns) {
            return;
        }
        let bucket = parts.first().copied().filter(|_| arn.service == "s3");
        let inside = bucket.into_iter().chain(parts.get(1).copied());
        for name in [arn.name(), crate::arn::last_part(arn.resource)].into_iter().chain(inside) {
            let digits = name.bytes().all(|byte| byte.is_ascii_digit());
            if name.len() >= SHORTEST && !digits && !name.contains(['*', '?', '$']) && !is_nobody(name) {
                self.names.insert(name.to_owned());
            }
        }
    }
}
