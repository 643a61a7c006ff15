//! Colors in the lines of a table that was drawn without them: a table that measures cells with colors in them takes
//! most of its time for finding these.

use std::borrow::Cow;

use crate::escape::width;
use crate::render::palette::paint;

/// A column of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// Its columns on the screen, without the gap after it.
    pub(super) width: usize,
    /// True if its text ends at its right edge.
    pub(super) right: bool,
}

/// A text within a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct StyledCell<'c> {
    pub(super) text: &'c str,
    pub(super) style: Option<anstyle::Style>,
}

/// Returns a line with its cells in their styles. `gap`: the blanks between two columns. A line that does not have the
/// cells in their places is returned as it is.
pub(super) fn styled_line<'l>(line: &'l str, cells: &[StyledCell<'_>], slots: &[Slot], gap: usize) -> Cow<'l, str> {
    let mut styled = String::new();
    // The bytes of the line that are in `styled`, and the byte at which the column begins.
    let (mut done, mut column) = (0, 0);
    for (cell, slot) in cells.iter().zip(slots) {
        let pad = slot.width.saturating_sub(width(cell.text));
        let start = if slot.right { column + pad } else { column };
        let end = start + cell.text.len();
        column = if slot.right { end } else { end + pad } + gap;
        let Some(style) = cell.style.filter(|_| !cell.text.is_empty()) else { continue };
        let (Some(before), Some(_)) = (line.get(done..start), line.get(start..end).filter(|text| *text == cell.text))
        else {
            return Cow::Borrowed(line);
        };
        styled.push_str(before);
        styled.push_str(&paint(cell.text, style, true));
        done = end;
    }
    if done == 0 {
        return Cow::Borrowed(line);
    }
    styled.push_str(line.get(done..).unwrap_or_default());
    Cow::Owned(styled)
}

#[cfg(test)]
mod tests {
    use super::{Slot, StyledCell, styled_line};
    use crate::render::palette::{DIM, PLACE};

    const SLOTS: [Slot; 3] =
        [Slot { width: 3, right: true }, Slot { width: 6, right: false }, Slot { width: 2, right: false }];

    fn styled(line: &str, cells: [(&str, Option<anstyle::Style>); 3]) -> String {
        let cells = cells.map(|(text, style)| StyledCell { text, style });
        styled_line(line, &cells, &SLOTS, 2).into_owned()
    }

    #[test]
    fn cells_are_styled_where_they_stand() {
        let all = [("7", Some(DIM)), ("\u{65e5}b", Some(PLACE)), ("x", None)];
        assert_eq!(styled("  7  \u{65e5}b     x", all), "  \u{1b}[2m7\u{1b}[0m  \u{1b}[31m\u{65e5}b\u{1b}[0m     x");
        let last = [("7", None), ("", Some(PLACE)), ("xy", Some(PLACE))];
        assert_eq!(styled("  7          xy", last), "  7          \u{1b}[31mxy\u{1b}[0m");
    }

    #[test]
    fn a_line_of_other_cells_stays() {
        assert_eq!(styled("─── ──────", [("7", Some(DIM)), ("a", None), ("x", None)]), "─── ──────");
        assert_eq!(styled("  7", [("7", None), ("", None), ("", None)]), "  7");
        assert_eq!(styled("", [("7", Some(DIM)), ("a", None), ("x", None)]), "");
    }
}
