//! The coverage of an open case.

use std::sync::Arc;

use crate::coverage::Coverage;
use crate::store::error::CaseError;
use crate::store::read::case::Case;
use crate::store::read::{coverage_facts, listed_files};

impl Case {
    /// Returns the coverage of the case, which is worked out again when the case has changed.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn coverage(&self) -> Result<Arc<Coverage>, CaseError> {
        let of = |error| CaseError::of(&self.path, error);
        let version = self.data_version().map_err(of)?;
        self.coverage.get(version, || {
            let facts = coverage_facts::facts(&self.connection, &mut self.records.borrow_mut()).map_err(of)?;
            Ok(Coverage::of(&facts, (None, None)))
        })
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
