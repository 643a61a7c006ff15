//! Building the indexes of a new case in bulk: tables are read once, indexes are sorted and written side by side, and
//! SQLite takes them in with one transaction.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use rusqlite::Connection;

use crate::store::bulk::build;
use crate::store::bulk::bulk_error::{BulkError, BulkResult};
use crate::store::bulk::columns::{Column, Columns, Kind, join};
use crate::store::bulk::output::Tree;
use crate::store::bulk::pages::Pages;
use crate::store::bulk::tree::TreeWriter;
use crate::store::schema::indexes::Index;

/// The most threads: each has an index in the making in memory.
const MAX_THREADS: usize = 4;
/// The keys that all threads have in memory: 64 MiB of the larger kind.
const KEYS_IN_MEMORY: usize = 1 << 21;
/// The bytes of indexes that all threads have in memory: those of a case of 1,000,000 events never go to temporary files,
/// which saves 3 % of the processor time of its import.
const BUFFER_BYTES: usize = 96 << 20;

/// The indexes of a table, with the columns that they need.
pub(crate) struct TablePlan {
    pub(crate) table: &'static str,
    pub(crate) root: u32,
    columns: Vec<Column>,
    names: Vec<String>,
    /// The columns that identify a row: its id, or its primary key.
    key: Vec<String>,
    has_row_id: bool,
}

/// Returns the plan of each table that has one of these indexes.
pub(crate) fn plans<'i>(
    connection: &Connection,
    wanted: impl Iterator<Item = &'i Index> + Clone,
) -> BulkResult<Vec<TablePlan>> {
    let mut plans: Vec<TablePlan> = Vec::new();
    for index in wanted.clone() {
        if plans.iter().all(|plan| plan.table != index.table) {
            plans.push(plan(connection, index.table, wanted.clone())?);
        }
    }
    Ok(plans)
}

fn plan<'i>(
    connection: &Connection,
    table: &'static str,
    wanted: impl Iterator<Item = &'i Index>,
) -> BulkResult<TablePlan> {
    let root = "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let root = connection.query_row(root, [table], |row| row.get(0))?;
    let mut select = connection.prepare("SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid")?;
    let all = select.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut all: Vec<(String, String, usize)> = all.collect::<rusqlite::Result<_>>()?;
    let without_rowid = "SELECT wr FROM pragma_table_list(?1)";
    let is_without_rowid: bool = connection.query_row(without_rowid, [table], |row| row.get(0))?;
    if is_without_rowid {
        // The record begins with the primary key.
        all.sort_by_key(|(_, _, key)| if *key == 0 { usize::MAX } else { *key });
    }
    let keys = all.iter().filter(|(_, _, key)| *key > 0);
    let key: Vec<String> = keys.map(|(name, _, _)| name.clone()).collect();
    let wanted = wanted.filter(|index| index.table == table && is_covered(index));
    let needed = wanted.flat_map(|index| &index.columns);
    let needed: Vec<&str> = needed.copied().chain(key.iter().map(String::as_str)).collect();
    let (mut columns, mut names) = (Vec::new(), Vec::new());
    for (place, (name, kind, key)) in all.iter().enumerate().filter(|(_, (name, ..))| needed.contains(&name.as_str())) {
        let kind = match kind.as_str() {
            "INTEGER" if *key > 0 && !is_without_rowid => Kind::RowId,
            "INTEGER" => Kind::Integer,
            "TEXT" if name == "event_id" => Kind::Uuid,
            "TEXT" => Kind::Text,
            _ => return Err(BulkError::NotCovered("the type of a column")),
        };
        columns.push(Column { place, kind });
        names.push(name.clone());
    }
    if !is_without_rowid && !columns.iter().any(|column| column.kind == Kind::RowId) {
        return Err(BulkError::NotCovered("a table without an integer key"));
    }
    Ok(TablePlan { table, root, columns, names, key, has_row_id: !is_without_rowid })
}

/// Reports whether an index can be built here: it has all rows, or those with a value of its first column. SQLite makes
/// the others.
fn is_covered(index: &Index) -> bool {
    index.condition().is_none() || index.is_sparse()
}

impl TablePlan {
    /// Returns the columns of the entries of an index: its own and the row id, or those of the primary key that it lacks.
    fn columns_of(&self, index: &Index) -> Vec<usize> {
        let key = self.key.iter().map(String::as_str);
        let key = key.filter(|name| self.has_row_id || !index.columns.contains(name));
        let names = index.columns.iter().copied().chain(key);
        names.filter_map(|name| self.names.iter().position(|known| known == name)).collect()
    }
}

/// Reads the tables and builds the indexes, one table after the other, since the columns of a table are in memory. Each
/// index is passed on with its place in `wanted`, by any thread; those that are not covered are left out.
pub(crate) fn build_all(
    wanted: &[&Index],
    plans: &[TablePlan],
    pages: Pages<'_>,
    folder: &Path,
    install: impl Fn(usize, Tree) -> BulkResult<()> + Sync,
) -> BulkResult<()> {
    let threads = threads();
    for plan in plans {
        let of_table = wanted.iter().copied().enumerate();
        let of_table = of_table.filter(|(_, index)| index.table == plan.table && is_covered(index));
        build_table(plan, of_table.collect(), (pages, folder, threads), &install)?;
    }
    Ok(())
}

/// Reads a table and builds its indexes.
fn build_table(
    plan: &TablePlan,
    wanted: Vec<(usize, &Index)>,
    (pages, folder, threads): (Pages<'_>, &Path, usize),
    install: &(impl Fn(usize, Tree) -> BulkResult<()> + Sync),
) -> BulkResult<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let columns = Columns::read(pages, plan.root, &plan.columns, folder, threads)?;
    let queue = Mutex::new(wanted.into_iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || -> BulkResult<()> {
        while let Some((at, index)) = next() {
            let tree =
                TreeWriter::new(tempfile::tempfile_in(folder)?, BUFFER_BYTES / threads, pages.page_size, pages.stop);
            let rules = (index.is_sparse(), index.is_unique());
            let room = (folder, KEYS_IN_MEMORY / threads);
            match build::build(&columns, &plan.columns_of(index), rules, tree, room) {
                Ok(tree) => install(at, tree)?,
                Err(BulkError::NotCovered(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    };
    side_by_side(threads, work)
}

/// Returns the number of threads that work on a case in the making.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS)
}

/// Does the same work on several threads, which share what it takes from.
pub(super) fn side_by_side(threads: usize, work: impl Fn() -> BulkResult<()> + Sync) -> BulkResult<()> {
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        running.into_iter().try_for_each(join)
    })
}
