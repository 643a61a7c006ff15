//! Settings that are one of a few words.

/// The colors of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// Colors where the terminal has them.
    Colors,
    /// No color.
    None,
}

impl Theme {
    /// Every theme.
    pub(crate) const ALL: [Theme; 2] = [Theme::Colors, Theme::None];

    /// Returns the name in the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Theme::Colors => "colors",
            Theme::None => "none",
        }
    }
}

/// The keys of the line editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EditMode {
    /// As in Emacs and most shells.
    Emacs,
    /// As in vi.
    Vi,
}

impl EditMode {
    /// Every mode.
    pub(crate) const ALL: [EditMode; 2] = [EditMode::Emacs, EditMode::Vi];

    /// Returns the name in the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            EditMode::Emacs => "emacs",
            EditMode::Vi => "vi",
        }
    }
}
