//! Hops of a chain of credentials, and the evidence of each.

use crate::engine::credentials::facts::NamedEvent;

/// A credential in a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// An access key.
    Key(String),
    /// A sign-in to the console, which has no key.
    SignIn(NamedEvent),
    /// A switch to a role in the console, which has no key.
    RoleSwitch(NamedEvent),
    /// A session of the access portal of IAM Identity Center, of which this event is known.
    Portal(NamedEvent),
}

/// The reason to say that a credential descends from its parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// This record issued the key, and names the parent's key as its caller's.
    Issued(NamedEvent),
    /// The principal and the start of the session are the parent's, and no event issued the key. A console session and
    /// a service that calls on the principal's behalf have such keys.
    SameSession(String),
    /// This call of the parent set the password of the user that signed in later.
    Password(NamedEvent),
    /// The session of the key began with this sign-in of the same user.
    SignedIn(NamedEvent),
    /// This switch to a role names the principal of the console session.
    SwitchedFrom(NamedEvent),
    /// The session of the key began with this switch to its role.
    SwitchedTo(NamedEvent),
    /// This event issued the key, to the user that the portal names at that time.
    PortalUser(NamedEvent),
}

impl Evidence {
    /// Reports whether a record of the case names both ends of the hop.
    pub(crate) fn is_proven(&self) -> bool {
        matches!(self, Evidence::Issued(_))
    }

    /// Returns the evidence in words, with its certainty.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Evidence::Issued(event) => format!("proven: issued by {event}"),
            Evidence::SameSession(start) => format!("inferred: same principal and start of session, {start}"),
            Evidence::Password(event) => format!("inferred: the password was set by {event}"),
            Evidence::SignedIn(event) => format!("inferred: its session began with {event}"),
            Evidence::SwitchedFrom(event) => format!("inferred: {event} names the principal of this session"),
            Evidence::SwitchedTo(event) => format!("inferred: its session began with {event}"),
            Evidence::PortalUser(event) => format!("inferred: issued by {event} to the user of the portal"),
        }
    }
}

/// A credential of a chain, and how it descends from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hop {
    /// The credential.
    pub(crate) credential: Credential,
    /// The position of the parent in the chain, and the evidence; `None` for the first.
    pub(crate) from: Option<(usize, Evidence)>,
}
