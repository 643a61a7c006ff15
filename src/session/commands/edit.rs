//! `.edit`: the last input, or a record, in the user's editor.

use std::sync::LazyLock;

use regex::Regex;

use crate::diagnostic::Diagnostic;
use crate::escape::is_unsafe;
use crate::render::record;
use crate::session::commands::command::{Arguments, Command};
use crate::session::commands::show;
use crate::session::input::Input;
use crate::session::{Answer, Session, SessionError};
use crate::terminal::editor;

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    arguments: "[N]",
    examples: &[".edit", ".edit 3"],
    is_logged: false,
    ..Command::new(".edit", "open the last input, or the record of row N, in $VISUAL or $EDITOR", run_edit)
}];

/// Texts in which editors look for settings, without their last character: `vim:`, `vi<900:`, `ex:`, `Local Variables:`.
#[allow(clippy::unwrap_used, reason = "the expression is constant, and a test uses it")]
static EDITOR_SETTINGS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b(vim?[<>=]?[0-9]*|ex|local variables):").unwrap());

fn run_edit(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    if !session.settings.interactive || session.depth > 0 {
        return Err(Diagnostic::new("`.edit` works at the prompt only").into());
    }
    if arguments.words.is_empty() {
        return edit_input(session);
    }
    let row = arguments.row(0)?;
    let case = session.case()?;
    let id = show::event(session, &case, row)?;
    let none = || Diagnostic::new(format!("the record of row {row} is not in the case"));
    let record = case.record(id)?.ok_or_else(none)?;
    editor::view(&without_settings(&record::pretty(&record, false)), "record.json")?;
    Ok(Answer::default())
}

/// Opens the last input; what is saved becomes the text of the next prompt, where it is seen before it runs.
fn edit_input(session: &mut Session) -> Result<Answer, SessionError> {
    let none = || Diagnostic::new("there is no input to edit yet").hint("type a lookup, SQL or a command first");
    let last = session.last_input.clone().ok_or_else(none)?;
    let name = if matches!(Input::of(&last), Input::Sql(_)) { "input.sql" } else { "input.trailq" };
    let saved = editor::edit(&format!("{last}\n"), name)?;
    let saved = saved.trim().replace("\r\n", "\n");
    if saved.chars().any(|c| is_unsafe(c) && !matches!(c, '\n' | '\t')) {
        return Err(Diagnostic::new("what was saved has control or invisible characters").into());
    }
    if saved.is_empty() {
        session.status("nothing was saved");
    } else {
        session.next_input = Some(saved);
    }
    Ok(Answer::default())
}

/// Returns JSON of the same meaning in which no editor finds settings: the record comes from somebody else.
fn without_settings(json: &str) -> String {
    EDITOR_SETTINGS.replace_all(json, r"${1}\u003a").into_owned()
}

impl Session {
    /// Takes the text with which the next prompt begins.
    pub fn take_next_input(&mut self) -> Option<String> {
        self.next_input.take()
    }
}

#[cfg(test)]
mod tests {
    use super::without_settings;

    #[test]
    fn a_record_sets_nothing_in_an_editor() {
        let record =
            r#"{"ex": "vim: set x:", "vi": " vi:", "a": "VIM<900: \"ex:\" https://x/:1", "l": "Local Variables:"}"#;
        let safe = without_settings(record);
        for text in ["vim:", "vi:", "ex:", "900:", "Variables:"] {
            assert!(!safe.contains(text), "{text}: {safe}");
        }
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parsed(&safe), parsed(record));
        let plain = r#"{"arn": "arn:aws:iam::1:user/alexvi", "x": "index: 1"}"#;
        assert_eq!(without_settings(plain), plain);
    }
}
