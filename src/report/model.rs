//! The parts of a report.

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
    /// A record as indented JSON, with its anchor and title.
    Record {
        /// The anchor.
        id: String,
        title: String,
        json: String,
    },
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
