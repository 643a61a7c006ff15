//! Notes on an answer, and what to type next.

use crate::engine::core::Engine;

/// Notes on an empty answer, in their order, and a line to type next.
pub(crate) struct Advice<'e> {
    pub(crate) engine: &'e Engine,
    pub(crate) notes: Vec<String>,
    pub(crate) suggestion: Option<String>,
}

impl<'e> Advice<'e> {
    pub(crate) fn new(engine: &'e Engine) -> Advice<'e> {
        Advice { engine, notes: Vec::new(), suggestion: None }
    }

    /// Adds a note.
    pub(crate) fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    /// Suggests a line to type next, unless there is a suggestion already.
    pub(crate) fn suggest(&mut self, line: Option<String>) {
        self.suggestion = self.suggestion.take().or(line);
    }
}
