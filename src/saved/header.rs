//! The header of a saved query or a script: the comment lines at its top. Imports nothing but the levels, since the
//! build reads every shipped file with this same parser.
//!
//! ```text
//! -- title: Console sign-ins without MFA
//! -- about: What it answers and why that matters,
//! --   on as many lines as it takes.
//! -- param: since time: at or after this time
//! -- param: days integer = 30: how long is long
//! -- param: key text required: the access key
//! -- columns: event_time, who (the actor's ARN), outcome*, event_id
//! -- attack: T1078.004, T1110
//! -- see: AWS CloudTrail User Guide, AWS Management Console sign-in events; another page
//! -- level: high
//! -- slow: why it takes longer than the others
//! -- needs: country, asn
//! ```

use crate::level::Level;

/// The header of a saved query's file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// Its name in a few words, without a full stop.
    pub title: String,
    /// The question that it answers, and why that matters.
    pub about: String,
    /// The parameters, in this order.
    pub params: Vec<Parameter>,
    /// The columns of its answer; none of a script.
    pub columns: Vec<Column>,
    /// Techniques of MITRE ATT&CK, such as `T1078.004`.
    pub attack: Vec<String>,
    /// Pages to read on, by name.
    pub references: Vec<String>,
    /// The level of its rows, if each row is a finding: such a query stays short on a case of ordinary work.
    pub level: Option<Level>,
    /// The single-call detections whose events it shows, by id: they have a level each.
    pub detections: Vec<String>,
    /// The reason why it takes longer than other queries, if it does.
    pub slow: Option<String>,
    /// The functions on files about addresses that it calls: without such files it cannot be run.
    pub needs: Vec<String>,
}

/// Something that a query or a script asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// `:name` in SQL, `${name}` in a script.
    pub name: String,
    /// The kind of its values.
    pub kind: Kind,
    /// The requirement to give it.
    pub requirement: Requirement,
    /// The meaning.
    pub help: String,
}

/// The kinds of values of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// A time; a coarse one means its start, that of `until` its end.
    Time,
    /// Texts separated by commas; in SQL a JSON array.
    List,
}

/// The requirement to give a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// It has to be.
    Required,
    /// It is NULL where it is not.
    Optional,
    /// It is this where it is not.
    Default(String),
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The meaning, if the name does not say it.
    pub help: Option<String>,
    /// True if a narrow screen shows it before the columns without a mark.
    pub is_kept: bool,
}

/// A mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderError {
    /// The line, from 1.
    pub line: usize,
    /// The mistake, as a sentence without a full stop.
    pub message: String,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] = [Kind::Text, Kind::Integer, Kind::Time, Kind::List];

    /// Its name in headers.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Integer => "integer",
            Kind::Time => "time",
            Kind::List => "list",
        }
    }
}

/// Reads a saved query: its header, its one statement, and the line on which that begins.
///
/// # Errors
/// The first thing that is wrong with the header, or with the parameters of the statement.
pub fn parse_query(text: &str) -> Result<(Header, &str, usize), HeaderError> {
    let (header, body, line) = parse(text)?;
    let wrong = |message: String| Err(HeaderError { line, message });
    if header.columns.is_empty() {
        return wrong("the header has no `columns:`".to_owned());
    }
    let statement = one_statement(body).map_err(|message| HeaderError { line, message })?;
    let asked = parameters(statement);
    if let Some(name) = asked.iter().find(|asked| !header.params.iter().any(|param| param.name == **asked)) {
        return wrong(format!("the header has no `param:` for :{name}"));
    }
    if let Some(param) = header.params.iter().find(|param| !asked.contains(&param.name.as_str())) {
        return wrong(format!("the statement does not ask for :{}", param.name));
    }
    Ok((header, statement, line))
}

/// Reads the header of a script, if it has one.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn parse_script(text: &str) -> Result<Option<Header>, HeaderError> {
    let begins =
        |line: &str| comment(line).is_some_and(|line| line.starts_with("title:") || line.starts_with("param:"));
    if !text.lines().any(begins) {
        return Ok(None);
    }
    let (header, _, line) = parse(text)?;
    match header.params.iter().find(|param| param.requirement == Requirement::Optional) {
        Some(param) => {
            let message = format!("`{}` needs `required` or a default, as every parameter of a script", param.name);
            Err(HeaderError { line, message })
        }
        None => Ok(Some(header)),
    }
}

/// The header, what follows it, and the line on which that begins.
fn parse(text: &str) -> Result<(Header, &str, usize), HeaderError> {
    let mut entries: Vec<(usize, &str, String)> = Vec::new();
    let mut body = text;
    let mut number = 1;
    while !body.is_empty() {
        let (line, rest) = body.split_once('\n').unwrap_or((body, ""));
        let ignored = line.trim().is_empty() || (number == 1 && line.starts_with("#!"));
        match comment(line) {
            None if !ignored => break,
            None => {}
            Some(said) => add_line(&mut entries, said, number)?,
        }
        body = rest;
        number += 1;
    }
    let mut header = Header::default();
    let mut seen: Vec<&str> = Vec::new();
    for (line, key, value) in &entries {
        let wrong = |message: String| HeaderError { line: *line, message };
        if *key != "param" && seen.contains(key) {
            return Err(wrong(format!("duplicate key `{key}:`")));
        }
        seen.push(key);
        take(&mut header, key, value.trim()).map_err(wrong)?;
    }
    for (key, value) in [("title", &header.title), ("about", &header.about)] {
        if value.is_empty() {
            return Err(HeaderError { line: 1, message: format!("the header has no `{key}:`") });
        }
    }
    if header.level.is_some() && !header.detections.is_empty() {
        let message = "a header has `level:` or `detections:`, which have levels of their own".to_owned();
        return Err(HeaderError { line: 1, message });
    }
    Ok((header, body, number))
}

/// Returns the text of a comment line; `None` if the line is not a comment.
fn comment(line: &str) -> Option<&str> {
    line.trim_end().strip_prefix("--").map(|said| said.strip_prefix(' ').unwrap_or(said))
}

/// Adds a line to the entries: a new one, or more of the last.
fn add_line<'t>(entries: &mut Vec<(usize, &'t str, String)>, said: &'t str, line: usize) -> Result<(), HeaderError> {
    if said.trim().is_empty() {
        return Ok(());
    }
    if let Some(more) = said.strip_prefix("  ") {
        let Some((_, _, value)) = entries.last_mut() else {
            return Err(HeaderError { line, message: "a continuation line has no key before it".to_owned() });
        };
        value.push(' ');
        value.push_str(more.trim());
        return Ok(());
    }
    match said.split_once(':') {
        Some((key, value)) if key.chars().all(|c| c.is_ascii_lowercase()) => {
            entries.push((line, key, value.trim().to_owned()));
            Ok(())
        }
        _ => Err(HeaderError { line, message: format!("`{said}` is not `key: value`; a continued line is indented") }),
    }
}

/// Takes an entry into the header.
fn take(header: &mut Header, key: &str, value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err(format!("`{key}:` says nothing"));
    }
    match key {
        "title" => header.title = value.to_owned(),
        "about" => header.about = value.to_owned(),
        "param" => {
            let param = parameter(value)?;
            if header.params.iter().any(|other| other.name == param.name) {
                return Err(format!("duplicate parameter `{}`", param.name));
            }
            header.params.push(param);
        }
        "columns" => header.columns = columns(value)?,
        "attack" => header.attack = value.split(',').map(technique).collect::<Result<_, _>>()?,
        "see" => header.references = value.split(';').map(|page| page.trim().to_owned()).collect(),
        "level" => header.level = Some(level(value)?),
        "detections" => header.detections = value.split(',').map(detection).collect::<Result<_, _>>()?,
        // The key of older versions.
        "signal" if value == "high" => header.level = Some(Level::High),
        "signal" => return Err(format!("`signal: {value}` is unknown: it is high, or write `level:`")),
        "slow" => header.slow = Some(value.to_owned()),
        "needs" => header.needs = value.split(',').map(needed).collect::<Result<_, _>>()?,
        _ => {
            let known = "title, about, param, columns, attack, see, level, detections, slow and needs";
            return Err(format!("`{key}:` is unknown: a header has {known}"));
        }
    }
    Ok(())
}

/// The functions on files about addresses.
pub const GEO_FUNCTIONS: [&str; 4] = ["country", "asn", "as_org", "aws_range"];

fn needed(text: &str) -> Result<String, String> {
    let name = text.trim();
    match GEO_FUNCTIONS.contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(format!("`{name}` is not a function on files about addresses: {}", GEO_FUNCTIONS.join(", "))),
    }
}

/// `NAME KIND [required | = DEFAULT]: HELP`.
fn parameter(text: &str) -> Result<Parameter, String> {
    let shape = || {
        format!(
            "`{text}` is not a parameter: write NAME KIND: HELP, NAME KIND required: HELP or NAME KIND = DEFAULT: HELP"
        )
    };
    let (declared, help) = text.split_once(": ").ok_or_else(shape)?;
    let (declared, default) = match declared.split_once('=') {
        Some((declared, default)) => (declared, Some(default.trim())),
        None => (declared, None),
    };
    let words: Vec<&str> = declared.split_whitespace().collect();
    let (name, kind, requirement) = match (words.as_slice(), default) {
        ([name, kind], None) => (name, kind, Requirement::Optional),
        ([name, kind, "required"], None) => (name, kind, Requirement::Required),
        ([name, kind], Some(default)) if !default.is_empty() => (name, kind, Requirement::Default(default.to_owned())),
        _ => return Err(shape()),
    };
    if !is_name(name, '_') {
        return Err(format!("`{name}` is not a name of a parameter: small letters, digits and _"));
    }
    let kind = Kind::ALL
        .into_iter()
        .find(|known| known.name() == *kind)
        .ok_or_else(|| format!("`{kind}` is not a kind of value: {}", Kind::ALL.map(Kind::name).join(", ")))?;
    if let (Kind::Integer, Requirement::Default(default)) = (kind, &requirement)
        && default.parse::<i64>().is_err()
    {
        return Err(format!("the default of `{name}` is not a whole number"));
    }
    Ok(Parameter { name: (*name).to_owned(), kind, requirement, help: help.trim().to_owned() })
}

/// `NAME, NAME (MEANING), NAME*, ...`; a star marks the columns that a narrow screen keeps.
fn columns(text: &str) -> Result<Vec<Column>, String> {
    let mut columns: Vec<Column> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find([',', '(']).unwrap_or(rest.len());
        let marked = rest[..end].trim();
        let name = marked.strip_suffix('*').unwrap_or(marked);
        if !is_name(name, '_') {
            return Err(format!("`{name}` is not a name of a column: small letters, digits and _"));
        }
        if columns.iter().any(|column| column.name == name) {
            return Err(format!("duplicate column `{name}`"));
        }
        let mut help = None;
        rest = &rest[end..];
        if let Some(inside) = rest.strip_prefix('(') {
            let (said, after) = inside.split_once(')').ok_or_else(|| format!("the meaning of `{name}` has no end"))?;
            help = Some(said.trim().to_owned());
            rest = after.trim_start();
        }
        columns.push(Column { name: name.to_owned(), help, is_kept: name != marked });
        rest = match rest.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if rest.is_empty() => rest,
            None => return Err(format!("a comma is missing before `{rest}`")),
        };
    }
    Ok(columns)
}

/// `T1234` or `T1234.567`.
fn technique(text: &str) -> Result<String, String> {
    let text = text.trim();
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let sound = text.strip_prefix('T').is_some_and(|number| match number.split_once('.') {
        Some((technique, part)) => digits(technique, 4) && digits(part, 3),
        None => digits(number, 4),
    });
    sound.then(|| text.to_owned()).ok_or_else(|| format!("`{text}` is not a technique of ATT&CK, such as T1078.004"))
}

/// The name of a level.
fn level(text: &str) -> Result<Level, String> {
    Level::parse(text).ok_or_else(|| format!("`{text}` is not a level: {}", Level::ALL.map(Level::name).join(", ")))
}

/// The id of a detection.
fn detection(text: &str) -> Result<String, String> {
    let text = text.trim();
    if is_name(text, '-') { Ok(text.to_owned()) } else { Err(format!("`{text}` is not the id of a detection")) }
}

/// Reports whether a text is small letters and digits, parted by `joint`, and begins with a letter.
pub fn is_name(text: &str, joint: char) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == joint)
}

/// The statement without its semicolon; there must be one and no other.
fn one_statement(body: &str) -> Result<&str, String> {
    let mut end = None;
    let mut empty = true;
    for (at, piece) in pieces(body) {
        match (piece, end) {
            (Piece::Blank, _) => {}
            (_, Some(_)) => return Err("there is more than one statement".to_owned()),
            (Piece::End, None) => end = Some(at),
            (Piece::Anonymous, None) => return Err("a parameter has no name: write :name".to_owned()),
            (Piece::Parameter(_) | Piece::Other, None) => empty = false,
        }
    }
    if empty { Err("there is no statement".to_owned()) } else { Ok(body[..end.unwrap_or(body.len())].trim_end()) }
}

/// The names after `:`, `@` or `$` in SQL, strings and comments left out, each once.
pub fn parameters(sql: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (_, piece) in pieces(sql) {
        if let Piece::Parameter(name) = piece
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// The parts of SQL that matter here.
#[derive(Clone, Copy)]
enum Piece<'t> {
    /// White space or a comment.
    Blank,
    /// A semicolon.
    End,
    /// A parameter with a name.
    Parameter(&'t str),
    /// A parameter without one.
    Anonymous,
    /// A text, a quoted name, or any other character.
    Other,
}

/// The pieces of SQL and where they begin.
fn pieces(sql: &str) -> impl Iterator<Item = (usize, Piece<'_>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let first = sql[start..].chars().next()?;
        let body = &sql[start + first.len_utf8()..];
        let (skipped, piece) = match first {
            '\'' | '"' | '`' => (body.find(first).map_or(body.len(), |end| end + 1), Piece::Other),
            '-' if body.starts_with('-') => (body.find('\n').unwrap_or(body.len()), Piece::Blank),
            '/' if body.starts_with('*') => (body.find("*/").map_or(body.len(), |end| end + 2), Piece::Blank),
            ':' | '@' | '$' => {
                let end = body.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(body.len());
                (end, Piece::Parameter(&body[..end]))
            }
            '?' => (0, Piece::Anonymous),
            ';' => (0, Piece::End),
            c if c.is_whitespace() => (0, Piece::Blank),
            _ => (0, Piece::Other),
        };
        at = start + first.len_utf8() + skipped;
        Some((start, piece))
    })
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
