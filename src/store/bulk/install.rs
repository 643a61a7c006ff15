//! Giving trees their place in a case that no connection has open: at its end, with the roots that SQLite has made for
//! empty tables and indexes.

use std::cmp::Reverse;
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension};

use crate::store::bulk::bulk_error::{BulkError, BulkResult};
use crate::store::bulk::file_at::write_at;
use crate::store::bulk::format::LOCK_BYTE;
use crate::store::bulk::make::{self, TablePlan};
use crate::store::bulk::output::{Place, Tree};
use crate::store::bulk::pages::Pages;
use crate::store::schema::indexes::Index;

/// The place of the number of pages in the header of a file.
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

/// Fills tables, and builds their indexes if `has_indexes`, with temporary files in a folder. Indexes that are not
/// covered are left out of the answer: they are empty.
pub(crate) fn install(
    case: &Path,
    layout: &Layout,
    tables: &[(&'static str, Tree)],
    (folder, has_indexes): (&Path, bool),
    stop: &AtomicBool,
) -> BulkResult<Vec<Installed>> {
    let file = OpenOptions::new().read(true).write(true).open(case)?;
    let page_size = layout.page_size;
    let lock_page = u32::try_from(LOCK_BYTE / page_size as u64 + 1).unwrap_or(u32::MAX);
    let mut installer = Installer { file: &file, page_size, next: layout.pages + 1, lock_page };
    let mut installed = Vec::new();
    for (name, tree) in tables {
        let plan = layout.plans.iter().find(|plan| plan.table == *name);
        installer.place(tree, plan.ok_or(BulkError::NotCovered("a table without indexes"))?.root)?;
        installed.push(Installed { name: (*name).to_owned(), index: None, entries: tree.entries });
    }
    let pages = Pages { file: &file, page_size: installer.page_size, count: installer.next - 1, stop };
    if pages.has_reserved_bytes()? {
        return Err(BulkError::NotCovered("reserved bytes"));
    }
    let wanted: Vec<&Index> = layout.indexes.iter().map(|(index, _)| index).filter(|_| has_indexes).collect();
    let shared = Mutex::new((installer, installed));
    make::build_all(&wanted, &layout.plans, pages, folder, |at, tree| {
        let (index, root) = &layout.indexes[at];
        let index_of = Some((index.table, index.condition().map(str::to_owned)));
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.0.place(&tree, *root)?;
        shared.1.push(Installed { name: index.name.clone(), index: index_of, entries: tree.entries });
        Ok(())
    })?;
    let (installer, installed) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    installer.write_page_count()?;
    Ok(installed)
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
