//! Notes to the user, and those about waiting for another process that writes to a case.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use crate::render;
use crate::session::{Interrupter, Settings};
use crate::store::{CaseError, Need, Wait};

/// The output of notes. Clones share it.
#[derive(Clone)]
pub(crate) struct Notes(Rc<RefCell<Box<dyn Write>>>);

impl Notes {
    pub(crate) fn new(out: Box<dyn Write>) -> Notes {
        Notes(Rc::new(RefCell::new(out)))
    }

    /// Writes a note, unless quiet.
    pub(crate) fn note(&self, text: &str, settings: &Settings) {
        if !settings.quiet {
            let _ = render::diagnostic::write_note(&mut *self.0.borrow_mut(), text, settings.color_notes);
            let _ = self.0.borrow_mut().flush();
        }
    }
}

impl Write for Notes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}

/// Reports that a case is locked, and stops waiting when the input is cancelled.
pub(crate) struct Waiting {
    notes: Notes,
    settings: Settings,
    interrupter: Arc<Interrupter>,
}

impl Waiting {
    pub(crate) fn new(notes: Notes, settings: &Settings, interrupter: Arc<Interrupter>) -> Waiting {
        Waiting { notes, settings: settings.clone(), interrupter }
    }
}

impl Wait for Waiting {
    fn begins(&self, path: &Path, need: Need, busy: &CaseError) {
        let case = path.display();
        let text = match (busy, need) {
            // Nothing is committed before the end.
            (CaseError::Importing { .. }, _) => format!("{busy}; waiting until it is done"),
            (_, Need::Read) => format!("another process is writing to {case}: waiting until it has committed"),
            (_, Need::Write) => format!("another process is writing to {case}: waiting until it is done"),
        };
        self.notes.note(&format!("{text}; Ctrl-C cancels"), &self.settings);
    }

    fn copies(&self, path: &Path) {
        let text =
            format!("an import is writing to {}: reading a copy of its last commit; Ctrl-C cancels", path.display());
        self.notes.note(&text, &self.settings);
    }

    fn is_cancelled(&self) -> bool {
        self.interrupter.is_cancelled()
    }
}
