//! The statement that is being written: its dialect, its table, and the first part of the lookup that the engine lacks.

use std::cell::{Cell, RefCell};

use crate::diagnostic::{Diagnostic, Span};
use crate::fields::Place;
use crate::sql::balanced::balanced;
use crate::sql::translate::dialect::Dialect;

/// The number of conditions that are joined without further parentheses.
const LEAF: usize = 50;

/// The layout of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// That of `trailq convert` and `trailq export`.
    Trailq,
    /// AWS's own documented table for Athena, under the view that `--ddl` prints.
    Aws,
}

/// Writes the parts of one statement. The first refusal is the answer instead.
pub(crate) struct Translator<'d> {
    pub(crate) dialect: &'d dyn Dialect,
    pub(crate) layout: Layout,
    /// The table's name, quoted where needed.
    pub(crate) table: String,
    span: Cell<Option<Span>>,
    refusal: RefCell<Option<Diagnostic>>,
}

impl<'d> Translator<'d> {
    pub(crate) fn new(dialect: &'d dyn Dialect, layout: Layout, table: &str) -> Translator<'d> {
        let translator =
            Translator { dialect, layout, table: String::new(), span: Cell::new(None), refusal: RefCell::new(None) };
        let table = translator.name(table);
        Translator { table, ..translator }
    }

    /// Returns the name of a table; dots separate its catalog and schema.
    pub(crate) fn name(&self, table: &str) -> String {
        table.split('.').map(|part| self.identifier(part)).collect::<Vec<_>>().join(".")
    }

    /// Sets the place of the term that is written next; returns the earlier one.
    pub(crate) fn enter(&self, span: Option<Span>) -> Option<Span> {
        self.span.replace(span)
    }

    /// Refuses the lookup, and returns an expression in place of what cannot be written.
    pub(crate) fn refuse(&self, message: impl Into<String>, hint: impl Into<String>) -> String {
        let message = message.into();
        let mut refusal = self.refusal.borrow_mut();
        if refusal.is_none() {
            let diagnostic = match self.span.get() {
                Some(span) => Diagnostic::at(span, message),
                None => Diagnostic::new(message),
            };
            *refusal = Some(diagnostic.hint(hint));
        }
        "NULL".to_owned()
    }

    /// Returns the first refusal.
    pub(crate) fn into_refusal(self) -> Option<Diagnostic> {
        self.refusal.into_inner()
    }

    /// Returns a text as a literal.
    pub(crate) fn literal(&self, text: &str) -> String {
        if text.contains('\0') {
            return self.refuse("a value with the character NUL cannot be written in SQL", "leave the character out");
        }
        self.dialect.literal(text)
    }

    /// Returns a name, in quotes where it is not a plain word.
    pub(crate) fn identifier(&self, name: &str) -> String {
        let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if is_plain {
            return name.to_owned();
        }
        let quoted = if name.is_empty() || name.contains('\0') { None } else { self.dialect.identifier(name) };
        quoted.unwrap_or_else(|| {
            let engine = self.dialect.engine();
            self.refuse(
                format!("{engine} has no way to write the name `{}`", name.escape_debug()),
                "use the path in the filter, and show other columns with | fields",
            )
        })
    }

    /// Returns a column of the events, qualified: an alias of the same name would hide it in ClickHouse.
    pub(crate) fn column(&self, name: &str) -> String {
        format!("e.{name}")
    }

    /// Returns a flag as text.
    pub(crate) fn flag_text(&self, flag: &str) -> String {
        format!("CASE WHEN {flag} THEN 'true' WHEN NOT {flag} THEN 'false' END")
    }

    /// Refuses a field that the table lacks in AWS's layout.
    pub(crate) fn require(&self, place: Place, name: &str) {
        if self.layout == Layout::Trailq {
            return;
        }
        let missing = match place {
            Place::ResourceName | Place::ResourceType | Place::ListedName | Place::ListedType => Some(
                "a resource as the record names it: request.bucketName=NAME, response.instancesSet.items.instanceId=ID",
            ),
            Place::File if self.dialect.aws_file().is_none() => Some("--for athena or trino, which know the file"),
            _ => match name {
                "issued-key" => Some("response.accessKey.accessKeyId=KEY"),
                "bytes-in" => Some("additionalEventData.bytesTransferredIn>N"),
                "bytes-out" => Some("additionalEventData.bytesTransferredOut>N"),
                "outcome" => Some("error=AccessDenied,*UnauthorizedOperation"),
                "management-event" => Some("category=Management"),
                "source-identity" | "from-console" | "on-behalf-of" => {
                    Some("a table of `trailq convert`, with --layout trailq")
                }
                _ => None,
            },
        };
        if let Some(instead) = missing {
            self.refuse(format!("AWS's table has no column for `{name}`"), format!("nearest: {instead}"));
        }
    }
}

/// Joins conditions of which one has to hold.
pub(crate) fn any(mut parts: Vec<String>) -> String {
    match parts.len() {
        0 => "false".to_owned(),
        1 => parts.remove(0),
        _ => format!("({})", balanced(&parts, " OR ", LEAF)),
    }
}

/// Joins conditions that all have to hold.
pub(crate) fn all(mut parts: Vec<String>) -> String {
    match parts.len() {
        0 => "true".to_owned(),
        1 => parts.remove(0),
        _ => format!("({})", balanced(&parts, " AND ", LEAF)),
    }
}
