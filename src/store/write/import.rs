//! The facade of an import: opens a case for writing, knows its files, and begins the writer.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, InterruptHandle};

use crate::activity;
use crate::case_details::CaseDetails;
use crate::event::EventIds;
use crate::event_digest::EventDigest;
use crate::store::build_folder::{BuildFolder, has_left_build};
use crate::store::build_state::BuildState;
use crate::store::bulk::bulk_error::{BulkError, BulkResult};
use crate::store::bulk::install::{Installation, Installed, Layout, check, set_pages};
use crate::store::case_details;
use crate::store::case_ids::CaseIds;
use crate::store::case_path::metadata_of;
use crate::store::case_state::check_no_first_import;
use crate::store::error::CaseError;
use crate::store::event_sum::EventSum;
use crate::store::import_progress::ProgressFile;
use crate::store::lock_wait::{Need, Wait, until_free};
use crate::store::open;
use crate::store::schema::indexes;
use crate::store::write::conflict_policy::ImportOrder;
use crate::store::write::event_tables::{Changes, EVENT_TABLES, EventPages, EventTables};
use crate::store::write::known_files::KnownFiles;
use crate::store::write::ledger::{UnfinishedCase, finish_tables};
use crate::store::write::resource_pages::ResourcePages;
use crate::store::write::writer::{RunOrigin, Writer};

/// The writer of an import.
pub(crate) type ImportWriter<'c> = Writer<'c, ImportOrder>;

/// A case that is open for an import.
pub(crate) struct Import {
    connection: Connection,
    path: PathBuf,
    /// The case is in the making there.
    folder: Option<BuildFolder>,
    /// Ends the writing of pages.
    stop: Arc<AtomicBool>,
    /// Cancels the statement that is running.
    handle: Arc<Mutex<InterruptHandle>>,
}

impl Import {
    /// Opens a case for writing, after other processes that write to it, and creates it if it does not exist. `bytes`:
    /// the size of the input.
    pub(crate) fn open(path: &Path, bytes: u64, wait: &dyn Wait) -> Result<Import, CaseError> {
        let stop = Arc::default();
        let is_missing = metadata_of(path)?.is_none();
        // A merge, which has no size, does not take up an import.
        let is_bulk = bytes >= bulk_bytes() || bytes > 0 && has_left_build(path);
        let folder = match is_missing && cfg!(unix) && is_bulk {
            true => until_free(path, wait, Need::Write, || BuildFolder::take(path))?,
            false => None,
        };
        let connection = match &folder {
            // It is opened once what it lacks is made.
            Some(folder) if folder.left().is_some() => in_memory().map_err(|error| CaseError::of(path, error))?,
            Some(folder) => open::create_unsynced(&folder.case(), path)?,
            None => {
                if is_missing {
                    until_free(path, wait, Need::Write, || check_no_first_import(path))?;
                }
                let connection = open::open_for_import_after(path, wait)?;
                BuildFolder::remove_left(path);
                connection
            }
        };
        let handle = Arc::new(Mutex::new(connection.get_interrupt_handle()));
        Ok(Import { connection, path: path.to_owned(), folder, stop, handle })
    }

    /// Returns the file for the progress, if this is a first import that other processes wait for.
    pub(crate) fn progress_file(&self) -> Option<ProgressFile> {
        self.folder.as_ref().map(|folder| ProgressFile::new(folder.path()))
    }

    /// Returns what cancels the statement that is running.
    pub(crate) fn cancel(&self) -> Box<dyn Fn() + Send + Sync> {
        let (handle, stop) = (Arc::clone(&self.handle), Arc::clone(&self.stop));
        Box::new(move || {
            stop.store(true, Ordering::Relaxed);
            handle.lock().unwrap_or_else(PoisonError::into_inner).interrupt();
        })
    }

    /// Returns the files that the ledger has.
    pub(crate) fn known_files(&self) -> Result<KnownFiles, CaseError> {
        KnownFiles::load(&self.connection).map_err(|error| CaseError::of(&self.path, error))
    }

    /// Returns the origin of the event ids in the case; `None` if it has no events.
    pub(crate) fn ids(&self) -> Result<Option<CaseIds>, CaseError> {
        let has_events = "SELECT EXISTS (SELECT 1 FROM events)";
        let has_events = self.connection.query_row(has_events, [], |row| row.get::<_, bool>(0));
        let ids = has_events.and_then(|has| has.then(|| CaseIds::of(&self.connection)).transpose());
        ids.map_err(|error| CaseError::of(&self.path, error))
    }

    /// Stores the details of the case that differ from the current ones.
    pub(crate) fn set_details(&self, details: &CaseDetails, who: &str) -> Result<(), CaseError> {
        case_details::set(&self.connection, details, who).map_err(|error| CaseError::of(&self.path, error))
    }

    /// Returns the digest of the events that the case stores; `None` if it is not known.
    pub(crate) fn event_digest(&self) -> Result<Option<EventDigest>, CaseError> {
        let stored = EventSum::load(&self.connection).map_err(|error| CaseError::of(&self.path, error))?;
        Ok(stored.map(|sum| sum.digest()))
    }

    /// Begins a run.
    pub(crate) fn begin(&self, origin: &RunOrigin<'_>, ids: EventIds) -> Result<ImportWriter<'_>, CaseError> {
        let mut writer = Writer::begin(&self.connection, &self.path, origin, Some(ids), ImportOrder)?;
        if let Some(folder) = &self.folder {
            let of = |error: BulkError| error.of_case(&self.path);
            let pages = EventPages::new(&self.connection, folder.path(), &self.stop).map_err(of)?;
            writer.tables = EventTables::Pages(Box::new(pages));
            writer.related.pages = Some(ResourcePages::new(&self.connection, folder.path()).map_err(of)?);
        }
        Ok(writer)
    }

    /// Completes a case in the making: its events become part of the file, which gets its name.
    pub(crate) fn complete(&mut self, unfinished: UnfinishedCase) -> Result<(), CaseError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        folder.check_is_there()?;
        let (case, folder) = (folder.case(), folder.path().to_owned());
        let installed = self.install(unfinished, &case, &folder);
        self.connection = installed.map_err(|error| error.of_case(&self.path))?;
        Ok(())
    }

    fn install(&mut self, unfinished: UnfinishedCase, case: &Path, folder: &Path) -> BulkResult<Connection> {
        let UnfinishedCase { trees, recount, has_sum } = unfinished;
        let names = trees.tables.each_ref().map(|(name, _)| *name);
        let layout = layout(&self.connection, &names)?;
        let closed = std::mem::replace(&mut self.connection, in_memory()?);
        closed.close().map_err(|(_, error)| error)?;
        let Changes { is_doubled, .. } = trees.changes;
        // What is to be changed is known to this process only.
        let state = BuildState::new(has_sum).filter(|_| trees.changes.is_empty() && !recount);
        let save = |pages, installed: &[Installed]| save(state.as_ref(), folder, pages, installed);
        let installation = Installation { case, folder, save: &save, stop: &self.stop };
        let installed = installation.install(&layout, &trees.tables, !is_doubled)?;
        self.finish_build(&installed, (case, folder), |connection| {
            for index in layout.not_in(&installed) {
                // They are made again once the rows that were replaced are deleted.
                let verb = if is_doubled { "DROP INDEX" } else { "REINDEX" };
                connection.execute_batch(&format!("{verb} {index}"))?;
            }
            finish_tables(connection, &trees.changes, (recount, has_sum))
        })
    }

    /// Checks the trees of a case in the making, and does the rest with a connection to it.
    fn finish_build(
        &self,
        installed: &[Installed],
        (case, folder): (&Path, &Path),
        rest: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> BulkResult<Connection> {
        check(installed, || Ok(open::open_unread(case).map_err(Box::new)?), &self.stop)?;
        BuildState::remove(folder)?;
        let connection = open::open_unsynced(case, &self.path).map_err(Box::new)?;
        self.hold(&connection);
        rest(&connection)?;
        Ok(connection)
    }

    /// Lets a cancellation end the statements of a connection.
    fn hold(&self, connection: &Connection) {
        *self.handle.lock().unwrap_or_else(PoisonError::into_inner) = connection.get_interrupt_handle();
    }

    /// Finishes the case that an import has left which was killed when all was read, so that the run adds to it. What
    /// cannot be finished is made anew.
    pub(crate) fn finish_left(&mut self, wait: &dyn Wait) -> Result<(), CaseError> {
        let Some((folder, state)) = self.folder.as_ref().and_then(|folder| Some((folder, folder.left()?))) else {
            return Ok(());
        };
        let _step = activity::step("finishing an interrupted import");
        match self.resume(state, &folder.case(), folder.path()) {
            Ok(connection) => {
                open::close(connection, &self.path)?;
                folder.publish()?;
                self.folder = None;
                self.connection = open::open_for_import_after(&self.path, wait)?;
            }
            Err(error) if self.stop.load(Ordering::Relaxed) => return Err(error.of_case(&self.path)),
            Err(_) => {
                folder.clear();
                self.connection = open::create_unsynced(&folder.case(), &self.path)?;
            }
        }
        self.hold(&self.connection);
        Ok(())
    }

    fn resume(&self, state: &BuildState, case: &Path, folder: &Path) -> BulkResult<Connection> {
        set_pages(case, state.pages)?;
        let connection = open::open_unread(case).map_err(Box::new)?;
        let layout = layout(&connection, &EVENT_TABLES)?;
        connection.close().map_err(|(_, error)| error)?;
        let installed = state.installed.iter().map(|(name, entries)| layout.installed(name, *entries)).collect();
        let save = |pages, installed: &[Installed]| save(Some(state), folder, pages, installed);
        let installation = Installation { case, folder, save: &save, stop: &self.stop };
        let installed = installation.resume(&layout, installed)?;
        self.finish_build(&installed, (case, folder), |connection| {
            layout.not_in(&installed).try_for_each(|index| connection.execute_batch(&format!("REINDEX {index}")))?;
            finish_tables(connection, &Changes::default(), (false, state.has_sum))
        })
    }

    /// Closes the case. `failed`: rolls back what is not committed.
    pub(crate) fn close(self, failed: bool) -> Result<(), CaseError> {
        if failed {
            // The error that is reported is the one before.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        open::close(self.connection, &self.path)?;
        match self.folder {
            Some(folder) if !failed => folder.publish(),
            _ => Ok(()),
        }
    }

    pub(in crate::store) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }
}

/// Returns the layout of a case in the making.
fn layout(connection: &Connection, tables: &[&str]) -> BulkResult<Layout> {
    Layout::of(connection, tables, indexes::all().into_iter().chain(indexes::of_counts()))
}

/// Stores which trees are part of a case in the making, if the build can be taken up.
fn save(state: Option<&BuildState>, folder: &Path, pages: u32, installed: &[Installed]) -> BulkResult<()> {
    let Some(state) = state else { return Ok(()) };
    let installed = installed.iter().map(|tree| (tree.name.clone(), tree.entries)).collect();
    Ok(state.with(pages, installed).write(folder)?)
}

/// Opens what stands for a case while no connection has it.
fn in_memory() -> rusqlite::Result<Connection> {
    Connection::open_in_memory()
}

/// The bytes of input from which a new case is made of pages.
const BULK_BYTES: u64 = 16 << 20;
/// The environment variable with another number, for tests.
const BULK_BYTES_VARIABLE: &str = "TRAILQ_BULK_BYTES";

fn bulk_bytes() -> u64 {
    std::env::var(BULK_BYTES_VARIABLE).ok().and_then(|number| number.parse().ok()).unwrap_or(BULK_BYTES)
}
