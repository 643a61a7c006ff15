//! What the terminal can do, the pager and the progress bar.

pub mod capabilities;
pub(crate) mod pager;
pub(crate) mod progress;
