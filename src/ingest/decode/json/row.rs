//! Rows of records and other columns, such as the answer of `--query 'Events[].[EventId,CloudTrailEvent]'`: the other
//! cells of a row with a record are neither records nor rejects.

use std::io::Read;
use std::ops::ControlFlow;

use crate::ingest::decode::json::offer::NOT_AN_OBJECT;
use crate::ingest::decode::json::{Container, Decoder};
use crate::ledger::Reject;

/// The number of cells that are held back until the row has a record.
const MAX_CELLS: usize = 100;

impl<R: Read> Decoder<'_, '_, R> {
    /// Begins an array in an array.
    pub(super) fn begin_row(&mut self) -> ControlFlow<()> {
        // A row that holds an array is not flat.
        self.end_row(false)?;
        self.levels.push(Container::Row { has_record: false });
        ControlFlow::Continue(())
    }

    /// Ends a row. Without a record its cells are values like others.
    pub(super) fn end_row(&mut self, has_record: bool) -> ControlFlow<()> {
        let cells = std::mem::take(&mut self.cells);
        if has_record {
            return ControlFlow::Continue(());
        }
        cells.into_iter().try_for_each(|cell| self.refuse(cell))
    }

    /// Leaves every array and list, after which nothing can be placed.
    pub(super) fn leave_levels(&mut self) -> ControlFlow<()> {
        let has_record = matches!(self.levels.last(), Some(Container::Row { has_record: true }));
        self.levels.clear();
        self.end_row(has_record)
    }

    /// Holds back a scalar of a row; returns any other value.
    pub(super) fn hold_cell(&mut self, value: Reject) -> Option<Reject> {
        let in_row = matches!(self.levels.last(), Some(Container::Row { .. }));
        let is_scalar = value.reason == NOT_AN_OBJECT && !matches!(value.bytes.first(), Some(b'{' | b'['));
        if !in_row || !is_scalar || self.cells.len() >= MAX_CELLS {
            return Some(value);
        }
        self.cells.push(value);
        None
    }
}
