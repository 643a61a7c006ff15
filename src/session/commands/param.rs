//! `.param` sets values for `:NAME` in SQL and `${NAME}` in lookups.

use crate::diagnostic::Diagnostic;
use crate::rows::CapturedRows;
use crate::rows::Value;
use crate::session::Answer;
use crate::session::Params;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    alias: Some(".parameter"),
    arguments: "[set NAME VALUE|unset NAME|clear|list]",
    examples: &[".param set user alice"],
    completes: Completes::Words(&["set", "unset", "clear", "list"]),
    ..Command::new(".param", "set the values of :NAME in SQL and ${NAME} in lookups", run_param)
}];

/// `.param list|set NAME VALUE|unset NAME|clear`.
fn run_param(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let words: Vec<&str> = arguments.words.iter().map(|(word, _)| word.as_str()).collect();
    match words.as_slice() {
        [] | ["list"] => {
            let all = session.params.as_ref().map(Params::all).into_iter().flatten();
            let rows = all.map(|(name, value)| vec![Value::Text(name.clone()), Value::Text(value.clone())]).collect();
            let columns = ["name", "value"].map(str::to_owned).to_vec();
            return session.write_held(&CapturedRows { columns, rows });
        }
        ["init"] => {}
        ["clear"] => session.params = None,
        ["set", name, value] => {
            let bare = name.trim_start_matches([':', '@', '$']);
            let good = bare.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && bare.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !good {
                let mistake = format!("`{name}` is not a name: letters, digits and _");
                return Err(arguments.mistake(arguments.words[1].1, mistake));
            }
            session.params.get_or_insert_with(|| Params::of_script([])).set(bare, value);
        }
        ["unset", name] => {
            let bare = name.trim_start_matches([':', '@', '$']);
            if !session.params.as_mut().is_some_and(|params| params.unset(bare)) {
                return Err(arguments.mistake(arguments.words[1].1, format!("`{name}` has no value")));
            }
        }
        _ => {
            let mistake = Diagnostic::at(arguments.words[0].1, "the parameters are listed, set, unset or cleared");
            let hint = ".param set NAME VALUE gives :NAME in SQL and ${NAME} in lookups a value";
            return Err(mistake.in_source(arguments.line).hint(hint).into());
        }
    }
    Ok(Answer::default())
}
