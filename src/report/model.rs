//! The parts of a report.

use crate::number;

/// A report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// The title.
    pub(crate) title: String,
    /// The marking, such as a classification, on every page.
    pub(crate) marking: Option<String>,
    /// The parts, in order.
    pub(crate) sections: Vec<Section>,
}

/// A part of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    /// The anchor.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// A paragraph.
    Text(String),
    /// A paragraph that must not be overlooked.
    Warning(String),
    /// Text of the analyst, in Markdown.
    Markdown(String),
    /// A list.
    List(Vec<String>),
    /// Names and values.
    Facts(Vec<(&'static str, String)>),
    /// A table.
    Table(Table),
    /// Numbers of events by time: a label and a number for each span.
    Timeline(Vec<(String, u64)>),
    /// The states of hours by place.
    Coverage(CoverageChart),
    /// A record as indented JSON, with its anchor and title.
    Record {
        /// The anchor.
        id: String,
        title: String,
        json: String,
    },
}

impl Block {
    /// Returns the line for what a table does not show, if anything.
    pub(crate) fn more(left_out: usize, what: &str) -> Option<Block> {
        let more = || Block::Text(format!("and {} that are not shown", number::counted(left_out as u64, what)));
        (left_out > 0).then(more)
    }
}

/// The states of hours, one lane an account, Region and category.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CoverageChart {
    /// The beginning, in Unix seconds.
    pub(crate) from: i64,
    /// The end, in Unix seconds.
    pub(crate) to: i64,
    /// The hours of a cell.
    pub(crate) hours: i64,
    pub(crate) lanes: Vec<Lane>,
    /// The number of lanes that are not shown.
    pub(crate) left_out: usize,
}

/// The states of hours of one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) label: String,
    /// The state of each cell.
    pub(crate) cells: Vec<&'static str>,
}

/// A table. A cell in the column `linked` is the anchor of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
    /// The column whose cells are anchors of records in the report.
    pub(crate) linked: Option<usize>,
    /// The text where there is no row.
    pub(crate) empty: &'static str,
}
