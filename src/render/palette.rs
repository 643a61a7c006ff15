//! The colors: one name a meaning, so that every screen agrees.

use std::borrow::Cow;

use anstyle::{AnsiColor, Color, Style};

/// Returns a style of this foreground color.
const fn colored(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(color)))
}

/// The word `error`, and what went wrong.
pub const ERROR: Style = colored(AnsiColor::Red).bold();
/// The word `warning`.
pub const WARNING: Style = colored(AnsiColor::Yellow).bold();
/// Places in a source text.
pub const PLACE: Style = colored(AnsiColor::Red);
/// The words `note` and `hint`.
pub const HINT: Style = colored(AnsiColor::Cyan);
/// Frames, row numbers, status lines.
pub const DIM: Style = Style::new().dimmed();
/// Headings.
pub const HEADING: Style = Style::new().bold();
/// Keys of a record and fields of a lookup.
pub const KEY: Style = colored(AnsiColor::Cyan);
/// Strings.
pub const STRING: Style = colored(AnsiColor::Green);
/// Calls that are not known to be read-only.
pub const WRITE: Style = colored(AnsiColor::Yellow);
/// Numbers.
pub const NUMBER: Style = colored(AnsiColor::Yellow);
/// Words of a language: `true`, `SELECT`, `count`.
pub const WORD: Style = colored(AnsiColor::Magenta);

/// Returns the text in a style, or unchanged if colors are off.
pub fn paint(text: &str, style: Style, color: bool) -> Cow<'_, str> {
    if color && !text.is_empty() { Cow::Owned(format!("{style}{text}{style:#}")) } else { Cow::Borrowed(text) }
}
