//! The settings of a session, which may change between inputs.

use std::path::PathBuf;
use std::sync::Arc;

use crate::geo::GeoFiles;
use crate::render::{Format, Style};
use crate::terminal::pager::Paging;

/// The size of an answer in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brief {
    /// Maximum number of rows.
    pub rows: usize,
    /// The lines that the next answers share.
    pub shared: Option<SharedLines>,
}

/// Lines that several answers share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedLines {
    /// The number of lines that are left.
    pub lines: usize,
    /// The number of answers that are left.
    pub answers: usize,
}

/// The settings of a session.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The format of answers; `None` is a table, or text if the answer does not consist of rows.
    pub format: Option<Format>,
    /// The style of the screen.
    pub style: Style,
    /// True if notes and errors are colored.
    pub color_notes: bool,
    /// True if notes are omitted.
    pub quiet: bool,
    /// True if the duration of each input is reported.
    pub timer: bool,
    /// True if input comes from an interactive prompt.
    pub interactive: bool,
    /// True if a script continues after an error.
    pub bail_off: bool,
    /// Folders of saved queries, in the order in which they are searched.
    pub queries: Vec<PathBuf>,
    /// Files about addresses.
    pub geo: Arc<GeoFiles>,
    /// Files and folders of Sigma rules that every hunt runs.
    pub rules: Vec<PathBuf>,
    /// Maximum number of events in a list; `None` is 50 in a table and unlimited in other formats.
    pub limit: Option<u64>,
    /// The size of an answer in a report, which has a title; `None` is the whole answer without one.
    pub brief: Option<Brief>,
    /// True if consecutive events of the same actor and name are one line of a table on a screen.
    pub fold: bool,
    /// True if the plan of each answer is shown before it.
    pub eqp: bool,
    /// True if inputs are echoed before their answers.
    pub echo: bool,
    /// The use of a pager for answers.
    pub paging: Paging,
}
