//! The table `events` of another engine, and the view that gives AWS's own table its columns.

use crate::diagnostic::Diagnostic;
use crate::fields::{self, Kind, history_columns};
use crate::sql::translate::aws;
use crate::sql::translate::dialect::{Column, ColumnType, Dialect};
use crate::sql::translate::translator::{Layout, Translator};

/// Returns the statement that makes the table or view.
///
/// # Errors
/// The engine does not have AWS's table, or cannot take a name.
pub(crate) fn definition(
    dialect: &dyn Dialect,
    layout: Layout,
    table: &str,
    partitions: &[&str],
    location: Option<&str>,
) -> Result<String, Diagnostic> {
    let translator = Translator::new(dialect, layout, table);
    check_layout(dialect, layout)?;
    if layout == Layout::Aws && partitions.len() > 1 {
        let mistake = Diagnostic::new("AWS's own table is partitioned by the day of delivery");
        return Err(mistake.hint("--by is for the table of `trailq convert`: leave it or --layout out"));
    }
    let location = location.unwrap_or(match layout {
        Layout::Trailq => dialect.default_location(),
        Layout::Aws => "cloudtrail_logs",
    });
    if location.contains('\0') {
        return Err(Diagnostic::new("a location cannot have the character NUL"));
    }
    let definition = match layout {
        Layout::Trailq => dialect.table(&translator.table, &columns(), partitions, location),
        Layout::Aws => aws::view(dialect, &translator.table, &translator.name(location)),
    };
    match translator.into_refusal() {
        Some(refusal) => Err(refusal),
        None => Ok(definition),
    }
}

/// Refuses a layout that the engine cannot have.
pub(crate) fn check_layout(dialect: &dyn Dialect, layout: Layout) -> Result<(), Diagnostic> {
    match dialect.without_aws_table().filter(|_| layout == Layout::Aws) {
        Some(reason) => Err(Diagnostic::new(reason).hint("nearest: --for athena, or the table of `trailq convert`")),
        None => Ok(()),
    }
}

/// Returns the columns of the table, without the partition.
fn columns() -> Vec<Column> {
    let kind = |name: &str| match fields::find(name) {
        Some(field) if field.column == name && field.kind == Kind::Flag => ColumnType::Flag,
        Some(field) if field.column == name && field.kind == Kind::Number => ColumnType::Long,
        _ if name == "resources" => ColumnType::Resources,
        _ => ColumnType::Text,
    };
    let more = [
        ("time", ColumnType::Long),
        ("source_ip_key", ColumnType::Text),
        ("leaves", ColumnType::Int),
        ("record", ColumnType::Text),
    ];
    let more = more.into_iter().map(|(name, kind)| Column { name, kind });
    history_columns().map(|name| Column { name, kind: kind(name) }).chain(more).collect()
}
