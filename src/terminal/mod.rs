//! The edge to the terminal: its capabilities, the pager and the progress bar. Knows no session and no case.

pub(crate) mod capabilities;
pub(crate) mod editor;
pub(crate) mod filter;
pub(crate) mod pager;
pub(crate) mod progress;
