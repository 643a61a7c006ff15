//! Executes inputs: [`Session::execute`] runs every one, of the REPL, scripts and one-shot commands.

use std::io::Write as _;
use std::time::Instant;

use crate::diagnostic::Diagnostic;
use crate::escape;
use crate::render::{Format, palette};
use crate::session::input::Input;
use crate::session::{Answer, Session, SessionError, commands, lookup};

impl Session {
    /// Runs one input and writes its rows. A trailing `\\G` asks for expanded output.
    pub fn execute(&mut self, input: &Input<'_>) -> Result<Answer, SessionError> {
        let started = Instant::now();
        if self.depth == 0 {
            self.interrupter.reset();
            self.suggestion = None;
            self.reported_running_import.set(false);
            if !matches!(input, Input::Nothing) && !input.text().starts_with(".edit") {
                self.last_input = Some(input.text().to_owned());
            }
        }
        if self.settings.echo && *input != Input::Nothing {
            self.print(&format!("{}\n", escape::visible_lines(input.text())))?;
        }
        let (input, expanded) = input.without_expansion();
        let (input, is_piped) = self.begin_piped(input)?;
        let format = self.settings.format;
        let own = match format {
            _ if expanded => Some(Format::Expanded),
            None if is_piped => Some(Format::Ndjson),
            _ => self.format_of_file(&input),
        };
        if own.is_some() {
            self.settings.format = own;
        }
        let answer = self.in_one_state(|session| match input {
            Input::Nothing if expanded => session.show_last(Format::Expanded),
            Input::Nothing => Ok(Answer::default()),
            Input::Command(text) => commands::run(session, text),
            Input::Sql(text) => session.sql(text, started),
            Input::Lookup(text) => lookup::run(session, text),
        });
        if own.is_some() {
            self.settings.format = format;
        }
        let answer = answer.map_err(|error| self.without_once(error));
        let finished = self.output.finish(answer.is_ok());
        let answer = match answer {
            // Leaving the pager ends the answer, not the session.
            Err(error) if error.is_closed_pipe() && finished.as_ref().is_ok_and(|end| end.left) => Answer::default(),
            answer => answer.map_err(|error| self.or_cancelled(error))?,
        };
        let finished = finished?;
        if let Some(mistake) = finished.refused.map(Diagnostic::from).or(finished.failed) {
            return Err(self.or_cancelled(mistake.into()));
        }
        self.report_foreign();
        self.record(&input, expanded);
        if self.settings.timer && input != Input::Nothing {
            let line = format!("time: {:.3} s", started.elapsed().as_secs_f64());
            let _ = writeln!(self.notes, "{}", palette::paint(&line, palette::DIM, self.settings.color_notes));
        }
        Ok(answer)
    }

    /// Sends the answer of an input to the program after its `| !`, and returns the input without that.
    fn begin_piped<'a>(&mut self, input: Input<'a>) -> Result<(Input<'a>, bool), SessionError> {
        let Some(piped) = commands::piped::split(self, &input)? else { return Ok((input, false)) };
        self.begin_pipe(&piped)?;
        Ok((piped.input, true))
    }

    /// Returns the format of the extension of the file that the answer goes to, if the session has no format.
    fn format_of_file(&self, input: &Input<'_>) -> Option<Format> {
        let own = self.output.format().filter(|_| self.settings.format.is_none())?;
        match input {
            Input::Command(text) if !commands::answers_in_rows(text) => None,
            _ => Some(own),
        }
    }

    /// Returns the error of an input. Any error after a cancellation is due to it.
    fn or_cancelled(&mut self, error: SessionError) -> SessionError {
        self.replay_entry = None;
        if self.interrupter.is_cancelled() && !error.is_closed_pipe() { SessionError::Cancelled } else { error }
    }

    /// Adds an answered input to the replay log.
    fn record(&mut self, input: &Input<'_>, expanded: bool) {
        let entry = self.replay_entry.take();
        if self.depth > 0 {
            return;
        }
        match entry {
            Some(lines) => self.replay_log.extend(lines),
            None => match *input {
                Input::Nothing => {}
                Input::Command(text) => {
                    if commands::is_logged(text) {
                        self.replay_log.push(text.to_owned());
                    }
                }
                Input::Lookup(text) => self.replay_log.push(format!("{text}{}", if expanded { " \\G" } else { "" })),
                Input::Sql(text) => {
                    let end = if expanded {
                        " \\G"
                    } else if text.trim_end().ends_with(';') {
                        ""
                    } else {
                        ";"
                    };
                    self.replay_log.push(format!("{}{end}", text.trim_end()));
                }
            },
        }
    }
}
