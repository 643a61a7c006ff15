//! The edge to the terminal: its capabilities, the pager and the progress bar. Knows no session and no case.

pub(crate) mod capabilities;
pub(crate) mod pager;
pub(crate) mod progress;
