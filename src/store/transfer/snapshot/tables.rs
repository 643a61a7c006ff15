//! The rows of each table that belong to some events of a case. Columns are those of the schema.

use std::rc::Rc;

use rusqlite::Connection;
use rusqlite::types::Value;

use crate::store::schema::{Copy, TABLES};
use crate::store::transfer::snapshot::new_file::columns;
use crate::store::transfer::snapshot::selection_counts::SelectionCounts;

/// Copies all rows of the attached case `source` but records.
pub(crate) fn copy_all(connection: &Connection, without_notes: bool) -> rusqlite::Result<()> {
    for table in TABLES {
        if !matches!((table.copy, without_notes), (Copy::Repacked, _) | (Copy::Notes | Copy::NotesOfWhole, true)) {
            connection.execute_batch(&all_of(table.name))?;
        }
    }
    Ok(())
}

/// Copies what belongs to the events of the table `kept`, which has the number of each and its new one, from 1.
pub(crate) fn copy_some(connection: &Connection, without_notes: bool) -> rusqlite::Result<SelectionCounts> {
    for table in TABLES {
        if let Copy::OfEvents(column) = table.copy {
            copy_of_events(connection, table.name, column)?;
        }
    }
    let kept = SelectionCounts::of(connection)?;
    kept.copy(connection)?;
    for table in TABLES {
        let all = all_of(table.name);
        match table.copy {
            Copy::Notes if without_notes => {}
            Copy::OfEvents(_) | Copy::Recounted | Copy::WholeOnly | Copy::NotesOfWhole | Copy::Repacked => {}
            Copy::All | Copy::Notes => connection.execute_batch(&all)?,
            Copy::Where(condition) => connection.execute_batch(&format!("{all} WHERE {condition}"))?,
            // These are few: each is looked up among the events, which have an index for it there.
            Copy::ByEventId => connection.execute_batch(&format!(
                "{all} t WHERE EXISTS (SELECT 1 FROM source.events e JOIN temp.kept ON kept.old = e.id \
                 WHERE e.event_id = t.event_id)"
            ))?,
            Copy::Files => {
                let files: Rc<Vec<Value>> = Rc::new(kept.files.iter().copied().map(Value::Integer).collect());
                // The members of an archive are nothing without it.
                let of = "WITH RECURSIVE kept (id) AS (SELECT value FROM rarray(?1) UNION SELECT file_id FROM \
                          main.conflicts UNION SELECT file_id FROM main.replaced_rows UNION SELECT f.container_id \
                          FROM kept JOIN source.files f ON f.id = kept.id WHERE f.container_id IS NOT NULL) \
                          SELECT id FROM kept";
                connection.execute(&format!("{all} WHERE id IN ({of})"), [files])?;
            }
        }
    }
    // An import of the file into the snapshot adds the rest too.
    connection.execute_batch("UPDATE main.files SET partial = 1")?;
    Ok(kept)
}

/// Returns the statement that copies a table.
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
