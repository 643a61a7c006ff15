//! Where rows go: standard output, or a file for a while.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::output_file::{OutputError, OutputFile};
use crate::render::{Format, Style};
use crate::rows::RowSink;
use crate::session::records;
use crate::store::{Case, Failure};
use crate::terminal::pager::{Page, Paging};

/// The places for rows, of which one is current.
pub(crate) struct Output {
    screen: Box<dyn Write>,
    /// Holds the screen's answer back until it is known whether it fits.
    page: Option<Page>,
    /// When answers are paged, and the rows and columns of the screen.
    paging: (Paging, (usize, usize)),
    /// Takes the rows until `.output` is called again.
    file: Option<Redirect>,
    /// Takes the rows of the next answer only.
    once: Option<Redirect>,
    /// True if anything was written since the last input ended.
    used: bool,
}

/// A file that rows go to.
pub(crate) struct Redirect {
    file: OutputFile,
    /// What its extension stands for.
    format: Option<Format>,
}

/// The current place.
pub(crate) struct Target<'a> {
    /// Takes the bytes.
    pub(crate) out: &'a mut dyn Write,
    /// What it can do.
    pub(crate) style: Style,
}

/// What the end of an input found.
#[derive(Debug, Default)]
pub(crate) struct Finished {
    /// True if a reader left the pager before everything was written.
    pub(crate) left: bool,
    /// The file of `.once` that the answer could not be written to.
    pub(crate) refused: Option<OutputError>,
}

impl Redirect {
    /// A file whose extension stands for a format.
    pub(crate) fn new(file: OutputFile, format: Option<Format>) -> Redirect {
        Redirect { file, format }
    }
}

impl Output {
    /// Rows go to `screen`.
    pub(crate) fn new(screen: Box<dyn Write>) -> Output {
        Output { screen, page: None, paging: (Paging::Off, (0, 0)), file: None, once: None, used: false }
    }

    /// Pages answers that do not fit a screen of so many rows and columns.
    pub(crate) fn set_paging(&mut self, paging: Paging, size: (usize, usize)) {
        self.paging = (paging, size);
    }

    /// The current place, to write an answer to; `screen` is the screen's style.
    pub(crate) fn target(&mut self, screen: &Style) -> Target<'_> {
        let style = self.style(screen);
        Target { out: self.writer(), style }
    }

    /// Returns the writer of the current place.
    fn writer(&mut self) -> &mut dyn Write {
        self.used = true;
        if !self.is_file() && self.page.is_none() {
            self.page = Page::new(&self.paging.0, self.paging.1);
        }
        if let (None, None, Some(page)) = (&self.once, &self.file, &mut self.page) {
            return page;
        }
        match (&mut self.once, &mut self.file) {
            (Some(redirect), _) | (None, Some(redirect)) => &mut redirect.file,
            (None, None) => &mut self.screen,
        }
    }

    /// What the current place can do; `screen` is the screen's style.
    pub(crate) fn style(&self, screen: &Style) -> Style {
        if !self.is_file() {
            return screen.clone();
        }
        let (null, times) = (screen.null.clone(), screen.times.clone());
        Style { unicode: true, bare: screen.bare, null, times, ..Style::default() }
    }

    /// Reports whether the current place is a file: answers there are whole.
    pub(crate) fn is_file(&self) -> bool {
        self.redirect().is_some()
    }

    /// The format that the current file's extension stands for.
    pub(crate) fn format(&self) -> Option<Format> {
        self.redirect().and_then(|redirect| redirect.format)
    }

    fn redirect(&self) -> Option<&Redirect> {
        self.once.as_ref().or(self.file.as_ref())
    }

    /// Sends rows to a file, or back to the screen, and completes the file that they went to before.
    pub(crate) fn set_file(&mut self, redirect: Option<Redirect>) -> Result<(), OutputError> {
        // What goes to the descriptor of the screen comes behind what went to the screen.
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

    /// The file of `.output`, unless it is a device.
    pub(crate) fn file_path(&self) -> Option<&Path> {
        self.file.as_ref().filter(|redirect| !redirect.file.is_through()).map(|redirect| redirect.file.path())
    }

    /// The file of `.once`. What goes through a device has gone.
    pub(crate) fn once_path(&self) -> Option<&Path> {
        self.once.as_ref().filter(|once| !once.file.is_through()).map(|once| once.file.path())
    }

    /// Gives the file of `.once` up.
    pub(crate) fn give_up_once(&mut self) -> Option<PathBuf> {
        let path = self.once_path().map(Path::to_owned);
        self.once = None;
        path
    }

    /// Reports whether the input under way has written something.
    pub(crate) fn is_used(&self) -> bool {
        self.used
    }

    /// Ends an input: where it wrote an answer, the file of `.once` is completed and later ones go where they went
    /// before.
    pub(crate) fn finish(&mut self) -> io::Result<Finished> {
        let mut finished = Finished::default();
        if std::mem::take(&mut self.used)
            && let Some(once) = self.once.take()
        {
            finished.refused = once.file.commit().err();
        }
        finished.left = self.end_page()?;
        Ok(finished)
    }

    /// Ends the session: what was written to a file is kept. Gives the file of `.once` that got no answer.
    pub(crate) fn end(&mut self) -> Result<Option<PathBuf>, OutputError> {
        let unanswered = self.give_up_once();
        match self.file.take() {
            Some(redirect) => redirect.file.commit_written().map(|()| unanswered),
            None => Ok(unanswered),
        }
    }

    /// Reports whether an answer may be paged when it ends.
    pub(crate) fn is_paged(&self) -> bool {
        self.page.is_some()
    }

    /// Ends an answer on the screen: where it is paged, the reader is waited for.
    pub(crate) fn end_page(&mut self) -> io::Result<bool> {
        let left = match self.page.take() {
            Some(page) => page.end(&mut *self.screen)?,
            None => false,
        };
        self.flush()?;
        Ok(left)
    }

    /// Writes rows to the current place in a format. `style` is what [`Output::style`] returns, adapted to the rows;
    /// the format `records` reads the records of the rows from `case`. Leaving the pager is not an error.
    pub(crate) fn write_rows(
        &mut self,
        format: Format,
        style: &Style,
        case: Option<&Case>,
        write: impl FnOnce(Box<dyn RowSink + '_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match write(records::sink(format, case, self.writer(), style)) {
            Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe && self.page.is_some() => Ok(()),
            done => done,
        }
    }

    /// Writes out what is buffered.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if let Some(redirect) = &mut self.file {
            redirect.file.flush()?;
        }
        self.screen.flush()
    }
}

impl Drop for Output {
    /// Keeps what was written to a file where the session was not ended, as after a panic.
    fn drop(&mut self) {
        let _ = self.end();
    }
}
