//! A lookup as one statement of another engine's SQL, with trailq's meaning, over the table `events` that `trailq convert`
//! and `trailq export` write.
//!
//! ```text
//! ResolvedLookup -> Translator (filter, columns) -> StatementWriter (stages) -> SQL, or a refusal
//! ```
//!
//! Everything that differs between engines is a method of `Dialect`, and a dialect is a file here, listed in `DIALECTS`.

mod athena;
mod aws;
mod clickhouse;
mod columns;
mod dialect;
mod duckdb;
mod filter;
mod path;
mod regex;
mod resource;
mod spark;
mod statement;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod translator;
mod trino;
mod value;

use crate::diagnostic::Diagnostic;
use crate::query::ResolvedLookup;
use crate::sql::translate::dialect::Dialect;
pub use crate::sql::translate::statement::RowKind;
use crate::sql::translate::statement::StatementWriter;
pub use crate::sql::translate::translator::Layout;
use crate::sql::translate::translator::Translator;

/// Every dialect.
const DIALECTS: [&dyn Dialect; 5] =
    [&duckdb::DuckDb, &clickhouse::ClickHouse, &spark::Spark, &trino::TRINO, &athena::ATHENA];

/// A table of another engine.
#[derive(Clone)]
pub struct Target {
    dialect: &'static dyn Dialect,
    /// The name of the table or view; dots separate its catalog and schema.
    table: String,
    layout: Layout,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("dialect", &self.dialect.name()).field("table", &self.table).finish()
    }
}

impl Target {
    /// Returns the table `events` of trailq's layout of an engine. `None` if there is no dialect of this name.
    pub fn new(engine: &str) -> Option<Target> {
        let dialect = *DIALECTS.iter().find(|dialect| dialect.name() == engine)?;
        Some(Target { dialect, table: "events".to_owned(), layout: Layout::Trailq })
    }

    /// Returns another table or view of the same engine; dots in the name separate catalog and schema.
    #[must_use]
    pub fn on(self, table: &str, layout: Layout) -> Target {
        Target { table: table.to_owned(), layout, ..self }
    }

    /// Returns the names of the engines.
    pub fn engines() -> impl Iterator<Item = &'static str> {
        DIALECTS.iter().map(|dialect| dialect.name())
    }

    /// Returns the engine with the oldest version whose SQL is written.
    pub fn engine(&self) -> &'static str {
        self.dialect.engine()
    }

    /// Returns the statement of a lookup, without a semicolon.
    ///
    /// # Errors
    /// The engine or the table has nothing for a part of the lookup: the diagnostic has the place, the reason and the
    /// nearest thing that works.
    pub fn statement(&self, lookup: &ResolvedLookup, rows: RowKind) -> Result<String, Diagnostic> {
        table::check_layout(self.dialect, self.layout)?;
        let translator = Translator::new(self.dialect, self.layout, &self.table);
        let statement = StatementWriter::new(&translator, lookup).write(lookup, rows)?;
        if let Some(refusal) = translator.into_refusal() {
            return Err(refusal.in_source(&lookup.text));
        }
        match self.dialect.max_statement_bytes().filter(|most| statement.len() > *most) {
            Some(most) => {
                let message =
                    format!("the statement has {} bytes, and {} takes {most}", statement.len(), self.dialect.engine());
                Err(Diagnostic::new(message).hint("ask with shorter lists of values, one part at a time"))
            }
            None => Ok(statement),
        }
    }

    /// Returns the statement that makes the table, or for AWS's layout the view. `partitions`: the columns that are
    /// folders; `location`: the place of the Parquet files, or the name of AWS's table.
    ///
    /// # Errors
    /// The engine does not have AWS's table, or cannot take a name.
    pub fn definition(&self, partitions: &[&str], location: Option<&str>) -> Result<String, Diagnostic> {
        table::definition(self.dialect, self.layout, &self.table, partitions, location)
    }
}
