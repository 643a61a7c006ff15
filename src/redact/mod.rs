//! Redaction: what identifies somebody is replaced in texts and records by what does not, always by the same. Knows no case
//! and no screen.
//!
//! What is looked for is told by its shape (`identifiers`) or was met before where such a thing stands (a user's name, the
//! name in an ARN: [`Found`], `names`). It is replaced in every text and in what the text says where its encodings are read
//! (`encodings`, `spans`). CloudTrail's own values stay where they have its shapes (`shapes`), and words of AWS's APIs where
//! a name is only a part of them (`words`). A pseudonym is made with a secret by HMAC, so that nobody can find the original
//! by trying all there are.
//!
//! What cannot be looked into is replaced as a whole or refused: nothing passes because it was not understood.

mod encodings;
mod found;
mod identifiers;
mod json;
mod key;
mod names;
mod pseudonyms;
mod shapes;
mod spans;
mod words;

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

pub use found::Found;
pub use key::KeyFile;
pub use pseudonyms::Pseudonyms;
pub(crate) use shapes::Shape;

/// What a redacted snapshot lacks beside what was replaced, as its provenance tells it.
pub(crate) const LACKS: [&str; 2] = ["bytes of rejects: dropped", "SHA-256 of files: keyed"];

/// Digits of an account.
const ACCOUNT_DIGITS: usize = 12;

/// What is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Account ids: twelve digits.
    Accounts,
    /// Access keys and other unique ids of IAM: `AKIA...`, `AROA...`.
    Keys,
    /// Addresses.
    Ips,
    /// Names of users and sessions.
    Users,
    /// ARNs, and the names in them wherever else they stand.
    Arns,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 5] = [Kind::Accounts, Kind::Keys, Kind::Ips, Kind::Users, Kind::Arns];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Accounts => "accounts",
            Kind::Keys => "keys",
            Kind::Ips => "ips",
            Kind::Users => "users",
            Kind::Arns => "arns",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(name: &str) -> Result<Kind, ()> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(())
    }
}

/// Kinds with what they imply: an ARN holds its account, and a key encodes it.
pub fn implied(kinds: &[Kind]) -> Vec<Kind> {
    let has = |kind| kinds.contains(&kind);
    let accounts = has(Kind::Accounts) || has(Kind::Arns);
    let is_in = |kind| match kind {
        Kind::Accounts => accounts,
        Kind::Keys => accounts || has(Kind::Keys),
        other => has(other),
    };
    Kind::ALL.into_iter().filter(|kind| is_in(*kind)).collect()
}

/// Replaces what was found. Shared by threads; each has a [`Rewriter`] of it.
pub struct Redactor {
    kinds: Vec<Kind>,
    names: names::Names,
    /// Accounts, keys and addresses that are known to be some: they are found beside other letters and digits too.
    accounts: HashSet<String>,
    keys: HashSet<String>,
    addresses: HashSet<IpAddr>,
    /// The lengths of the keys, in rising order.
    key_lengths: BTreeSet<usize>,
    /// Event ids that are replaced as a whole: see [`Redactor::replace_whole`].
    whole_ids: HashSet<String>,
    pseudonyms: Pseudonyms,
}

impl Redactor {
    /// Replaces the kinds that were looked for, by what was found of them.
    ///
    /// # Errors
    /// The names are too many to look for, or the system gives no secret.
    pub fn new(found: Found) -> Result<Redactor, String> {
        let pseudonyms = Pseudonyms::new(found.originals())?;
        Ok(Redactor {
            names: names::Names::new(found.names)?,
            accounts: found.accounts,
            key_lengths: found.keys.iter().map(String::len).collect(),
            keys: found.keys,
            addresses: found.addresses,
            kinds: found.kinds,
            whole_ids: HashSet::new(),
            pseudonyms,
        })
    }

    fn has(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// The places of known accounts in a run of digits.
    fn known_accounts<'t>(&'t self, digits: &'t str) -> impl Iterator<Item = usize> + 't {
        let last = (digits.len() + 1).saturating_sub(ACCOUNT_DIGITS);
        (0..last).filter(|at| self.accounts.contains(&digits[*at..*at + ACCOUNT_DIGITS]))
    }

    /// What is replaced.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// What was replaced by what, and the secret.
    pub fn pseudonyms(&self) -> &Pseudonyms {
        &self.pseudonyms
    }

    /// A text with everything in it replaced.
    pub fn text(&self, text: &str) -> String {
        spans::replace(self, text, false).unwrap_or_else(|| text.to_owned())
    }

    /// A lookup or a statement with everything in it replaced. Where somebody is called as a field is, the field stays.
    pub fn code(&self, code: &str) -> String {
        spans::replace_code(self, code).unwrap_or_else(|| code.to_owned())
    }

    /// A value of trailq's or CloudTrail's own: left alone where it has one of these shapes, and otherwise a text.
    pub(crate) fn own(&self, shapes: &[Shape], value: &str) -> String {
        if self.is_own(shapes, value) { value.to_owned() } else { self.text(value) }
    }

    /// Reports whether a value has one of the shapes of CloudTrail's own.
    fn is_own(&self, shapes: &[Shape], value: &str) -> bool {
        shapes::any_fits(shapes, value, |word| self.names.contains(word))
    }

    /// An event id, in records and wherever something refers to it: a UUID stays.
    pub fn event_id(&self, id: &str) -> String {
        if self.whole_ids.contains(id) { self.pseudonyms.word(id) } else { self.own(&[Shape::Id], id) }
    }

    /// From here on these event ids are replaced as a whole: what is left of two of them would be the same.
    pub fn replace_whole(&mut self, ids: impl IntoIterator<Item = String>) {
        self.whole_ids.extend(ids);
    }

    /// A digest under the secret: the same for the same text, and of no use to who tries texts.
    pub fn digest(&self, text: &str) -> String {
        self.pseudonyms.digest(text)
    }
}

/// Rewrites records, in one thread.
pub struct Rewriter<'r> {
    redactor: &'r Redactor,
    seen: json::Seen,
}

impl<'r> Rewriter<'r> {
    /// Rewrites by what the redactor knows.
    pub fn new(redactor: &'r Redactor) -> Rewriter<'r> {
        Rewriter { redactor, seen: json::Seen::default() }
    }

    /// A record with everything in it replaced, laid out as it was.
    ///
    /// # Errors
    /// It is no JSON.
    pub fn record(&mut self, record: &[u8]) -> Result<Vec<u8>, String> {
        json::rewrite(self.redactor, &mut self.seen, record)
    }
}

#[cfg(test)]
mod tests;
