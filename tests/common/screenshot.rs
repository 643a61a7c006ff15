//! Renders a terminal's screen as an SVG picture with fixed font metrics, so that every viewer shows the same layout.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

use super::terminal::without_duration;

/// The width and the height of a character cell, in pixels.
const CELL: (f64, f64) = (8.4, 19.0);
/// The size of the font, in pixels.
const FONT_SIZE: f64 = 14.0;
/// The distance from the top of a cell to the base line of its text.
const BASE_LINE: f64 = 14.0;
/// The room around the text.
const MARGIN: f64 = 18.0;
/// The height of the title bar.
const TITLE_BAR: f64 = 34.0;
/// The color of the page, and of text without a color of its own.
const BACKGROUND: &str = "#15191f";
const FOREGROUND: &str = "#d5dae1";
/// The eight ANSI colors.
const PALETTE: [&str; 8] = ["#5c6773", "#f2777a", "#9fd08a", "#f0c674", "#7fb0f5", "#cf9bf0", "#6fcfd6", "#d5dae1"];

/// A text of one style on one line, which begins at a column.
struct Run {
    column: u16,
    width: u16,
    text: String,
    style: String,
}

/// Renders the rows of a screen up to the last one that has text.
pub fn svg(screen: &Screen, title: &str) -> String {
    let (rows, columns) = screen.size();
    let lines: Vec<Vec<Run>> = (0..rows.get()).map(|row| runs_of(screen, row, columns.get())).collect();
    let used = lines.iter().rposition(|runs| !runs.is_empty()).map_or(0, |row| row + 1);
    let width = f64::from(columns.get()) * CELL.0 + 2.0 * MARGIN;
    let height = used as f64 * CELL.1 + TITLE_BAR + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" width=\"{width:.1}\" \
         height=\"{height:.1}\" font-size=\"{FONT_SIZE}\" fill=\"{FOREGROUND}\" xml:space=\"preserve\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\">\n\
         <title>{0}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"9\" fill=\"{BACKGROUND}\"/>\n",
        escaped(title)
    );
    for (at, color) in [(20.0, PALETTE[1]), (40.0, PALETTE[3]), (60.0, PALETTE[2])] {
        let _ = writeln!(svg, "<circle cx=\"{at}\" cy=\"19\" r=\"6\" fill=\"{color}\"/>");
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"24\" text-anchor=\"middle\" fill=\"{}\">{}</text>",
        width / 2.0,
        PALETTE[0],
        escaped(title)
    );
    for (row, runs) in lines.iter().enumerate() {
        let y = TITLE_BAR + MARGIN + row as f64 * CELL.1 + BASE_LINE;
        for run in runs {
            let x = MARGIN + f64::from(run.column) * CELL.0;
            let length = f64::from(run.width) * CELL.0;
            let (style, text) = (&run.style, escaped(&run.text));
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{length:.1}\"{style}>{text}</text>");
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Splits a row into runs of one style. Two blanks end a run too, so that a font of another width shifts no column.
fn runs_of(screen: &Screen, row: u16, columns: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else { continue };
        let (text, style) = (if cell.has_contents() { cell.contents() } else { " " }, style_of(cell));
        let width = if cell.is_wide() { 2 } else { 1 };
        let goes_on = |run: &&mut Run| run.style == style && !(run.text.ends_with("  ") && text != " ");
        match runs.last_mut().filter(goes_on) {
            Some(run) => {
                run.text.push_str(text);
                run.width += width;
            }
            None => runs.push(Run { column, width, text: text.to_owned(), style }),
        }
    }
    runs.into_iter().filter_map(trimmed).collect()
}

/// Drops the blanks around a run and the durations in it; `None` for a run of blanks.
fn trimmed(run: Run) -> Option<Run> {
    let text = run.text.trim_end();
    let leading = text.len() - text.trim_start().len();
    let blanks = run.text.len() - text.len() + leading;
    let text = without_duration(text.trim_start());
    let dropped = run.text.trim().chars().count() as i32 - text.chars().count() as i32;
    let width = i32::from(run.width) - blanks as i32 - dropped;
    (!text.is_empty()).then(|| Run { column: run.column + leading as u16, width: width as u16, text, ..run })
}

/// The attributes of a text in a cell's style.
fn style_of(cell: &Cell) -> String {
    let mut style = String::new();
    if let Color::Idx(index @ 0..=15) = cell.fgcolor() {
        let _ = write!(style, " fill=\"{}\"", PALETTE[usize::from(index % 8)]);
    }
    if cell.bold() {
        style.push_str(" font-weight=\"bold\"");
    }
    if cell.dim() {
        style.push_str(" opacity=\"0.55\"");
    }
    style
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
