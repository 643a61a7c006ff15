//! The state of a redaction: the identifiers that were found, and their pseudonyms.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use super::entities::Entities;
use super::kind::{ACCOUNT_DIGITS, Kind};
use super::names::Names;
use super::pseudonyms::Pseudonyms;
use super::shapes::{self, Shape};

/// Replaces what was entities. Shared by threads; each has a [`Rewriter`] of it.
pub struct Redactor {
    pub(super) kinds: Vec<Kind>,
    pub(super) names: Names,
    /// Accounts, keys and addresses that are known to be some: they are found beside other letters and digits too.
    pub(super) accounts: HashSet<String>,
    pub(super) keys: HashSet<String>,
    pub(super) addresses: HashSet<IpAddr>,
    /// The lengths of the keys, in rising order.
    pub(super) key_lengths: BTreeSet<usize>,
    /// Event ids that are replaced as a whole: see [`Redactor::replace_whole`].
    pub(super) whole_ids: HashSet<String>,
    pub(super) pseudonyms: Pseudonyms,
}

impl Redactor {
    /// Replaces the kinds that were looked for, by what was found of them.
    ///
    /// # Errors
    /// The names are too many to look for, or the system gives no secret.
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

    /// The places of known accounts in a run of digits.
    pub(super) fn known_accounts<'t>(&'t self, digits: &'t str) -> impl Iterator<Item = usize> + 't {
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

    /// Reports whether a value has one of the shapes of CloudTrail's own.
    pub(super) fn is_own(&self, shapes: &[Shape], value: &str) -> bool {
        shapes::any_fits(shapes, value, |word| self.names.contains(word))
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
