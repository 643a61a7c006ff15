//! The coverage of an open case.

use crate::coverage::Coverage;
use crate::store::error::CaseError;
use crate::store::read::case::Case;
use crate::store::read::{coverage_facts, listed_files};

impl Case {
    /// Returns the coverage of the case. `period`: the first and the last second that is asked about.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn coverage(&self, period: (Option<i64>, Option<i64>)) -> Result<Coverage, CaseError> {
        let facts = coverage_facts::facts(&self.connection, &mut self.records.borrow_mut());
        Ok(Coverage::of(&facts.map_err(|error| CaseError::of(&self.path, error))?, period))
    }

    /// Returns the number of files that digests list, of those the number that the case does not have, and the number of
    /// files that were imported without a hash of their content.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn listed_files(&self) -> Result<listed_files::Totals, CaseError> {
        listed_files::totals(&self.connection).map_err(|error| CaseError::of(&self.path, error))
    }
}
