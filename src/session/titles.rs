//! The state that decides if the next answer has a title.

/// The titles of answers, which scripts in files have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Titles {
    /// Answers have no titles.
    #[default]
    Off,
    /// The next answer gets a title.
    On,
    /// The script has written a title for the next answer itself.
    Written,
}

impl Titles {
    /// Returns what is true after an answer.
    pub(crate) fn next(self) -> Titles {
        if self == Titles::Off { Titles::Off } else { Titles::On }
    }

    /// Returns what is true after the script has written a line.
    pub(crate) fn after_line(self) -> Titles {
        if self == Titles::Off { Titles::Off } else { Titles::Written }
    }
}
