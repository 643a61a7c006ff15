//! Saved queries in a session: listed, shown, run, checked, and kept in the case.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use serde_json::{Value, json};

use crate::diagnostic::Diagnostic;
use crate::engine::explain::interval;
use crate::engine::no_match;
use crate::escape::visible;
use crate::number;
use crate::query::Interval;
use crate::query::edit::literal;
use crate::render::{Format, Style};
use crate::rows::Cell;
use crate::saved::{Library, Origin, SavedQuery, ShippedScript, missing, shipped_script};
use crate::session::brief::Heading;
use crate::session::commands::command::Arguments;
use crate::session::commands::command::{Command, Completes};
use crate::session::query_list::{Listed, listed, object};
use crate::session::saved_queries::{Run, bound, parse_value, values_of};
use crate::session::{Answer, Session, SessionError, script};
use crate::sql::Param;
use crate::store::Case;
use crate::summary::report::to_json;
use crate::time;

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        can_pipe: true,
        arguments: "NAME [K=V...]",
        completes: Completes::Run,
        ..Command::new(".run", "run a saved query", run_run)
    },
    Command {
        arguments: "[WORD...]",
        completes: Completes::Queries,
        is_logged: false,
        ..Command::new(".queries", "list the saved queries about words, or show one", run_queries)
    },
];

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

impl Session {
    /// Lists the saved queries that are about every word; where one has just this name, shows it.
    pub fn queries(&mut self, words: &[String]) -> Result<Answer, SessionError> {
        let library = self.library()?;
        self.remark_on(&library, words);
        if let [name] = words {
            if let Some(query) = library.find(name) {
                return self.show_query(query);
            }
            if let Some(broken) = library.find_broken(name) {
                return Err(broken.unusable().into());
            }
        }
        let found = listed(&library, words);
        self.list_queries(&found)?;
        if found.iter().any(|listed| matches!(listed, Listed::Call(_))) {
            self.note("detections are run by `trailq hunt`");
        }
        if found.is_empty() {
            let words = words.join(" ");
            let near: Vec<String> = library.near(&words).iter().map(|near| format!("`{near}`")).collect();
            let near = match near.as_slice() {
                [] if shipped_script(&words).is_some() => format!("; `trailq script {words}` runs the script"),
                [] => String::new(),
                near => format!("; near it are {}", near.join(", ")),
            };
            self.note(&format!("no saved query is about `{words}`{near}"));
        }
        Ok(Answer::rows(found.len() as u64))
    }

    /// Says what is wrong with files that should be queries, and which queries hide others. What is wrong with the one
    /// that `words` name is an error.
    fn remark_on(&mut self, library: &Library, words: &[String]) {
        let named = library.broken.iter().filter(|broken| *words != [broken.name.as_str()]);
        for mistake in named.map(|broken| &broken.mistake) {
            let place = mistake.origin.as_ref().map_or_else(String::new, |origin| format!("{origin}: "));
            self.note(&format!("{place}{}", mistake.message));
        }
        for note in &library.notes {
            self.note(note);
        }
    }

    fn list_queries(&mut self, queries: &[Listed<'_>]) -> Result<(), SessionError> {
        let format = self.settings.format.unwrap_or_default();
        let objects = queries.iter().map(Listed::object);
        match format {
            Format::Json => {
                return self.print(&to_json(&objects.collect::<Vec<_>>(), true)?);
            }
            Format::Ndjson => {
                let lines: Vec<String> = objects.map(|object| to_json(&object, false)).collect::<Result<_, _>>()?;
                return self.print(&lines.concat());
            }
            Format::Records => return Err(no_records("a list of queries").into()),
            _ => {}
        }
        let style = Style { numbers: false, ..self.output.style(&self.settings.style) };
        self.write_rows(format, &style, None, |mut sink| {
            sink.begin(&["group", "name", "title", "parameters", "origin", "level"].map(str::to_owned))?;
            for listed in queries {
                sink.row(&listed.cells().each_ref().map(|cell| Cell::Text(cell)))?;
            }
            Ok(sink.end()?)
        })
    }

    /// Prints a query: where it is from, its header and its statement.
    fn show_query(&mut self, query: &SavedQuery) -> Result<Answer, SessionError> {
        let text = match self.settings.format {
            None | Some(Format::Table | Format::Expanded) => {
                let mut text = format!("-- {}/{}, from {}\n", query.group, query.name, query.origin);
                for line in query.text.lines() {
                    let _ = writeln!(text, "{}", line.split('\t').map(visible).collect::<Vec<_>>().join("\t"));
                }
                text
            }
            Some(Format::Json) => to_json(&[whole_object(query)], true)?,
            Some(Format::Ndjson) => to_json(&whole_object(query), false)?,
            Some(other) => {
                let mistake = Diagnostic::new(format!("a saved query is not shown as {other}"));
                return Err(mistake.hint("leave --format out for text, or take json").into());
            }
        };
        self.print(&text)?;
        Ok(Answer::rows(1))
    }

    /// Runs a saved query, or one of trailq's own scripts.
    ///
    /// # Errors
    /// The query is unknown, a parameter is missing or invalid, or the statement fails.
    pub fn run_query(&mut self, run: &Run) -> Result<Answer, SessionError> {
        self.in_one_state(|session| session.run_saved(run))
    }

    fn run_saved(&mut self, run: &Run) -> Result<Answer, SessionError> {
        let started = Instant::now();
        let case = self.case()?;
        let library = self.library()?;
        let found = library.find(&run.name);
        let broken = library.find_broken(&run.name);
        match (found, broken, shipped_script(&run.name)) {
            (None, None, Some(own)) => return self.run_script(&own, run),
            (Some(query), Some(broken), _) => {
                let why = broken.unusable().message;
                self.note(&format!("{why}; the query of {} is run", query.origin));
            }
            _ => {}
        }
        let (query, values) = bound(&library, run).map_err(|error| with_missing_value(error, found, run))?;
        self.require_geo_files(query)?;
        let sql = self.statement_of(query)?;
        let (title, command) = heading_of(query, run);
        let kept = query.header.columns.iter().filter(|column| column.is_kept).map(|column| column.name.clone());
        let kept: Vec<String> = kept.collect();
        let heading = Heading { title: &title, command: &command, kept: &kept };
        let rows = self.rows_of(&case, &sql, &values, Some(heading)).map_err(|error| match &query.origin {
            Origin::Shipped => error,
            Origin::File(path) => script::locate(error, &path.display().to_string(), query.line),
            Origin::Case => script::locate(error, &format!("{} of the case", query.name), query.line),
        })?;
        let mut line = format!("{}: {}", query.name, number::counted(rows, "row"));
        let _ = write!(line, " ({}, {})", interval(period_of(&values)), number::duration(started.elapsed()));
        if query.origin != Origin::Shipped {
            let _ = write!(line, "; `{}` is from {}", query.name, query.origin);
        }
        self.status(&line);
        if rows == 0 && !self.settings.quiet {
            self.note_what_is_not_seen(&case, query, &values)?;
        }
        Ok(Answer::rows(rows))
    }

    /// Notes what the case could not have seen of a saved query without rows.
    fn note_what_is_not_seen(
        &mut self,
        case: &Case,
        query: &SavedQuery,
        values: &BTreeMap<String, Option<Param>>,
    ) -> Result<(), SessionError> {
        if query.group == LEDGER_GROUP {
            if query.name == "missing-files" && case.listed_files()?.digests == 0 {
                self.note("the case has no digest files, and only these list what was delivered");
            }
            return Ok(());
        }
        let account = match values.get("account") {
            Some(Some(Param::Text(account))) => Some(account.as_str()),
            _ => None,
        };
        let period = period_of(values).unwrap_or_default();
        if let Some(not_seen) = no_match::coverage::of_statement(case, &query.sql, account, (period.from, period.to))? {
            self.note(&not_seen);
        }
        Ok(())
    }

    /// Runs one of trailq's own scripts.
    ///
    /// # Errors
    /// The case does not exist, a parameter is missing or invalid, or a line of the script fails.
    pub fn run_script(&mut self, own: &ShippedScript, run: &Run) -> Result<Answer, SessionError> {
        self.case()?;
        script::run_shipped(self, own, &values_of(&own.header, own.name, run)?)
    }

    /// Says which parameters a query or one of trailq's own scripts has, where a word is not a value of one.
    pub fn explain_parameters(
        &self,
        name: &str,
        word: &str,
        mut mistake: Diagnostic,
    ) -> Result<Diagnostic, SessionError> {
        let library = self.library()?;
        let own = shipped_script(name);
        let header = library.find(name).map(|query| &query.header).or(own.as_ref().map(|own| &own.header));
        let Some(header) = header else { return Ok(mistake) };
        let names: Vec<&str> = header.params.iter().map(|param| param.name.as_str()).collect();
        match names.as_slice() {
            [] => mistake.notes.push(format!("`{name}` has no parameters")),
            names => mistake.notes.push(format!("the parameters of `{name}` are {}", names.join(", "))),
        }
        let parameter = missing(header, &BTreeMap::new()).or(names.first().copied());
        mistake
            .hints
            .extend(parameter.filter(|_| !word.contains('=')).map(|name| format!("for example {name}={word}")));
        Ok(mistake)
    }

    /// The statement that gives a query's answer in the format of now.
    fn statement_of(&self, query: &SavedQuery) -> Result<String, SessionError> {
        let has = |name: &str| query.header.columns.iter().any(|column| column.name == name);
        if self.settings.format != Some(Format::Records) || has("record") {
            return Ok(query.sql.clone());
        }
        if !has("event_id") {
            return Err(no_records(&format!("the answer of `{}`", query.name)).into());
        }
        Ok(format!(
            "SELECT events.id, record(events.id) AS record FROM (\n{}\n) AS answer \
             CROSS JOIN events ON events.event_id = answer.event_id",
            query.sql
        ))
    }
}

/// Says how to give the value that is missing, where one is.
fn with_missing_value(error: SessionError, query: Option<&SavedQuery>, run: &Run) -> SessionError {
    let missing = query.and_then(|query| missing(&query.header, &run.params));
    match (error, missing) {
        (SessionError::Mistake(mut mistake), Some(name)) => {
            mistake.hints.insert(0, format!("write {name}=VALUE after the name of the query"));
            SessionError::Mistake(mistake)
        }
        (error, _) => error,
    }
}

fn no_records(what: &str) -> Diagnostic {
    Diagnostic::new(format!("the format records shows events, and {what} has none")).hint("take another format")
}

/// Returns the title of a run in a report, and the command that shows all its rows. The period is that of the report.
fn heading_of(query: &SavedQuery, run: &Run) -> (String, String) {
    let given = run.params.iter().filter(|(name, _)| !matches!(name.as_str(), "since" | "until"));
    let given = given.map(|(name, value)| format!("{name}={}", literal(value))).collect::<Vec<_>>().join(" ");
    let title = &query.header.title;
    if given.is_empty() {
        return (title.clone(), format!(".run {}", query.name));
    }
    (format!("{title} ({given})"), format!(".run {} {given}", query.name))
}

/// The interval that a run was limited to.
fn period_of(values: &BTreeMap<String, Option<Param>>) -> Option<Interval> {
    let end = |name: &str| match values.get(name) {
        Some(Some(Param::Text(text))) => time::parse(text),
        _ => None,
    };
    Some(Interval { from: end("since"), to: end("until") })
}

/// The group of queries about the case itself, whose answers lack nothing that happened.
const LEDGER_GROUP: &str = "case";

/// Everything about a query.
fn whole_object(query: &SavedQuery) -> Value {
    let header = &query.header;
    let columns: Vec<Value> =
        header.columns.iter().map(|column| json!({"name": column.name, "help": column.help})).collect();
    let mut whole = object(query);
    whole["about"] = json!(header.about);
    whole["columns"] = json!(columns);
    whole["attack"] = json!(header.attack);
    whole["detections"] = json!(header.detections);
    whole["references"] = json!(header.references);
    whole["slow"] = json!(header.slow);
    whole["needs"] = json!(header.needs);
    whole["sql"] = json!(query.sql);
    whole
}
