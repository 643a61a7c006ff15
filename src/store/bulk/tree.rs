//! Writing the tree of an index from its entries in order: full pages, each written once, to a file of its own.

use std::fs::File;
use std::sync::atomic::AtomicBool;

use crate::store::bulk::bulk_error::BulkResult;
use crate::store::bulk::format::{INDEX_INTERIOR, INDEX_LEAF, local_size, put_varint};
use crate::store::bulk::output::{Output, Tree};
use crate::store::bulk::page::{Divider, Page};

/// The part of a leaf that stays free, as a divisor: a few entries. The first additions to a case are spread over all
/// leaves, and each full one would be split in two, which costs more than the rest of such an import.
const FREE_PART: usize = 32;

/// A level of the tree: the page that is being filled, and the entry that did not fit into it.
struct Level {
    page: Page,
    /// It goes up as soon as another entry follows: a page must not be empty.
    pending: Option<Divider>,
}

/// Writes the tree of an index.
pub(crate) struct TreeWriter<'s> {
    out: Output<'s>,
    /// From the leaves up.
    levels: Vec<Level>,
    cell: Vec<u8>,
    entries: u64,
}

impl<'s> TreeWriter<'s> {
    /// Begins a tree. What exceeds these bytes goes to a file, which is empty.
    pub(crate) fn new(file: File, buffer_bytes: usize, page_size: usize, stop: &'s AtomicBool) -> TreeWriter<'s> {
        let leaf = Page::with_slack(page_size, INDEX_LEAF, page_size / FREE_PART);
        let leaf = Level { page: leaf, pending: None };
        let out = Output::new(file, buffer_bytes, page_size, stop);
        TreeWriter { out, levels: vec![leaf], cell: Vec::new(), entries: 0 }
    }

    /// Adds the next entry: a record that is larger than the one before.
    #[inline]
    pub(crate) fn push(&mut self, record: &[u8]) -> BulkResult<()> {
        self.entries += 1;
        let local = local_size(record.len(), self.out.page_size, false);
        self.cell.clear();
        put_varint(&mut self.cell, record.len() as u64);
        self.cell.extend_from_slice(&record[..local]);
        let has_overflow = local < record.len();
        if has_overflow {
            let first = self.out.write_overflow(&record[local..])?;
            self.cell.extend_from_slice(&first.to_be_bytes());
        }
        if let Some(divider) = self.levels[0].pending.take() {
            let number = self.out.write_page(&mut self.levels[0].page, None)?;
            self.levels[0].page.clear(INDEX_LEAF);
            self.push_up(1, Divider { child: number, ..divider })?;
        }
        let leaf = &mut self.levels[0];
        if !leaf.page.add(None, &self.cell, has_overflow) {
            leaf.pending = Some(Divider { child: 0, cell: self.cell.clone(), has_overflow });
        }
        Ok(())
    }

    /// Adds an entry between two pages to a level above the leaves.
    fn push_up(&mut self, level: usize, divider: Divider) -> BulkResult<()> {
        if level == self.levels.len() {
            self.levels.push(Level { page: Page::new(self.out.page_size, INDEX_INTERIOR), pending: None });
        }
        if let Some(up) = self.levels[level].pending.take() {
            let number = self.out.write_page(&mut self.levels[level].page, Some(up.child))?;
            self.levels[level].page.clear(INDEX_INTERIOR);
            self.push_up(level + 1, Divider { child: number, ..up })?;
        }
        let here = &mut self.levels[level];
        if !here.page.add(Some(divider.child), &divider.cell, divider.has_overflow) {
            here.pending = Some(divider);
        }
        Ok(())
    }

    /// Writes what is left. The root is the last page.
    pub(crate) fn finish(mut self) -> BulkResult<Tree> {
        let mut below = None;
        let mut level = 0;
        while level < self.levels.len() {
            if let Some(pending) = self.levels[level].pending.take() {
                // What did not fit begins a page; the entry before it goes up.
                let up = self.levels[level].page.pop();
                let right = (level > 0).then_some(up.child);
                let number = self.out.write_page(&mut self.levels[level].page, right)?;
                self.levels[level].page.clear(if level == 0 { INDEX_LEAF } else { INDEX_INTERIOR });
                self.push_up(level + 1, Divider { child: number, ..up })?;
                let child = (level > 0).then_some(pending.child);
                self.levels[level].page.add(child, &pending.cell, pending.has_overflow);
            }
            below = Some(self.out.write_page(&mut self.levels[level].page, below)?);
            level += 1;
        }
        Ok(self.out.finish(self.entries))
    }
}
