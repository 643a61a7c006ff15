//! What the terminal can do.

use std::io::IsTerminal as _;

use crate::render::Style;

/// The width where a terminal does not tell its own.
const USUAL_WIDTH: usize = 80;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Coloring {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Coloring {
    /// Whether to colour what goes to a terminal, or to something else.
    pub fn colors(self, terminal: bool) -> bool {
        match self {
            Coloring::Always => true,
            Coloring::Never => false,
            Coloring::Auto => {
                let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }
}

/// The columns of the terminal on standard output: what `COLUMNS` says, else what the terminal says. `None` where
/// standard output is no terminal.
pub fn width() -> Option<usize> {
    let stdout = std::io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let measured = || terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0));
    Some(said.or_else(measured).filter(|columns| *columns > 0).unwrap_or(USUAL_WIDTH))
}

/// What standard output can do.
pub fn style(coloring: Coloring) -> Style {
    let terminal = std::io::stdout().is_terminal();
    Style { width: width(), color: coloring.colors(terminal), unicode: has_unicode(), numbers: false }
}

/// Whether the locale can show more than ASCII; only a locale that says so cannot.
fn has_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| {
        let value = std::env::var(name).ok()?;
        (!value.is_empty()).then_some(value)
    });
    !locale.is_some_and(|locale| locale == "C" || locale == "POSIX")
}
