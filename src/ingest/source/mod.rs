//! Sources: files and folders, and the compression around their content.

pub(crate) mod hashed;
pub(crate) mod inflate;
pub(crate) mod layers;
pub(crate) mod walk;
