//! Giving trees their place in a case that no connection has open: at its end, with the roots that SQLite has made for
//! empty tables and indexes.

use std::cmp::Reverse;
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension};

use crate::store::bulk::bulk_error::{BulkError, BulkResult};
use crate::store::bulk::file_at::{read_at, write_at};
use crate::store::bulk::format::LOCK_BYTE;
use crate::store::bulk::make::{self, TablePlan};
use crate::store::bulk::output::{Place, Tree};
use crate::store::bulk::pages::Pages;
use crate::store::schema::indexes::Index;

/// The places of the size and the number of pages in the header of a file.
const PAGE_SIZE: u64 = 16;
const PAGE_COUNT: u64 = 28;

/// The layout of a case, as SQLite has made it.
pub(crate) struct Layout {
    page_size: usize,
    pages: u32,
    plans: Vec<TablePlan>,
    /// The indexes of the tables, and their roots.
    indexes: Vec<(Index, u32)>,
}

impl Layout {
    /// Reads what is needed to fill tables and those of these indexes that are on them.
    pub(crate) fn of(
        connection: &Connection,
        tables: &[&str],
        indexes: impl Iterator<Item = Index>,
    ) -> BulkResult<Layout> {
        let number = |pragma: &str| connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, u32>(0));
        if number("auto_vacuum")? != 0 {
            return Err(BulkError::NotCovered("the layout of the file"));
        }
        let root = "SELECT rootpage FROM sqlite_schema WHERE type = 'index' AND name = ?1";
        let root = |index: &Index| connection.query_row(root, [&index.name], |row| row.get(0)).optional();
        let indexes = indexes
            .filter(|index| tables.contains(&index.table))
            .filter_map(|index| root(&index).map(|root| root.map(|root| (index, root))).transpose())
            .collect::<rusqlite::Result<Vec<(Index, u32)>>>()?;
        Ok(Layout {
            page_size: number("page_size")? as usize,
            pages: number("page_count")?,
            plans: make::plans(connection, indexes.iter().map(|(index, _)| index))?,
            indexes,
        })
    }
}

impl Layout {
    /// Returns a tree that was installed before, by its name.
    pub(crate) fn installed(&self, name: &str, entries: u64) -> Installed {
        let index = self.indexes.iter().map(|(index, _)| index).find(|index| index.name == name);
        let index = index.map(|index| (index.table, index.condition().map(str::to_owned)));
        Installed { name: name.to_owned(), index, entries }
    }

    /// Returns the names of the indexes that were not built.
    pub(crate) fn not_in<'l>(&'l self, installed: &'l [Installed]) -> impl Iterator<Item = &'l str> {
        let names = self.indexes.iter().map(|(index, _)| index.name.as_str());
        names.filter(|name| installed.iter().all(|built| built.name != *name))
    }
}

/// A tree that is part of a case, and how many entries it has.
pub(crate) struct Installed {
    pub(crate) name: String,
    /// An index, with its table and its condition.
    pub(crate) index: Option<(&'static str, Option<String>)>,
    pub(crate) entries: u64,
}

/// A case, and where the next tree goes.
struct Installer<'f> {
    file: &'f File,
    page_size: usize,
    next: u32,
    lock_page: u32,
}

impl Installer<'_> {
    /// Returns an installer that goes on where a case ends.
    fn of<'f>(file: &'f File, layout: &Layout) -> Installer<'f> {
        let page_size = layout.page_size;
        let lock_page = u32::try_from(LOCK_BYTE / page_size as u64 + 1).unwrap_or(u32::MAX);
        Installer { file, page_size, next: layout.pages + 1, lock_page }
    }

    fn place(&mut self, tree: &Tree, root: u32) -> BulkResult<()> {
        let place = Place { root, others: self.next, lock_page: self.lock_page };
        tree.copy(place, self.file)?;
        if let Some(last) = tree.other_pages().checked_sub(1) {
            self.next = place.after(last).checked_add(1).ok_or(BulkError::NotCovered("the case is too large"))?;
        }
        Ok(())
    }

    fn write_page_count(&self) -> BulkResult<()> {
        write_at(self.file, &(self.next - 1).to_be_bytes(), PAGE_COUNT)
    }
}

/// The work of an installation.
pub(crate) struct Installation<'i> {
    pub(crate) case: &'i Path,
    /// A folder for temporary files.
    pub(crate) folder: &'i Path,
    /// Is told of each tree that is part of the case, with the pages of the case up to here.
    pub(crate) save: &'i (dyn Fn(u32, &[Installed]) -> BulkResult<()> + Sync),
    pub(crate) stop: &'i AtomicBool,
}

impl Installation<'_> {
    /// Fills tables, and builds their indexes if `has_indexes`. Indexes that are not covered are left out of the answer:
    /// they are empty.
    pub(crate) fn install(
        &self,
        layout: &Layout,
        tables: &[(&'static str, Tree)],
        has_indexes: bool,
    ) -> BulkResult<Vec<Installed>> {
        let file = OpenOptions::new().read(true).write(true).open(self.case)?;
        let mut installer = Installer::of(&file, layout);
        let mut installed = Vec::new();
        for (name, tree) in tables {
            let plan = layout.plans.iter().find(|plan| plan.table == *name);
            installer.place(tree, plan.ok_or(BulkError::NotCovered("a table without indexes"))?.root)?;
            installed.push(Installed { name: (*name).to_owned(), index: None, entries: tree.entries });
        }
        let wanted = layout.indexes.iter().filter(|_| has_indexes).collect();
        self.build(layout, installer, wanted, installed)
    }

    /// Builds the indexes of a case that has its tables, and these indexes, already.
    pub(crate) fn resume(&self, layout: &Layout, installed: Vec<Installed>) -> BulkResult<Vec<Installed>> {
        let file = OpenOptions::new().read(true).write(true).open(self.case)?;
        let is_missing = |(index, _): &&(Index, u32)| installed.iter().all(|built| built.name != index.name);
        let wanted = layout.indexes.iter().filter(is_missing).collect();
        self.build(layout, Installer::of(&file, layout), wanted, installed)
    }

    fn build(
        &self,
        layout: &Layout,
        installer: Installer<'_>,
        wanted: Vec<&(Index, u32)>,
        installed: Vec<Installed>,
    ) -> BulkResult<Vec<Installed>> {
        let (file, page_size) = (installer.file, installer.page_size);
        let pages = Pages { file, page_size, count: installer.next - 1, stop: self.stop };
        if pages.has_reserved_bytes()? {
            return Err(BulkError::NotCovered("reserved bytes"));
        }
        (self.save)(installer.next - 1, &installed)?;
        let shared = Mutex::new((installer, installed));
        let indexes: Vec<&Index> = wanted.iter().map(|(index, _)| index).collect();
        make::build_all(&indexes, &layout.plans, pages, self.folder, |at, tree| {
            let (index, root) = wanted[at];
            let index_of = Some((index.table, index.condition().map(str::to_owned)));
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let (installer, installed) = &mut *shared;
            installer.place(&tree, *root)?;
            installed.push(Installed { name: index.name.clone(), index: index_of, entries: tree.entries });
            (self.save)(installer.next - 1, installed)
        })?;
        let (installer, installed) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        installer.write_page_count()?;
        Ok(installed)
    }
}

/// Gives a case in the making these pages, and takes away what a killed process has written after them.
pub(crate) fn set_pages(case: &Path, pages: u32) -> BulkResult<()> {
    let file = OpenOptions::new().read(true).write(true).open(case)?;
    let mut page_size = [0; 2];
    read_at(&file, &mut page_size, PAGE_SIZE)?;
    // One stands for 65,536 bytes, which no case has.
    let page_size = u64::from(u16::from_be_bytes(page_size));
    if page_size < 512 || file.metadata()?.len() < u64::from(pages) * page_size {
        return Err(BulkError::NotCovered("a case in the making is shorter than it was"));
    }
    file.set_len(u64::from(pages) * page_size)?;
    write_at(&file, &pages.to_be_bytes(), PAGE_COUNT)
}

/// Compares the numbers of rows and entries that SQLite counts with those that were written. Several connections count,
/// which `open` opens.
pub(crate) fn check(
    installed: &[Installed],
    open: impl Fn() -> BulkResult<Connection> + Sync,
    stop: &AtomicBool,
) -> BulkResult<()> {
    let mut largest_first: Vec<&Installed> = installed.iter().collect();
    largest_first.sort_by_key(|tree| Reverse(tree.entries));
    let queue = Mutex::new(largest_first.into_iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    make::side_by_side(make::threads(), || {
        let connection = open()?;
        while let Some(tree) = next() {
            if stop.load(Ordering::Relaxed) {
                return Err(BulkError::Cancelled);
            }
            check_tree(&connection, tree)?;
        }
        Ok(())
    })
}

fn check_tree(connection: &Connection, Installed { name, index, entries }: &Installed) -> BulkResult<()> {
    let sql = match index {
        Some((table, condition)) => {
            let condition = condition.as_deref().unwrap_or("1");
            format!("SELECT count(*) FROM {table} INDEXED BY {name} WHERE {condition}")
        }
        None => format!("SELECT count(*) FROM {name} NOT INDEXED"),
    };
    let found: u64 = connection.query_row(&sql, [], |row| row.get(0))?;
    if found == *entries {
        return Ok(());
    }
    Err(BulkError::Wrong { name: name.clone(), found, built: *entries })
}
