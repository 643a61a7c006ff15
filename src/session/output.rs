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
        Output { screen, file: None, once: None, used: false }
    }

    /// The current place, to write an answer to; `screen` is the screen's style.
    pub(super) fn target(&mut self, screen: &Style) -> Target<'_> {
        self.used = true;
        let style = self.style(screen);
        match (&mut self.once, &mut self.file) {
            (Some(file), _) | (None, Some(file)) => Target { out: file, style },
            (None, None) => Target { out: &mut self.screen, style },
        }
    }

    /// What the current place can do; `screen` is the screen's style.
    pub(super) fn style(&self, screen: &Style) -> Style {
        if self.is_file() { Style { unicode: true, ..Style::default() } } else { screen.clone() }
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

    /// Ends an input: where it wrote an answer, later ones go where they went before `.once`.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.used)
            && let Some(mut once) = self.once.take()
        {
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
