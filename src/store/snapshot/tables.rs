//! What of each table belongs to some events of a case. Columns are those of the schema, whichever there are.

use rusqlite::Connection;

/// What is taken of a table.
enum Rule {
    /// The rows of the events that are kept: in this column stands `events.id`.
    Events(&'static str),
    /// Rows that something points to which was taken before; the condition says how.
    Where(&'static str),
    /// All rows.
    All,
    /// All rows, unless notes are left out.
    Notes,
    /// All rows with all events. With some, nothing: it tells of what no event was made of.
    Whole,
    /// All rows with all events. With some, it is counted anew.
    Counts,
    /// Nothing: records are packed anew.
    Records,
}

/// What is noted of a case and not of one event.
pub(super) const NOTES: [&str; 3] = ["notes", "saved_queries", "noise_rules"];

/// Every table, in an order in which what is pointed to comes after what points to it.
const TABLES: &[(&str, Rule)] = &[
    ("events", Rule::Events("id")),
    ("event_resources", Rule::Events("event")),
    ("csv_events", Rule::Events("id")),
    ("facets", Rule::Where("id IN (SELECT facet_id FROM main.events)")),
    ("identities", Rule::Where("id IN (SELECT identity_id FROM main.events)")),
    ("user_agents", Rule::Where("id IN (SELECT user_agent_id FROM main.events)")),
    ("error_messages", Rule::Where("id IN (SELECT error_message_id FROM main.events)")),
    ("resources", Rule::Where("id IN (SELECT resource FROM main.event_resources)")),
    ("conflicts", Rule::Where("event_id IN (SELECT event_id FROM main.events)")),
    ("tags", Rule::Where("event_id IN (SELECT event_id FROM main.events)")),
    ("replaced_rows", Rule::Where("event_id IN (SELECT event_id FROM main.events)")),
    (
        "files",
        Rule::Where(
            "id IN (SELECT file_id FROM main.events UNION SELECT file_id FROM main.conflicts \
             UNION SELECT file_id FROM main.replaced_rows)",
        ),
    ),
    ("imports", Rule::Where("id IN (SELECT import_id FROM main.files)")),
    ("rejects", Rule::Whole),
    ("field_problems", Rule::Whole),
    ("digests", Rule::Whole),
    ("digest_files", Rule::Whole),
    ("attribute_values", Rule::Counts),
    ("hourly_counts", Rule::Counts),
    (NOTES[0], Rule::Notes),
    (NOTES[1], Rule::Notes),
    (NOTES[2], Rule::Notes),
    ("provenance", Rule::All),
    ("provenance_parents", Rule::All),
    ("provenance_digests", Rule::All),
    ("record_blocks", Rule::Records),
    ("record_dictionaries", Rule::Records),
    ("record_groups", Rule::Records),
    ("record_filters", Rule::Records),
];

/// Copies rows of the attached case `source`: all, or what belongs to the events of the table `kept`, which has the
/// number of each and its new one.
pub(super) fn copy(connection: &Connection, some: bool, without_notes: bool) -> rusqlite::Result<()> {
    for (table, rule) in TABLES {
        let all = || format!("INSERT INTO main.{table} SELECT * FROM source.{table}");
        let sql = match rule {
            Rule::Records => continue,
            Rule::Notes if without_notes => continue,
            Rule::All | Rule::Notes => all(),
            _ if !some => all(),
            Rule::Whole | Rule::Counts => continue,
            Rule::Where(condition) => format!("{} WHERE {condition}", all()),
            Rule::Events(column) => {
                let columns = columns(connection, table)?;
                let values = columns.iter().map(|name| match name == column {
                    true => "kept.new".to_owned(),
                    false => format!("t.\"{name}\""),
                });
                let values = values.collect::<Vec<_>>().join(", ");
                // The join is crossed so that rows come in the order of the events.
                format!(
                    "INSERT INTO main.{table} SELECT {values} FROM temp.kept CROSS JOIN source.{table} t \
                     ON t.{column} = kept.old ORDER BY kept.old"
                )
            }
        };
        connection.execute_batch(&sql)?;
    }
    // Whoever imports a file into it gets the rest too.
    if some { connection.execute_batch("UPDATE main.files SET partial = 1") } else { Ok(()) }
}

/// The columns of a table.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut select = connection.prepare_cached("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
    select.query_map([table], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::TABLES;
    use crate::store::migrate;

    #[test]
    fn every_table_of_the_schema_has_a_rule() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        migrate::migrate(&connection, Path::new("memory")).unwrap();
        let mut select = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
        let there: BTreeSet<String> = select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let ruled: BTreeSet<String> = TABLES.iter().map(|(table, _)| (*table).to_owned()).collect();
        assert_eq!(there, ruled);
        assert_eq!(TABLES.len(), ruled.len());
    }
}
