//! What of each table belongs to some events of a case. Columns are those of the schema, whichever there are.

use std::rc::Rc;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::kept::Kept;

/// What is taken of a table.
enum Rule {
    /// The rows of the events that are kept: in this column stands `events.id`.
    Events(&'static str),
    /// Rows that events point to, with how often they do: see `Kept`.
    Counted,
    /// Rows of the events that are kept, by their event id.
    ByEventId,
    /// The files that something comes from which was taken before.
    Files,
    /// Rows that something points to which was taken before; the condition says how.
    Where(&'static str),
    /// All rows.
    All,
    /// All rows, unless notes are left out.
    Notes,
    /// All rows with all events. With some, nothing: it tells of what no event was made of.
    Whole,
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
    ("facets", Rule::Counted),
    ("identities", Rule::Counted),
    ("user_agents", Rule::Counted),
    ("error_messages", Rule::Counted),
    ("resources", Rule::Counted),
    ("attribute_values", Rule::Counted),
    ("hourly_counts", Rule::Counted),
    ("hourly_regions", Rule::Counted),
    ("conflicts", Rule::ByEventId),
    ("tags", Rule::ByEventId),
    ("replaced_rows", Rule::ByEventId),
    ("files", Rule::Files),
    ("imports", Rule::Where("id IN (SELECT import_id FROM main.files)")),
    ("rejects", Rule::Whole),
    ("field_problems", Rule::Whole),
    ("digests", Rule::Whole),
    ("digest_files", Rule::Whole),
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

/// Copies all rows of the attached case `source` but records.
pub(super) fn copy_all(connection: &Connection, without_notes: bool) -> rusqlite::Result<()> {
    for (table, rule) in TABLES {
        if !matches!((rule, without_notes), (Rule::Records, _) | (Rule::Notes, true)) {
            connection.execute_batch(&all_of(table))?;
        }
    }
    Ok(())
}

/// Copies what belongs to the events of the table `kept`, which has the number of each and its new one, from 1.
pub(super) fn copy_some(connection: &Connection, without_notes: bool) -> rusqlite::Result<Kept> {
    for (table, rule) in TABLES {
        if let Rule::Events(column) = rule {
            copy_of_events(connection, table, column)?;
        }
    }
    let kept = Kept::of(connection)?;
    kept.copy(connection)?;
    for (table, rule) in TABLES {
        let all = all_of(table);
        match rule {
            Rule::Notes if without_notes => {}
            Rule::Events(_) | Rule::Counted | Rule::Whole | Rule::Records => {}
            Rule::All | Rule::Notes => connection.execute_batch(&all)?,
            Rule::Where(condition) => connection.execute_batch(&format!("{all} WHERE {condition}"))?,
            // These are few: each is looked up among the events, which have an index for it there.
            Rule::ByEventId => connection.execute_batch(&format!(
                "{all} t WHERE EXISTS (SELECT 1 FROM source.events e JOIN temp.kept ON kept.old = e.id \
                 WHERE e.event_id = t.event_id)"
            ))?,
            Rule::Files => {
                let files: Rc<Vec<Value>> = Rc::new(kept.files.iter().copied().map(Value::Integer).collect());
                let of = "SELECT value FROM rarray(?1) UNION SELECT file_id FROM main.conflicts \
                          UNION SELECT file_id FROM main.replaced_rows";
                connection.execute(&format!("{all} WHERE id IN ({of})"), [files])?;
            }
        }
    }
    // Whoever imports a file into it gets the rest too.
    connection.execute_batch("UPDATE main.files SET partial = 1")?;
    Ok(kept)
}

/// The statement that copies a table.
fn all_of(table: &str) -> String {
    format!("INSERT INTO main.{table} SELECT * FROM source.{table}")
}

/// Copies the rows of a table in which `column` has the number of an event that is kept, with its new one.
fn copy_of_events(connection: &Connection, table: &str, column: &str) -> rusqlite::Result<()> {
    let columns = columns(connection, table)?;
    let values = columns.iter().map(|name| match name == column {
        true => "kept.new".to_owned(),
        false => format!("t.\"{name}\""),
    });
    let values = values.collect::<Vec<_>>().join(", ");
    // The join is crossed so that rows come in the order of the events.
    connection.execute_batch(&format!(
        "INSERT INTO main.{table} SELECT {values} FROM temp.kept CROSS JOIN source.{table} t \
         ON t.{column} = kept.old ORDER BY kept.old"
    ))
}

/// The columns of a table.
pub(super) fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
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
