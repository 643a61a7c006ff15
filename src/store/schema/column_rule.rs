//! Rules by which redaction rewrites the values of a column.

use crate::redact::Shape;

/// The rule by which the values of a column are rewritten.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ColumnRule {
    /// As the table is treated, which is not rewritten column by column.
    OfTable,
    /// Not at all: STRICT holds it to numbers.
    Number,
    /// As any text.
    Text,
    /// As a path, which may contain the name of a folder's owner.
    Path,
    /// As the path of a file of the ledger, which may contain its SHA-256 too.
    FilePath,
    /// As any text; it is the name of a person who used trailq.
    Investigator,
    /// As a lookup or a statement.
    Code,
    /// As a record, for which `conflicts` has a row.
    Record,
    /// As the id of an event.
    EventId,
    /// By a digest under the secret of the redaction: who knows all but an address of a short file could otherwise try
    /// addresses until one gives its SHA-256.
    Digest,
    /// By nothing.
    Drop,
    /// Left alone where the value has this shape; otherwise as any text.
    Own(Shape),
    /// Left alone where the value is one of these words; otherwise as any text.
    OneOf(&'static [&'static str]),
    /// Made by another rule: the SHA-256 of a record beside the record.
    Derived,
}
