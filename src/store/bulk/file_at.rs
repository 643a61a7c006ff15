//! Reading and writing a file at a position, where the system can do that without moving a cursor that threads share.

use std::fs::File;

use crate::store::bulk::bulk_error::BulkResult;

/// Reads bytes at a position.
#[cfg(unix)]
pub(crate) fn read_at(file: &File, bytes: &mut [u8], position: u64) -> BulkResult<()> {
    Ok(std::os::unix::fs::FileExt::read_exact_at(file, bytes, position)?)
}

/// Writes bytes at a position.
#[cfg(unix)]
pub(crate) fn write_at(file: &File, bytes: &[u8], position: u64) -> BulkResult<()> {
    Ok(std::os::unix::fs::FileExt::write_all_at(file, bytes, position)?)
}

/// Reads nothing: the system is not covered.
#[cfg(not(unix))]
pub(crate) fn read_at(_: &File, _: &mut [u8], _: u64) -> BulkResult<()> {
    Err(crate::store::bulk::bulk_error::BulkError::NotCovered("the system"))
}

/// Writes nothing: the system is not covered.
#[cfg(not(unix))]
pub(crate) fn write_at(_: &File, _: &[u8], _: u64) -> BulkResult<()> {
    Err(crate::store::bulk::bulk_error::BulkError::NotCovered("the system"))
}
