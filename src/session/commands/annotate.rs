//! Annotations of the case: tags, notes and saved queries, with their author and time.

use crate::session::commands::command::Arguments;
use crate::session::commands::command::Command;
use crate::session::commands::command::Completes;
use std::fmt::Write as _;
use std::rc::Rc;

use crate::diagnostic::Diagnostic;
use crate::number;
use crate::rows;
use crate::rows::text;
use crate::saved::header::parameters;
use crate::saved::{Origin, SavedQuery};
use crate::session::commands::show;
use crate::session::result_set::ResultOrigin;
use crate::session::user_name::user_name;
use crate::session::{Answer, Session, SessionError};
use crate::sql::{Param, Statement};
use crate::store::{AnnotationWriter, Case};

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "N... TAG [NOTE]",
        examples: &[".tag 3 7-9 suspicious \"why\""],
        completes: Completes::Tags,
        ..Command::new(".tag", "tag events; tag=TAG finds them", run_tag)
    },
    Command {
        arguments: "N... TAG",
        examples: &[".untag 3 suspicious"],
        completes: Completes::Tags,
        ..Command::new(".untag", "take a tag off events", run_untag)
    },
    Command {
        arguments: "TEXT",
        examples: &[".note \"the key was in the build logs\""],
        ..Command::new(".note", "note something down in the case", run_note)
    },
    Command {
        is_logged: false,
        ..Command::new(".notes", "list what was noted and tagged, by whom and when", run_notes)
    },
    Command {
        arguments: "NAME",
        examples: &[".save denied-by-user"],
        ..Command::new(".save", "save the last lookup or SQL in the case", run_save)
    },
    Command { arguments: "NAME", ..Command::new(".unsave", "forget a saved query of the case", run_unsave) },
];

fn run_tag(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.tag(&arguments.texts())
}

fn run_untag(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.untag(&arguments.texts())
}

fn run_note(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let text = arguments.texts().join(" ");
    if text.trim().is_empty() { Err(arguments.missing()) } else { session.keep_note(&text) }
}

fn run_notes(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    session.notes()
}

fn run_save(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.save(arguments.one()?)
}

fn run_unsave(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    session.unsave(arguments.one()?)
}

/// The longest title of a saved query.
const TITLE: usize = 80;

impl Session {
    /// The connection that can write annotations, and nothing else.
    pub(crate) fn keeper(&mut self) -> Result<AnnotationWriter, SessionError> {
        // A write waits for readers, and this session would be one.
        self.release_case();
        let keeper = AnnotationWriter::open_after(&self.path, &user_name(), Rc::new(self.waiting()))?;
        if keeper.has_migrated() {
            // What is open is a copy of the case as it was.
            self.case.take();
            self.library.take();
            self.note("an older trailq made the case: it is brought up to date");
        }
        Ok(keeper)
    }

    /// The event ids of rows of the last answer; a word that is not a row is an event id.
    fn event_ids(&self, words: &[&str]) -> Result<Vec<String>, SessionError> {
        let case = self.case()?;
        let mut ids = Vec::new();
        for word in words {
            let rows = match rows(word) {
                Some(rows) => rows,
                None => {
                    ids.push((*word).to_owned());
                    continue;
                }
            };
            for row in rows {
                let id = show::event(self, &case, row)?;
                let held = rows::collect(|sink| {
                    case.query("SELECT event_id FROM events WHERE id = ?1", &[Param::Integer(id)], sink)
                })?;
                ids.extend(held.rows.first().map(|row| text(row.first())));
            }
        }
        ids.dedup();
        Ok(ids)
    }

    /// `.tag N... TAG [NOTE]`.
    pub(crate) fn tag(&mut self, words: &[&str]) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let split = leading_events(&case, words)?;
        let (events, rest) = words.split_at(split);
        let Some((tag, note)) = rest.split_first().filter(|_| !events.is_empty()) else {
            return Err(Diagnostic::new(".tag needs rows of the last answer, then a tag")
                .hint(".tag 3 suspicious, or .tag 3 7-9 suspicious \"why\"")
                .into());
        };
        check_word("tag", tag)?;
        let ids = self.event_ids(events)?;
        let note = note.join(" ");
        let note = Some(note.as_str()).filter(|note| !note.is_empty());
        let new = self.keeper()?.tag(&ids, tag, note)?;
        let ended = note.map_or_else(String::new, |note| format!(" {}", quoted_word(note)));
        self.replay_entry = Some(vec![format!(".tag {} {tag}{ended}", ids.join(" "))]);
        let had = ids.len() - new.min(ids.len());
        let had = if had > 0 { format!(", {had} had it already") } else { String::new() };
        self.status(&format!("{} tagged{had}; tag={tag} finds them", number::counted(new as u64, "event")));
        Ok(Answer::default())
    }

    /// `.untag N... TAG`.
    pub(crate) fn untag(&mut self, words: &[&str]) -> Result<Answer, SessionError> {
        let Some((tag, events)) = words.split_last().filter(|(_, events)| !events.is_empty()) else {
            return Err(Diagnostic::new(".untag needs rows of the last answer, then a tag")
                .hint(".untag 3 suspicious")
                .into());
        };
        let ids = self.event_ids(events)?;
        let taken = self.keeper()?.untag(&ids, tag)?;
        self.replay_entry = Some(vec![format!(".untag {} {tag}", ids.join(" "))]);
        self.status(&format!("the tag {tag} is taken off {}", number::counted(taken as u64, "event")));
        Ok(Answer::default())
    }

    /// `.note TEXT`.
    pub(crate) fn keep_note(&mut self, text: &str) -> Result<Answer, SessionError> {
        self.keeper()?.note(text)?;
        self.status("noted; `.notes` lists what was noted");
        Ok(Answer::default())
    }

    /// `.notes`: what was noted, and the notes on tags, oldest first.
    pub(crate) fn notes(&mut self) -> Result<Answer, SessionError> {
        let case = self.case()?;
        let sql = "SELECT created_at, created_by, NULL AS tag, NULL AS event_id, text FROM notes \
                   UNION ALL SELECT created_at, created_by, tag, event_id, note FROM tags ORDER BY 1, 4";
        let held = rows::collect(|sink| case.query(sql, &[], sink))?;
        if held.rows.is_empty() {
            self.status("nothing is noted and no event is tagged");
            return Ok(Answer::default());
        }
        self.write_held(&held)
    }

    /// `.save NAME`: the last lookup or SQL, as a query of the case.
    pub(crate) fn save(&mut self, name: &str) -> Result<Answer, SessionError> {
        let engine = self.engine()?;
        let last = self.last()?;
        let columns = last.rows.as_ref().map_or_else(Vec::new, |held| held.columns.clone());
        let file = match last.origin.clone() {
            ResultOrigin::Lookup(text) => {
                let statement = engine.statement(&engine.prepare_filled(&text)?);
                query_file(&text, "lookup", &statement.columns, &[], &inlined(&statement))
            }
            ResultOrigin::Sql(text) => {
                let statement = text.trim().trim_end_matches(';').trim_end();
                let names: Vec<String> = parameters(statement).into_iter().map(str::to_owned).collect();
                query_file(&text, "statement", &columns, &names, statement)
            }
        };
        let query = SavedQuery::read("case", name, Origin::Case, &file)?;
        self.keeper()?.save(name, &query.text)?;
        self.library.take();
        if let Some(first) = self.library()?.find(name).filter(|first| first.origin != Origin::Case) {
            self.note(&format!("`{name}` of {} hides it", first.origin));
        }
        self.replay_entry = Some(vec![format!(".save {name}")]);
        self.status(&format!("saved; `.run {name}` and `trailq run {name}` run it, `.queries` lists it"));
        Ok(Answer::default())
    }

    /// `.unsave NAME`.
    pub(crate) fn unsave(&mut self, name: &str) -> Result<Answer, SessionError> {
        if self.keeper()?.unsave(name)? {
            self.library.take();
            self.status(&format!("{name} is forgotten"));
            return Ok(Answer::default());
        }
        Err(Diagnostic::new(format!("no query `{name}` is saved in the case"))
            .hint("`.queries` lists those there are")
            .into())
    }
}

/// Returns how many of the words, from the first, are rows or event ids.
fn leading_events(case: &Case, words: &[&str]) -> Result<usize, SessionError> {
    for (at, word) in words.iter().enumerate() {
        if rows(word).is_some() {
            continue;
        }
        let sql = "SELECT 1 FROM events WHERE event_id = ?1";
        let held = rows::collect(|sink| case.query(sql, &[Param::Text((*word).to_owned())], sink))?;
        if held.rows.is_empty() {
            return Ok(at);
        }
    }
    Ok(words.len())
}

/// The rows that a word such as `3` or `7-9` means.
fn rows(word: &str) -> Option<std::ops::RangeInclusive<u64>> {
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    if let Some(row) = number(word) {
        return Some(row..=row);
    }
    let (first, last) = word.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last && last - first < 100_000).then_some(first..=last)
}

/// A tag or a name is one word that a lookup takes without quotes.
pub(crate) fn check_word(what: &str, word: &str) -> Result<(), SessionError> {
    if word.is_empty() || crate::query::edit::literal(word) != *word {
        return Err(Diagnostic::new(format!(
            "`{word}` is not a {what}: one word without quotes, commas and asterisks"
        ))
        .into());
    }
    Ok(())
}

/// A word of a command line in quotes.
pub(crate) fn quoted_word(word: &str) -> String {
    if word.contains('"') { format!("'{}'", word.replace('\'', "\u{2019}")) } else { format!("\"{word}\"") }
}

/// A file of a saved query: a header that says what it is, and the statement.
fn query_file(asked: &str, kind: &str, columns: &[String], params: &[String], statement: &str) -> String {
    let line = asked.split_whitespace().collect::<Vec<_>>().join(" ");
    let title: String = line.chars().take(TITLE).collect();
    let mut file = format!("-- title: {}\n", title.trim_end_matches('.'));
    let _ = writeln!(file, "-- about: The {kind} {line}");
    let mut named = std::collections::BTreeSet::new();
    for param in params.iter().filter(|param| named.insert(param.as_str())) {
        let _ = writeln!(file, "-- param: {param} text required: a value for :{param}");
    }
    let _ = writeln!(file, "-- columns: {}", column_names(columns).join(", "));
    format!("{file}{statement}\n")
}

/// Names of columns as a header can have them: small letters, digits and `_`, each once.
fn column_names(columns: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        let words: Vec<String> = column
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        let mut name = words.join("_");
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            name.insert(0, 'c');
        }
        let plain = name.clone();
        let mut number = 2;
        while names.contains(&name) {
            name = format!("{plain}_{number}");
            number += 1;
        }
        names.push(name);
    }
    names
}

/// A statement with its parameters as literals in their places.
fn inlined(statement: &Statement) -> String {
    let mut text = String::new();
    let mut rest = statement.sql.trim_end().trim_end_matches(';');
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            '?' => {
                let digits = rest[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - 1);
                let number = rest[1..=digits].parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                if let Some(param) = number.and_then(|at| statement.params.get(at)) {
                    text.push_str(&match param {
                        Param::Integer(number) => number.to_string(),
                        Param::Real(number) => format!("{number:?}"),
                        Param::Text(value) => format!("'{}'", value.replace('\'', "''")),
                    });
                    rest = &rest[1 + digits..];
                    continue;
                }
                1
            }
            _ => first.len_utf8(),
        };
        text.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Param, Statement, inlined, query_file, quoted_word, rows};

    #[test]
    fn a_word_selects_one_or_more_rows() {
        assert_eq!(rows("3"), Some(3..=3));
        assert_eq!(rows("7-9"), Some(7..=9));
        for word in ["9-7", "x", "3-", "-3", "+3", "6e12345-2a4e", ""] {
            assert_eq!(rows(word), None, "{word}");
        }
        assert_eq!(quoted_word("a b"), "\"a b\"");
    }

    #[test]
    fn a_lookup_is_saved_as_one_statement() {
        let statement = Statement::of_sql(
            "SELECT '?1', x FROM t WHERE a = ?1 AND b = ?2 AND c = ?1",
            vec![Param::Text("it's ?2".to_owned()), Param::Integer(-5)],
        );
        assert_eq!(inlined(&statement), "SELECT '?1', x FROM t WHERE a = 'it''s ?2' AND b = -5 AND c = 'it''s ?2'");
        assert_eq!(
            query_file(
                "SELECT :a,\n count(*)",
                "statement",
                &["a".into(), "count(*)".into(), "A".into()],
                &["a".into()],
                "SELECT 1"
            ),
            "-- title: SELECT :a, count(*)\n-- about: The statement SELECT :a, count(*)\n\
             -- param: a text required: a value for :a\n-- columns: a, count, a_2\nSELECT 1\n"
        );
    }
}
