//! The values of `--format`: the formats of answers, and what a statement for another engine gives.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::render::Format;

/// A value of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChosenFormat {
    /// A format of answers.
    Answer(Format),
    /// With `lookup --for`: the columns of events.
    Rows,
    /// With `lookup --for`: the trail files of events.
    Files,
}

impl ChosenFormat {
    /// Returns the format of answers.
    pub(super) fn of_answers(self) -> Option<Format> {
        match self {
            ChosenFormat::Answer(format) => Some(format),
            ChosenFormat::Rows | ChosenFormat::Files => None,
        }
    }
}

/// Parses `--format`.
pub(super) fn formats() -> impl TypedValueParser<Value = ChosenFormat> {
    let names = Format::ALL.map(|format| PossibleValue::new(format.name()).help(format.spec().help));
    // Hidden, since answers have no such formats.
    let others = ["rows", "files"].map(|name| PossibleValue::new(name).hide(true));
    PossibleValuesParser::new(names.into_iter().chain(others)).try_map(|name| match name.as_str() {
        "rows" => Ok(ChosenFormat::Rows),
        "files" => Ok(ChosenFormat::Files),
        name => name.parse().map(ChosenFormat::Answer).map_err(|()| "no such format"),
    })
}
