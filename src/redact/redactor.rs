//! The state of a redaction: the identifiers that were found, and their pseudonyms.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use super::entities::Entities;
use super::kind::{ACCOUNT_DIGITS, Kind};
use super::names::Names;
use super::pseudonyms::Pseudonyms;
use super::shapes::{self, Shape};

/// Replaces identifiers in texts. Threads share it; each has a [`Rewriter`](super::Rewriter) of its own.
pub struct Redactor {
    pub(super) kinds: Vec<Kind>,
    pub(super) names: Names,
    /// Known accounts, keys and addresses, which are found between other letters and digits too.
    pub(super) accounts: HashSet<String>,
    pub(super) keys: HashSet<String>,
    pub(super) addresses: HashSet<IpAddr>,
    /// The lengths of the keys, in ascending order.
    pub(super) key_lengths: BTreeSet<usize>,
    /// Event ids that are replaced as a whole: see [`Redactor::replace_whole`].
    pub(super) whole_ids: HashSet<String>,
    pub(super) pseudonyms: Pseudonyms,
}

impl Redactor {
    /// Returns a redactor for collected identifiers.
    ///
    /// # Errors
    /// There are too many names, or the system has no random numbers.
    pub fn new(entities: Entities) -> Result<Redactor, String> {
        let pseudonyms = Pseudonyms::new(entities.originals())?;
        Ok(Redactor {
            names: Names::new(entities.names)?,
            accounts: entities.accounts,
            key_lengths: entities.keys.iter().map(String::len).collect(),
            keys: entities.keys,
            addresses: entities.addresses,
            kinds: entities.kinds,
            whole_ids: HashSet::new(),
            pseudonyms,
        })
    }

    pub(super) fn has(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Returns the offsets of known accounts in a run of digits.
    pub(super) fn known_accounts<'t>(&'t self, digits: &'t str) -> impl Iterator<Item = usize> + 't {
        let last = (digits.len() + 1).saturating_sub(ACCOUNT_DIGITS);
        (0..last).filter(|at| self.accounts.contains(&digits[*at..*at + ACCOUNT_DIGITS]))
    }

    /// Returns the kinds that are replaced.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Returns the pseudonyms and the secret.
    pub fn pseudonyms(&self) -> &Pseudonyms {
        &self.pseudonyms
    }

    /// Reports whether a value is CloudTrail's own, by its shape.
    pub(super) fn is_own(&self, shapes: &[Shape], value: &str) -> bool {
        shapes::any_fits(shapes, value, |word| self.names.contains(word))
    }

    /// Replaces these event ids as a whole from now on, because two of them would otherwise become equal.
    pub fn replace_whole(&mut self, ids: impl IntoIterator<Item = String>) {
        self.whole_ids.extend(ids);
    }

    /// Returns a keyed digest of a text, which cannot be found by trying texts.
    pub fn digest(&self, text: &str) -> String {
        self.pseudonyms.digest(text)
    }
}
