//! The back stack of lookups for `.back`, and the replay log that `.session` writes as a script.

use crate::diagnostic::Diagnostic;
use crate::session::{Answer, Session, SessionError, lookup};

/// Maximum number of lookups that `.back` can return to.
const MAX_BACK_STACK: usize = 1_000;

impl Session {
    /// Pushes an answered lookup on the back stack.
    pub(crate) fn remember(&mut self, text: &str) {
        if self.back_stack.last().is_none_or(|last| last != text) {
            if self.back_stack.len() >= MAX_BACK_STACK {
                self.back_stack.remove(0);
            }
            self.back_stack.push(text.to_owned());
        }
    }

    /// Runs a lookup that a command composed, and reports its text.
    pub(crate) fn follow(&mut self, command: &str, text: &str) -> Result<Answer, SessionError> {
        self.status(&format!("lookup: {text}"));
        self.replay_entry = Some(vec![format!("-- {command}"), text.to_owned()]);
        lookup::run(self, text)
    }

    /// Runs the previous lookup again.
    pub(crate) fn go_back(&mut self, command: &str) -> Result<Answer, SessionError> {
        if self.back_stack.len() < 2 {
            return Err(Diagnostic::new("there is no earlier lookup to go back to").into());
        }
        let left = self.back_stack.pop();
        let text = self.back_stack.pop().unwrap_or_default();
        let answered = self.follow(command, &text);
        if answered.is_err() {
            self.back_stack.push(text);
            self.back_stack.extend(left);
        }
        answered
    }

    /// Returns the replay log as a script.
    pub(crate) fn replay_script(&self) -> String {
        let case = self.path.display();
        let now = crate::time::format(crate::time::now());
        let mut script = format!("-- trailq {}: the session on {case}, written {now}\n", env!("CARGO_PKG_VERSION"));
        for line in &self.replay_log {
            script.push_str(line);
            script.push('\n');
        }
        script
    }
}
