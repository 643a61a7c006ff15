//! Capabilities of the terminal: size, color, Unicode.

use std::io::IsTerminal as _;

use crate::render::Style;

/// The width of a terminal that does not report its own.
pub(crate) const DEFAULT_COLUMNS: usize = 80;
/// The height of a terminal that does not report its own.
const DEFAULT_ROWS: usize = 24;

/// The choice of `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorChoice {
    /// Reports whether a stream is colored; `is_terminal` says what it leads to.
    pub(crate) fn is_colored(self, is_terminal: bool) -> bool {
        match self {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                is_terminal && !is_set("NO_COLOR") && !is_dumb()
            }
        }
    }
}

/// Returns the rows and columns of the terminal on standard output: `LINES` and `COLUMNS`, else what the terminal
/// reports. `None` if standard output is not a terminal.
pub(crate) fn size() -> Option<(usize, usize)> {
    let stdout = std::io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let from_environment = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let measured = terminal_size::terminal_size_of(&stdout)
        .map(|(width, height)| (usize::from(height.0), usize::from(width.0)))
        .unwrap_or_default();
    let pick = |set: Option<usize>, measured: usize, default: usize| {
        set.filter(|number| *number > 0).unwrap_or(if measured > 0 { measured } else { default })
    };
    Some((
        pick(from_environment("LINES"), measured.0, DEFAULT_ROWS),
        pick(from_environment("COLUMNS"), measured.1, DEFAULT_COLUMNS),
    ))
}

/// Reports whether the terminal can only print characters.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Reports whether standard output is a file. A pipe is not: the program that reads it may write to the terminal.
pub(crate) fn stdout_is_file() -> bool {
    #[cfg(unix)]
    return rustix::fs::fstat(std::io::stdout())
        .is_ok_and(|stdout| rustix::fs::FileType::from_raw_mode(stdout.st_mode) == rustix::fs::FileType::RegularFile);
    #[cfg(not(unix))]
    return false;
}

/// Returns the style that suits standard output.
pub(crate) fn style(color: ColorChoice) -> Style {
    let is_terminal = std::io::stdout().is_terminal();
    let width = size().map(|(_, columns)| columns);
    Style { width, color: color.is_colored(is_terminal), unicode: has_unicode(), ..Style::default() }
}

/// Reports whether the locale can show more than ASCII; only `C` and `POSIX` cannot.
fn has_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| {
        let value = std::env::var(name).ok()?;
        (!value.is_empty()).then_some(value)
    });
    !locale.is_some_and(|locale| locale == "C" || locale == "POSIX")
}
