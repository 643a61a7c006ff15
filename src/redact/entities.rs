//! Identifiers without a shape, such as names, collected from the whole case before anything is replaced.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::encodings::readings;
use super::kind::{Kind, implied};
use super::names::is_nobody;
use super::recognize::{arns, is_account, keys, looks_like_key};
use super::words;
use crate::arn::Arn;
use crate::pattern::literal;

/// Keys of a record whose values are names of users or sessions, in lower case.
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
/// The same in JSON within a text, after its escapes are decoded.
static INNER_NAME: LazyLock<Regex> = LazyLock::new(|| {
    let keys = NAME_KEYS.join("|");
    literal(&format!(r#"(?i)"\s*(?:{keys})\s*"\s*:\s*"\s*([^"]+?)\s*""#))
});
/// An e-mail address.
static EMAIL: LazyLock<Regex> =
    LazyLock::new(|| literal(r"[\p{Alphabetic}0-9._%+=-]+@[\p{Alphabetic}0-9-]+(?:\.[\p{Alphabetic}0-9-]+)+"));
/// The owner of a home folder.
static HOME: LazyLock<Regex> = LazyLock::new(|| literal(r"(?:/home/|/Users/|\\Users\\)([^/\\]+)"));
/// Shorter names in ARNs, and shorter parts of names, are replaced only there.
const SHORTEST: usize = 3;

/// The identifiers of a case.
#[derive(Debug, Default)]
pub struct Entities {
    pub(super) kinds: Vec<Kind>,
    pub(super) names: HashSet<String>,
    pub(super) accounts: HashSet<String>,
    /// In capitals.
    pub(super) keys: HashSet<String>,
    pub(super) addresses: HashSet<IpAddr>,
    /// Texts that were searched.
    seen: HashSet<String>,
}

/// Shorter texts contain no key.
const SHORTEST_KEY: usize = 12;
/// The largest number of texts that are remembered so that they are not searched again.
const MOST_SEEN: usize = 1 << 18;

impl Entities {
    /// Returns a collection of these kinds and those that they imply.
    pub fn new(kinds: &[Kind]) -> Entities {
        Entities { kinds: implied(kinds), ..Entities::default() }
    }

    fn has(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Returns everything that must not become a pseudonym, in lower case.
    pub(super) fn originals(&self) -> HashSet<String> {
        let texts = self.names.iter().chain(&self.accounts).chain(&self.keys).map(|text| text.to_lowercase());
        texts.chain(self.addresses.iter().map(IpAddr::to_string)).collect()
    }

    /// Adds the name of a user or a session. Of an e-mail address and of `DOMAIN\\name`, adds the name in it too.
    pub fn user(&mut self, name: &str) {
        if !self.has(Kind::Users) || is_nobody(name) {
            return;
        }
        self.names.insert(name.to_owned());
        let local = name.split_once('@').map_or(name, |(local, _)| local);
        let parts = [local, local.split('+').next().unwrap_or(local), local.rsplit('\\').next().unwrap_or(local)];
        for part in parts {
            if part.len() >= SHORTEST && part != name && !is_nobody(part) && !words::is_identifier(part) {
                self.names.insert(part.to_owned());
            }
        }
    }

    /// Adds the name of a user of trailq, unless it is a word that does not identify anyone: `admin`.
    pub fn investigator(&mut self, name: &str) {
        if name.len() >= SHORTEST && !words::is_identifier(name) {
            self.user(name);
        }
    }

    /// Adds the owners of home folders in a path.
    pub fn path(&mut self, path: &str) {
        let owners: Vec<&str> = HOME.captures_iter(path).filter_map(|parts| Some(parts.get(1)?.as_str())).collect();
        owners.into_iter().for_each(|owner| self.investigator(owner));
        self.text(path);
    }

    /// Adds an account.
    pub fn account(&mut self, account: &str) {
        if self.has(Kind::Accounts) && is_account(account) && !self.accounts.contains(account) {
            self.accounts.insert(account.to_owned());
        }
    }

    /// Adds a key, which may have another shape.
    pub fn key(&mut self, key: &str) {
        if !self.has(Kind::Keys) || is_nobody(key) {
            return;
        }
        match looks_like_key(key) {
            true => self.keys.insert(key.to_owned()),
            false => self.names.insert(key.to_owned()),
        };
    }

    /// Adds an address. Other values of an address field are ignored.
    pub fn address(&mut self, address: &str) {
        self.addresses.extend(address.parse::<IpAddr>().ok().map(|address| address.to_canonical()));
    }

    /// Searches a record.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn record(&mut self, record: &[u8]) -> Result<(), String> {
        let value = serde_json::from_slice::<Value>(record).map_err(|error| error.to_string())?;
        self.value(None, &value);
        Ok(())
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

    /// Searches the value of a key.
    fn under(&mut self, key: &str, text: &str) {
        if key.eq_ignore_ascii_case("sourceIPAddress") {
            self.address(text);
        } else if key.eq_ignore_ascii_case("accessKeyId") {
            self.key(text);
        } else if key.eq_ignore_ascii_case("principalId") {
            if let Some((_, session)) = text.split_once(':') {
                self.user(session);
            }
        } else if NAME_KEYS.iter().any(|name| key.eq_ignore_ascii_case(name)) {
            self.user(text);
        }
    }

    /// Searches any text.
    pub fn text(&mut self, text: &str) {
        self.account(text);
        let has_prefix = self.has(Kind::Keys) && text.len() >= SHORTEST_KEY;
        let worth = text.contains("arn:")
            || text.contains(['@', '\\', '%', '&', '"'])
            || (has_prefix && keys(text).next().is_some());
        if !worth || self.seen.contains(text) {
            return;
        }
        if self.seen.len() < MOST_SEEN {
            self.seen.insert(text.to_owned());
        }
        self.flat(text);
        // Text that is encoded too often is replaced as a whole.
        for reading in readings(text).unwrap_or_default() {
            let read = &reading.text;
            self.flat(read);
            let users = INNER_NAME.captures_iter(read).filter_map(|parts| Some(parts.get(1)?.as_str()));
            users.for_each(|name| self.user(name));
        }
        if text.contains('"') {
            let users = INNER_NAME.captures_iter(text).filter_map(|parts| Some(parts.get(1)?.as_str()));
            users.for_each(|name| self.user(name));
        }
    }

    fn flat(&mut self, text: &str) {
        for place in arns(text) {
            self.arn(&text[place.whole]);
        }
        if self.has(Kind::Keys) {
            self.keys.extend(keys(text).map(|key| text[key].to_owned()));
        }
        if self.has(Kind::Users) && text.contains('@') {
            EMAIL.find_iter(text).for_each(|email| self.user(email.as_str()));
        }
    }

    /// Adds the names in an ARN.
    fn arn(&mut self, text: &str) {
        let Some(arn) = Arn::parse(text).filter(|arn| arn.account != "aws") else { return };
        self.account(arn.account);
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
            let own = digits || name == "CloudTrail" || looks_like_key(name) || name.contains(['*', '?', '$']);
            if name.len() >= SHORTEST && !own && !is_nobody(name) {
                self.names.insert(name.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::{EMAIL, HOME, INNER_NAME};

    #[test]
    fn every_pattern_compiles() {
        for pattern in [&INNER_NAME, &EMAIL, &HOME] {
            LazyLock::force(pattern);
        }
    }
}
