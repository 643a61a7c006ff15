//! The catalogue's entry of a table: its role, how a snapshot copies it, whether a digest counts it, how redaction and
//! merging treat it, and who may write it.

use crate::store::schema::column_rule::ColumnRule;

/// A table of a case.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The schema version that added it.
    pub(crate) since: i64,
    pub(crate) role: Role,
    pub(crate) copy: Copy,
    pub(crate) redact: Redact,
    /// Its columns in their order, with what redaction does with each.
    pub(crate) columns: &'static [(&'static str, ColumnRule)],
}

/// The role of a table. Merging follows from it: the writer of an import writes events, dimensions, rollups and records
/// anew, the ledger and the annotations are merged row by row, and provenance gets one more step. `diff` compares
/// events, identities and resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Events and what they link to.
    Event,
    /// Values that many events share.
    Dimension,
    /// Materialized counts.
    Rollup,
    /// The files that were read, their origin and their outcome.
    Ledger,
    /// Notes of an investigator. The only tables that the annotations' connection may write.
    Annotation,
    /// The steps that led to a case.
    Provenance,
    /// The records, packed.
    Records,
}

/// A part of a case that has a digest of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Events with their records and all that they point to.
    Events,
    /// Rollups.
    Counts,
    /// The ledger.
    Ledger,
    /// Annotations: they may change after a snapshot is made.
    Notes,
}

impl Part {
    /// Returns the name that digests have in provenance.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Part::Events => "events",
            Part::Counts => "counts",
            Part::Ledger => "ledger",
            Part::Notes => "notes",
        }
    }
}

impl Role {
    /// Returns the digest that counts the rows of such a table. Provenance holds the digests, and has none.
    pub(crate) fn part(self) -> Option<Part> {
        match self {
            Role::Event | Role::Dimension | Role::Records => Some(Part::Events),
            Role::Rollup => Some(Part::Counts),
            Role::Ledger => Some(Part::Ledger),
            Role::Annotation => Some(Part::Notes),
            Role::Provenance => None,
        }
    }
}

/// The part of a table that a snapshot takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copy {
    /// The rows of the events that are kept: this column has `events.id`.
    OfEvents(&'static str),
    /// Rows that events point to, with how often they do.
    Recounted,
    /// Rows of the events that are kept, by their event id.
    ByEventId,
    /// The files of which something was taken before.
    Files,
    /// Rows that something points to which was taken before; the condition says how.
    Where(&'static str),
    /// All rows.
    All,
    /// All rows, unless notes are left out.
    Notes,
    /// All rows with all events, unless notes are left out. With some events, nothing: it tells of the others.
    NotesOfWhole,
    /// All rows with all events. With some, nothing: it tells what no event was made of.
    WholeOnly,
    /// Nothing: records are packed anew.
    Repacked,
}

/// The treatment of a table by redaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redact {
    /// It is made anew from the rewritten records.
    Anew,
    /// It loses all rows.
    Emptied,
    /// Each of its columns is rewritten by its rule.
    Columns,
}
