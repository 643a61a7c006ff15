//! The tables of a portable snapshot: they are not in the migrations, since no other case has them.

/// Creates the table of records as plain text, for programs that know nothing of trailq.
pub(crate) const RECORDS: &str = "CREATE TABLE records (
    id     INTEGER PRIMARY KEY REFERENCES events (id),
    record TEXT NOT NULL                        -- the record as JSON, byte for byte
) STRICT;";

/// Creates and fills the full-text index of the records.
pub(crate) const FULL_TEXT: &str =
    "CREATE VIRTUAL TABLE records_fts USING fts5 (record, content=[records], content_rowid=[id]);
INSERT INTO records_fts (records_fts) VALUES ('rebuild');";
