//! What a case cannot tell: events that are not in it, and what of its events is not looked at.

use crate::store::error::Error;
use crate::store::read::case::Case;

/// How far what is left out is counted: more are as many to whoever reads it.
pub const MOST_COUNTED: u64 = 100_000;

/// What the answer of a lookup leaves out, whatever it asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps {
    /// True if some files were handed on in part.
    pub partial: bool,
    /// Which events were handed on, as on the command line of the last snapshot.
    pub selection: Option<String>,
    /// What was replaced by pseudonyms.
    pub redacted: Vec<String>,
    /// Records that the imports rejected.
    pub rejected: u64,
    /// Events without a time.
    pub undated: u64,
    /// Events of CSV rows, which have no request and no response.
    pub rows_without_records: u64,
    /// Records that share the eventID of an event and differ from it.
    pub conflicts: u64,
}

impl Case {
    /// What the case cannot tell.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn gaps(&self) -> Result<Gaps, Error> {
        let number = |sql: &str| -> Result<u64, Error> {
            Ok(self.rows(sql, [], |row| row.get::<_, Option<u64>>(0))?.pop().flatten().unwrap_or(0))
        };
        let count = |rows: &str| number(&format!("SELECT count(*) FROM (SELECT 1 FROM {rows} LIMIT {MOST_COUNTED})"));
        let steps = self.provenance()?;
        let mut redacted: Vec<String> = steps.iter().flat_map(|step| step.redacted.iter().cloned()).collect();
        redacted.sort_unstable();
        redacted.dedup();
        Ok(Gaps {
            partial: number("SELECT EXISTS (SELECT 1 FROM files WHERE partial)")? == 1,
            selection: steps.into_iter().rev().find_map(|step| step.selection),
            redacted,
            rejected: count("rejects")?,
            undated: count("events WHERE time IS NULL")?,
            rows_without_records: count("csv_events")?,
            conflicts: count("conflicts")?,
        })
    }
}
