//! The conflict policy of a merge.

use rustc_hash::FxHashMap;

use crate::store::write::writer::Writer;

/// The conflict policy of a merge: its result does not depend on the order in which cases are merged.
#[derive(Default)]
pub(crate) struct MergePolicy {
    /// The rank of each file among all files by path.
    pub(crate) ranks: FxHashMap<i64, u32>,
    /// The id of the step that made the case before others are merged into it; `None` if the merge makes it.
    pub(crate) own: Option<String>,
    /// The number of rows of the case that were made or changed.
    pub(crate) changed: u64,
}

/// The writer of a merge.
pub(crate) type MergeWriter<'c> = Writer<'c, MergePolicy>;
