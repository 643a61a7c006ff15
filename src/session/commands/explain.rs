//! Commands that show how an answer is found.

use crate::diagnostic::Span;
use crate::session::Answer;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
use crate::session::input::Input;
/// The text before SQL that shows its plan.
const EXPLAIN_SQL: &str = "EXPLAIN QUERY PLAN ";

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "LOOKUP",
        completes: Completes::Lookup,
        ..Command::new(".explain", "show the SQL and the plan of a lookup", run_explain)
    },
    Command {
        arguments: "on|off",
        completes: Completes::Switch,
        ..Command::new(".eqp", "show the plan before each answer", run_eqp)
    },
];

fn run_explain(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    // Comments before it are left out.
    let start = |text: &str| arguments.rest_start() + arguments.rest.len() - text.len();
    match Input::of(arguments.rest) {
        Input::Lookup(text) => session.explain(text).map_err(|error| arguments.within(start(text), error)),
        Input::Sql(text) => {
            let answer = session.sql(&format!("{EXPLAIN_SQL}{text}"), std::time::Instant::now());
            answer.map_err(|error| arguments.within(start(text), without_explain(error)))
        }
        Input::Nothing | Input::Command(_) => Err(arguments.missing()),
    }
}

fn run_eqp(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.settings.eqp = arguments.switch("the plan before each answer is")?;
    Ok(Answer::default())
}

/// A mistake in SQL that was explained, placed in what was typed.
fn without_explain(error: SessionError) -> SessionError {
    let SessionError::Mistake(mut mistake) = error else { return error };
    let typed = mistake.source.as_deref().and_then(|source| source.strip_prefix(EXPLAIN_SQL)).map(str::to_owned);
    if let Some(typed) = typed {
        let before = |at: usize| at.saturating_sub(EXPLAIN_SQL.len());
        mistake.span = mistake.span.map(|span| Span::new(before(span.start), before(span.end)));
        mistake.source = Some(typed);
    }
    SessionError::Mistake(mistake)
}
