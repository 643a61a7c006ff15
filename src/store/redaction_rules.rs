//! What a redaction does with each table and column of a case. A table that is not here does not get into what is handed
//! on; a test fails for a column of text or bytes that has no rule.

use crate::redact::Shape;

/// What becomes of a table.
pub(super) enum TableRule {
    /// It is made anew from the rewritten records.
    Anew,
    /// It loses all rows.
    Emptied,
    /// Its columns of text and bytes are rewritten. The others are numbers.
    Columns(&'static [(&'static str, ColumnRule)]),
}

/// How the values of a column are rewritten.
#[derive(Clone, Copy)]
pub(super) enum ColumnRule {
    /// As any text.
    Text,
    /// As a path, in which the name of a folder's owner may stand.
    Path,
    /// As the path of a file of the ledger, in which its SHA-256 may stand too.
    FilePath,
    /// As any text; it is the name of whoever used trailq.
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
    /// Made by another rule: the SHA-256 of a record beside the record.
    Derived,
}

use ColumnRule::{Code, Derived, Digest, Drop, EventId, FilePath, Investigator, Own, Path, Record, Text};
use TableRule::{Anew, Columns, Emptied};

/// Every table of the schema.
pub(super) const TABLES: &[(&str, TableRule)] = &[
    ("events", Anew),
    ("facets", Anew),
    ("hourly_counts", Anew),
    ("hourly_regions", Anew),
    ("identities", Anew),
    ("resources", Anew),
    ("event_resources", Anew),
    ("user_agents", Anew),
    ("error_messages", Anew),
    ("record_blocks", Anew),
    ("record_dictionaries", Anew),
    ("record_groups", Anew),
    ("record_filters", Anew),
    ("attribute_values", Anew),
    ("csv_events", Anew),
    (
        "files",
        Columns(&[
            ("path", FilePath),
            ("sha256", Digest),
            ("format", Own(Shape::Phrase)),
            ("account_id", Text),
            ("region", Own(Shape::Region)),
            ("delivered_at", Own(Shape::Time)),
        ]),
    ),
    (
        "imports",
        Columns(&[
            ("started_at", Own(Shape::Time)),
            ("finished_at", Own(Shape::Time)),
            ("trailq_version", Own(Shape::Version)),
            ("paths", Path),
        ]),
    ),
    ("rejects", Columns(&[("member", Path), ("reason", Text), ("bytes", Drop), ("sha256", Digest)])),
    ("conflicts", Columns(&[("event_id", EventId), ("sha256", Derived), ("record", Record)])),
    ("field_problems", Columns(&[("field", Own(Shape::Phrase)), ("problem", Own(Shape::Phrase))])),
    (
        "digests",
        Columns(&[
            ("aws_account_id", Text),
            ("digest_start_time", Own(Shape::Time)),
            ("digest_end_time", Own(Shape::Time)),
            ("digest_s3_bucket", Text),
            ("digest_s3_object", Path),
            ("newest_event_time", Own(Shape::Time)),
            ("oldest_event_time", Own(Shape::Time)),
            ("previous_digest_s3_object", Path),
            ("previous_digest_hash", Digest),
        ]),
    ),
    (
        "digest_files",
        Columns(&[
            ("s3_bucket", Text),
            ("s3_object", Path),
            ("hash_value", Digest),
            ("newest_event_time", Own(Shape::Time)),
            ("oldest_event_time", Own(Shape::Time)),
        ]),
    ),
    ("replaced_rows", Columns(&[("event_id", EventId)])),
    (
        "tags",
        Columns(&[
            ("event_id", EventId),
            ("tag", Text),
            ("note", Text),
            ("created_at", Own(Shape::Time)),
            ("created_by", Investigator),
            ("origin", Own(Shape::Provenance)),
        ]),
    ),
    (
        "notes",
        Columns(&[
            ("text", Text),
            ("created_at", Own(Shape::Time)),
            ("created_by", Investigator),
            ("origin", Own(Shape::Provenance)),
        ]),
    ),
    (
        "saved_queries",
        Columns(&[
            ("name", Text),
            ("text", Code),
            ("created_at", Own(Shape::Time)),
            ("created_by", Investigator),
            ("origin", Own(Shape::Provenance)),
        ]),
    ),
    (
        "noise_rules",
        Columns(&[
            ("name", Text),
            ("filter", Code),
            ("created_at", Own(Shape::Time)),
            ("created_by", Investigator),
            ("origin", Own(Shape::Provenance)),
        ]),
    ),
    (
        "provenance",
        Columns(&[
            ("kind", Own(Shape::Phrase)),
            ("id", Own(Shape::Provenance)),
            ("made_at", Own(Shape::Time)),
            ("made_from", Path),
            ("trailq_version", Own(Shape::Version)),
            ("selection", Code),
            ("redacted", Own(Shape::Redactions)),
        ]),
    ),
    ("provenance_parents", Columns(&[("id", Own(Shape::Provenance)), ("parent", Own(Shape::Provenance))])),
    ("provenance_digests", Emptied),
];

/// Every column that has a rule, with its table.
pub(super) fn columns() -> impl Iterator<Item = (&'static str, &'static str, ColumnRule)> {
    TABLES.iter().flat_map(|(table, rule)| {
        let columns: &[(&str, ColumnRule)] = match rule {
            Columns(columns) => columns,
            Anew | Emptied => &[],
        };
        columns.iter().map(move |(column, rule)| (*table, *column, *rule))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::{TABLES, TableRule, columns};
    use crate::store::migrate;

    #[test]
    fn every_table_and_every_column_of_text_or_bytes_has_a_rule() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        migrate::migrate(&connection, Path::new("memory")).unwrap();
        let texts = |sql: &str| -> BTreeSet<String> {
            connection.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let tables = texts("SELECT name FROM sqlite_schema WHERE type = 'table'");
        assert_eq!(tables, TABLES.iter().map(|(table, _)| (*table).to_owned()).collect::<BTreeSet<_>>());
        // STRICT holds every other column to numbers.
        let strict = texts("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict");
        let others: Vec<&String> = tables.difference(&strict).collect();
        assert!(others.is_empty(), "{others:?} can hold texts in any column");
        let there = texts(
            "SELECT t.name || '.' || c.name FROM pragma_table_list t, pragma_table_info(t.name) c \
             WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' \
             AND c.type NOT IN ('INTEGER', 'INT', 'REAL')",
        );
        let ruled: BTreeSet<String> = columns().map(|(table, column, _)| format!("{table}.{column}")).collect();
        let is_whole = |name: &String| {
            TABLES
                .iter()
                .any(|(table, rule)| !matches!(rule, TableRule::Columns(_)) && name.split('.').next() == Some(*table))
        };
        let needed: BTreeSet<String> = there.into_iter().filter(|name| !is_whole(name)).collect();
        assert_eq!(needed, ruled);
    }
}
