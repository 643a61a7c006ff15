//! The options of commands that write statements for other engines.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::session::translate::{Layout, Target};

/// The engine and its table.
#[derive(Debug, Args)]
pub(super) struct TargetOptions {
    /// Write statements of another engine instead of answering
    #[arg(id = "for", long = "for", value_name = "ENGINE", value_parser = engines())]
    engine: Option<Target>,
    /// Ask this table or view of the engine
    #[arg(long, value_name = "NAME", default_value = "events", requires = "for", hide_short_help = true)]
    table: String,
    /// Ask a table of trailq's, or AWS's own under a view
    #[arg(
        long,
        value_name = "LAYOUT",
        default_value = "trailq",
        requires = "for",
        value_parser = layouts(),
        hide_short_help = true
    )]
    layout: Layout,
}

impl TargetOptions {
    /// Returns the table of the engine that is named, if one is.
    pub(super) fn target(&self) -> Option<Target> {
        self.engine.clone().map(|engine| engine.on(&self.table, self.layout))
    }
}

/// Parses `--for`.
fn engines() -> impl TypedValueParser<Value = Target> {
    PossibleValuesParser::new(Target::engines()).try_map(|name| Target::new(&name).ok_or("no such engine"))
}

/// Parses `--layout`.
fn layouts() -> impl TypedValueParser<Value = Layout> {
    PossibleValuesParser::new(["trailq", "aws"]).map(|name| if name == "aws" { Layout::Aws } else { Layout::Trailq })
}
