//! The pages of a tree, in a temporary file of their own until they get their place in a case.
//!
//! Page numbers in it are relative; [`Tree::copy`] makes them those of the case.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::store::bulk::bulk_error::{BulkError, BulkResult};
use crate::store::bulk::file_at::{read_at, write_at};
use crate::store::bulk::page::Page;

/// The pages that are written or copied at once.
const CHUNK_PAGES: usize = 256;
/// The bytes of a tree that are gathered once it is too large to stay in memory. Larger writes take no less time.
const FURTHER_BYTES: usize = 8 << 20;

/// Takes pages one after the other.
pub(super) struct Output<'s> {
    pub(super) page_size: usize,
    /// Ends the writing.
    stop: &'s AtomicBool,
    file: File,
    /// The pages that are not in the file yet, and how many of them at most.
    buffer: Vec<u8>,
    buffer_pages: usize,
    /// The number of those that are.
    written: u32,
    pub(super) pages: u32,
    /// The page and the place of each page number, in order.
    pointers: Vec<(u32, u16)>,
}

impl<'s> Output<'s> {
    /// Begins a tree. What exceeds these bytes goes to a file, which is empty.
    pub(super) fn new(file: File, buffer_bytes: usize, page_size: usize, stop: &'s AtomicBool) -> Output<'s> {
        let buffer_pages = (buffer_bytes / page_size).max(1);
        // Growing by steps would copy it several times; memory that is not written to costs nothing.
        let buffer = Vec::with_capacity(buffer_pages * page_size);
        Output { page_size, stop, file, buffer, buffer_pages, written: 0, pages: 0, pointers: Vec::new() }
    }

    /// Appends a page, and returns its number.
    pub(super) fn write(&mut self, bytes: &[u8], pointers: &[u16]) -> BulkResult<u32> {
        let number = self.pages;
        self.pages = number.checked_add(1).ok_or(BulkError::NotCovered("a tree is too large"))?;
        self.pointers.extend(pointers.iter().map(|at| (number, *at)));
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() == self.buffer_pages * self.page_size {
            self.flush()?;
        }
        Ok(number)
    }

    pub(super) fn write_page(&mut self, page: &mut Page, right: Option<u32>) -> BulkResult<u32> {
        page.close(right);
        self.write(&page.bytes, &page.pointers)
    }

    /// Writes the overflow pages of a record, one after the other, and returns the first.
    pub(super) fn write_overflow(&mut self, rest: &[u8]) -> BulkResult<u32> {
        let first = self.pages;
        let mut chunks = rest.chunks(self.page_size - 4).peekable();
        while let Some(chunk) = chunks.next() {
            let mut page = vec![0; self.page_size];
            page[4..4 + chunk.len()].copy_from_slice(chunk);
            let has_next = chunks.peek().is_some();
            if has_next {
                page[..4].copy_from_slice(&(self.pages + 1).to_be_bytes());
            }
            self.write(&page, if has_next { &[0] } else { &[] })?;
        }
        Ok(first)
    }

    fn flush(&mut self) -> BulkResult<()> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(BulkError::Cancelled);
        }
        write_at(&self.file, &self.buffer, u64::from(self.written) * self.page_size as u64)?;
        let further = (FURTHER_BYTES / self.page_size).max(1);
        if further < self.buffer_pages {
            self.buffer_pages = further;
            self.buffer = Vec::with_capacity(further * self.page_size);
        }
        self.buffer.clear();
        self.written = self.pages;
        Ok(())
    }

    /// Reads a page that was written.
    pub(super) fn read(&self, number: u32, page: &mut Vec<u8>) -> BulkResult<()> {
        page.resize(self.page_size, 0);
        match number.checked_sub(self.written) {
            Some(ahead) => {
                let at = ahead as usize * self.page_size;
                let bytes = self.buffer.get(at..at + self.page_size);
                page.copy_from_slice(bytes.ok_or(BulkError::NotCovered("a page that was not written"))?);
                Ok(())
            }
            None => read_at(&self.file, page, u64::from(number) * self.page_size as u64),
        }
    }

    /// Ends the tree, whose root is the last page.
    pub(super) fn finish(self, entries: u64) -> Tree {
        let Output { page_size, file, buffer, written, pages, pointers, .. } = self;
        Tree { file, buffer, written, page_size, pages, pointers, entries }
    }
}

/// The pages of a tree in a file of their own.
pub(crate) struct Tree {
    file: File,
    /// The pages that are not in the file.
    buffer: Vec<u8>,
    /// The number of those that are.
    written: u32,
    page_size: usize,
    pages: u32,
    pointers: Vec<(u32, u16)>,
    /// The number of its entries.
    pub(crate) entries: u64,
}

/// The pages of a case that a tree gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The page of the root.
    pub(crate) root: u32,
    /// The first of the others, which are consecutive, but for the page that has SQLite's lock.
    pub(crate) others: u32,
    /// The page that is never used.
    pub(crate) lock_page: u32,
}

impl Place {
    /// Returns the page that is the next but this many.
    pub(crate) fn after(self, ahead: u32) -> u32 {
        let number = self.others + ahead;
        if self.others <= self.lock_page && number >= self.lock_page { number + 1 } else { number }
    }
}

impl Tree {
    /// Returns the number of pages beside the root.
    pub(crate) fn other_pages(&self) -> u32 {
        self.pages - 1
    }

    /// Reads pages from one on.
    fn read(&self, first: u32, bytes: &mut [u8]) -> BulkResult<()> {
        let in_file = (self.written.saturating_sub(first) as usize * self.page_size).min(bytes.len());
        let (from_file, from_buffer) = bytes.split_at_mut(in_file);
        if !from_file.is_empty() {
            read_at(&self.file, from_file, u64::from(first) * self.page_size as u64)?;
        }
        let at = first.saturating_sub(self.written) as usize * self.page_size;
        let buffered = self.buffer.get(at..at + from_buffer.len());
        from_buffer.copy_from_slice(buffered.ok_or(BulkError::NotCovered("a page that was not written"))?);
        Ok(())
    }

    /// Writes the pages to their place in a case.
    pub(crate) fn copy(&self, place: Place, case: &File) -> BulkResult<()> {
        let root = self.pages - 1;
        let number_of = |relative: u32| if relative == root { place.root } else { place.after(relative) };
        let offset = |number: u32| u64::from(number - 1) * self.page_size as u64;
        let mut pointers = self.pointers.iter().peekable();
        let mut chunk = vec![0; self.page_size * CHUNK_PAGES];
        let mut first = 0;
        while first < self.pages {
            let pages = (self.pages - first).min(CHUNK_PAGES as u32);
            let bytes = &mut chunk[..pages as usize * self.page_size];
            self.read(first, bytes)?;
            while let Some((page, at)) = pointers.next_if(|(page, _)| *page < first + pages) {
                let at = (page - first) as usize * self.page_size + usize::from(*at);
                let relative = u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
                bytes[at..at + 4].copy_from_slice(&number_of(relative).to_be_bytes());
            }
            // Pages that are consecutive in the case are written at once.
            let mut begin = 0;
            for page in 0..pages {
                let (here, next) = (first + page, first + page + 1);
                if page + 1 == pages || number_of(next) != number_of(here) + 1 {
                    let end = (page + 1) as usize * self.page_size;
                    let begins = number_of(first + (begin / self.page_size) as u32);
                    write_at(case, &bytes[begin..end], offset(begins))?;
                    begin = end;
                }
            }
            first += pages;
        }
        Ok(())
    }
}
