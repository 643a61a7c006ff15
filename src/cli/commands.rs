//! What each command does, with the session that they share.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal as _, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use super::args::{Diff, Import, Lookup, Merge, Queries, RunQuery, Script, Serve, Snapshot, Sql};
use super::{Outcome, other_tools};
use crate::diagnostic::{Diagnostic, nearest};
use crate::ingest::Options;
use crate::io_message::describe;
use crate::render::number;
use crate::repl;
use crate::saved::{shipped_script, shipped_scripts};
use crate::serve::Server;
use crate::session::input::Input;
use crate::session::snapshot::{Selection, Snapshot as Asked};
use crate::session::{Answer, Params, Run, Session, SessionError, parse_value, script as scripts};

/// How messages name standard input.
const STDIN: &str = "standard input";

/// `trailq [CASE]`: the REPL on a terminal, a script otherwise.
pub(super) fn repl(mut session: Session, named: Option<&Path>) -> Result<Outcome, SessionError> {
    session.case().map_err(|error| unknown_case(error, named))?;
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(repl::run(session)?.into());
    }
    let done = scripts::run(&mut session, io::stdin().lock(), STDIN);
    let ended = session.end();
    Ok(done.and_then(|answer| ended.map(|()| answer))?.into())
}

/// `trailq import PATH...`.
pub(super) fn import(session: &mut Session, import: Import) -> Result<Outcome, SessionError> {
    let options = Options { jobs: import.jobs.map(usize::from), follow_links: import.follow_links };
    Ok(session.import(&import.paths, &options)?.into())
}

/// `trailq lookup LOOKUP...`.
pub(super) fn lookup(session: &mut Session, lookup: &Lookup) -> Result<Outcome, SessionError> {
    let text = lookup.words.join(" ");
    session.settings.limit = lookup.limit;
    let answer = if lookup.explain { session.explain(&text)? } else { session.execute(&Input::Lookup(&text))? };
    Ok(Outcome { answer, fail_on_rows: lookup.fail_on_rows })
}

/// `trailq sql STATEMENT`.
pub(super) fn sql(session: &mut Session, sql: Sql) -> Result<Outcome, SessionError> {
    session.set_params(Params::of_statement(sql.params.params));
    let answer = match (&sql.statement, &sql.file) {
        (Some(statement), _) => session.execute(&Input::Sql(statement))?,
        (None, Some(file)) => {
            let mut text = String::new();
            let (mut reader, origin) = open(file)?;
            reader
                .read_to_string(&mut text)
                .map_err(|error| Diagnostic::new(format!("{origin} cannot be read: {}", describe(&error))))?;
            session.execute(&Input::Sql(&text)).map_err(|error| scripts::locate(error, &origin, 1))?
        }
        (None, None) => return Err(Diagnostic::new("there is no statement").into()),
    };
    Ok(Outcome { answer, fail_on_rows: sql.fail_on_rows })
}

/// `trailq serve --port N`.
pub(super) fn serve(session: &mut Session, serve: &Serve) -> Result<Outcome, SessionError> {
    let server = Server::bind(&*session.case()?, SocketAddr::new(serve.address, serve.port))?;
    let address = server.address();
    session.status(&format!("serving {} at http://{address}; Ctrl-C ends it", session.welcome()?));
    if !address.ip().is_loopback() {
        session.note("whoever reaches this address can read the case: no credentials are asked for");
    }
    // A wildcard address is no place to go to.
    let reached = match address.ip().is_unspecified() {
        true => SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())),
        false => address,
    };
    session.status(&format!(
        "try: aws --endpoint-url http://{reached} --no-sign-request --region us-east-1 cloudtrail lookup-events \
         --max-items 3"
    ));
    let answered = server.run()?;
    session.status(&format!("ended after {}", number::counted(answered, "request")));
    Ok(Outcome::from(Answer::default()))
}

/// `trailq queries [WORD...]`.
pub(super) fn queries(session: &mut Session, queries: &Queries) -> Result<Outcome, SessionError> {
    let answer = match queries {
        Queries { check: true, .. } => session.check_queries()?,
        Queries { save: Some(file), .. } => session.save_query(file)?,
        Queries { delete: Some(name), .. } => session.delete_query(name)?,
        Queries { words, .. } => session.queries(words)?,
    };
    Ok(answer.into())
}

/// `trailq run NAME`.
pub(super) fn run(session: &mut Session, run: RunQuery) -> Result<Outcome, SessionError> {
    if run.name.contains('=') {
        let mistake = Diagnostic::new(format!("`{}` is not the name of a query", run.name));
        return Err(mistake.hint(format!("the name comes first: trailq run NAME {}", run.name)).into());
    }
    let values = values(session, &run.name, &run.values)?;
    let params = given(run.params.into_iter().chain(values))?;
    let asked = Run { name: run.name, params, since: run.since, until: run.until };
    Ok(Outcome { answer: session.run_query(&asked)?, fail_on_rows: run.fail_on_rows })
}

/// Reads the words after the name of a query or a script.
fn values(session: &Session, name: &str, words: &[String]) -> Result<Vec<(String, String)>, SessionError> {
    let mut values = Vec::new();
    for word in words {
        match parse_value(word) {
            Ok(value) => values.push(value),
            Err(mistake) => return Err(session.explain_parameters(name, word, mistake)?.into()),
        }
    }
    Ok(values)
}

/// The values of parameters, each given once.
fn given(values: impl IntoIterator<Item = (String, String)>) -> Result<BTreeMap<String, String>, SessionError> {
    let mut params = BTreeMap::new();
    for (name, value) in values {
        if params.contains_key(&name) {
            return Err(Diagnostic::new(format!("`{name}` is given twice")).into());
        }
        params.insert(name, value);
    }
    Ok(params)
}

/// `trailq snapshot OUT.db`.
pub(super) fn snapshot(session: &mut Session, snapshot: Snapshot) -> Result<Outcome, SessionError> {
    if let Some(file) = &snapshot.verify {
        return Ok(session.verify(file, snapshot.sources.as_deref())?.into());
    }
    let Some(out) = snapshot.out else { return Err(Diagnostic::new("there is no file to write").into()) };
    let selection = match (snapshot.lookup, snapshot.query, snapshot.tag) {
        (Some(lookup), _, _) => Selection::Where(lookup),
        (_, Some(name), _) => {
            let params = given(snapshot.params)?;
            Selection::Query(Run { name, params, since: snapshot.since, until: snapshot.until })
        }
        (_, _, Some(tag)) => Selection::Tag(tag),
        (None, None, None) => Selection::All,
    };
    let asked = Asked {
        out,
        selection,
        portable: snapshot.portable,
        full_text: snapshot.fts,
        without_notes: snapshot.no_notes,
        force: snapshot.force,
        redact: snapshot.redact,
        key: snapshot.redact_key,
    };
    Ok(session.snapshot(&asked)?.into())
}

/// `trailq script FILE`: a file, else one of trailq's own scripts.
pub(super) fn script(session: &mut Session, script: Script) -> Result<Outcome, SessionError> {
    let name = script.file.to_string_lossy().into_owned();
    let values = values(session, &name, &script.values)?;
    let params = given(script.params.params.into_iter().chain(values))?;
    if !script.file.exists() && name != "-" {
        if let Some(own) = shipped_script(&name) {
            return Ok(session.run_script(&own, &Run { name, params, ..Run::default() })?.into());
        }
        return Err(no_script(&name).into());
    }
    session.set_params(Params::of_script(params));
    let (reader, origin) = open(&script.file)?;
    if name != "-" {
        // Ctrl-C ends the statement and the script, and what went to `.output` is kept. A script that is typed ends as
        // any program that waits for input does.
        let interrupter = session.interrupter();
        ctrlc::set_handler(move || interrupter.interrupt()).map_err(|error| io::Error::other(error.to_string()))?;
    }
    Ok(scripts::run(session, BufReader::new(reader), &origin)?.into())
}

/// The mistake of naming a script that there is not.
fn no_script(name: &str) -> Diagnostic {
    let own = shipped_scripts();
    let names: Vec<&str> = own.iter().map(|script| script.name).collect();
    let mut mistake = Diagnostic::new(format!("no script or file `{name}`"));
    mistake.hints.extend(nearest(name, names.iter().copied()).first().map(|near| format!("did you mean `{near}`?")));
    mistake.note(format!("trailq has {}", names.join(" and ")))
}

/// `trailq merge OTHER.db...`.
pub(super) fn merge(session: &mut Session, merge: &Merge) -> Result<Outcome, SessionError> {
    Ok(session.merge(&merge.others, merge.force)?.into())
}

/// `trailq diff A.db B.db`.
pub(super) fn diff(session: &mut Session, diff: &Diff) -> Result<Outcome, SessionError> {
    Ok(Outcome { answer: session.diff_cases(&diff.a, &diff.b, diff.rows)?, fail_on_rows: diff.fail_on_rows })
}

/// Where a word that is not a command was taken as the name of a case, says so.
fn unknown_case(error: SessionError, named: Option<&Path>) -> SessionError {
    match named.filter(|path| !path.exists()).map(Path::to_string_lossy) {
        Some(word) if !other_tools::is_path(&word) => other_tools::unknown_command(&[&word]).into(),
        _ => error,
    }
}

/// Opens a file, or standard input for `-`; also tells how messages name it.
fn open(path: &Path) -> Result<(Box<dyn Read>, String), SessionError> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(io::stdin()), STDIN.to_owned()));
    }
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => Ok((Box::new(file), name)),
        Err(error) => Err(Diagnostic::new(format!("{name} cannot be read: {error}")).into()),
    }
}
