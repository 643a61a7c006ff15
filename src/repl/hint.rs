//! The line below what is typed: the meaning of the field, stage, function or command at the cursor.

use crate::fields;
use crate::session::commands::COMMANDS;
use crate::session::commands::help::{STAGES, TERMS};
use crate::session::commands::other_shells;
use crate::session::commands::other_shells::Habit;
use crate::session::input::Input;
use crate::store::FUNCTIONS;

/// Returns the meaning of the word at an offset of a line; `pending` is true if the line continues an SQL statement.
pub(super) fn meaning(line: &str, at: usize, pending: bool) -> Option<String> {
    let input = if pending { Input::Sql(line) } else { Input::of(line) };
    match input {
        Input::Nothing => None,
        Input::Command(text) => {
            let name = text.split_whitespace().next()?;
            let lookup = matches!(name, ".filter" | ".explain");
            if lookup && let Some(meaning) = of_lookup(line, at) {
                return Some(meaning);
            }
            let command = COMMANDS.find(name)?;
            Some(format!("{}: {}", format!("{} {}", command.name, command.arguments).trim_end(), command.help))
        }
        Input::Sql(_) => of_sql(line, at),
        Input::Lookup(_) => of_habit(line).or_else(|| of_lookup(line, at)),
    }
}

/// The command that a line of another shell is at the prompt.
fn of_habit(line: &str) -> Option<String> {
    match other_shells::at_prompt(line, Vec::new)? {
        Habit::Command(name) => meaning(&name, 0, false),
        Habit::Sql(_) | Habit::Clear | Habit::Advice(_) => None,
    }
}

/// Returns the term or the word of a stage that contains an offset.
fn of_lookup(line: &str, at: usize) -> Option<String> {
    let (start, end) = term(line, at);
    let word = &line[start..end];
    let name = word.split(['=', '!', '<', '>', '~', ',']).next().unwrap_or(word);
    let piped = line[..start].trim_end().ends_with('|');
    if piped && let Some(stage) = STAGES.iter().find(|stage| stage.name == word) {
        return Some(format!("{} {}: {}", stage.name, stage.arguments, stage.help));
    }
    if let Some(time) = TERMS.iter().find(|time| fields::fold(time.name) == fields::fold(name)) {
        return Some(format!("{}{}: {}", time.name, time.arguments, time.help));
    }
    // A lone word may become a field; after a stage it is one.
    let compared = word.len() > name.len() || line.contains('|');
    let name = if line.contains('|') {
        word.rsplit(',').next().unwrap_or(name).split('=').next().unwrap_or(name)
    } else {
        name
    };
    let field = fields::find(name)
        .filter(|field| compared || !name.is_empty() && fields::fold(field.name) == fields::fold(name))?;
    Some(format!("{}: {}; {}", field.name, field.help, field.example))
}

/// Returns the column or function of SQL that contains an offset.
fn of_sql(line: &str, at: usize) -> Option<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let before = line.get(..at)?;
    let start =
        before.rfind(|c| !is_word(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let end = line[at..].find(|c| !is_word(c)).map_or(line.len(), |end| at + end);
    let word = &line[start..end];
    if let Some(function) = FUNCTIONS.iter().find(|function| function.name == word) {
        return Some(format!("{}({}): {}", function.name, function.arguments, function.help));
    }
    let field = fields::FIELDS.iter().find(|field| field.column == word)?;
    Some(format!("{}: {}", field.column, field.help))
}

/// Returns the start and the end of the word at an offset: at blanks, parentheses and bars outside quotes.
fn term(line: &str, at: usize) -> (usize, usize) {
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (place, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            c if !quoted && (c.is_whitespace() || "()|".contains(c)) => {
                if place >= at {
                    return (start, place);
                }
                start = place + c.len_utf8();
            }
            _ => {}
        }
    }
    (start, line.len())
}

#[cfg(test)]
mod tests {
    use super::meaning;

    fn at_end(line: &str) -> String {
        meaning(line, line.len(), false).unwrap_or_default()
    }

    #[test]
    fn the_word_at_the_cursor_is_explained() {
        assert!(at_end("user=alice event-name=Con").starts_with("event-name: the API action"));
        assert!(meaning("user=alice event-name=Con", 3, false).unwrap().starts_with("user: "));
        assert!(at_end("user=\"a b").starts_with("user: "));
        assert!(at_end("(source=iam or not ip").starts_with("ip: where"));
        assert!(at_end("last=").starts_with("last=SPAN: back"));
        assert!(at_end("| timeline").starts_with("timeline [BUCKET] [by FIELD,...]: "));
        assert!(at_end("| count by region,outcome").starts_with("outcome: "));
        assert!(at_end("exit").starts_with(".quit: leave") && at_end("\"exit\"").is_empty());
        assert!(at_end(".near 3").starts_with(".near N [SPAN]: "));
        assert!(at_end(".filter user=a").starts_with("user: "));
        assert!(at_end("SELECT user_name").starts_with("user_name: "));
        assert!(at_end("SELECT record").starts_with("record(events.id): the original"));
        for nothing in ["", "nonsense", "SELECT x", ".nonsense", "é", "\"", "a é="] {
            assert_eq!(at_end(nothing), "", "{nothing}");
            for at in 0..=nothing.len() {
                let _ = meaning(nothing, at, true);
            }
        }
    }
}
