//! One scan of the records of a case for many predicates.

use std::path::PathBuf;

use crate::store::error::CaseError;
use crate::store::hardening;
use crate::store::read::case::Case;
use crate::store::records::shared_scan;
use crate::store::records::shared_scan::SharedPredicate;

/// A scan of the records for many predicates, in steps.
pub struct SharedScan {
    scan: shared_scan::SharedScan,
    path: PathBuf,
}

impl Case {
    /// Plans one scan of the records for many predicates.
    ///
    /// # Errors
    /// The case cannot be read, or a predicate cannot be parsed.
    pub fn shared_scan(&self, predicates: Vec<SharedPredicate>) -> Result<SharedScan, CaseError> {
        let scan = shared_scan::SharedScan::new(&self.connection, self.file(), predicates);
        let path = self.path().to_owned();
        scan.map(|scan| SharedScan { scan, path: path.clone() })
            .map_err(|error| hardening::error_of_watched(&path, error))
    }
}

impl SharedScan {
    /// Reads some of the records, and returns the numbers of predicates with `events.id` of the events that meet them.
    /// Those of one predicate come in order. `None` at the end.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn step(&mut self) -> Result<Option<Vec<(usize, i64)>>, CaseError> {
        self.scan.step().map_err(|error| CaseError::of(&self.path, error))
    }
}
