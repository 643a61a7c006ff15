//! An answer that goes to a program: `| !PROGRAM` after an input at the prompt.

use std::io::{self, Write};

use crate::diagnostic::Diagnostic;
use crate::io_message::describe;
use crate::terminal::filter::{Filter, FilterEnd};
use crate::terminal::pager::PagedScreen;

/// A program that takes an answer, and the screen that takes its output.
pub(crate) struct Pipe {
    /// The program and its arguments.
    command: Vec<String>,
    /// The running program; it is started when the answer begins.
    filter: Option<Filter>,
    /// Buffers the output until it is known whether it fits.
    page: Option<PagedScreen>,
    screen: Box<dyn Write>,
    /// True if the program could not be started, which was reported.
    failed: bool,
}

/// The end of a pipe.
pub(crate) struct PipeEnd {
    /// The screen.
    pub(crate) screen: Box<dyn Write>,
    /// True if not everything was written.
    pub(crate) left: bool,
    /// The failure of the program.
    pub(crate) failure: Option<Diagnostic>,
    /// The error of starting the program or of writing to the screen.
    pub(crate) error: Option<io::Error>,
}

impl Pipe {
    /// Returns a pipe to a program; its output goes to `page`, or to `screen` if there is none.
    pub(crate) fn new(command: Vec<String>, page: Option<PagedScreen>, screen: Box<dyn Write>) -> Pipe {
        Pipe { command, filter: None, page, screen, failed: false }
    }

    /// Returns the program's name.
    fn program(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }

    /// Starts the program, unless it runs.
    fn start(&mut self) -> io::Result<()> {
        if self.filter.is_none() {
            let started = Filter::start(self.program(), self.command.get(1..).unwrap_or_default());
            self.failed = started.is_err();
            self.filter = Some(started.map_err(|error| {
                let why = format!("cannot run {}: {}", self.program(), describe(&error));
                io::Error::new(error.kind(), Diagnostic::new(why))
            })?);
        }
        Ok(())
    }

    /// Ends the answer: waits for the program, and for the pager of its output. Without an answer, as after a mistake, a
    /// program that was not started is not run.
    pub(crate) fn end(mut self, is_answered: bool) -> PipeEnd {
        let run = self.end_program(is_answered);
        let page = self.page.take().map_or(Ok(false), |page| page.end(&mut *self.screen));
        let (program, screen) = (self.program().to_owned(), self.screen);
        let (end, quit) = match (run, page) {
            (Ok(end), Ok(quit)) => (end, quit),
            (Err(error), _) | (_, Err(error)) => {
                return PipeEnd { screen, left: false, failure: None, error: Some(error) };
            }
        };
        let failure = end.failure.filter(|_| !quit).map(|why| Diagnostic::new(format!("{program} failed: {why}")));
        PipeEnd { screen, left: end.left || quit, failure, error: None }
    }

    /// Waits for the program. No rows are an answer that it takes too.
    fn end_program(&mut self, is_answered: bool) -> io::Result<FilterEnd> {
        if is_answered && !self.failed {
            self.start()?;
        }
        match (self.filter.take(), &mut self.page) {
            (Some(filter), Some(page)) => filter.end(page),
            (Some(filter), None) => filter.end(&mut *self.screen),
            (None, _) => Ok(FilterEnd { failure: None, left: false }),
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.start()?;
        let screen: &mut dyn Write = match &mut self.page {
            Some(page) => page,
            None => &mut *self.screen,
        };
        if let Some(filter) = &mut self.filter {
            filter.write(bytes, screen)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
