//! The layout of a table: the columns that a screen has room for, their widths and their cells.
//!
//! If there is no room for everything, in this order: columns without a value are dropped; columns with the same value
//! in every row move into a line under the table; long texts are cut; columns are dropped, the least informative first,
//! and listed.

use std::borrow::Cow;
use std::io::{self, Write};

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Width};
use comfy_table::{ContentLineStyle, LineStyle, TableStyle};

use crate::escape::{head, visible, width};
use crate::fields::BRIEF_COLUMNS;
use crate::render::cell::{DisplayCell, DisplayRow, is_failure};
use crate::render::chart::{bar, is_sparkline};
use crate::render::fit::{ColumnNeed, cut, fit};
use crate::render::palette::{DIM, HEADING, PLACE, WRITE, paint};
use crate::render::resources;
use crate::render::shorten::shorten;
use crate::render::style::Style;
use crate::render::styled_line::{Slot, StyledCell, styled_line};

/// The advice on hidden columns.
const EXPANSION_ADVICE: &str = "; `\\G` shows all";
/// The widest column of a compact table without a terminal.
const WIDEST_COMPACT: usize = 100;
/// The widest column of a table without a terminal; with a wider one the rows are expanded.
const WIDEST: usize = 2_000;
/// The lines of the header: the names, and the rule under them.
const HEADER_LINES: usize = 2;
/// Blank columns between two columns.
const GAP: usize = 2;
/// The lines that a value below the table may take; a longer one is cut.
const MAX_CONSTANT_LINES: usize = 4;
/// The beginning of further lines below the table.
const INDENT: &str = "  ";
/// The narrowest terminal that gets a table.
const NARROWEST: usize = 20;
/// The column with the number of events of a folded line. It is never cut.
const BURST: &str = "burst";
/// The least widths of an event's name and an IPv4 address, which are of little use when they are cut.
const LEAST_WIDTHS: [(&str, usize); 2] = [("event_name", 18), ("source_ip_address", 15)];
/// The least width of an event's name before the rows are expanded instead.
const SHORTEST: usize = 8;
/// The least and the largest width of a bar.
const BAR: std::ops::RangeInclusive<usize> = 6..=40;
/// The end of most event sources: dropped if room is short, since lookups accept `ec2` too.
const SOURCE_END: &str = ".amazonaws.com";
/// The columns of a list of events that are dropped if there is no room, in this order.
const DISPENSABLE: [&str; 6] =
    ["aws_region", "event_source", "resources", "source_ip_address", "error_code", "user_name"];

/// A column of the layout.
struct Column<'r> {
    name: String,
    /// Its index in the answer; `None` for the bars.
    at: Option<usize>,
    cells: Vec<Cow<'r, str>>,
    need: ColumnNeed,
    width: usize,
    /// True if it holds numbers only.
    right: bool,
}

/// The layout of a table.
pub(super) struct Layout<'r> {
    columns: Vec<Column<'r>>,
    /// The labels of the rows.
    labels: Vec<String>,
    /// Lines under the table.
    remarks: Vec<String>,
}

impl<'r> Layout<'r> {
    /// Lays the rows out; `None` if they do not fit.
    pub(super) fn of(names: &[String], rows: &'r [DisplayRow], style: &'r Style, first: u64) -> Option<Layout<'r>> {
        let columns = names.iter().enumerate().map(|(at, name)| column(name, at, rows, style)).collect();
        let labels = if style.numbers {
            let label =
                |(number, row): (u64, &DisplayRow)| row.mark.label.clone().unwrap_or_else(|| number.to_string());
            (first..).zip(rows).map(label).collect()
        } else {
            Vec::new()
        };
        let mut layout = Layout { columns, labels, remarks: Vec::new() };
        match style.width {
            Some(available) if available < NARROWEST => return None,
            Some(available) => layout.fit(available, style)?,
            None if style.compact => {
                layout.columns.iter_mut().for_each(|column| column.width = column.need.natural.min(WIDEST_COMPACT));
            }
            None if layout.columns.iter().any(|column| column.need.natural > WIDEST) => return None,
            None => layout.columns.iter_mut().for_each(|column| column.width = column.need.natural),
        }
        for (column, width) in layout.columns.iter_mut().zip(&style.widths).filter(|(_, width)| **width > 0) {
            column.width = *width;
        }
        layout.cut(style);
        if style.bars {
            layout.draw_bars(style);
        }
        Some(layout)
    }

    /// Gives each column its width, and drops columns that there is no room for.
    fn fit(&mut self, available: usize, style: &Style) -> Option<()> {
        if self.try_fit(available, true) {
            return Some(());
        }
        for column in self.columns.iter_mut().filter(|column| column.name == "event_source") {
            let ends: Vec<&str> = column.cells.iter().filter_map(|cell| cell.strip_suffix(SOURCE_END)).collect();
            if ends.len() == column.cells.len() {
                column.cells = ends.into_iter().map(|end| Cow::Owned(end.to_owned())).collect();
                column.measure(false);
            }
        }
        self.columns.retain(|column| column.cells.iter().any(|cell| !cell.is_empty()));
        if self.try_fit(available, true) {
            return Some(());
        }
        if !style.compact {
            self.take_out_constants(available, style);
        }
        if self.try_fit(available, false) {
            return Some(());
        }
        let most = self.columns.len();
        let mut gone: Vec<(usize, String)> = Vec::new();
        let brief = |name: &str| name == BURST || BRIEF_COLUMNS.contains(&name);
        let is_list = self.columns.iter().all(|column| brief(&column.name));
        while self.columns.len() > 1 && !self.try_fit(available, false) {
            if is_list && self.columns.len() == 2 {
                // Of time and name, the name is cut.
                let name = &mut self.columns[1].need;
                name.least = name.least.min(SHORTEST);
                if self.try_fit(available, false) {
                    break;
                }
            }
            let listed = DISPENSABLE.iter().filter(|_| is_list);
            let place = listed
                .filter_map(|name| self.columns.iter().position(|column| column.name == *name))
                .find(|at| *at > 0)
                .unwrap_or_else(|| self.least_telling(style));
            let column = self.columns.remove(place);
            gone.push((column.at.unwrap_or(usize::MAX), column.name));
        }
        // If most were dropped, the expanded form shows them all.
        let few = (gone.len() * 2 > most && !is_list) || (self.columns.len() == 1 && !gone.is_empty());
        if few && !style.compact {
            return None;
        }
        gone.sort();
        if !gone.is_empty() && !style.compact {
            let names: Vec<String> = gone.into_iter().map(|(_, name)| visible(&name).into_owned()).collect();
            let hidden = format!("hidden columns: {}", names.join(", "));
            let room = available.saturating_sub(width(EXPANSION_ADVICE));
            self.remarks.push(format!("{}{EXPANSION_ADVICE}", cut(&hidden, room, style.ellipsis())));
        }
        if !self.try_fit(available, false) {
            let gaps = self.gaps();
            let only = self.columns.first_mut()?;
            only.width = available.checked_sub(gaps).filter(|width| *width >= 4)?;
        }
        Some(())
    }

    /// Returns the place of the column to drop: the last one that is not kept, else the last one.
    fn least_telling(&self, style: &Style) -> usize {
        let is_kept = |column: &Column| style.kept.contains(&column.name);
        let unmarked = self.columns.iter().rposition(|column| !is_kept(column)).filter(|at| *at > 0);
        unmarked.unwrap_or(self.columns.len() - 1)
    }

    /// Fits the columns, whole or cut; `false` if there is no room.
    fn try_fit(&mut self, available: usize, whole: bool) -> bool {
        let needs: Vec<ColumnNeed> = self.columns.iter().map(|column| column.need).collect();
        let Some(room) = available.checked_sub(self.gaps()) else { return false };
        if whole && needs.iter().map(|need| need.natural).sum::<usize>() > room {
            return false;
        }
        let Some(widths) = fit(&needs, room) else { return false };
        for (column, width) in self.columns.iter_mut().zip(widths) {
            column.width = width;
        }
        true
    }

    /// Returns the width of the gaps between the columns and of the row numbers.
    fn gaps(&self) -> usize {
        let numbers = self.labels.iter().map(|label| width(label)).max().map_or(0, |width| width + GAP);
        numbers + GAP * self.columns.len().saturating_sub(1)
    }

    /// Moves columns with the same value in every row into a line under the table until the rest fits.
    fn take_out_constants(&mut self, available: usize, style: &Style) {
        let mut constant = Vec::new();
        let rows = self.columns.first().map_or(0, |column| column.cells.len());
        let mut at = 1;
        while rows > 1 && at < self.columns.len() && !self.try_fit(available, true) {
            let column = &self.columns[at];
            let same = column.cells.windows(2).all(|pair| pair[0] == pair[1]);
            if same && column.name != "event_name" && !column.right {
                let column = self.columns.remove(at);
                let value = cut(&column.cells[0], available.saturating_mul(MAX_CONSTANT_LINES), style.ellipsis());
                constant.push(format!("{} {value}", visible(&column.name)));
            } else {
                at += 1;
            }
        }
        if !constant.is_empty() {
            self.remarks.extend(wrapped("in every row: ", &constant, available));
        }
    }

    /// Cuts the cells to the widths of their columns.
    fn cut(&mut self, style: &Style) {
        for column in &mut self.columns {
            if column.cells.iter().all(|cell| width(cell) <= column.width) {
                continue;
            }
            let shown = shorten(column.cells.iter().map(AsRef::as_ref), column.width, style.ellipsis());
            column.cells = column.cells.iter().map(|cell| Cow::Owned(shown[cell.as_ref()].clone())).collect();
        }
    }

    /// Adds the last column as bars, if there is room.
    fn draw_bars(&mut self, style: &Style) {
        let taken = self.gaps() + GAP + self.columns.iter().map(|column| column.width).sum::<usize>();
        let room = style.width.unwrap_or(0).saturating_sub(taken).min(*BAR.end());
        let Some(last) = self.columns.last().filter(|last| last.right && room >= *BAR.start()) else { return };
        let values: Vec<u64> = last.cells.iter().map(|cell| cell.parse().unwrap_or(0)).collect();
        let largest = values.iter().copied().max().unwrap_or(0);
        let cells = values.iter().map(|value| Cow::Owned(bar(*value, largest, room, style.unicode))).collect();
        let need = ColumnNeed::text(0, room);
        self.columns.push(Column { name: String::new(), at: None, cells, need, width: room, right: false });
    }

    /// Writes the table, and the remarks under it.
    pub(super) fn draw(&self, out: &mut dyn Write, rows: &[DisplayRow], style: &Style) -> io::Result<()> {
        let (slots, names) = (self.slots(), self.header(style));
        let mut table = self.empty_table(style);
        if !style.bare {
            table.set_header(&names);
        }
        table.add_row(self.row_of_lines());
        set_columns(&mut table, &slots);
        let shows_errors = self.columns.iter().any(|column| matches!(column.name.as_str(), "error_code" | "outcome"));
        let headers = if style.bare { 0 } else { HEADER_LINES };
        for (at, line) in table.lines().enumerate() {
            let line = line.trim_end();
            let line = match at.checked_sub(headers).and_then(|at| Some((at, rows.get(at)?))) {
                _ if !style.color => Cow::Borrowed(line),
                Some((at, row)) => styled_line(line, &self.styled_row(at, row, shows_errors), &slots, GAP),
                None if at == 0 => styled_line(line, &heading(&names), &slots, GAP),
                None => Cow::Borrowed(line),
            };
            writeln!(out, "{line}")?;
        }
        for remark in &self.remarks {
            let shown = cut(remark, style.width.unwrap_or(usize::MAX), style.ellipsis());
            writeln!(out, "{}", paint(&shown, DIM, style.color))?;
        }
        Ok(())
    }

    /// Returns all rows as one, with a line for each: that takes the crate 0.6 of the time of as many rows. No cell has a
    /// line break.
    fn row_of_lines(&self) -> Vec<String> {
        let labels = (!self.labels.is_empty()).then(|| self.labels.join("\n"));
        labels.into_iter().chain(self.columns.iter().map(|column| column.cells.join("\n"))).collect()
    }

    /// Returns the cells of a row, with its number.
    fn styled_row(&self, at: usize, row: &DisplayRow, shows_errors: bool) -> Vec<StyledCell<'_>> {
        let number = self.labels.get(at).map(|label| StyledCell { text: label, style: Some(DIM) });
        let cells = self.columns.iter().map(|column| {
            let text = &column.cells[at];
            let is_name = column.name == "event_name";
            let style = if is_failure(&column.name, text) || (row.mark.failed && !shows_errors && is_name) {
                Some(PLACE)
            } else if row.mark.write && is_name {
                Some(WRITE)
            } else {
                column.at.is_none().then_some(DIM)
            };
            StyledCell { text, style }
        });
        number.into_iter().chain(cells).collect()
    }

    /// Returns a table without rows: a rule under the header, and blanks between the columns.
    fn empty_table(&self, style: &Style) -> comfy_table::Table {
        let blank = ContentLineStyle::none().junction(' ');
        let rule = LineStyle::none().fill(style.rule()).junction(' ');
        let mut table = comfy_table::Table::new();
        table.load_style(TableStyle::new().header_lines(blank).header_separator(rule).content_lines(blank));
        // The layout has decided every width: the crate neither wraps nor looks at the terminal.
        table.set_content_arrangement(ContentArrangement::Disabled);
        table
    }

    /// Returns the names of the columns, cut to their widths.
    fn header(&self, style: &Style) -> Vec<String> {
        let number = (!self.labels.is_empty()).then(|| "#".to_owned());
        let names: Vec<Cow<'_, str>> = self.columns.iter().map(|column| visible(&column.name)).collect();
        let named = self.columns.iter().zip(&names).map(|(column, name)| {
            if width(name) <= column.width {
                return name.to_string();
            }
            shorten(names.iter().map(AsRef::as_ref), column.width, style.ellipsis())[name.as_ref()].clone()
        });
        number.into_iter().chain(named).collect()
    }

    /// Returns the widths and alignments of the row numbers and the columns.
    fn slots(&self) -> Vec<Slot> {
        let numbers = self.labels.iter().map(|label| width(label)).max().map(|width| Slot { width, right: true });
        let columns = self.columns.iter().map(|column| Slot { width: column.width, right: column.right });
        numbers.into_iter().chain(columns).collect()
    }
}

/// Returns the cells of the header.
fn heading(names: &[String]) -> Vec<StyledCell<'_>> {
    names.iter().map(|name| StyledCell { text: name, style: Some(HEADING) }).collect()
}

/// Gives the columns of a table their widths, alignments and gaps.
fn set_columns(table: &mut comfy_table::Table, slots: &[Slot]) {
    let last = table.column_iter().count().saturating_sub(1);
    for (at, (column, slot)) in table.column_iter_mut().zip(slots).enumerate() {
        // The other blank of the gap is the one between the columns.
        let gap = if at < last { GAP as u16 - 1 } else { 0 };
        let width = u16::try_from(slot.width).unwrap_or(u16::MAX - gap).min(u16::MAX - gap);
        column.set_padding((0, gap));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width + gap)));
        column.set_cell_alignment(if slot.right { CellAlignment::Right } else { CellAlignment::Left });
    }
}

/// Returns a column before anything is cut.
fn column<'r>(name: &str, at: usize, rows: &'r [DisplayRow], style: &'r Style) -> Column<'r> {
    let column = || rows.iter().filter_map(|row| row.cells.get(at));
    let right = column().any(|cell| matches!(cell, DisplayCell::Number(_)))
        && column().all(|cell| matches!(cell, DisplayCell::Number(_) | DisplayCell::Null));
    let whole = right || column().all(is_time) || column().all(is_trend);
    let cells = rows.iter().map(|row| row.cells.get(at).map_or(Cow::Borrowed(""), |cell| cell_text(name, cell, style)));
    let need = ColumnNeed::text(0, 0);
    let mut column = Column { name: name.to_owned(), at: Some(at), cells: cells.collect(), need, width: 0, right };
    column.measure(whole);
    column
}

impl Column<'_> {
    /// Measures the widths that the column needs.
    fn measure(&mut self, whole: bool) {
        let cells = self.cells.iter().map(|cell| width(cell)).max().unwrap_or(0);
        let header = width(&visible(&self.name));
        self.need = if whole { ColumnNeed::whole(header, cells) } else { ColumnNeed::text(header, cells) };
        if self.name == BURST {
            self.need.least = self.need.natural;
        }
        if let Some((_, least)) = LEAST_WIDTHS.iter().find(|(name, _)| *name == self.name) {
            self.need.least = cells.min(*least).max(self.need.least.min(*least));
        }
    }
}

/// Returns the text of a cell, escaped and uncut.
fn cell_text<'r>(column: &str, cell: &'r DisplayCell, style: &'r Style) -> Cow<'r, str> {
    match cell {
        DisplayCell::Null => Cow::Borrowed(&style.null),
        DisplayCell::Number(text) => Cow::Borrowed(text),
        DisplayCell::Text(text) => {
            let names = if column == resources::COLUMN { resources::names(text) } else { None };
            names.map_or_else(|| visible(text), |names| Cow::Owned(visible(&names).into_owned()))
        }
    }
}

/// Reports whether the cell is empty or a sparkline, which would be wrong when cut.
fn is_trend(cell: &DisplayCell) -> bool {
    match cell {
        DisplayCell::Text(text) => is_sparkline(text),
        other => matches!(other, DisplayCell::Null),
    }
}

/// Reports whether the cell is empty or a time such as `2024-03-01T09:00:00Z`, which is useless when cut.
fn is_time(cell: &DisplayCell) -> bool {
    match cell {
        DisplayCell::Null => true,
        DisplayCell::Number(_) => false,
        DisplayCell::Text(text) => {
            let bytes = text.as_bytes();
            bytes.len() <= 25
                && bytes.len() >= 10
                && bytes[0].is_ascii_digit()
                && bytes[4] == b'-'
                && bytes[7] == b'-'
                && bytes.iter().all(|byte| byte.is_ascii_digit() || b"-:TZ+. ".contains(byte))
        }
    }
}

/// Returns a list as lines of at most `available` columns; further lines are indented.
fn wrapped(heading: &str, parts: &[String], available: usize) -> Vec<String> {
    let mut lines = vec![heading.to_owned()];
    for (at, part) in parts.iter().enumerate() {
        let part = if at + 1 < parts.len() { format!("{part}, ") } else { part.clone() };
        if at > 0 && lines.last().is_some_and(|line| width(line) + width(part.trim_end()) > available) {
            lines.push(INDENT.to_owned());
        }
        // What is wider than the screen continues in the next line, from a word on if there is one.
        let mut rest = part.as_str();
        while let Some(line) = lines.last_mut() {
            let room = available.saturating_sub(width(line));
            let piece = head(rest, room);
            let piece = piece.rfind(' ').filter(|_| piece.len() < rest.len()).map_or(piece, |space| &piece[..=space]);
            let is_stuck = piece.is_empty() && line == INDENT;
            if is_stuck || width(rest.trim_end()) <= room {
                line.push_str(rest);
                break;
            }
            line.push_str(piece);
            rest = &rest[piece.len()..];
            lines.push(INDENT.to_owned());
        }
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn a_list_is_wrapped_between_its_parts_and_long_parts_at_words() {
        let lines = |parts: &[&str], available: usize| {
            let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            wrapped("all: ", &parts, available)
        };
        assert_eq!(lines(&["a 1", "b 2"], 20), ["all: a 1, b 2"]);
        assert_eq!(lines(&["name one", "b 2"], 14), ["all: name one,", "  b 2"]);
        assert_eq!(lines(&["agent curl on a host", "b 2"], 16), ["all: agent curl", "  on a host, b 2"]);
        assert_eq!(lines(&["b 2", "0123456789012345"], 12), ["all: b 2,", "  0123456789", "  012345"]);
        let narrow = lines(&["wide \u{4e2d}\u{4e2d}"], 3).concat();
        assert_eq!(narrow.replace(' ', ""), "all:wide\u{4e2d}\u{4e2d}");
    }
}
