//! The last hunt of a session.

use crate::hunt::Hunt;
use crate::summary::hunt::Header;

/// The last hunt of a session, for further views of it.
pub(crate) struct LastHunt {
    pub(crate) hunt: Hunt,
    pub(crate) header: Header,
}
