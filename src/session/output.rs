//! The targets of rows: standard output, and the files of `.output` and `.once`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::output_file::{OutputError, OutputFile};
use crate::render::{Format, Style};
use crate::rows::RowSink;
use crate::session::pipe::Pipe;
use crate::session::records;
use crate::store::{Case, QueryError};
use crate::terminal::pager::{PagedScreen, Paging};

/// The targets of rows, of which one is current.
pub(crate) struct Output {
    screen: Box<dyn Write>,
    /// Buffers the output of the screen until it is known whether it fits.
    page: Option<PagedScreen>,
    /// The setting of `.pager`, and the rows and columns of the screen.
    paging: (Paging, (usize, usize)),
    /// The file of `.output`, which takes the rows until `.output` is called again.
    file: Option<Redirect>,
    /// The file of `.once`, which takes the rows of the next answer only.
    once: Option<Redirect>,
    /// The program that takes the answer of the current input.
    pipe: Option<Pipe>,
    /// True if something was written since the last input ended.
    used: bool,
}

/// A file that rows go to.
pub(crate) struct Redirect {
    file: OutputFile,
    /// The format of its extension.
    format: Option<Format>,
}

/// The current target of rows.
pub(crate) struct Target<'a> {
    /// Takes the bytes.
    pub(crate) out: &'a mut dyn Write,
    /// Its capabilities.
    pub(crate) style: Style,
}

/// The outcome of ending an input.
#[derive(Debug, Default)]
pub(crate) struct Finished {
    /// True if the user quit the pager, or a program stopped reading, before everything was written.
    pub(crate) left: bool,
    /// The failure of the program that took the answer.
    pub(crate) failed: Option<Diagnostic>,
    /// The file of `.once` that the answer could not be written to.
    pub(crate) refused: Option<OutputError>,
}

impl Redirect {
    /// Returns a redirect to a file; `format` is that of its extension.
    pub(crate) fn new(file: OutputFile, format: Option<Format>) -> Redirect {
        Redirect { file, format }
    }
}

impl Output {
    /// Returns an output whose rows go to `screen`.
    pub(crate) fn new(screen: Box<dyn Write>) -> Output {
        Output { screen, page: None, paging: (Paging::Off, (0, 0)), file: None, once: None, pipe: None, used: false }
    }

    /// Pages answers that do not fit a screen of this size, rows and columns.
    pub(crate) fn set_paging(&mut self, paging: Paging, size: (usize, usize)) {
        self.paging = (paging, size);
    }

    /// Returns the number of lines of the screen, if answers are written to one.
    pub(crate) fn screen_lines(&self) -> Option<usize> {
        let (_, (lines, _)) = self.paging;
        (lines > 0 && !self.is_file()).then_some(lines)
    }

    /// Returns the current target, to write an answer to; `screen` is the style of the screen.
    pub(crate) fn target(&mut self, screen: &Style) -> Target<'_> {
        let style = self.style(screen);
        Target { out: self.writer(), style }
    }

    /// Returns the writer of the current place.
    fn writer(&mut self) -> &mut dyn Write {
        self.used = true;
        if !self.is_file() && self.page.is_none() {
            self.page = PagedScreen::new(&self.paging.0, self.paging.1);
        }
        match (&mut self.pipe, &mut self.once, &mut self.file, &mut self.page) {
            (Some(pipe), ..) => pipe,
            (None, Some(redirect), ..) | (None, None, Some(redirect), _) => &mut redirect.file,
            (None, None, None, Some(page)) => page,
            (None, None, None, None) => &mut self.screen,
        }
    }

    /// Returns the style of the current target; `screen` is the style of the screen.
    pub(crate) fn style(&self, screen: &Style) -> Style {
        if !self.is_file() {
            return screen.clone();
        }
        let (null, times) = (screen.null.clone(), screen.times.clone());
        Style { unicode: true, bare: screen.bare, null, times, ..Style::default() }
    }

    /// Reports whether the current target is a file or a program, to which answers are written in full.
    pub(crate) fn is_file(&self) -> bool {
        self.redirect().is_some() || self.pipe.is_some()
    }

    /// Sends the answer of the current input to a program, whose output goes to the screen.
    pub(crate) fn begin_pipe(&mut self, command: Vec<String>) {
        let page = PagedScreen::new(&self.paging.0, self.paging.1);
        let screen = std::mem::replace(&mut self.screen, Box::new(io::sink()));
        self.pipe = Some(Pipe::new(command, page, screen));
    }

    /// Returns the format of the current file's extension.
    pub(crate) fn format(&self) -> Option<Format> {
        self.redirect().and_then(|redirect| redirect.format)
    }

    fn redirect(&self) -> Option<&Redirect> {
        self.once.as_ref().or(self.file.as_ref())
    }

    /// Sends rows to a file, or back to the screen, and completes the file that took them before.
    pub(crate) fn set_file(&mut self, redirect: Option<Redirect>) -> Result<(), OutputError> {
        // A file may be the descriptor of the screen: keep the order of the output.
        self.flush_screen()?;
        match std::mem::replace(&mut self.file, redirect) {
            Some(earlier) => earlier.file.commit_written(),
            None => Ok(()),
        }
    }

    /// Sends the rows of the next answer to a file.
    pub(crate) fn set_once(&mut self, redirect: Redirect) -> Result<(), OutputError> {
        self.flush_screen()?;
        self.once = Some(redirect);
        Ok(())
    }

    fn flush_screen(&mut self) -> Result<(), OutputError> {
        self.screen.flush().map_err(|source| OutputError::System { path: PathBuf::from("standard output"), source })
    }

    /// Returns the path of the file of `.output`, unless it is a device.
    pub(crate) fn file_path(&self) -> Option<&Path> {
        self.file.as_ref().filter(|redirect| !redirect.file.is_through()).map(|redirect| redirect.file.path())
    }

    /// Returns the path of the file of `.once`, unless it is a device.
    pub(crate) fn once_path(&self) -> Option<&Path> {
        self.once.as_ref().filter(|once| !once.file.is_through()).map(|once| once.file.path())
    }

    /// Discards the file of `.once` and returns its path.
    pub(crate) fn give_up_once(&mut self) -> Option<PathBuf> {
        let path = self.once_path().map(Path::to_owned);
        self.once = None;
        path
    }

    /// Reports whether the current input has written something.
    pub(crate) fn is_used(&self) -> bool {
        self.used
    }

    /// Ends an input. If it wrote an answer, the file of `.once` is completed, and later answers go where they went before
    /// it.
    /// `is_answered` is false after an error.
    pub(crate) fn finish(&mut self, is_answered: bool) -> io::Result<Finished> {
        let mut finished = Finished::default();
        if let Some(pipe) = self.pipe.take() {
            let end = pipe.end(is_answered);
            self.screen = end.screen;
            // Neither file takes an answer that a program takes.
            self.used = false;
            end.error.map_or(Ok(()), Err)?;
            (finished.left, finished.failed) = (end.left, end.failure);
        }
        if std::mem::take(&mut self.used)
            && let Some(once) = self.once.take()
        {
            finished.refused = once.file.commit().err();
        }
        finished.left |= self.end_page()?;
        Ok(finished)
    }

    /// Ends the session: completes the file of `.output`. Returns the path of a `.once` that got no answer.
    pub(crate) fn end(&mut self) -> Result<Option<PathBuf>, OutputError> {
        let unanswered = self.give_up_once();
        match self.file.take() {
            Some(redirect) => redirect.file.commit_written().map(|()| unanswered),
            None => Ok(unanswered),
        }
    }

    /// Reports whether the current answer may be paged.
    pub(crate) fn is_paged(&self) -> bool {
        self.page.is_some()
    }

    /// Ends an answer on the screen: waits for its pager, if there is one. Returns true if the user quit it early.
    pub(crate) fn end_page(&mut self) -> io::Result<bool> {
        let left = match self.page.take() {
            Some(page) => page.end(&mut *self.screen)?,
            None => false,
        };
        self.flush()?;
        Ok(left)
    }

    /// Writes rows to the current target in a format. `style` is what [`Output::style`] returns, adapted to the rows;
    /// the format `records` reads the records of the rows from `case`. Quitting the pager is not an error, nor is a program
    /// that stops reading.
    pub(crate) fn write_rows(
        &mut self,
        format: Format,
        style: &Style,
        case: Option<&Case>,
        write: impl FnOnce(Box<dyn RowSink + '_>) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        match write(records::sink(format, case, self.writer(), style)) {
            Err(QueryError::Output(error))
                if error.kind() == io::ErrorKind::BrokenPipe && (self.page.is_some() || self.pipe.is_some()) =>
            {
                Ok(())
            }
            done => done,
        }
    }

    /// Flushes the targets.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if let Some(redirect) = &mut self.file {
            redirect.file.flush()?;
        }
        self.screen.flush()
    }
}

impl Drop for Output {
    /// Completes the file of `.output` if the session was not ended, as after a panic.
    fn drop(&mut self) {
        let _ = self.end();
    }
}
