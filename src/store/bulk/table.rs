//! Writing the tree of a table with row ids from its rows in order, and reading rows of it back.

use std::fs::File;
use std::sync::atomic::AtomicBool;

use crate::store::bulk::bulk_error::{BulkError, BulkResult};
use crate::store::bulk::format::{
    LEAF_HEADER, TABLE_INTERIOR, TABLE_LEAF, local_size, put_varint, u16_at, u32_at, varint,
};
use crate::store::bulk::output::{Output, Tree};
use crate::store::bulk::page::Page;

const MALFORMED: BulkError = BulkError::NotCovered("a page of the table is malformed");

/// The bytes that are written at once.
pub(crate) const BUFFER_BYTES: usize = 1 << 20;

/// A page, and the largest row id below it.
type Child = (u32, i64);

/// A level above the leaves: the page that is being filled, and the children that are not in it yet.
struct Level {
    page: Page,
    /// The last child, which becomes the right one if the page ends, and one before it that did not fit.
    last: Vec<Child>,
}

/// Writes the tree of a table.
pub(crate) struct TableWriter<'s> {
    out: Output<'s>,
    leaf: Page,
    levels: Vec<Level>,
    cell: Vec<u8>,
    rows: u64,
    last_id: i64,
    /// Each leaf that is written, with its first row id.
    leaves: Vec<(i64, u32)>,
    first_id: i64,
}

impl<'s> TableWriter<'s> {
    /// Begins a table, in an empty file.
    pub(crate) fn new(file: File, page_size: usize, stop: &'s AtomicBool) -> TableWriter<'s> {
        TableWriter {
            out: Output::new(file, BUFFER_BYTES, page_size, stop),
            leaf: Page::new(page_size, TABLE_LEAF),
            levels: Vec::new(),
            cell: Vec::new(),
            rows: 0,
            last_id: i64::MIN,
            leaves: Vec::new(),
            first_id: 0,
        }
    }

    /// Adds the next row, whose id is larger than the one before.
    pub(crate) fn push(&mut self, id: i64, record: &[u8]) -> BulkResult<()> {
        if self.rows > 0 && id <= self.last_id {
            return Err(BulkError::NotCovered("rows are not in order"));
        }
        let local = local_size(record.len(), self.out.page_size, true);
        self.cell.clear();
        put_varint(&mut self.cell, record.len() as u64);
        put_varint(&mut self.cell, id as u64);
        self.cell.extend_from_slice(&record[..local]);
        let has_overflow = local < record.len();
        if has_overflow {
            let first = self.out.write_overflow(&record[local..])?;
            self.cell.extend_from_slice(&first.to_be_bytes());
        }
        if !self.leaf.add(None, &self.cell, has_overflow) {
            self.end_leaf()?;
            self.leaf.add(None, &self.cell, has_overflow);
        }
        if self.leaf.cells == 1 {
            self.first_id = id;
        }
        (self.rows, self.last_id) = (self.rows + 1, id);
        Ok(())
    }

    fn end_leaf(&mut self) -> BulkResult<()> {
        let number = self.out.write_page(&mut self.leaf, None)?;
        self.leaf.clear(TABLE_LEAF);
        self.leaves.push((self.first_id, number));
        self.push_up(0, (number, self.last_id))
    }

    /// Adds a page to a level above the leaves.
    fn push_up(&mut self, level: usize, child: Child) -> BulkResult<()> {
        if level == self.levels.len() {
            self.levels.push(Level { page: Page::new(self.out.page_size, TABLE_INTERIOR), last: Vec::new() });
        }
        if let [one, other] = self.levels[level].last[..] {
            // Neither of the two fits: the first ends this page.
            let number = self.out.write_page(&mut self.levels[level].page, Some(one.0))?;
            self.levels[level].page.clear(TABLE_INTERIOR);
            self.levels[level].last = vec![other];
            self.push_up(level + 1, (number, one.1))?;
        }
        let here = &mut self.levels[level];
        if let [before] = here.last[..]
            && here.page.add(Some(before.0), &key(before.1), false)
        {
            here.last.clear();
        }
        here.last.push(child);
        Ok(())
    }

    /// Writes what is left. The root is the last page.
    pub(crate) fn finish(mut self) -> BulkResult<Tree> {
        let mut child = (self.out.write_page(&mut self.leaf, None)?, self.last_id);
        let mut level = 0;
        while level < self.levels.len() {
            self.push_up(level, child)?;
            let here = &mut self.levels[level];
            let right = match here.last[..] {
                [one, right] => {
                    // The page is full. A page needs a child beside its right one: the last in it goes to the next.
                    let before = here.page.pop();
                    let (before_key, _) = varint(&before.cell).ok_or(MALFORMED)?;
                    let number = self.out.write_page(&mut here.page, Some(before.child))?;
                    here.page.clear(TABLE_INTERIOR);
                    here.page.add(Some(one.0), &key(one.1), false);
                    here.last.clear();
                    self.push_up(level + 1, (number, before_key as i64))?;
                    right
                }
                [right] => right,
                _ => return Err(MALFORMED),
            };
            child = (self.out.write_page(&mut self.levels[level].page, Some(right.0))?, right.1);
            level += 1;
        }
        Ok(self.out.finish(self.rows))
    }

    /// Visits the record of a row that was added.
    pub(crate) fn with_row<T>(&self, id: i64, read: impl FnOnce(&[u8]) -> T) -> BulkResult<Option<T>> {
        let mut bytes = Vec::new();
        let (page, cells) = if self.leaf.cells > 0 && id >= self.first_id {
            (&self.leaf.bytes, self.leaf.cells)
        } else {
            let after = self.leaves.partition_point(|(first, _)| *first <= id);
            let Some((_, number)) = after.checked_sub(1).and_then(|at| self.leaves.get(at)) else { return Ok(None) };
            self.out.read(*number, &mut bytes)?;
            (&bytes, u16_at(&bytes, 3).ok_or(MALFORMED)?)
        };
        for cell in 0..cells {
            let at = u16_at(page, LEAF_HEADER + cell * 2).ok_or(MALFORMED)?;
            let rest = page.get(at..).ok_or(MALFORMED)?;
            let (size, first) = varint(rest).ok_or(MALFORMED)?;
            let (row, second) = varint(&rest[first..]).ok_or(MALFORMED)?;
            if row as i64 == id {
                return self.record(&rest[first + second..], size as usize).map(|record| Some(read(&record)));
            }
        }
        Ok(None)
    }

    fn record(&self, rest: &[u8], size: usize) -> BulkResult<Vec<u8>> {
        let local = local_size(size, self.out.page_size, true);
        let mut record = rest.get(..local).ok_or(MALFORMED)?.to_vec();
        let mut page = Vec::new();
        let mut next = if local < size { u32_at(rest, local).ok_or(MALFORMED)? } else { 0 };
        while record.len() < size {
            self.out.read(next, &mut page)?;
            next = u32_at(&page, 0).ok_or(MALFORMED)?;
            let wanted = (size - record.len()).min(page.len() - 4);
            record.extend_from_slice(&page[4..4 + wanted]);
        }
        Ok(record)
    }
}

/// Returns the cell of a row id in an interior page, without the page.
fn key(id: i64) -> Vec<u8> {
    let mut cell = Vec::with_capacity(9);
    put_varint(&mut cell, id as u64);
    cell
}
