//! The SQL function `distinct_count`: distinct values, in a window too, where SQLite's `count(DISTINCT ...)` is refused.

use std::collections::HashMap;

use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};

/// Adds the function to a connection.
pub(crate) fn register(connection: &Connection) -> Result<()> {
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_window_function("distinct_count", 1, pure, DistinctCount)
}

struct DistinctCount;

/// The values of a window, each with the number of its rows.
type Rows = HashMap<Vec<u8>, u64>;

/// Returns the value as bytes; `None` for NULL, which is not counted.
fn key(context: &Context<'_>) -> Option<Vec<u8>> {
    match context.get_raw(0) {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string().into_bytes()),
        ValueRef::Real(number) => Some(number.to_string().into_bytes()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes.to_vec()),
    }
}

fn length(rows: Option<&Rows>) -> i64 {
    rows.map_or(0, |rows| i64::try_from(rows.len()).unwrap_or(i64::MAX))
}

impl Aggregate<Rows, i64> for DistinctCount {
    fn init(&self, _: &mut Context<'_>) -> Result<Rows> {
        Ok(Rows::new())
    }

    fn step(&self, context: &mut Context<'_>, rows: &mut Rows) -> Result<()> {
        if let Some(key) = key(context) {
            *rows.entry(key).or_default() += 1;
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, rows: Option<Rows>) -> Result<i64> {
        Ok(length(rows.as_ref()))
    }
}

impl WindowAggregate<Rows, i64> for DistinctCount {
    fn value(&self, rows: Option<&mut Rows>) -> Result<i64> {
        Ok(length(rows.as_deref()))
    }

    fn inverse(&self, context: &mut Context<'_>, rows: &mut Rows) -> Result<()> {
        let Some(key) = key(context) else { return Ok(()) };
        if let Some(left) = rows.get_mut(&key) {
            *left -= 1;
            if *left == 0 {
                rows.remove(&key);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::register;

    #[test]
    fn distinct_values_are_counted_in_windows() {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        let sql = "WITH t(at, v) AS (VALUES (1,'a'),(2,'b'),(3,'a'),(4,NULL),(9,'c'),(10,3),(11,'3')) \
                   SELECT group_concat(n, ' ') FROM (SELECT distinct_count(v) OVER (ORDER BY at \
                   RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS n FROM t)";
        let counts: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(counts, "1 2 2 2 1 2 2");
        let all: i64 = connection.query_row("SELECT distinct_count(1) WHERE 0", [], |row| row.get(0)).unwrap();
        assert_eq!(all, 0);
    }
}
