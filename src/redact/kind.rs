//! The kinds of identifiers that can be replaced.

use std::fmt;
use std::str::FromStr;

/// Digits of an account id.
pub(super) const ACCOUNT_DIGITS: usize = 12;

/// A kind of identifier.
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
    /// ARNs, and the names in them wherever else they occur.
    Arns,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 5] = [Kind::Accounts, Kind::Keys, Kind::Ips, Kind::Users, Kind::Arns];

    /// Returns its name on the command line.
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

/// Adds the kinds that others imply: an ARN contains its account, and a key encodes it.
pub(crate) fn implied(kinds: &[Kind]) -> Vec<Kind> {
    let has = |kind| kinds.contains(&kind);
    let accounts = has(Kind::Accounts) || has(Kind::Arns);
    let is_in = |kind| match kind {
        Kind::Accounts => accounts,
        Kind::Keys => accounts || has(Kind::Keys),
        other => has(other),
    };
    Kind::ALL.into_iter().filter(|kind| is_in(*kind)).collect()
}
