//! Reading the pages of a file: the rows of a table in the order of their pages.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::store::bulk::bulk_error::{BulkError, BulkResult};
use crate::store::bulk::file_at::read_at;
use crate::store::bulk::format::{
    INDEX_INTERIOR, INDEX_LEAF, INTERIOR_HEADER, LEAF_HEADER, TABLE_INTERIOR, TABLE_LEAF, local_size, u16_at, u32_at,
    varint,
};

/// The place of the number of reserved bytes a page in the header of a file.
const RESERVED_BYTES: u64 = 20;
/// The largest depth of a tree.
const MAX_DEPTH: usize = 20;
const MALFORMED: BulkError = BulkError::NotCovered("a page of the table is malformed");

/// The pages of a file without reserved bytes.
#[derive(Clone, Copy)]
pub(crate) struct Pages<'f> {
    pub(crate) file: &'f File,
    pub(crate) page_size: usize,
    pub(crate) count: u32,
    /// Ends the reading.
    pub(crate) stop: &'f AtomicBool,
}

impl Pages<'_> {
    /// Reports whether the end of each page is another program's.
    pub(crate) fn has_reserved_bytes(&self) -> BulkResult<bool> {
        let mut byte = [0];
        read_at(self.file, &mut byte, RESERVED_BYTES)?;
        Ok(byte != [0])
    }

    fn read(&self, number: u32, page: &mut Vec<u8>) -> BulkResult<()> {
        // No tree but the schema's has the first page.
        if number < 2 || number > self.count {
            return Err(MALFORMED);
        }
        if self.stop.load(Ordering::Relaxed) {
            return Err(BulkError::Cancelled);
        }
        page.resize(self.page_size, 0);
        read_at(self.file, page, u64::from(number - 1) * self.page_size as u64)
    }

    /// Returns the numbers of the pages of a tree that have rows: the leaves of a table, all pages of an index.
    pub(crate) fn of_tree(&self, root: u32) -> BulkResult<Vec<u32>> {
        let mut level = vec![root];
        let mut found = Vec::new();
        let mut page = Vec::new();
        for _ in 0..MAX_DEPTH {
            let mut below = Vec::new();
            for number in &level {
                self.read(*number, &mut page)?;
                match page[0] {
                    TABLE_LEAF | INDEX_LEAF => {
                        // All leaves have one depth.
                        found.extend_from_slice(&level);
                        return Ok(found);
                    }
                    INDEX_INTERIOR => found.push(*number),
                    TABLE_INTERIOR => {}
                    _ => return Err(MALFORMED),
                }
                for cell in 0..u16_at(&page, 3).unwrap_or_default() {
                    let at = u16_at(&page, INTERIOR_HEADER + cell * 2).ok_or(MALFORMED)?;
                    below.push(u32_at(&page, at).ok_or(MALFORMED)?);
                }
                below.push(u32_at(&page, 8).ok_or(MALFORMED)?);
            }
            if below.len() > self.count as usize {
                return Err(MALFORMED);
            }
            level = below;
        }
        Err(MALFORMED)
    }

    /// Visits the rows of pages: the row id (0 in an index) and the record.
    pub(crate) fn each_row(
        &self,
        numbers: &[u32],
        mut visit: impl FnMut(i64, &[u8]) -> BulkResult<()>,
    ) -> BulkResult<()> {
        let (mut page, mut whole) = (Vec::new(), Vec::new());
        for number in numbers {
            self.read(*number, &mut page)?;
            let kind = page[0];
            let (header, child) = match kind {
                TABLE_LEAF | INDEX_LEAF => (LEAF_HEADER, 0),
                INDEX_INTERIOR => (INTERIOR_HEADER, 4),
                _ => return Err(MALFORMED),
            };
            for cell in 0..u16_at(&page, 3).unwrap_or_default() {
                let at = u16_at(&page, header + cell * 2).ok_or(MALFORMED)?;
                let mut rest = page.get(at + child..).ok_or(MALFORMED)?;
                let mut number = || {
                    let (value, size) = varint(rest).ok_or(MALFORMED)?;
                    rest = &rest[size..];
                    Ok::<_, BulkError>(value)
                };
                let size = number()? as usize;
                let row = if kind == TABLE_LEAF { number()? as i64 } else { 0 };
                let local = local_size(size, self.page_size, kind == TABLE_LEAF);
                let payload = rest.get(..local).ok_or(MALFORMED)?;
                if local == size {
                    visit(row, payload)?;
                } else {
                    whole.clear();
                    whole.extend_from_slice(payload);
                    self.read_overflow(u32_at(rest, local).ok_or(MALFORMED)?, size, &mut whole)?;
                    visit(row, &whole)?;
                }
            }
        }
        Ok(())
    }

    /// Appends what overflow pages have of a payload of this size.
    fn read_overflow(&self, first: u32, size: usize, payload: &mut Vec<u8>) -> BulkResult<()> {
        let (mut next, mut page) = (first, Vec::new());
        while payload.len() < size {
            self.read(next, &mut page)?;
            next = u32_at(&page, 0).ok_or(MALFORMED)?;
            let wanted = (size - payload.len()).min(self.page_size - 4);
            payload.extend_from_slice(&page[4..4 + wanted]);
        }
        Ok(())
    }
}
