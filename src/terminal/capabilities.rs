//! What the terminal can do.

use std::io::IsTerminal as _;

use crate::render::Style;

/// The width where a terminal does not tell its own.
const USUAL_WIDTH: usize = 80;
/// The height where a terminal does not tell its own.
const USUAL_HEIGHT: usize = 24;

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
    /// Reports whether to colour what goes to a terminal, or to something else.
    pub fn colors(self, terminal: bool) -> bool {
        match self {
            Coloring::Always => true,
            Coloring::Never => false,
            Coloring::Auto => {
                let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                terminal && !set("NO_COLOR") && !is_dumb()
            }
        }
    }
}

/// The rows and columns of the terminal on standard output: what `LINES` and `COLUMNS` say, else what the terminal
/// says. `None` where standard output is no terminal.
pub fn size() -> Option<(usize, usize)> {
    let stdout = std::io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let said = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let measured = terminal_size::terminal_size_of(&stdout)
        .map(|(width, height)| (usize::from(height.0), usize::from(width.0)))
        .unwrap_or_default();
    let pick = |said: Option<usize>, measured: usize, usual: usize| {
        said.filter(|number| *number > 0).unwrap_or(if measured > 0 { measured } else { usual })
    };
    Some((pick(said("LINES"), measured.0, USUAL_HEIGHT), pick(said("COLUMNS"), measured.1, USUAL_WIDTH)))
}

/// Reports whether the terminal can do no more than print characters.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// What standard output can do.
pub fn style(coloring: Coloring) -> Style {
    let terminal = std::io::stdout().is_terminal();
    let width = size().map(|(_, columns)| columns);
    Style { width, color: coloring.colors(terminal), unicode: has_unicode(), ..Style::default() }
}

/// Reports whether the locale can show more than ASCII; only a locale that says so cannot.
fn has_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| {
        let value = std::env::var(name).ok()?;
        (!value.is_empty()).then_some(value)
    });
    !locale.is_some_and(|locale| locale == "C" || locale == "POSIX")
}
