//! The case of a session: opened when it is needed, again when another process has gone on with it, and held in one state
//! while an input asks it more than once.

use std::io;
use std::rc::Rc;

use crate::render::number;
use crate::session::waiting::Waiting;
use crate::session::{Session, SessionError};
use crate::store::Case;

impl Session {
    /// The case, opened if it is not yet. While another process writes, that it can be read is waited for.
    pub fn case(&self) -> Result<Rc<Case>, SessionError> {
        let is_usable = |case: &Case| if self.in_input.get() { case.hold() } else { case.is_current() };
        let mut case = self.open_case();
        loop {
            match case {
                Some(case) if is_usable(&case) => {
                    self.tell_in_passing(&case);
                    return Ok(case);
                }
                Some(_) => self.let_go(),
                None => {}
            }
            self.case.take();
            let opened = Rc::new(Case::open_after(&self.path, &self.waiting())?);
            // Whatever is asked of it, from here on Ctrl-C reaches it.
            self.interrupter.hold(Box::new(opened.interrupt()));
            self.case.replace(Some(Rc::clone(&opened)));
            case = Some(opened);
        }
    }

    /// Lets others write to the case again.
    pub(crate) fn let_go(&self) {
        if let Some(case) = self.open_case() {
            case.release();
        }
    }

    /// Runs something in which the case stays in one state.
    pub(crate) fn in_one_state<T>(&mut self, run: impl FnOnce(&mut Session) -> T) -> T {
        let outermost = !self.in_input.replace(true);
        let done = run(self);
        if outermost {
            self.in_input.set(false);
            self.let_go();
        }
        done
    }

    /// Ends an answer; where a reader pages it, others may write meanwhile.
    pub(crate) fn end_page(&mut self) -> io::Result<bool> {
        if self.output.is_paged() {
            self.let_go();
        }
        self.output.end_page()
    }

    /// The case as it is open, for what must not wait.
    pub fn open_case(&self) -> Option<Rc<Case>> {
        self.case.borrow().clone()
    }

    /// Says that an answer is of a state that an import goes on from, once an input.
    fn tell_in_passing(&self, case: &Case) {
        if let Some((events, age)) = case.in_passing()
            && !self.told_in_passing.replace(true)
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

    /// What hears of waiting for another process.
    pub(crate) fn waiting(&self) -> Waiting {
        Waiting::new(self.notes.clone(), &self.settings, self.interrupter())
    }
}
