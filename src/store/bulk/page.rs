//! A page of a tree that is being filled.

use crate::store::bulk::format::{
    INDEX_INTERIOR, INDEX_LEAF, INTERIOR_HEADER, LEAF_HEADER, TABLE_INTERIOR, TABLE_LEAF,
};

/// A page that is being filled.
pub(super) struct Page {
    pub(super) bytes: Vec<u8>,
    pub(super) cells: usize,
    /// The start of the content: cells are placed from the end.
    content: usize,
    /// The places of page numbers.
    pub(super) pointers: Vec<u16>,
    /// The bytes that stay free.
    slack: usize,
}

impl Page {
    pub(super) fn new(size: usize, kind: u8) -> Page {
        let mut page = Page { bytes: vec![0; size], cells: 0, content: size, pointers: Vec::new(), slack: 0 };
        page.clear(kind);
        page
    }

    /// Creates a page of which this many bytes stay free, if one cell leaves them.
    pub(super) fn with_slack(size: usize, kind: u8, slack: usize) -> Page {
        Page { slack, ..Page::new(size, kind) }
    }

    pub(super) fn clear(&mut self, kind: u8) {
        self.bytes.fill(0);
        self.bytes[0] = kind;
        (self.cells, self.content) = (0, self.bytes.len());
        self.pointers.clear();
    }

    pub(super) fn header(&self) -> usize {
        if matches!(self.bytes[0], INDEX_LEAF | TABLE_LEAF) { LEAF_HEADER } else { INTERIOR_HEADER }
    }

    /// Adds a cell, in an interior page with the page left of it; reports whether there was room.
    #[inline]
    pub(super) fn add(&mut self, child: Option<u32>, cell: &[u8], has_overflow: bool) -> bool {
        let size = cell.len() + if child.is_some() { 4 } else { 0 };
        let slot = self.header() + self.cells * 2;
        let slack = if self.cells == 0 { 0 } else { self.slack };
        if slot + 2 + size + slack > self.content {
            return false;
        }
        self.content -= size;
        let at = self.content;
        if let Some(child) = child {
            self.bytes[at..at + 4].copy_from_slice(&child.to_be_bytes());
            self.pointers.push(at as u16);
        }
        self.bytes[at + size - cell.len()..at + size].copy_from_slice(cell);
        if has_overflow {
            self.pointers.push((at + size - 4) as u16);
        }
        self.bytes[slot..slot + 2].copy_from_slice(&(at as u16).to_be_bytes());
        self.cells += 1;
        true
    }

    /// Takes the last cell off: the page left of it, the cell, and whether it has overflow pages.
    pub(super) fn pop(&mut self) -> Divider {
        self.cells -= 1;
        let slot = self.header() + self.cells * 2;
        let previous = if self.cells == 0 {
            self.bytes.len()
        } else {
            usize::from(u16::from_be_bytes([self.bytes[slot - 2], self.bytes[slot - 1]]))
        };
        let mut cell = self.bytes[self.content..previous].to_vec();
        let taken = self.pointers.iter().filter(|at| usize::from(**at) < previous).count();
        self.pointers.retain(|at| usize::from(*at) >= previous);
        self.bytes[self.content..previous].fill(0);
        self.bytes[slot..slot + 2].fill(0);
        self.content = previous;
        let mut child = 0;
        let mut overflow = taken;
        if matches!(self.bytes[0], INDEX_INTERIOR | TABLE_INTERIOR) {
            child = u32::from_be_bytes([cell[0], cell[1], cell[2], cell[3]]);
            cell.drain(..4);
            overflow -= 1;
        }
        Divider { child, cell, has_overflow: overflow > 0 }
    }

    pub(super) fn close(&mut self, right: Option<u32>) {
        if let Some(right) = right {
            self.bytes[8..12].copy_from_slice(&right.to_be_bytes());
            self.pointers.push(8);
        }
        self.bytes[3..5].copy_from_slice(&(self.cells as u16).to_be_bytes());
        // 65,536 is written as 0.
        self.bytes[5..7].copy_from_slice(&(self.content as u16).to_be_bytes());
    }
}

/// An entry between two pages, and in an interior page the page left of it.
pub(super) struct Divider {
    pub(super) child: u32,
    pub(super) cell: Vec<u8>,
    pub(super) has_overflow: bool,
}
