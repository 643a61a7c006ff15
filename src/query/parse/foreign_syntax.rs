//! Recognizes what other query languages write, only to say what to write instead.

use crate::diagnostic::{Diagnostic, Span};
use crate::fields;
use crate::query::ast::{Name, Value};
use crate::query::lex::Cursor;
use crate::query::time_names::is_time_name;

/// The words that begin an SQL statement, with what follows them where the word alone could be a value.
const STATEMENTS: &[&str] = &[
    "select", "with", "insert", "update", "delete", "create", "drop", "alter", "attach", "pragma", "explain", "values",
];

/// Reports whether a name is a field, a term of time or a path, so that `name x` is probably a term.
pub(crate) fn is_known_name(name: &Name) -> bool {
    let first = name.segments.first().map(String::as_str).unwrap_or_default();
    let root = |known: &str| known.eq_ignore_ascii_case(first);
    match name.segments.len() {
        1 => fields::find(first).is_some() || is_time_name(first) || fields::RECORD_FIELDS.iter().any(|f| root(f)),
        _ => {
            fields::RECORD_FIELDS.iter().any(|field| root(field))
                || fields::PATH_ALIASES.iter().any(|(alias, _)| root(alias))
                || root("record")
        }
    }
}

/// An SQL statement where a lookup was expected.
pub(crate) fn refuse_statement(text: &str) -> Result<(), Diagnostic> {
    let start = text.len() - text.trim_start().len();
    let word: String = text[start..].chars().take_while(char::is_ascii_alphabetic).collect();
    let after = &text[start + word.len()..];
    let followed = after.starts_with(char::is_whitespace)
        && !after.trim_start().is_empty()
        && !after.trim_start().starts_with(['=', '<', '>', '~', '!', '|']);
    if followed && STATEMENTS.iter().any(|statement| statement.eq_ignore_ascii_case(&word)) {
        let span = Span::new(start, start + word.len());
        return Err(Diagnostic::at(span, "expected a lookup, found SQL")
            .hint("run it with trailq sql STATEMENT; in the REPL, end it with a semicolon")
            .hint(format!("to look for the word itself, put it in quotes: \"{word}\"")));
    }
    Ok(())
}

/// `&&`, `||`, `!x` and the options of commands.
pub(crate) fn refuse_symbol(cursor: &Cursor<'_>) -> Result<(), Diagnostic> {
    let rest = cursor.rest();
    let here = |length: usize| Span::new(cursor.at(), cursor.at() + length);
    if rest.starts_with("&&") || rest.starts_with('&') {
        let length = if rest.starts_with("&&") { 2 } else { 1 };
        return Err(Diagnostic::at(here(length), "`&&` is not part of a lookup")
            .hint("write the terms side by side, or and between them"));
    }
    if rest.starts_with("||") {
        return Err(Diagnostic::at(here(2), "`||` is not part of a lookup").hint("write or"));
    }
    if rest.starts_with('!') && !rest.starts_with("!=") && !rest.starts_with("!~") {
        return Err(Diagnostic::at(here(1), "`!` is not part of a lookup").hint("write not before the term"));
    }
    let option = cursor.slice(cursor.word_span());
    if option.starts_with("--") && option.len() > 2 {
        let hint = match option {
            "--start-time" => "write since=TIME",
            "--end-time" => "write until=TIME",
            "--lookup-attributes" => "write FIELD=VALUE",
            "--max-results" | "--max-items" => "write | limit N at the end",
            _ => "options come before the lookup; a value that begins with -- goes in quotes",
        };
        return Err(Diagnostic::at(here(option.len()), format!("`{option}` is not part of a lookup")).hint(hint));
    }
    Ok(())
}

/// Rejects a bare value that is probably a term: `user like x`, `eventName: x`.
pub(crate) fn refuse_bare(cursor: &Cursor<'_>, value: &Value) -> Result<(), Diagnostic> {
    let typed = cursor.slice(value.span);
    refuse_colon(cursor, value, typed)?;
    let mut ahead = Cursor::new(typed);
    let name = match ahead.name() {
        Ok(Some(name)) if ahead.rest().is_empty() && is_known_name(&name) => name,
        _ => return Ok(()),
    };
    let mut after = cursor.clone();
    after.skip_blanks();
    let mut span = after.word_span();
    let mut word = after.slice(span).to_ascii_lowercase();
    if word == "not" {
        after.eat(after.slice(span));
        after.skip_blanks();
        let second = after.word_span();
        let next = after.slice(second).to_ascii_lowercase();
        if matches!(next.as_str(), "in" | "like" | "between") {
            span = span.to(second);
            word = format!("not {next}");
        }
    }
    let field = name.text();
    let hint = match word.as_str() {
        "in" => format!("write {field}=a,b"),
        "not in" => format!("write not {field}=a,b"),
        "like" | "ilike" | "glob" | "contains" => format!("write {field}=*part*"),
        "not like" => format!("write not {field}=*part*"),
        "startswith" => format!("write {field}=start*"),
        "endswith" => format!("write {field}=*end"),
        "between" | "not between"
            if is_time_name(&field) || fields::find(&field).is_some_and(|field| field.kind == fields::Kind::Time) =>
        {
            "write since=START until=END".to_owned()
        }
        "between" | "not between" => format!("write {field}>=a {field}<=b"),
        "is" | "equals" | "eq" => format!("write {field}=VALUE; {field}=* is present, not {field}=* is absent"),
        "regexp" | "rlike" | "matches" => format!("write {field}~EXPRESSION"),
        _ if name.segments.len() > 1 => {
            return Err(Diagnostic::at(value.span, format!("`{typed}` is a path without an operator"))
                .hint(format!("write {typed}=VALUE, or {typed}=* where it is present")));
        }
        _ => return Ok(()),
    };
    Err(Diagnostic::at(span, format!("`{word}` is not part of a lookup")).hint(hint))
}

/// `eventName: "x"` and `"eventName": "x"`, as JSON and other tools write it.
fn refuse_colon(cursor: &Cursor<'_>, value: &Value, typed: &str) -> Result<(), Diagnostic> {
    let unquoted = typed.trim_start_matches(['"', '\'']);
    let Some((name, rest)) = unquoted.split_once(':') else { return refuse_quoted_name(cursor, value, typed) };
    let name = name.trim_end_matches(['"', '\'']);
    let is_field = fields::find(name).is_some_and(|field| field.name != "arn") || is_time_name(name);
    // "user: alice" in quotes is a text like any other.
    let whole_quoted = typed.len() != unquoted.len() && typed.ends_with(['"', '\'']) && !rest.starts_with(['"', '\'']);
    if !is_field || name.is_empty() || (whole_quoted && !typed.contains("\":")) {
        return Ok(());
    }
    let colon = typed.len() - rest.len() - 1;
    let span = Span::new(value.span.start + colon, value.span.start + colon + 1);
    Err(Diagnostic::at(span, "a field and its value are joined by =")
        .hint(format!("write {name}=VALUE; to look for the text itself, put all of it in quotes")))
}

/// `"user"=alice`.
fn refuse_quoted_name(_cursor: &Cursor<'_>, value: &Value, typed: &str) -> Result<(), Diagnostic> {
    let Some(quote) = typed.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return Ok(()) };
    let Some((name, rest)) = typed[1..].split_once(quote) else { return Ok(()) };
    if fields::find(name).is_none() || !rest.starts_with(['=', '<', '>', '~', '!']) {
        return Ok(());
    }
    Err(Diagnostic::at(value.span, "a field name takes no quotes").hint(format!("write {name}=VALUE")))
}
