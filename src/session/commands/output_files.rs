//! Files that commands write: the text after the command, the format of an extension, and a refusal
//! with the corrected line.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Span};
use crate::output_file::{Existing, Options, OutputError, OutputFile, leads_to_same};
use crate::render::Format;
use crate::session::commands::Arguments;
use crate::session::output::Redirect;
use crate::session::{Session, SessionError};

/// The word that lets a command replace a file.
pub(crate) const FORCE: &str = "--force";

/// Extensions of plain text, which any answer may have.
const TEXT: [&str; 9] = ["txt", "text", "log", "out", "dat", "lst", "list", "tbl", "tmp"];
/// Extensions of pictures.
const PICTURES: [&str; 12] = ["svg", "png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp", "heic", "ico", "eps"];
/// Extensions of databases.
const DATABASES: [&str; 6] = ["db", "db3", "sqlite", "sqlite3", "sqlitedb", "duckdb"];
/// Extensions of documents.
const DOCUMENTS: [&str; 11] = ["html", "htm", "xhtml", "pdf", "doc", "docx", "odt", "rtf", "ps", "ppt", "pptx"];
/// Extensions of spreadsheets and of other files that hold tables.
const TABLES: [&str; 11] =
    ["xlsx", "xls", "xlsm", "xlsb", "ods", "numbers", "parquet", "avro", "orc", "arrow", "feather"];
/// Extensions of compressed files.
const COMPRESSED: [&str; 8] = ["gz", "bz2", "xz", "zst", "zip", "7z", "tar", "tgz"];

/// A file that a command names.
pub(crate) struct Named<'a> {
    arguments: &'a Arguments<'a>,
    path: PathBuf,
    /// The name as it was typed.
    typed: &'a str,
    /// The name, and `--force` where it was typed.
    span: Span,
    force: bool,
}

impl<'a> Named<'a> {
    /// The file after a command, if any.
    pub(crate) fn read(arguments: &'a Arguments<'a>) -> Result<Option<Named<'a>>, SessionError> {
        let mut file: Option<(&str, Span)> = None;
        let mut force = false;
        for (word, span) in &arguments.words {
            let typed = arguments.line.get(span.start..span.end).unwrap_or(word);
            if typed == FORCE {
                force = true;
            } else if typed.starts_with("--") {
                let mistake =
                    Diagnostic::at(*span, format!("`{typed}` is not an option of {}", arguments.command.name));
                return Err(mistake.in_source(arguments.line).hint(format!("its option is {FORCE}")).into());
            } else if file.replace((word, *span)).is_some() {
                let message = format!("{} takes one file", arguments.command.name);
                let mistake = Diagnostic::at(*span, message).in_source(arguments.line);
                return Err(mistake.hint("put a name with blanks in quotes").into());
            }
        }
        let ends = |spans: &[(String, Span)]| spans.first().zip(spans.last()).map(|(first, last)| first.1.to(last.1));
        match (file, ends(&arguments.words)) {
            (Some((word, own)), Some(span)) => Ok(Some(Named {
                arguments,
                path: PathBuf::from(word),
                typed: arguments.line.get(own.start..own.end).unwrap_or_default(),
                span,
                force,
            })),
            _ if force => Err(arguments.missing()),
            _ => Ok(None),
        }
    }

    /// The file, which has to be there.
    pub(crate) fn required(arguments: &'a Arguments<'a>) -> Result<Named<'a>, SessionError> {
        Named::read(arguments)?.ok_or_else(|| arguments.missing())
    }

    /// The path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins the file; `extension` is that of the name offered in place of one that is refused.
    pub(crate) fn create(&self, session: &Session, extension: &str) -> Result<OutputFile, SessionError> {
        self.check_not_open(session)?;
        self.open(session).map_err(|refused| self.refused(refused, extension))
    }

    /// Begins a file for answers.
    pub(crate) fn redirect(&self, session: &Session) -> Result<Redirect, SessionError> {
        self.check_not_open(session)?;
        let format = self.format(session.settings.format);
        match (self.open(session), format) {
            (Ok(file), format) => Ok(Redirect::new(file, format?)),
            // That a file is there already matters only where it could be written.
            (Err(OutputError::Exists(_)), Err(format)) => Err(format),
            (Err(refused), _) => Err(self.refused(refused, "csv")),
        }
    }

    fn open(&self, session: &Session) -> Result<OutputFile, OutputError> {
        let existing = if self.force { Existing::Replace } else { Existing::Refuse };
        OutputFile::create(&self.path, &Options { in_use: &[session.path()], existing, private: false })
    }

    /// Checks that the file is not the one that `.output` writes.
    fn check_not_open(&self, session: &Session) -> Result<(), SessionError> {
        if !session.output.file_path().is_some_and(|open| leads_to_same(open, &self.path)) {
            return Ok(());
        }
        let message = format!("answers are being written to {}", self.path.display());
        let mistake = Diagnostic::at(self.span, message).in_source(self.arguments.line);
        Err(mistake.hint("`.output` completes the file and shows answers again").into())
    }

    /// A refusal with the line that would do.
    pub(crate) fn refused(&self, refused: OutputError, extension: &str) -> SessionError {
        let command = self.arguments.command.name;
        let (hint, instead) = match &refused {
            OutputError::Exists(_) => {
                let forced = format!("{FORCE} {}", self.typed);
                (Some(format!("`{command} {forced}` replaces it")), Some(forced))
            }
            OutputError::InUse(_)
            | OutputError::Database(_)
            | OutputError::BesideDatabase(..)
            | OutputError::Unreadable(_) => {
                let free = free_name(&self.path, extension);
                let offer = free.as_ref().map(|name| format!(": `{command} {name}`")).unwrap_or_default();
                (refused.hint().map(|hint| format!("{hint}{offer}")), free)
            }
            OutputError::NotAFile { .. } | OutputError::Moved { .. } | OutputError::System { .. } => {
                (refused.hint().map(str::to_owned), None)
            }
        };
        let mut mistake = Diagnostic::at(self.span, refused.to_string()).in_source(self.arguments.line);
        mistake.hints.extend(hint);
        mistake.instead = instead;
        mistake.into()
    }

    /// The format of the extension; refused where an answer cannot be written as what it says. `chosen`
    /// is the format that the user has set.
    fn format(&self, chosen: Option<Format>) -> Result<Option<Format>, SessionError> {
        let named = extension_of(&self.path);
        if let Some(format) = named.as_deref().and_then(Format::of_extension) {
            return Ok(Some(format));
        }
        let Some(extension) = extension(&self.path) else { return Ok(None) };
        let is = |known: &[&str]| known.contains(&extension.as_str());
        let command = self.arguments.command.name;
        let name = |extension: &str| free_name(&self.path, extension);
        let offer = |extension: &str| name(extension).unwrap_or_else(|| format!("FILE.{extension}"));
        let (hint, instead) = if is(&PICTURES) {
            let picture = offer("svg");
            (format!("`.plot {picture}` draws the last timeline or count; answers in rows are text"), name("csv"))
        } else if is(&DATABASES) {
            (format!("`.snapshot {}` writes events as a case; answers are text", offer("db")), name("csv"))
        } else if is(&TABLES) {
            (format!("`{command} {}` writes what a spreadsheet opens", offer("csv")), name("csv"))
        } else if is(&DOCUMENTS) {
            (format!("`{command} {}` writes a table for documents", offer("md")), name("md"))
        } else if is(&COMPRESSED) {
            let plain = self.path.file_stem().and_then(|stem| extension_of(Path::new(stem)));
            let plain = plain.unwrap_or_else(|| "csv".to_owned());
            (format!("`{command} {}` writes it plain, to be compressed afterwards", offer(&plain)), name(&plain))
        } else if chosen.is_some() || is(&TEXT) || !extension.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Ok(None);
        } else {
            let hint = format!("use one of {}, or choose a format first: `.mode csv`", known_extensions());
            (hint, name("txt"))
        };
        let message = format!("answers are not written as .{extension}");
        let mut mistake = Diagnostic::at(self.span, message).in_source(self.arguments.line).hint(hint);
        mistake.instead = instead.map(|name| if self.force { format!("{FORCE} {name}") } else { name });
        Err(mistake.into())
    }

    /// Checks that the name is that of a picture, or of a device.
    pub(crate) fn check_picture(&self) -> Result<(), SessionError> {
        let is_device = std::fs::metadata(&self.path).is_ok_and(|found| !found.is_file() && !found.is_dir());
        if extension(&self.path).as_deref() == Some("svg") || is_device {
            return Ok(());
        }
        let mut mistake = Diagnostic::at(self.span, "a picture is written as .svg").in_source(self.arguments.line);
        if let Some(name) = free_name(&self.path, "svg") {
            mistake = mistake.hint(format!("`{} {name}` writes it", self.arguments.command.name));
            mistake.instead = Some(name);
        }
        Err(mistake.into())
    }
}

impl Session {
    /// Says with an error what becomes of the file of `.once`: an answer that failed is not written to it. At the prompt
    /// it waits for the next answer where this one was not begun.
    pub(crate) fn without_once(&mut self, error: SessionError) -> SessionError {
        let waits = self.settings.interactive && self.depth == 0 && !self.output.is_used();
        let note = match self.output.once_path() {
            Some(path) if waits => format!("{} waits for the next answer", path.display()),
            Some(path) => format!("{} is not written: the answer is not complete", path.display()),
            None => return error,
        };
        if !waits {
            self.output.give_up_once();
        }
        match error {
            SessionError::Mistake(mistake) => SessionError::from(mistake.note(note)),
            other => {
                self.note(&note);
                other
            }
        }
    }

    /// Ends the session: what was written to the file of `.output` is kept, and a file of `.once` that got no answer
    /// is not made.
    ///
    /// # Errors
    /// The file cannot be completed.
    pub fn end(&mut self) -> Result<(), SessionError> {
        if let Some(path) = self.output.end().map_err(Diagnostic::from)? {
            self.note(&format!("{} is not written: no answer came", path.display()));
        }
        Ok(())
    }
}

/// The extension of a name in small letters; of something that is not a regular file none.
fn extension(path: &Path) -> Option<String> {
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return None;
    }
    extension_of(path)
}

fn extension_of(path: &Path) -> Option<String> {
    path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase())
}

/// Returns the extensions of the formats as a list.
fn known_extensions() -> String {
    let of_formats = Format::ALL.into_iter().filter_map(|format| format.spec().extensions.first());
    let shown: Vec<String> = of_formats.chain(&["txt"]).map(|extension| format!(".{extension}")).collect();
    shown.join(", ")
}

/// A name like another with an extension that no file has, as it is typed; `None` where that cannot be typed.
fn free_name(path: &Path, extension: &str) -> Option<String> {
    let stem = path.file_stem()?.to_str()?;
    // Of `rows.csv.gz` both extensions go.
    let stem = stem.strip_suffix(&format!(".{extension}")).unwrap_or(stem);
    let numbered = (2..100).map(|number| format!("{stem}-{number}.{extension}"));
    let name = std::iter::once(format!("{stem}.{extension}"))
        .chain(numbered)
        .map(|name| path.with_file_name(name))
        .find(|path| std::fs::symlink_metadata(path).is_err())?;
    typed(name.to_str()?)
}

/// A word as it is typed, in quotes if it has to be.
pub(crate) fn typed(word: &str) -> Option<String> {
    let plain = !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    if plain {
        return Some(word.to_owned());
    }
    let quote = ['"', '\''].into_iter().find(|quote| !word.contains(*quote))?;
    Some(format!("{quote}{word}{quote}"))
}
