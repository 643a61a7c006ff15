//! The conflict policy of an import: records count in the order in which they are read.

use rusqlite::params;

use crate::dedup::Resolution;
use crate::hash::sha256;
use crate::store::write::batch::Batch;
use crate::store::write::writer::{ConflictPolicy, Writer};

/// Takes the comparison of two records as it is, and keeps every other content of an event once.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ImportOrder;

impl ConflictPolicy for ImportOrder {
    fn settle(
        _: &mut Writer<'_, ImportOrder>,
        _: i64,
        _: &Batch,
        _: usize,
        resolution: Resolution,
    ) -> rusqlite::Result<Resolution> {
        Ok(resolution)
    }

    fn keep_conflict(
        writer: &mut Writer<'_, ImportOrder>,
        event_id: &str,
        file: i64,
        record: &[u8],
    ) -> rusqlite::Result<()> {
        let mut keep = writer.connection.prepare_cached(
            "INSERT OR IGNORE INTO conflicts (event_id, file_id, sha256, record) VALUES (?1, ?2, ?3, ?4)",
        )?;
        keep.execute(params![event_id, file, sha256(record), String::from_utf8_lossy(record)])?;
        Ok(())
    }
}
