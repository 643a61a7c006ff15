//! The tables of digest files and of answers by which they are checked, and of the results of `trailq validate`.

use crate::redact::Shape;
use crate::store::schema::column_rule::ColumnRule::{Digest, Number, OfTable, Own, Path, Text};
use crate::store::schema::table::{Copy, Redact, Role, Table};

/// Digest files.
pub(super) const DIGESTS: Table = Table {
    name: "digests",
    since: 1,
    role: Role::Ledger,
    copy: Copy::WholeOnly,
    redact: Redact::Columns,
    columns: &[
        ("id", Number),
        ("file_id", Number),
        ("aws_account_id", Text),
        ("digest_start_time", Own(Shape::Time)),
        ("digest_end_time", Own(Shape::Time)),
        ("digest_s3_bucket", Text),
        ("digest_s3_object", Path),
        ("newest_event_time", Own(Shape::Time)),
        ("oldest_event_time", Own(Shape::Time)),
        ("previous_digest_s3_object", Path),
        ("previous_digest_hash", Digest),
        ("previous_digest_s3_bucket", Text),
        ("previous_digest_hash_algorithm", Own(Shape::Phrase)),
        ("previous_digest_signature", Digest),
        ("public_key_fingerprint", Digest),
        ("signature_algorithm", Own(Shape::Word)),
    ],
};

/// The log files that digest files list.
pub(super) const DIGEST_FILES: Table = Table {
    name: "digest_files",
    since: 1,
    role: Role::Ledger,
    copy: Copy::WholeOnly,
    redact: Redact::Columns,
    columns: &[
        ("digest", Number),
        ("s3_bucket", Text),
        ("s3_object", Path),
        ("hash_value", Digest),
        ("newest_event_time", Own(Shape::Time)),
        ("oldest_event_time", Own(Shape::Time)),
        ("hash_algorithm", Own(Shape::Phrase)),
    ],
};

/// Public keys. They are AWS's and tell nothing of a user.
pub(super) const PUBLIC_KEYS: Table = Table {
    name: "public_keys",
    since: 10,
    role: Role::Ledger,
    copy: Copy::WholeOnly,
    redact: Redact::Emptied,
    columns: &[
        ("file_id", OfTable),
        ("fingerprint", OfTable),
        ("value", OfTable),
        ("validity_start_time", OfTable),
        ("validity_end_time", OfTable),
    ],
};

/// Signatures of digests. A redacted digest has another text, so that no signature of it verifies.
pub(super) const DIGEST_SIGNATURES: Table = Table {
    name: "digest_signatures",
    since: 10,
    role: Role::Ledger,
    copy: Copy::WholeOnly,
    redact: Redact::Emptied,
    columns: &[("file_id", OfTable), ("signature", OfTable), ("algorithm", OfTable)],
};

/// Statuses of trails.
pub(super) const TRAIL_STATUSES: Table = Table {
    name: "trail_statuses",
    since: 10,
    role: Role::Ledger,
    copy: Copy::WholeOnly,
    redact: Redact::Columns,
    columns: &[
        ("file_id", Number),
        ("is_logging", Number),
        ("latest_delivery_time", Own(Shape::Time)),
        ("latest_digest_delivery_time", Own(Shape::Time)),
        ("start_logging_time", Own(Shape::Time)),
        ("stop_logging_time", Own(Shape::Time)),
    ],
};

/// Listings of buckets.
pub(super) const BUCKET_OBJECTS: Table = Table {
    name: "bucket_objects",
    since: 10,
    role: Role::Ledger,
    copy: Copy::WholeOnly,
    redact: Redact::Columns,
    columns: &[
        ("file_id", Number),
        ("key", Path),
        ("last_modified", Own(Shape::Time)),
        ("size", Number),
        ("version_id", Text),
        ("is_latest", Number),
        ("is_delete_marker", Number),
    ],
};

/// Runs of `trailq validate --keep`.
pub(super) const VALIDATIONS: Table = Table {
    name: "validations",
    since: 10,
    role: Role::Annotation,
    copy: Copy::NotesOfWhole,
    redact: Redact::Emptied,
    columns: &[
        ("id", OfTable),
        ("validated_at", OfTable),
        ("validated_by", OfTable),
        ("trailq_version", OfTable),
        ("paths", OfTable),
        ("since", OfTable),
        ("until", OfTable),
        ("strict", OfTable),
        ("complete", OfTable),
        ("keys", OfTable),
        ("verdicts", OfTable),
    ],
};

/// Files that validations found not valid.
pub(super) const VALIDATION_FINDINGS: Table = Table {
    name: "validation_findings",
    since: 10,
    role: Role::Annotation,
    copy: Copy::NotesOfWhole,
    redact: Redact::Emptied,
    columns: &[
        ("validation", OfTable),
        ("verdict", OfTable),
        ("kind", OfTable),
        ("account", OfTable),
        ("region", OfTable),
        ("trail", OfTable),
        ("files", OfTable),
        ("object", OfTable),
        ("place", OfTable),
        ("from_time", OfTable),
        ("to_time", OfTable),
        ("expected", OfTable),
        ("found", OfTable),
        ("reason", OfTable),
    ],
};
