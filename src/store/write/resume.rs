//! Finishing what an interrupted run of import began.

use std::path::Path;

use rusqlite::Connection;

use crate::activity;
use crate::store::error::CaseError;
use crate::store::write::conflict_policy::ImportOrder;
use crate::store::write::writer::Writer;

/// Makes the indexes and counts that an interrupted run lacks, without reading a file.
pub(crate) fn finish_interrupted(connection: &Connection, path: &Path) -> Result<(), CaseError> {
    let _step = activity::step("finishing an interrupted import");
    Writer::resume(connection, path, ImportOrder)?.finish().map(drop)
}
