//! The tables of what an investigator decides about findings, and of the runs of `trailq hunt`.

use crate::redact::Shape;
use crate::store::schema::column_rule::ColumnRule::{Code, Investigator, OfTable, OneOf, Own, Text};
use crate::store::schema::table::{Copy, Redact, Role, Table};
use crate::subject::{Mark, SubjectKind, VerdictKind};

/// The marks of subjects.
pub(super) const SUBJECTS: Table = Table {
    name: "subjects",
    since: 9,
    role: Role::Annotation,
    copy: Copy::Notes,
    redact: Redact::Columns,
    columns: &[
        ("kind", OneOf(&SubjectKind::NAMES)),
        ("value", Text),
        ("mark", OneOf(&Mark::NAMES)),
        ("why", Text),
        ("created_at", Own(Shape::Time)),
        ("created_by", Investigator),
        ("origin", Own(Shape::Provenance)),
    ],
};

/// The verdicts on findings.
pub(super) const VERDICTS: Table = Table {
    name: "verdicts",
    since: 9,
    role: Role::Annotation,
    copy: Copy::Notes,
    redact: Redact::Columns,
    columns: &[
        ("rule", Text),
        ("principal", Text),
        ("account", Text),
        ("verdict", OneOf(&VerdictKind::NAMES)),
        ("why", Text),
        ("created_at", Own(Shape::Time)),
        ("created_by", Investigator),
        ("origin", Own(Shape::Provenance)),
    ],
};

/// The ignore rules.
pub(super) const IGNORE_RULES: Table = Table {
    name: "ignore_rules",
    since: 9,
    role: Role::Annotation,
    copy: Copy::Notes,
    redact: Redact::Columns,
    columns: &[
        ("name", Text),
        ("title", Text),
        ("rules", Text),
        ("filter", Code),
        ("reason", Text),
        ("created_at", Own(Shape::Time)),
        ("created_by", Investigator),
        ("origin", Own(Shape::Provenance)),
    ],
};

/// The runs of `trailq hunt`.
pub(super) const HUNT_RUNS: Table = Table {
    name: "hunt_runs",
    since: 9,
    role: Role::Annotation,
    copy: Copy::NotesOfWhole,
    redact: Redact::Emptied,
    columns: &[
        ("id", OfTable),
        ("run_at", OfTable),
        ("run_by", OfTable),
        ("trailq_version", OfTable),
        ("scope", OfTable),
        ("rules", OfTable),
        ("rules_sha256", OfTable),
        ("ignored", OfTable),
    ],
};

/// The rules of the newest run.
pub(super) const HUNT_RULES: Table = Table {
    name: "hunt_rules",
    since: 9,
    role: Role::Annotation,
    copy: Copy::NotesOfWhole,
    redact: Redact::Emptied,
    columns: &[
        ("id", OfTable),
        ("title", OfTable),
        ("level", OfTable),
        ("origin", OfTable),
        ("author", OfTable),
        ("filter", OfTable),
        ("events", OfTable),
    ],
};

/// The findings of the newest run.
pub(super) const HUNT_FINDINGS: Table = Table {
    name: "hunt_findings",
    since: 9,
    role: Role::Annotation,
    copy: Copy::NotesOfWhole,
    redact: Redact::Emptied,
    columns: &[
        ("rule", OfTable),
        ("principal", OfTable),
        ("account", OfTable),
        ("actor", OfTable),
        ("level", OfTable),
        ("done", OfTable),
        ("tried", OfTable),
        ("first_seen", OfTable),
        ("last_seen", OfTable),
        ("event_id", OfTable),
    ],
};

/// The events of rules of the newest run that are not lookups.
pub(super) const HUNT_EVENTS: Table = Table {
    name: "hunt_events",
    since: 9,
    role: Role::Annotation,
    copy: Copy::NotesOfWhole,
    redact: Redact::Emptied,
    columns: &[("rule", OfTable), ("event_id", OfTable)],
};
