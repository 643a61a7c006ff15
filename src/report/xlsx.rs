//! The timeline, the findings and the subjects as sheets of a workbook. Every text is a string cell, so that none is a
//! formula, whatever it begins with.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::diagnostic::Diagnostic;
use crate::engine::Engine;
use crate::escape::visible_lines;
use crate::number;
use crate::report::content::{AnalystInput, Events};
use crate::report::hunt_facts::HuntFacts;
use crate::report::model::Table;
use crate::report::timeline::{self, COLUMNS, LEADING};
use crate::report::{findings, subjects};
use crate::store::QueryError;

/// The most rows of a sheet below its head (Excel's limits: 1,048,576 rows, 32,767 UTF-16 units a cell).
const MAX_ROWS: usize = 1_048_575;
const MAX_CELL: usize = 32_767;
/// The mark of a cell that is cut.
const CUT: &str = "… (cut)";
/// The columns whose cells are numbers.
const NUMBERS: [&str; 2] = ["done", "tried"];
/// The widths of columns, in characters.
const WIDTH: f64 = 22.0;
const WIDTH_OF_MESSAGE: f64 = 80.0;

/// Returns the workbook. `now`: Unix seconds.
///
/// # Errors
/// The case cannot be read, or a sheet would have more rows than a workbook can.
pub(super) fn written(
    engine: &Engine,
    hunt: &HuntFacts,
    input: &AnalystInput,
    events: &Events,
    now: i64,
) -> Result<Vec<u8>, QueryError> {
    let rows = events.attackers.len();
    if rows > MAX_ROWS {
        let message = format!("{} do not fit into a sheet of {MAX_ROWS} rows", number::counted(rows as u64, "event"));
        return Err(failed(Diagnostic::new(message).hint("limit the report with --where, or write OUT.csv")));
    }
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_timestamp(now).map_err(not_written)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    write_timeline(workbook.add_worksheet(), engine, events)?;
    let open = findings::not_reviewed(hunt, &input.verdicts);
    let table = findings::table(engine, hunt, &open, MAX_ROWS)?;
    write_table(workbook.add_worksheet(), "Findings", &table).map_err(not_written)?;
    write_table(workbook.add_worksheet(), "Subjects", &subjects::table(&input.marks)).map_err(not_written)?;
    workbook.save_to_buffer().map_err(not_written)
}

fn write_timeline(sheet: &mut Worksheet, engine: &Engine, events: &Events) -> Result<(), QueryError> {
    let columns: Vec<&str> = LEADING.iter().chain(&COLUMNS).copied().collect();
    begin(sheet, "Timeline", &columns).map_err(not_written)?;
    let mut at = 0;
    timeline::each(engine, events, |row| {
        at += 1;
        let tags = row.tags.join(", ");
        let cells = row.leading(&tags).into_iter().chain(row.values.iter().map(String::as_str));
        write_row(sheet, at, &columns, cells).map_err(not_written)
    })?;
    end(sheet, at, columns.len()).map_err(not_written)
}

fn write_table(sheet: &mut Worksheet, name: &str, table: &Table) -> Result<(), XlsxError> {
    begin(sheet, name, &table.columns)?;
    for (at, row) in (1..).zip(&table.rows) {
        write_row(sheet, at, &table.columns, row.iter().map(String::as_str))?;
    }
    end(sheet, u32::try_from(table.rows.len()).unwrap_or(u32::MAX), table.columns.len())
}

/// Writes the head of a sheet.
fn begin(sheet: &mut Worksheet, name: &str, columns: &[&str]) -> Result<(), XlsxError> {
    sheet.set_name(name)?;
    let bold = Format::new().set_bold();
    for (at, column) in (0..).zip(columns) {
        sheet.write_string_with_format(0, at, *column, &bold)?;
        let width = if matches!(*column, "message" | "finding" | "reason") { WIDTH_OF_MESSAGE } else { WIDTH };
        sheet.set_column_width(at, width)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn write_row<'t>(
    sheet: &mut Worksheet,
    at: u32,
    columns: &[&str],
    cells: impl Iterator<Item = &'t str>,
) -> Result<(), XlsxError> {
    for ((column, name), cell) in (0..).zip(columns).zip(cells) {
        match cell.parse::<u32>() {
            Ok(number) if NUMBERS.contains(name) => sheet.write_number(at, column, number)?,
            _ => sheet.write_string(at, column, cut(&visible_lines(cell)))?,
        };
    }
    Ok(())
}

/// Makes the rows of a sheet sortable.
fn end(sheet: &mut Worksheet, rows: u32, columns: usize) -> Result<(), XlsxError> {
    let last = u16::try_from(columns).unwrap_or(u16::MAX).saturating_sub(1);
    sheet.autofilter(0, 0, rows, last)?;
    Ok(())
}

/// Returns a text that fits into a cell.
fn cut(text: &str) -> String {
    let units = |text: &str| text.encode_utf16().count();
    if text.len() <= MAX_CELL || units(text) <= MAX_CELL {
        return text.to_owned();
    }
    let mut left = MAX_CELL - units(CUT);
    let fits = |c: &char| {
        let has_room = c.len_utf16() <= left;
        left -= if has_room { c.len_utf16() } else { 0 };
        has_room
    };
    let kept: String = text.chars().take_while(fits).collect();
    kept + CUT
}

fn not_written(error: XlsxError) -> QueryError {
    failed(Diagnostic::new(format!("cannot write the workbook: {error}")))
}

fn failed(mistake: Diagnostic) -> QueryError {
    QueryError::from(Box::new(mistake))
}

#[cfg(test)]
mod tests {
    use super::{CUT, MAX_CELL, cut};

    #[test]
    fn long_text_is_cut_to_what_a_cell_holds() {
        for unit in ["a", "ä", "\u{1f600}"] {
            let text = unit.repeat(MAX_CELL + 1);
            let kept = cut(&text);
            assert!(kept.encode_utf16().count() <= MAX_CELL && kept.ends_with(CUT), "{unit}");
        }
        assert_eq!(cut("=1+1"), "=1+1");
        let whole = "a".repeat(MAX_CELL);
        assert_eq!(cut(&whole), whole);
    }
}
