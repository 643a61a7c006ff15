//! Gaps of a case: events that are not in it, and parts of its events that are not searched.

use crate::store::error::CaseError;
use crate::store::read::case::Case;

/// The limit up to which omissions are counted.
pub const MAX_COUNTED: u64 = 100_000;

/// Omissions from the answer of any lookup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps {
    /// True if some files were handed on in part.
    pub partial: bool,
    /// The selection of events of the last snapshot, as on the command line.
    pub selection: Option<String>,
    /// The kinds of values that were replaced by pseudonyms.
    pub redacted: Vec<String>,
    /// Records that the imports rejected.
    pub rejected: u64,
    /// Files that imports left out by their paths.
    pub left_out: u64,
    /// Events without a time.
    pub undated: u64,
    /// Events of CSV rows, which have no request and no response.
    pub rows_without_records: u64,
    /// Records that share the eventID of an event and differ from it.
    pub conflicts: u64,
}

impl Case {
    /// Returns the gaps of the case.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn gaps(&self) -> Result<Gaps, CaseError> {
        let number = |sql: &str| -> Result<u64, CaseError> {
            Ok(self.rows(sql, [], |row| row.get::<_, Option<u64>>(0))?.pop().flatten().unwrap_or(0))
        };
        let count = |rows: &str| number(&format!("SELECT count(*) FROM (SELECT 1 FROM {rows} LIMIT {MAX_COUNTED})"));
        let steps = self.provenance()?;
        let mut redacted: Vec<String> = steps.iter().flat_map(|step| step.redacted.iter().cloned()).collect();
        redacted.sort_unstable();
        redacted.dedup();
        Ok(Gaps {
            partial: number("SELECT EXISTS (SELECT 1 FROM files WHERE partial)")? == 1,
            selection: steps.into_iter().rev().find_map(|step| step.selection),
            redacted,
            rejected: count("rejects")?,
            left_out: count("files WHERE status = 'left out'")?,
            undated: count("events WHERE time IS NULL")?,
            rows_without_records: count("csv_events")?,
            conflicts: count("conflicts")?,
        })
    }
}
