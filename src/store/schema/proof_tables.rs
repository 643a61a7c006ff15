//! The tables of what can be shown about a case: the digest of its events, and its number, examiner and source.

use crate::store::schema::column_rule::ColumnRule::OfTable;
use crate::store::schema::table::{Copy, Redact, Role, Table};

/// The digest of the events. A part of a case gets one of its own, and so does a redacted case.
pub(super) const EVENT_DIGESTS: Table = Table {
    name: "event_digests",
    since: 10,
    role: Role::Provenance,
    copy: Copy::WholeOnly,
    redact: Redact::Anew,
    columns: &[("version", OfTable), ("events", OfTable), ("state", OfTable)],
};

/// The details of the case. They name people and places, so that a redacted snapshot does not have them.
pub(super) const CASE_DETAILS: Table = Table {
    name: "case_details",
    since: 10,
    role: Role::Annotation,
    copy: Copy::Notes,
    redact: Redact::Emptied,
    columns: &[
        ("name", OfTable),
        ("value", OfTable),
        ("set_at", OfTable),
        ("change", OfTable),
        ("set_by", OfTable),
        ("trailq_version", OfTable),
    ],
};
