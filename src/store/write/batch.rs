//! Batches: the unit that workers hand to the writer.

use crate::event::Event;
use crate::store::records::packer::Packed;
use crate::store::write::intern::InternKeys;

/// Up to `BLOCK_RECORDS` events of one file, with their records as a packed block.
pub(crate) struct Batch {
    pub(crate) events: Vec<Event>,
    /// The keys of each event's parts.
    pub(crate) keys: Vec<InternKeys>,
    /// XXH3-64 of each record's bytes.
    pub(crate) hashes: Vec<u64>,
    /// Their records.
    pub(crate) block: Packed,
    /// True if the records were made from rows of a CSV download.
    pub(crate) from_csv: bool,
}
