//! Members of archives.

use std::io::{self, Read};
use std::ops::ControlFlow;

/// A member of an archive.
pub(crate) struct Member<'m> {
    /// Its path in the archive.
    pub(crate) name: String,
    /// Its size in bytes, as the archive says.
    pub(crate) size: u64,
    pub(crate) content: MemberContent<'m>,
}

/// The content of a member.
pub(crate) enum MemberContent<'m> {
    Stream(Box<dyn Read + Send + 'm>),
    /// It has none that is read, and why.
    None(&'static str),
    /// It cannot be read, and why.
    Broken(io::Error),
}

/// Takes a member; breaks to end the reading.
pub(crate) type TakeMember<'t> = dyn FnMut(Member<'_>) -> ControlFlow<()> + 't;

/// An archive that is read in the order of its members, without a file of its own for any of them.
pub(crate) trait Archive {
    /// Hands each member to `take`.
    ///
    /// # Errors
    /// The archive itself is damaged; the members before the damage were handed on.
    fn each(self: Box<Self>, take: &mut TakeMember<'_>) -> io::Result<ControlFlow<()>>;
}
