//! Lines in columns.

use std::borrow::Cow;

use crate::escape::{self, visible, width};

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Returns a text that fits a number of columns, with a mark where it was cut.
pub(crate) fn fit(text: &str, columns: usize, unicode: bool) -> Cow<'_, str> {
    let text = visible(text);
    if width(&text) <= columns {
        return text;
    }
    let mark = if unicode { "…" } else { "..." };
    let head = escape::head(&text, columns.saturating_sub(width(mark)));
    Cow::Owned(format!("{head}{mark}"))
}

/// The columns of a table of lines.
pub(crate) struct Columns<'a> {
    /// The alignment of each.
    pub(crate) align: &'a [Align],
    /// The index of the column that gets the width that the others leave.
    pub(crate) flexible: usize,
    /// The width of a line.
    pub(crate) width: usize,
    /// The most that a column other than the flexible one is wide.
    pub(crate) limit: usize,
    pub(crate) unicode: bool,
}

/// Blanks between columns.
const GAP: usize = 2;
/// The flexible column is never narrower.
const NARROWEST: usize = 16;

impl Columns<'_> {
    /// Returns rows as lines: each column as wide as its widest cell, and the flexible one as wide as there is room.
    pub(crate) fn lines(&self, rows: &[Vec<String>]) -> Vec<String> {
        let widest = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| width(&visible(cell))).max();
        let mut widths: Vec<usize> = (0..self.align.len()).map(|at| widest(at).unwrap_or(0)).collect();
        for (at, wide) in widths.iter_mut().enumerate() {
            *wide = if at == self.flexible { *wide } else { (*wide).min(self.limit) };
        }
        let others: usize =
            widths.iter().enumerate().filter(|(at, _)| *at != self.flexible).map(|(_, wide)| wide + GAP).sum();
        let room = self.width.saturating_sub(others).max(NARROWEST);
        if let Some(wide) = widths.get_mut(self.flexible) {
            *wide = (*wide).min(room);
        }
        rows.iter().map(|row| fit(&self.line(row, &widths), self.width, self.unicode).into_owned()).collect()
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let mut text = String::new();
        for ((cell, align), wide) in row.iter().zip(self.align).zip(widths) {
            let cell = fit(cell, *wide, self.unicode);
            let blanks = " ".repeat(wide.saturating_sub(width(&cell)));
            match align {
                Align::Left => text.extend([cell.as_ref(), blanks.as_str()]),
                Align::Right => text.extend([blanks.as_str(), cell.as_ref()]),
            }
            text.push_str(&" ".repeat(GAP));
        }
        text.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Align, Columns, fit};

    #[test]
    fn columns_are_aligned_and_the_flexible_one_is_cut() {
        let rows = [["a", "1"], ["a long name of somebody", "20"]].map(|row| row.map(str::to_owned).to_vec());
        let align = [Align::Left, Align::Right];
        let columns = Columns { align: &align, flexible: 0, width: 22, limit: 9, unicode: true };
        assert_eq!(columns.lines(&rows), ["a                    1", "a long name of so\u{2026}  20"]);
        assert_eq!(fit("a\x1bb", 9, false), "a\\x1bb");
    }
}
