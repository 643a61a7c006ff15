//! `trailq guide [TOPIC]`.

use std::ffi::OsStr;
use std::io::{self, Write as _};

use clap::Args;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};

use super::outcome::Outcome;
use crate::guide;
use crate::guide::screen;
use crate::render::Style;
use crate::session::{Answer, SessionError};
use crate::terminal::capabilities;
use crate::terminal::pager::{PagedScreen, Paging};

/// Examples for `trailq guide --help`.
const EXAMPLES: &str = "\
Examples:
  trailq guide                  list the topics
  trailq guide tutorial
  trailq guide fields | less
  trailq guide faq > faq.md
  trailq guide spark_convert.py > spark_convert.py

On a terminal the page is shown in $TRAILQ_PAGER, $PAGER or less if it does not fit; otherwise it is
printed as Markdown";

/// Show a page of the guide
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct GuideArgs {
    /// The topic [default: the list of topics]
    #[arg(value_name = "TOPIC", value_parser = Topics, hide_possible_values = true)]
    topic: Option<String>,
}

/// Runs the command: shows the page, or the list of topics.
pub(super) fn run(args: &GuideArgs, style: &Style) -> Result<Outcome, SessionError> {
    match (&args.topic, capabilities::size()) {
        (None, _) => io::stdout().lock().write_all(guide::topics().as_bytes())?,
        (Some(topic), None) => io::stdout().lock().write_all(find(topic)?.text().as_bytes())?,
        (Some(topic), Some(size)) => match guide::program(topic) {
            Some(program) => show(program.text(), size)?,
            None => show(&screen::lay_out(guide::find(topic)?.text(), size.1, style.color), size)?,
        },
    }
    Ok(Answer::default().into())
}

/// Returns the page, or the program, of a name.
fn find(topic: &str) -> Result<&'static guide::Page, SessionError> {
    Ok(guide::program(topic).map_or_else(|| guide::find(topic), Ok)?)
}

/// Shows a text on a screen of these rows and columns, in the pager if it does not fit.
fn show(text: &str, size: (usize, usize)) -> io::Result<()> {
    let paging = if capabilities::is_dumb() { Paging::Off } else { Paging::On };
    let mut stdout = io::stdout().lock();
    let Some(mut screen) = PagedScreen::new(&paging, size) else { return stdout.write_all(text.as_bytes()) };
    match screen.write_all(text.as_bytes()) {
        // The reader has left.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    screen.end(&mut stdout)?;
    Ok(())
}

/// Takes any topic, so that an unknown one is answered with the nearest, and lists the topics for completion.
#[derive(Debug, Clone)]
struct Topics;

impl TypedValueParser for Topics {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(guide::pages().map(|page| PossibleValue::new(page.topic).help(page.title()))))
    }
}
