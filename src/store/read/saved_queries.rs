//! The queries that are saved in a case; [`AnnotationWriter`](crate::store::AnnotationWriter) writes them.

use crate::store::error::CaseError;
use crate::store::read::case::Case;

impl Case {
    /// Returns the queries that are saved in the case: name and text, by name.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn saved_queries(&self) -> Result<Vec<(String, String)>, CaseError> {
        self.rows("SELECT name, text FROM saved_queries ORDER BY name", [], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}
