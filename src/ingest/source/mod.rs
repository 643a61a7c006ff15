//! Sources: files and folders, and the compression around their content.

pub(crate) mod inflate;
pub(crate) mod walk;
