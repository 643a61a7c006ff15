//! Where rows go: standard output, or a file for a while.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::render::Style;

/// The places for rows, of which one is current.
pub(super) struct Output {
    screen: Box<dyn Write>,
    /// Takes the rows until `.output` is called again.
    file: Option<BufWriter<File>>,
    /// Takes the rows of the next answer only.
    once: Option<BufWriter<File>>,
}

/// The current place.
pub(super) struct Target<'a> {
    /// Takes the bytes.
    pub(super) out: &'a mut dyn Write,
    /// What it can do.
    pub(super) style: Style,
    /// Whether it is a file: answers there are whole.
    pub(super) file: bool,
}

impl Output {
    /// Rows go to `screen`.
    pub(super) fn new(screen: Box<dyn Write>) -> Output {
        Output { screen, file: None, once: None }
    }

    /// The current place; `style` is the screen's.
    pub(super) fn target(&mut self, style: &Style) -> Target<'_> {
        let plain = Style { unicode: true, ..Style::default() };
        match (&mut self.once, &mut self.file) {
            (Some(file), _) | (None, Some(file)) => Target { out: file, style: plain, file: true },
            (None, None) => Target { out: &mut self.screen, style: style.clone(), file: false },
        }
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

    /// Ends an answer: later rows go where they went before `.once`.
    pub(super) fn finish_once(&mut self) -> io::Result<()> {
        if let Some(mut once) = self.once.take() {
            once.flush()?;
        }
        self.flush()
    }

    /// Writes out what is buffered.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        self.screen.flush()
    }
}
