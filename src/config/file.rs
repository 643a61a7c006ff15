//! The settings file: TOML text as settings with their lines, and the mistakes in it. A mistake never hides the settings
//! around it.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::choice::{EditMode, Theme};
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::escape::{is_unsafe, width};
use crate::fields::fold;
use crate::io_message::describe;
use crate::render::{Format, zone};
use crate::terminal::pager::Paging;

/// Maximum size of the file in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// Maximum width of the prompt in columns.
const MAX_PROMPT: usize = 40;
/// Maximum number of inputs in the history.
const MAX_HISTORY: i64 = 1_000_000;
/// Maximum number of mistakes that are reported.
const MAX_MISTAKES: usize = 20;

/// A value and the line, from 1, that sets it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) line: usize,
}

/// A mistake in the file.
#[derive(Debug, Clone)]
pub(crate) struct Mistake {
    pub(crate) diagnostic: Diagnostic,
    /// True if it matters at the prompt only.
    pub(crate) is_of_prompt: bool,
}

/// The settings of a file.
#[derive(Debug, Default)]
pub(super) struct FileSettings {
    pub(super) format: Option<Placed<Format>>,
    pub(super) theme: Option<Placed<Theme>>,
    pub(super) zone: Option<Placed<Option<TimeZone>>>,
    pub(super) pager: Option<Placed<Paging>>,
    pub(super) prompt: Option<Placed<String>>,
    pub(super) edit_mode: Option<Placed<EditMode>>,
    pub(super) history_size: Option<Placed<usize>>,
    pub(super) geo_files: Vec<Placed<PathBuf>>,
    pub(super) queries: Vec<Placed<PathBuf>>,
    pub(super) rules: Vec<Placed<PathBuf>>,
    pub(super) mistakes: Vec<Mistake>,
}

/// The values of a setting that has a list of paths.
type Paths = Vec<Placed<PathBuf>>;

/// The part of trailq that a setting is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The prompt.
    Prompt,
    /// Every command.
    All,
}

/// The reader of a setting's value; the error says what is wrong with it.
type Reader = fn(&mut FileSettings, &Value<'_>) -> Result<(), Wrong>;

/// The settings that a file can have.
const KEYS: [(&str, Scope, Reader); 10] = [
    ("format", Scope::Prompt, read_format),
    ("theme", Scope::Prompt, read_theme),
    ("time-zone", Scope::Prompt, read_zone),
    ("pager", Scope::Prompt, read_pager),
    ("prompt", Scope::Prompt, read_prompt),
    ("edit-mode", Scope::Prompt, read_edit_mode),
    ("history-size", Scope::Prompt, read_history_size),
    ("geo-files", Scope::All, |file, value| value.paths(Path::is_file, "file", &mut file.geo_files)),
    ("queries", Scope::All, |file, value| value.paths(Path::is_dir, "folder", &mut file.queries)),
    ("rules", Scope::All, |file, value| value.paths(Path::exists, "file or folder", &mut file.rules)),
];

/// The folders that paths of a file are relative to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folders<'a> {
    /// The user's home, which `~` means.
    pub(super) home: Option<&'a Path>,
    /// The folder of the file.
    pub(super) own: &'a Path,
}

/// The mistake of a value: its place, what is wrong, and what to write.
struct Wrong {
    span: Span,
    message: String,
    hint: Option<String>,
    instead: Option<String>,
}

/// A value of the file and what it takes to read it.
struct Value<'a> {
    item: &'a Spanned<DeValue<'a>>,
    text: &'a str,
    folders: Folders<'a>,
}

/// Reads a file; `None` if there is none. One that cannot be read has no settings and one mistake.
pub(super) fn read(path: &Path, home: Option<&Path>) -> Option<FileSettings> {
    let refused = |why: &str| {
        let diagnostic = Diagnostic::new(format!("the settings of {} are not used: {why}", path.display()));
        let mistake = Mistake { diagnostic, is_of_prompt: false };
        Some(FileSettings { mistakes: vec![mistake], ..FileSettings::default() })
    };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => return refused(&describe(&error)),
    };
    // A pipe would wait for its writer.
    if !metadata.is_file() {
        return refused("it is not a file");
    }
    let mut bytes = Vec::new();
    if let Err(error) = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)) {
        return refused(&describe(&error));
    }
    if bytes.len() as u64 > MAX_BYTES {
        return refused("it is larger than 1 MiB");
    }
    let Ok(text) = std::str::from_utf8(&bytes) else { return refused("it is not UTF-8") };
    let own = path.parent().unwrap_or(Path::new("."));
    Some(parse(text, &path.display().to_string(), Folders { home, own }))
}

/// Parses the text of a file; `origin` is the file's name in mistakes.
pub(super) fn parse(text: &str, origin: &str, folders: Folders<'_>) -> FileSettings {
    let mut file = FileSettings::default();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().map_or(Span::new(0, 0), |range| Span::new(range.start, range.end));
        let mistake = Diagnostic::at(span, format!("invalid TOML: {}", error.message()));
        file.report(text, origin, mistake, Scope::All);
    }
    for (key, item) in table.get_ref() {
        let name = key.get_ref();
        let Some((_, scope, reader)) = KEYS.iter().find(|(known, ..)| fold(known) == fold(name)) else {
            let span = Span::new(key.span().start, key.span().end);
            file.report(text, origin, unknown(span, name), Scope::All);
            continue;
        };
        if let Err(wrong) = reader(&mut file, &Value { item, text, folders }) {
            let mut mistake = Diagnostic::at(wrong.span, wrong.message);
            mistake.hints.extend(wrong.hint);
            mistake.instead = wrong.instead;
            file.report(text, origin, mistake, *scope);
        }
    }
    file.mistakes.sort_by_key(|mistake| mistake.diagnostic.span.map_or(0, |span| span.start));
    file
}

impl FileSettings {
    /// Adds a mistake, with its line.
    fn report(&mut self, text: &str, origin: &str, mistake: Diagnostic, scope: Scope) {
        if self.mistakes.len() < MAX_MISTAKES {
            let line = line_of(text, mistake.span.map_or(0, |span| span.start));
            let diagnostic = mistake.in_source(text).from_origin(format!("{origin}:{line}"));
            self.mistakes.push(Mistake { diagnostic, is_of_prompt: scope == Scope::Prompt });
        }
    }
}

/// Returns the mistake of a setting that does not exist.
fn unknown(span: Span, name: &str) -> Diagnostic {
    let names = KEYS.map(|(known, ..)| known);
    let mut mistake = Diagnostic::at(span, format!("unknown setting `{name}`"));
    match nearest(name, names).first() {
        Some(near) => {
            mistake.hints.push(format!("did you mean `{near}`?"));
            mistake.instead = Some((*near).to_owned());
        }
        None => mistake.notes.push(format!("the settings are {}", names.join(", "))),
    }
    mistake
}

/// Returns the line, from 1, of an offset.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}

impl Value<'_> {
    fn span(&self) -> Span {
        Span::new(self.item.span().start, self.item.span().end)
    }

    fn wrong(&self, message: impl Into<String>) -> Wrong {
        Wrong { span: self.span(), message: message.into(), hint: None, instead: None }
    }

    /// Returns a value with the line of this one.
    fn placed<T>(&self, value: T) -> Option<Placed<T>> {
        Some(Placed { value, line: line_of(self.text, self.item.span().start) })
    }

    /// Returns the text of a string.
    fn text(&self) -> Result<&str, Wrong> {
        let kind = self.item.get_ref().type_str();
        self.item
            .get_ref()
            .as_str()
            .ok_or_else(|| self.wrong(format!("expected a text in quotes, not a value of type {kind}")))
    }

    /// Returns the value that a word means.
    fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Wrong> {
        let word = self.text()?;
        if let Some((_, value)) = words.iter().find(|(name, _)| *name == word) {
            return Ok(*value);
        }
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let mut wrong = self.wrong(format!("invalid value `{word}`: expected {}", names.join(", ")));
        if let Some(near) = nearest(word, names).first() {
            wrong.hint = Some(format!("did you mean `{near}`?"));
            wrong.instead = Some(format!("\"{near}\""));
        }
        Err(wrong)
    }

    /// Adds the paths of a text or a list of texts that exist as what they have to be.
    fn paths(&self, exists: fn(&Path) -> bool, kind: &str, paths: &mut Paths) -> Result<(), Wrong> {
        let items: Vec<Value<'_>> = match self.item.get_ref() {
            DeValue::Array(list) => list.iter().map(|item| Value { item, ..*self }).collect(),
            _ => vec![Value { ..*self }],
        };
        let mut first = Ok(());
        for value in items {
            let read = value.text().and_then(|text| {
                let path = self.folders.absolute(text);
                let absent = || value.wrong(format!("there is no {kind} {}", path.display()));
                if exists(&path) { Ok(path.clone()) } else { Err(absent()) }
            });
            match read {
                Ok(path) => paths.extend(value.placed(path)),
                // The others are used all the same.
                Err(wrong) => first = first.and(Err(wrong)),
            }
        }
        first
    }
}

impl Folders<'_> {
    /// Returns a path with `~` as the home folder, relative to the folder of the file.
    fn absolute(&self, path: &str) -> PathBuf {
        match (path.strip_prefix('~'), self.home) {
            (Some(""), Some(home)) => home.to_owned(),
            (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
            _ => self.own.join(path),
        }
    }
}

fn read_format(file: &mut FileSettings, value: &Value<'_>) -> Result<(), Wrong> {
    file.format = value.placed(value.word(&Format::ALL.map(|format| (format.name(), format)))?);
    Ok(())
}

fn read_theme(file: &mut FileSettings, value: &Value<'_>) -> Result<(), Wrong> {
    file.theme = value.placed(value.word(&Theme::ALL.map(|theme| (theme.name(), theme)))?);
    Ok(())
}

fn read_edit_mode(file: &mut FileSettings, value: &Value<'_>) -> Result<(), Wrong> {
    file.edit_mode = value.placed(value.word(&EditMode::ALL.map(|mode| (mode.name(), mode)))?);
    Ok(())
}

fn read_zone(file: &mut FileSettings, value: &Value<'_>) -> Result<(), Wrong> {
    let parsed = zone::parse(value.text()?);
    let hint = Some(zone::ZONE_FORMS.to_owned());
    file.zone = value.placed(parsed.map_err(|message| Wrong { hint, ..value.wrong(message) })?);
    Ok(())
}

fn read_pager(file: &mut FileSettings, value: &Value<'_>) -> Result<(), Wrong> {
    let paging = match value.text()?.trim() {
        "" => {
            let hint = Some("write on, off, or a command such as less -RS".to_owned());
            return Err(Wrong { hint, ..value.wrong("the pager is empty") });
        }
        "on" => Paging::On,
        "off" => Paging::Off,
        command => Paging::With(command.to_owned()),
    };
    file.pager = value.placed(paging);
    Ok(())
}

fn read_prompt(file: &mut FileSettings, value: &Value<'_>) -> Result<(), Wrong> {
    let prompt = value.text()?;
    if prompt.is_empty() || prompt.chars().any(is_unsafe) || width(prompt) > MAX_PROMPT {
        let message =
            format!("the prompt has 1 to {MAX_PROMPT} columns and neither line breaks nor control characters");
        return Err(value.wrong(message));
    }
    file.prompt = value.placed(prompt.to_owned());
    Ok(())
}

fn read_history_size(file: &mut FileSettings, value: &Value<'_>) -> Result<(), Wrong> {
    let number = value.item.get_ref().as_integer();
    let number = number.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
    let size =
        number.filter(|number| (1..=MAX_HISTORY).contains(number)).and_then(|number| usize::try_from(number).ok());
    let size = size.ok_or_else(|| {
        let hint = Some("TRAILQ_HISTORY= turns the history off".to_owned());
        Wrong { hint, ..value.wrong(format!("expected a number of inputs from 1 to {MAX_HISTORY}")) }
    })?;
    file.history_size = value.placed(size);
    Ok(())
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
