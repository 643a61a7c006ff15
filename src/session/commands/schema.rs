//! Commands that show what the case has: its contents, tables and indexes.

use crate::rows;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::nearest;
use crate::escape::visible;
use crate::render::Format;
use crate::session::Answer;
use crate::session::Session;
use crate::session::SessionError;
use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "[files|custody]",
        examples: &[".info files", ".info custody"],
        completes: Completes::Words(&["files", "custody"]),
        ..Command::new(".info", "show what the case holds, its files or its chain of custody", run_info)
    },
    Command::new(".tables", "list the tables", run_tables),
    Command {
        arguments: "[TABLE]",
        completes: Completes::Tables,
        ..Command::new(".schema", "show how tables are made", run_schema)
    },
    Command {
        alias: Some(".indices"),
        arguments: "[TABLE]",
        completes: Completes::Tables,
        ..Command::new(".indexes", "list the indexes", run_indexes)
    },
    Command::new(".databases", "show the path of the case", run_databases),
];

fn run_info(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let summarize = match arguments.words.first() {
        Some((word, _)) if word == "files" => {
            arguments.at_most(1)?;
            return session.list_files();
        }
        Some((word, _)) if word == "custody" => {
            arguments.at_most(1)?;
            Session::custody
        }
        _ => {
            arguments.at_most(0)?;
            Session::info
        }
    };
    let format = session.settings.format;
    // The format of `.mode` is for answers in rows, and does not prevent a summary of the case.
    if !matches!(format, Some(Format::Json | Format::Ndjson)) {
        session.settings.format = None;
    }
    let answer = summarize(session);
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

fn run_indexes(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    let case = session.case()?;
    let table = arguments.words.first().map(|(name, _)| name.as_str());
    let sql = "SELECT tbl_name AS \"table\", name AS \"index\", group_concat(i.\"column\", ', ') AS columns FROM \
               (SELECT m.tbl_name, m.name, c.name AS \"column\" FROM sqlite_schema m, pragma_index_info(m.name) c \
               WHERE m.type = 'index' AND m.sql IS NOT NULL AND (?1 = '' OR m.tbl_name = ?1 COLLATE NOCASE) \
               ORDER BY m.tbl_name, m.name, c.seqno) i GROUP BY 1, 2";
    let held =
        rows::collect(|sink| case.query(sql, &[crate::sql::Param::Text(table.unwrap_or_default().to_owned())], sink))?;
    if held.rows.is_empty() {
        let table = table.map_or_else(String::new, |table| format!(" of {table}"));
        session.status(&format!("there is no index{table}"));
        return Ok(Answer::default());
    }
    session.write_held(&held)
}

fn run_databases(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    let case = session.case()?;
    session.print(&format!("main: {} r/o\n", visible(&case.path().display().to_string())))?;
    Ok(Answer::default())
}
