//! The last hunt of a session.

use crate::hunt::Hunt;
use crate::sigma::NotCompiled;
use crate::summary::hunt::Header;

/// The last hunt of a session, for further views of it.
pub(crate) struct LastHunt {
    pub(crate) hunt: Hunt,
    pub(crate) header: Header,
    /// Sigma rules and files that could not be compiled.
    pub(crate) not_compiled: Vec<NotCompiled>,
}
