//! Where rows go: standard output, or a file for a while.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::pager::{Page, Paging};
use crate::render::Style;
use crate::store::Failure;

/// The places for rows, of which one is current.
pub(super) struct Output {
    screen: Box<dyn Write>,
    /// Holds the screen's answer back until it is known whether it fits.
    page: Option<Page>,
    /// When answers are paged, and the rows and columns of the screen.
    paging: (Paging, (usize, usize)),
    /// Takes the rows until `.output` is called again.
    file: Option<BufWriter<File>>,
    /// Takes the rows of the next answer only.
    once: Option<BufWriter<File>>,
    /// Whether anything was written since the last input ended.
    used: bool,
}

/// The current place.
pub(super) struct Target<'a> {
    /// Takes the bytes.
    pub(super) out: &'a mut dyn Write,
    /// What it can do.
    pub(super) style: Style,
}

impl Output {
    /// Rows go to `screen`.
    pub(super) fn new(screen: Box<dyn Write>) -> Output {
        Output { screen, page: None, paging: (Paging::Off, (0, 0)), file: None, once: None, used: false }
    }

    /// Pages answers that do not fit a screen of so many rows and columns.
    pub(super) fn set_paging(&mut self, paging: Paging, size: (usize, usize)) {
        self.paging = (paging, size);
    }

    /// The current place, to write an answer to; `screen` is the screen's style.
    pub(super) fn target(&mut self, screen: &Style) -> Target<'_> {
        self.used = true;
        let style = self.style(screen);
        if !self.is_file() && self.page.is_none() {
            self.page = Page::new(&self.paging.0, self.paging.1);
        }
        if let (None, None, Some(page)) = (&self.once, &self.file, &mut self.page) {
            return Target { out: page, style };
        }
        match (&mut self.once, &mut self.file) {
            (Some(file), _) | (None, Some(file)) => Target { out: file, style },
            (None, None) => Target { out: &mut self.screen, style },
        }
    }

    /// What the current place can do; `screen` is the screen's style.
    pub(super) fn style(&self, screen: &Style) -> Style {
        if !self.is_file() {
            return screen.clone();
        }
        let (null, times) = (screen.null.clone(), screen.times.clone());
        Style { unicode: true, bare: screen.bare, null, times, ..Style::default() }
    }

    /// Whether the current place is a file: answers there are whole.
    pub(super) fn is_file(&self) -> bool {
        self.once.is_some() || self.file.is_some()
    }

    /// Sends rows to a file, emptied first, or back to the screen.
    pub(super) fn redirect(&mut self, path: Option<&Path>) -> io::Result<()> {
        let file = path.map(File::create).transpose()?;
        if let Some(mut earlier) = std::mem::replace(&mut self.file, file.map(BufWriter::new)) {
            earlier.flush()?;
        }
        Ok(())
    }

    /// Sends the rows of the next answer to a file, emptied first.
    pub(super) fn redirect_once(&mut self, path: &Path) -> io::Result<()> {
        self.once = Some(BufWriter::new(File::create(path)?));
        Ok(())
    }

    /// Ends an input: where it wrote an answer, later ones go where they went before `.once`. Tells whether a reader
    /// left the pager before everything was written.
    pub(super) fn finish(&mut self) -> io::Result<bool> {
        if std::mem::take(&mut self.used)
            && let Some(mut once) = self.once.take()
        {
            once.flush()?;
        }
        self.end_page()
    }

    /// Whether an answer may be paged when it ends.
    pub(super) fn is_paged(&self) -> bool {
        self.page.is_some()
    }

    /// Ends an answer on the screen: where it is paged, the reader is waited for.
    pub(super) fn end_page(&mut self) -> io::Result<bool> {
        let left = match self.page.take() {
            Some(page) => page.end(&mut *self.screen)?,
            None => false,
        };
        self.flush()?;
        Ok(left)
    }

    /// What became of a statement whose rows went to the current place. A reader who left the pager has had enough,
    /// which is no error.
    pub(super) fn finished(&mut self, done: Result<u64, Failure>) -> Result<(), Failure> {
        match done {
            Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe && self.page.is_some() => Ok(()),
            done => done.map(drop),
        }
    }

    /// Writes out what is buffered.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        self.screen.flush()
    }
}
