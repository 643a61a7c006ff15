//! Validations of another case: each is kept once, with what it found.

use rusqlite::types::Value;
use rusqlite::{Row, params};

use crate::store::error::CaseError;
use crate::store::transfer::merge::policy::MergeWriter;
use crate::store::transfer::merge::source::SourceCase;

/// The columns of a validation that tell it from others.
const COLUMNS: &str =
    "validated_at, validated_by, trailq_version, paths, since, until, strict, complete, keys, verdicts";
/// The columns of what it found, without its number.
const FINDING: &str = "verdict, kind, account, region, trail, files, object, place, from_time, to_time, expected, found, \
                       reason";

impl MergeWriter<'_> {
    /// Takes in the validations of another case.
    pub(super) fn take_validations(&mut self, other: &SourceCase) -> Result<(), CaseError> {
        let count = COLUMNS.split(", ").count();
        let read = || -> rusqlite::Result<Vec<(i64, Vec<Value>)>> {
            let sql = format!("SELECT id, {COLUMNS} FROM validations ORDER BY id");
            let mut select = other.case.connection.prepare(&sql)?;
            let values = |row: &Row<'_>| (1..=count).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<Value>>>();
            select.query_map([], |row| Ok((row.get(0)?, values(row)?)))?.collect()
        };
        for (id, values) in read().map_err(|error| other.of(error))? {
            let same: Vec<String> =
                COLUMNS.split(", ").zip(1..).map(|(column, at)| format!("{column} IS ?{at}")).collect();
            let places: Vec<String> = (1..=count).map(|at| format!("?{at}")).collect();
            let sql = format!(
                "INSERT INTO validations ({COLUMNS}) SELECT {} WHERE NOT EXISTS (SELECT 1 FROM validations WHERE {})",
                places.join(", "),
                same.join(" AND ")
            );
            let put = self.connection.execute(&sql, rusqlite::params_from_iter(&values));
            let put = self.sql(put)?;
            if put > 0 {
                self.note_change(put);
                self.take_findings(other, id, self.connection.last_insert_rowid())?;
            }
        }
        Ok(())
    }

    /// Copies what a validation found. `own`: its number in this case.
    fn take_findings(&mut self, other: &SourceCase, id: i64, own: i64) -> Result<(), CaseError> {
        let of = |error| other.of(error);
        let count = FINDING.split(", ").count();
        let sql = format!("SELECT {FINDING} FROM validation_findings WHERE validation = ?1 ORDER BY rowid");
        let mut select = other.case.connection.prepare(&sql).map_err(of)?;
        let places: Vec<String> = (2..=count + 1).map(|at| format!("?{at}")).collect();
        let insert =
            format!("INSERT INTO validation_findings (validation, {FINDING}) VALUES (?1, {})", places.join(", "));
        let mut rows = select.query(params![id]).map_err(of)?;
        while let Some(row) = rows.next().map_err(of)? {
            let values = (0..count).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<Value>>>().map_err(of)?;
            let put = self
                .connection
                .execute(&insert, rusqlite::params_from_iter([Value::Integer(own)].iter().chain(&values)));
            self.sql(put)?;
        }
        Ok(())
    }
}
