//! Removes duplicates from sorted rows by the rules of an import: of rows with one time and event ID, one stays.

use std::io;

use bytes::Bytes;

use crate::dedup;
use crate::dedup::Resolution;
use crate::events_table::merge::Merge;
use crate::events_table::row::Row;

/// The numbers of merged rows by their outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RowCounts {
    /// Rows that stay.
    pub(crate) rows: u64,
    /// Rows that were dropped in favor of another row of the same event.
    pub(crate) duplicate: u64,
    /// Of the duplicates: those whose content differed.
    pub(crate) conflict: u64,
    /// Of the duplicates: full records that replaced a CSV row.
    pub(crate) replaced: u64,
}

impl RowCounts {
    /// Adds others.
    pub(crate) fn add(&mut self, other: &RowCounts) {
        self.rows += other.rows;
        self.duplicate += other.duplicate;
        self.conflict += other.conflict;
        self.replaced += other.replaced;
    }
}

/// The rows of a partition without duplicates, in order.
pub(crate) struct DistinctRows {
    merge: Merge,
    /// The row after those that were returned.
    ahead: Option<Bytes>,
    pub(crate) counts: RowCounts,
}

impl DistinctRows {
    /// Begins with the first row.
    ///
    /// # Errors
    /// A run cannot be read.
    pub(crate) fn new(mut merge: Merge) -> io::Result<DistinctRows> {
        let ahead = merge.next()?;
        Ok(DistinctRows { merge, ahead, counts: RowCounts::default() })
    }

    /// Returns the next row; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Bytes>> {
        let Some(mut stays) = self.ahead.take() else { return Ok(None) };
        self.counts.rows += 1;
        while let Some(next) = self.merge.next()? {
            if !is_same_event(Row(&stays), Row(&next)) {
                self.ahead = Some(next);
                break;
            }
            self.counts.duplicate += 1;
            match resolve(Row(&stays), Row(&next)) {
                Resolution::TakeNew { loser } => {
                    match loser {
                        Some(_) => self.counts.conflict += 1,
                        None => self.counts.replaced += 1,
                    }
                    stays = next;
                }
                Resolution::KeepOld { loser } => self.counts.conflict += u64::from(loser.is_some()),
                Resolution::New => {}
            }
        }
        Ok(Some(stays))
    }
}

fn is_same_event(one: Row<'_>, other: Row<'_>) -> bool {
    one.time() == other.time() && one.event_id() == other.event_id()
}

/// Decides between two rows of one event, of which `new` comes later in the input.
pub(crate) fn resolve(old: Row<'_>, new: Row<'_>) -> Resolution {
    if old.hash() == new.hash() {
        return Resolution::KeepOld { loser: None };
    }
    match (old.is_from_csv(), new.is_from_csv()) {
        (true, false) => Resolution::TakeNew { loser: None },
        (false, true) => Resolution::KeepOld { loser: None },
        _ => dedup::compare(old.record(), new.record()),
    }
}
