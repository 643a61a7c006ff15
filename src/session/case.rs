//! The case of a session: opened when needed, reopened when another process has changed it, and held in one state while
//! an input runs several statements.

use std::io;
use std::rc::Rc;
use std::sync::Arc;

use crate::activity;
use crate::number;
use crate::session::waiting::Waiting;
use crate::session::{Session, SessionError};
use crate::store::Case;

impl Session {
    /// Returns the case, opened if necessary. Waits while another process blocks readers.
    pub fn case(&self) -> Result<Rc<Case>, SessionError> {
        let is_usable = |case: &Case| if self.in_input.get() { case.hold() } else { case.is_current() };
        let mut case = self.open_case();
        loop {
            match case {
                Some(case) if is_usable(&case) => {
                    self.report_running_import(&case);
                    return Ok(case);
                }
                Some(_) => self.release_case(),
                None => {}
            }
            self.case.take();
            let step = activity::step("opening the case");
            let opened = Case::open_after(&self.path, &self.waiting())?;
            let opened = Rc::new(opened.with_geo_files(Arc::clone(&self.settings.geo))?);
            drop(step);
            // From here on Ctrl-C interrupts any statement on it.
            self.interrupter.hold(Box::new(opened.interrupt()));
            self.case.replace(Some(Rc::clone(&opened)));
            case = Some(opened);
        }
    }

    /// Releases the read lock, so that other processes can write to the case.
    pub(crate) fn release_case(&self) {
        if let Some(case) = self.open_case() {
            case.release();
        }
    }

    /// Runs a function while the case is held in one state.
    pub(crate) fn in_one_state<T>(&mut self, run: impl FnOnce(&mut Session) -> T) -> T {
        let outermost = !self.in_input.replace(true);
        let _step = activity::step("answering");
        let done = run(self);
        if outermost {
            self.in_input.set(false);
            self.release_case();
            self.report_geo_files();
        }
        done
    }

    /// Ends an answer. While the pager is open, other processes may write to the case.
    pub(crate) fn end_page(&mut self) -> io::Result<bool> {
        if self.output.is_paged() {
            self.release_case();
        }
        self.output.end_page()
    }

    /// Returns the case if it is open, without waiting.
    pub fn open_case(&self) -> Option<Rc<Case>> {
        self.case.borrow().clone()
    }

    /// Reports once an input that the answer is of the last commit of a running import.
    fn report_running_import(&self, case: &Case) {
        if let Some((events, age)) = case.in_passing()
            && !self.reported_running_import.replace(true)
        {
            let commit = match age.as_secs() {
                0 => "its last commit".to_owned(),
                seconds => format!("its commit {} ago", number::counted(seconds, "second")),
            };
            let (case, events) = (self.path.display(), number::counted(events, "event"));
            self.notes.note(
                &format!("an import is writing to {case}: this answer is of {commit}, with {events}"),
                &self.settings,
            );
        }
    }

    /// Returns the observer of waiting for another process.
    pub(crate) fn waiting(&self) -> Waiting {
        Waiting::new(self.notes.clone(), &self.settings, self.interrupter())
    }
}
