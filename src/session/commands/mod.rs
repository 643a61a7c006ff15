//! The dot-commands: one table feeds dispatch, help and completion.

mod annotate;
mod arguments;
mod diff_records;
mod display;
pub mod help;
pub(crate) mod noise;
pub mod other_shells;
pub(crate) mod output_files;
mod pivot;
mod plot;
pub(crate) mod queries;
mod refine;
mod show;
pub mod sqlite3_compat;
mod verbs;

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::ingest;
use crate::io_message::cannot_read;
use crate::render::Format;
use crate::render::escape::visible;
use crate::saved::shipped_script;
pub(crate) use crate::session::commands::arguments::Arguments;
use crate::session::commands::arguments::words;
use crate::session::commands::output_files::Named;
use crate::session::input::Input;
use crate::session::{Answer, Run, Session, SessionError, parse_value, script};

/// How deep `.read` may nest.
const DEEPEST: usize = 16;

/// What stands before SQL to show its plan.
const EXPLAIN_SQL: &str = "EXPLAIN QUERY PLAN ";

/// What completion offers for a command's arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completes {
    /// Nothing.
    Nothing,
    /// Topics of help.
    Topics,
    /// Tables.
    Tables,
    /// Formats.
    Formats,
    /// Files.
    Files,
    /// Files to write.
    Outputs,
    /// `on` and `off`.
    Switch,
    /// What a lookup may hold.
    Lookup,
    /// Saved queries.
    Queries,
    /// A saved query, then its parameters.
    Run,
    /// These words.
    Words(&'static [&'static str]),
    /// Tags of the case.
    Tags,
}

/// A dot-command.
pub struct Command {
    /// Its name, with the dot.
    pub name: &'static str,
    /// What follows the name.
    pub arguments: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// What completion offers for its arguments.
    pub completes: Completes,
    run: fn(&mut Session, &Arguments<'_>) -> Result<Answer, SessionError>,
}

/// An entry of the table.
const fn command(
    name: &'static str,
    arguments: &'static str,
    help: &'static str,
    completes: Completes,
    run: fn(&mut Session, &Arguments<'_>) -> Result<Answer, SessionError>,
) -> Command {
    Command { name, arguments, help, completes, run }
}

/// Every dot-command, in the order in which help lists them.
pub const COMMANDS: &[Command] = &[
    command(".help", "[TOPIC]", "explain a command, a field, a stage, or a list of them", Completes::Topics, run_help),
    command(".show", "N [--raw]", "show the full record of row N of the last answer", Completes::Nothing, run_show),
    command(".run", "NAME [K=V...]", "run a saved query", Completes::Run, run_run),
    command(
        ".queries",
        "[WORD...]",
        "list the saved queries about words, or show one",
        Completes::Queries,
        run_queries,
    ),
    command(".who", "N [SPAN]", "show what the actor of row N did, an hour around it", Completes::Nothing, verbs::who),
    command(
        ".near",
        "N [SPAN]",
        "show what the same address, key or session did, 10m around",
        Completes::Nothing,
        verbs::near,
    ),
    command(
        ".resource",
        "N [K]",
        "show the history of the resource of row N, or of its K-th",
        Completes::Nothing,
        verbs::resource,
    ),
    command(".key", "N", "show what the access key of row N did, and who issued it", Completes::Nothing, verbs::key),
    command(".diff", "N M", "compare the records of two rows, path by path", Completes::Nothing, verbs::diff),
    command(".filter", "TERM...", "narrow the last lookup, or give it other stages", Completes::Lookup, verbs::filter),
    command(
        ".zoom",
        "in [N]|out",
        "show one span of the last timeline, or more around it",
        Completes::Words(&["in", "out"]),
        verbs::zoom,
    ),
    command(".back", "", "return to the lookup before", Completes::Nothing, verbs::back),
    command(".open", "N", "show the events of the folded row N", Completes::Nothing, verbs::open),
    command(".last", "[FORMAT]", "show the last answer again, in another format", Completes::Formats, verbs::last),
    command(".tag", "N... TAG [NOTE]", "tag events; tag=TAG finds them", Completes::Tags, verbs::tag),
    command(".untag", "N... TAG", "take a tag off events", Completes::Tags, verbs::untag),
    command(".note", "TEXT", "note something down in the case", Completes::Nothing, verbs::note),
    command(".notes", "", "list what was noted and tagged, by whom and when", Completes::Nothing, verbs::notes),
    command(".save", "NAME", "save the last lookup or SQL in the case", Completes::Nothing, verbs::save),
    command(".unsave", "NAME", "forget a saved query of the case", Completes::Nothing, verbs::unsave),
    command(
        ".session",
        "[--force] FILE",
        "write the session as a script that replays",
        Completes::Outputs,
        verbs::session,
    ),
    command(
        ".noise",
        "[on|off|add|remove] [NAME [FILTER]]",
        "leave out what named rules match, or list the rules",
        Completes::Words(&["on", "off", "add", "remove"]),
        display::noise,
    ),
    command(
        ".plot",
        "[--force] FILE.svg",
        "write the last timeline or count as a picture",
        Completes::Outputs,
        verbs::plot,
    ),
    command(".explain", "LOOKUP", "show the SQL and the plan of a lookup", Completes::Lookup, run_explain),
    command(".eqp", "on|off", "show the plan before each answer", Completes::Switch, display::eqp),
    command(".info", "", "show what the case holds", Completes::Nothing, run_info),
    command(".tables", "", "list the tables", Completes::Nothing, run_tables),
    command(".schema", "[TABLE]", "show how tables are made", Completes::Tables, run_schema),
    command(".indexes", "[TABLE]", "list the indexes", Completes::Tables, display::indexes),
    command(".databases", "", "tell where the case is", Completes::Nothing, display::databases),
    command(".mode", "[FORMAT]", "set or tell the format of answers", Completes::Formats, display::mode),
    command(
        ".expanded",
        "[on|off]",
        "show one line a cell, or tables; \\G behind an input does it once",
        Completes::Switch,
        display::expanded,
    ),
    command(".headers", "on|off", "show the names of the columns or not", Completes::Switch, display::headers),
    command(".nullvalue", "TEXT", "show a text for missing values", Completes::Nothing, display::null_value),
    command(".width", "[N...]", "set the widths of a table's columns, 0 for any", Completes::Nothing, display::width),
    command(
        ".tz",
        "[ZONE]",
        "show times in UTC, LOCAL, an offset or a named zone",
        Completes::Words(&["UTC", "LOCAL"]),
        display::zone,
    ),
    command(
        ".age",
        "on|newest|off",
        "show ages beside times, from now or from the newest event",
        Completes::Words(&["on", "newest", "off"]),
        display::age,
    ),
    command(".fold", "on|off", "show bursts of one actor and event name as one line", Completes::Switch, display::fold),
    command(".pager", "[on|off|COMMAND]", "show answers that do not fit in a pager", Completes::Switch, display::pager),
    command(
        ".output",
        "[[--force] FILE]",
        "write answers to a file, or to the screen again",
        Completes::Outputs,
        run_output,
    ),
    command(".once", "[--force] FILE", "write the next answer to a file", Completes::Outputs, run_once),
    command(
        ".param",
        "[set NAME VALUE|unset NAME|clear|list]",
        "set the values of :NAME in SQL and ${NAME} in lookups",
        Completes::Words(&["set", "unset", "clear", "list"]),
        display::param,
    ),
    command(".timer", "on|off", "tell how long each input took", Completes::Switch, display::timer),
    command(".echo", "on|off", "repeat each input before its answer", Completes::Switch, display::echo),
    command(".settings", "", "tell how the session is set", Completes::Nothing, display::settings),
    command(".import", "PATH...", "load trail files and folders", Completes::Files, run_import),
    command(
        ".snapshot",
        "[--force] FILE [LOOKUP]",
        "write the case, or some of it, as a new file",
        Completes::Outputs,
        verbs::snapshot,
    ),
    command(".read", "FILE", "run lookups, SQL and commands from a file", Completes::Files, run_read),
    command(".bail", "on|off", "end a script at the first error, or go on", Completes::Switch, run_bail),
    command(".print", "TEXT", "write a line", Completes::Nothing, run_print),
    command(".quit", "", "leave", Completes::Nothing, run_quit),
    command(".exit", "", "leave", Completes::Nothing, run_quit),
];

/// Other names of commands, as sqlite3 has them.
const ALIASES: [(&str, &str); 3] = [(".parameter", ".param"), (".indices", ".indexes"), (".header", ".headers")];

/// The command with this name.
pub fn find(name: &str) -> Option<&'static Command> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
    COMMANDS.iter().find(|command| command.name == name)
}

/// Commands that set or tell the session's own format, or report in text whatever the format of rows.
const WITHOUT_ROWS: [&str; 6] = [".mode", ".expanded", ".settings", ".read", ".import", ".snapshot"];

/// Reports whether what a command line writes is shown in the format of rows.
pub(crate) fn answers_in_rows(line: &str) -> bool {
    !WITHOUT_ROWS.contains(&line.split_whitespace().next().unwrap_or_default())
}

/// Runs a command line.
pub(crate) fn run(session: &mut Session, line: &str) -> Result<Answer, SessionError> {
    let end = line.find(char::is_whitespace).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let Some(command) = find(name) else {
        let mut mistake = Diagnostic::at(Span::new(0, end), format!("unknown command `{name}`")).in_source(line);
        if let Some(advice) = sqlite3_compat::advice(name) {
            return Err(mistake.hint(advice).into());
        }
        for near in nearest(name, COMMANDS.iter().map(|command| command.name)) {
            mistake.instead.get_or_insert_with(|| near.to_owned());
            mistake = mistake.hint(format!("did you mean `{near}`?"));
        }
        if mistake.hints.is_empty() {
            mistake = mistake.hint("`.help` lists the commands");
        }
        return Err(mistake.into());
    };
    let arguments = Arguments { command, line, rest: rest.trim(), words: words(line, end)? };
    (command.run)(session, &arguments)
}

fn run_help(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    let color = session.output.style(&session.settings.style).color;
    let text = match arguments.words.first() {
        None => help::overview(color),
        Some((topic, span)) => match help::topic(topic, color) {
            Some(text) => text,
            None => {
                let topics = help::topics();
                let mut mistake = Diagnostic::at(*span, format!("no help on `{topic}`")).in_source(arguments.line);
                for near in nearest(topic, topics.iter().map(String::as_str)) {
                    mistake.instead.get_or_insert_with(|| near.to_owned());
                    mistake = mistake.hint(format!("did you mean `.help {near}`?"));
                }
                return Err(mistake.into());
            }
        },
    };
    session.print(&text)?;
    Ok(Answer::default())
}

fn run_show(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let mut raw = false;
    let mut row = None;
    for (word, span) in &arguments.words {
        match word.parse::<u64>() {
            _ if word == "--raw" => raw = true,
            Ok(number) if row.is_none() => row = Some(number),
            _ => return Err(arguments.mistake(*span, format!("`{word}` is neither a row nor `--raw`"))),
        }
    }
    show::run(session, row.ok_or_else(|| arguments.missing())?, raw)
}

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

fn run_info(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    let format = session.settings.format;
    // What `.mode` says of answers in rows does not forbid to tell what the case holds.
    if !matches!(format, Some(Format::Json | Format::Ndjson)) {
        session.settings.format = None;
    }
    let answer = session.info();
    session.settings.format = format;
    answer
}

fn run_tables(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    let names: Vec<String> = session.case()?.tables().into_iter().map(|(name, _)| name).collect();
    session.print(&format!("{}\n", names.join("\n")))?;
    Ok(Answer::default())
}

fn run_schema(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    let case = session.case()?;
    let table = arguments.words.first();
    let schema = case.schema(table.map(|(name, _)| name.as_str()));
    if let (true, Some((name, span))) = (schema.is_empty(), table) {
        let tables = case.tables();
        let mut mistake = Diagnostic::at(*span, format!("no table `{name}`")).in_source(arguments.line);
        for near in nearest(name, tables.iter().map(|(name, _)| name.as_str())) {
            mistake.instead.get_or_insert_with(|| near.to_owned());
            mistake = mistake.hint(format!("did you mean `{near}`?"));
        }
        return Err(mistake.into());
    }
    for statement in schema {
        session.print(&format!("{};\n", statement.trim_end_matches(';')))?;
    }
    Ok(Answer::default())
}

fn run_output(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let redirect = Named::read(arguments)?.map(|file| file.redirect(session)).transpose()?;
    session.output.set_file(redirect).map_err(Diagnostic::from)?;
    Ok(Answer::default())
}

fn run_once(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let redirect = Named::required(arguments)?.redirect(session)?;
    session.output.set_once(redirect).map_err(Diagnostic::from)?;
    Ok(Answer::default())
}

fn run_run(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let Some(((name, name_span), values)) = arguments.words.split_first() else { return Err(arguments.missing()) };
    let mut run = Run { name: session.filled(name)?, ..Run::default() };
    for (word, span) in values {
        let (key, value) = parse_value(word).map_err(|mistake| {
            let placed = Diagnostic { span: Some(*span), ..mistake }.in_source(arguments.line);
            session.explain_parameters(&run.name, word, placed).map_or_else(|error| error, SessionError::from)
        })?;
        if run.params.insert(key.clone(), session.filled(&value)?).is_some() {
            return Err(arguments.mistake(*span, format!("`{key}` is given twice")));
        }
    }
    let library = session.library()?;
    let known = library.find(&run.name).is_some()
        || library.find_broken(&run.name).is_some()
        || shipped_script(&run.name).is_some();
    session.run_query(&run).map_err(|error| match error {
        SessionError::Mistake(mut mistake) if !known => {
            mistake.span = Some(*name_span);
            SessionError::Mistake(mistake).in_source(arguments.line)
        }
        error => error,
    })
}

fn run_queries(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let words: Vec<String> = arguments.words.iter().map(|(word, _)| word.clone()).collect();
    session.queries(&words)
}

fn run_bail(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.settings.bail_off = !arguments.switch("bail is")?;
    Ok(Answer::default())
}

fn run_import(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    if arguments.words.is_empty() {
        return Err(arguments.missing());
    }
    let paths: Vec<PathBuf> = arguments.words.iter().map(|(path, _)| PathBuf::from(path)).collect();
    session.import(&paths, &ingest::Options::default())
}

fn run_read(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let name = arguments.one()?;
    let span = arguments.words[0].1;
    if session.depth >= DEEPEST {
        return Err(arguments.mistake(span, format!("files read one another more than {DEEPEST} deep")));
    }
    let file =
        std::fs::File::open(name).map_err(|error| arguments.mistake(span, cannot_read(Path::new(name), &error)))?;
    session.depth += 1;
    let answer = script::run(session, std::io::BufReader::new(file), name);
    session.depth -= 1;
    answer
}

fn run_print(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let text = session.filled(arguments.rest)?;
    session.print(&format!("{}\n", visible(&text)))?;
    Ok(Answer::default())
}

fn run_quit(_: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    Ok(Answer { quit: true, ..Answer::default() })
}

#[cfg(test)]
mod tests {
    use super::COMMANDS;

    #[test]
    fn every_command_has_one_name() {
        for (at, command) in COMMANDS.iter().enumerate() {
            assert!(command.name.starts_with('.') && !command.help.ends_with('.'));
            assert!(COMMANDS[..at].iter().all(|earlier| earlier.name != command.name));
        }
    }
}
