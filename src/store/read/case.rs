//! A case that is open for questions. Nothing asked of it can change it: the file is open read-only, and an
//! authorizer refuses everything that is not looking.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, InterruptHandle, Row, Rows};

use crate::account_names::AccountNames;
use crate::coverage::Coverage;
use crate::geo::GeoFiles;
use crate::rows::{Cell, RowSink};
use crate::sql::Param;
use crate::store::error::{CaseError, QueryError};
use crate::store::lock_wait::{Need, Silent, Wait, until_free};
use crate::store::read::kept::Kept;
use crate::store::read::{address_functions, functions, sql_error};
use crate::store::records::block::Reader;
use crate::store::schema::{expected, version};
use crate::store::temporary_copy::TemporaryCopy;
use crate::store::{case_state, hardening, open, private_folder, ready, recovery};

/// A case, open for questions.
pub struct Case {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    /// The handles that cancel a statement, and the reading of records on its own connection.
    cancels: Arc<[InterruptHandle; 2]>,
    /// The blocks of records that were read last.
    pub(crate) records: RefCell<Reader>,
    pub(crate) coverage: Kept<Coverage>,
    pub(crate) account_names: Kept<AccountNames>,
    /// The copy that is open instead, where the case itself could not be brought up to date.
    copy: Option<Arc<TemporaryCopy>>,
    /// Keeps what is read in one state, while an input asks more than one statement.
    pin: Connection,
    /// The files about addresses.
    geo: Arc<GeoFiles>,
    /// The objects in it that trailq did not make.
    foreign: Vec<String>,
    /// The last field: dropped when the connections are closed.
    beside: Arc<recovery::WriteAheadFiles>,
}

impl Case {
    /// Opens a case. One that an interrupted import left unfinished is finished first, in a temporary copy where it
    /// cannot be written. While an import runs, a copy of what it has committed is finished.
    ///
    /// # Errors
    /// It is missing, not a case, of a newer schema, damaged, or another process does not let it be read.
    pub fn open(path: &Path) -> Result<Case, CaseError> {
        Case::open_after(path, &Silent)
    }

    /// Opens a case, as [`Case::open`], and reports waiting for another process to `wait`.
    ///
    /// # Errors
    /// As for [`Case::open`]; also a cancellation.
    pub fn open_after(path: &Path, wait: &dyn Wait) -> Result<Case, CaseError> {
        private_folder::sweep_temporary();
        let beside = Arc::new(recovery::WriteAheadFiles::of(path));
        until_free(path, wait, Need::Read, || {
            Case::connect(path, ready::make_ready(path, wait)?.map(Arc::new), Arc::clone(&beside))
        })
    }

    /// Opens the same case once more, for another thread.
    ///
    /// # Errors
    /// As for [`Case::open`].
    pub fn another(&self) -> Result<Case, CaseError> {
        Case::connect(&self.path, self.copy.clone(), Arc::clone(&self.beside))?.with_geo_files(Arc::clone(&self.geo))
    }

    /// Returns the case with files about addresses, which SQL functions and lookups ask.
    ///
    /// # Errors
    /// SQLite has no memory for the functions.
    pub fn with_geo_files(self, files: Arc<GeoFiles>) -> Result<Case, CaseError> {
        address_functions::register(&self.connection, &files).map_err(|error| CaseError::of(&self.path, error))?;
        Ok(Case { geo: files, ..self })
    }

    /// Returns the files about addresses.
    pub fn geo_files(&self) -> &GeoFiles {
        &self.geo
    }

    fn connect(
        path: &Path,
        copy: Option<Arc<TemporaryCopy>>,
        beside: Arc<recovery::WriteAheadFiles>,
    ) -> Result<Case, CaseError> {
        let file = copy.as_ref().map_or(path, |copy| copy.file());
        let mut connection = open::open_read_only(file)?;
        let of = |error| CaseError::of(path, error);
        hardening::watch(&mut connection).map_err(of)?;
        let foreign = expected::require_answerable(&connection, path)?;
        let records = open::open_unread(file)?;
        let cancels = Arc::new([connection.get_interrupt_handle(), records.get_interrupt_handle()]);
        let pin = open::open_unread(file)?;
        functions::register(&connection, records, file).map_err(of)?;
        let geo = Arc::default();
        address_functions::register(&connection, &geo).map_err(of)?;
        connection.authorizer(Some(authorize)).map_err(of)?;
        Ok(Case {
            connection,
            path: path.to_owned(),
            cancels,
            records: RefCell::default(),
            coverage: Kept::default(),
            account_names: Kept::default(),
            copy,
            pin,
            geo,
            foreign,
            beside,
        })
    }

    /// Returns a number that is another one after a commit of another connection.
    pub(crate) fn data_version(&self) -> rusqlite::Result<i64> {
        self.pin.pragma_query_value(None, "data_version", |row| row.get(0))
    }

    /// Creates a case without events, for checking statements against the schema.
    ///
    /// # Errors
    /// The temporary folder cannot be written.
    pub fn empty() -> Result<Case, CaseError> {
        let copy = TemporaryCopy::empty()?;
        let file = copy.file().to_owned();
        let beside = Arc::new(recovery::WriteAheadFiles::of(&file));
        Case::connect(&file, Some(Arc::new(copy)), beside)
    }

    /// Reports whether the case can be asked as it is. Otherwise it is to be opened again: an import has begun in it or
    /// has gone on, or one was killed.
    pub fn is_current(&self) -> bool {
        if let Some(copy) = &self.copy {
            return copy.is_current(&self.path);
        }
        // Without waiting: the caller that opens it again decides about that. Other errors are the next statement's.
        let _ = self.connection.busy_timeout(std::time::Duration::ZERO);
        let checked = self.check_at_rest();
        let _ = self.connection.busy_timeout(open::LOCK_TIMEOUT);
        !matches!(checked, Err(CaseError::Busy(_) | CaseError::HotJournal(_)))
    }

    /// Holds the case in its state until it is released: an import waits with its next commit. `false` where the case
    /// has to be opened again, as for [`Case::is_current`].
    pub fn hold(&self) -> bool {
        if self.copy.is_none() && self.pin.is_autocommit() {
            let _ = self.pin.busy_timeout(std::time::Duration::ZERO);
            // This takes the lock for reading, and does not parse the schema.
            let held = recovery::recovered(&self.path, || self.pin.execute_batch("BEGIN; PRAGMA schema_version"));
            if matches!(held, Err(CaseError::Busy(_) | CaseError::HotJournal(_))) {
                self.release();
                return false;
            }
        }
        let current = self.is_current();
        if !current {
            self.release();
        }
        current
    }

    /// Lets others write again.
    pub fn release(&self) {
        if !self.pin.is_autocommit() {
            // A transaction that has read only has nothing that could fail.
            let _ = self.pin.execute_batch("ROLLBACK");
        }
    }

    /// Returns the number of events and the age of the copy that is read while an import is writing.
    pub fn in_passing(&self) -> Option<(u64, std::time::Duration)> {
        self.copy.as_ref().and_then(|copy| copy.in_passing())
    }

    /// Reports whether a copy is read, which was brought up to date, instead of the case itself.
    pub fn is_copy(&self) -> bool {
        self.copy.is_some()
    }

    /// Returns the file that is read: the case, or the copy of it that was brought up to date.
    pub(crate) fn file(&self) -> &Path {
        self.copy.as_ref().map_or(&self.path, |copy| copy.file())
    }

    /// Returns the objects of the case that trailq did not make, in words: tables, views and indexes that questions
    /// ignore.
    pub fn foreign(&self) -> &[String] {
        &self.foreign
    }

    /// Refuses a case that holds what trailq did not make.
    ///
    /// # Errors
    /// It does, or it cannot be read.
    pub fn require_own(&self) -> Result<(), CaseError> {
        expected::require_own(&self.connection, &self.path, version::NEWEST)
    }

    /// Returns the path of the case.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the answer of one statement with positional parameters into a sink, and returns the number of rows.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub fn query(&self, sql: &str, params: &[Param], sink: &mut dyn RowSink) -> Result<u64, QueryError> {
        self.check_at_rest()?;
        let fail = |error| self.failure(sql, error);
        let most = self.connection.limit(Limit::SQLITE_LIMIT_VARIABLE_NUMBER).map_err(fail)?;
        if usize::try_from(most).is_ok_and(|most| params.len() > most) {
            return Err(sql_error::too_many_values(params.len(), most as usize).into());
        }
        let mut statement = self.connection.prepare_cached(sql).map_err(fail)?;
        let columns = column_names(statement.column_names());
        let values: Vec<&dyn rusqlite::ToSql> = params.iter().map(to_sql).collect();
        let mut rows = statement.query(values.as_slice()).map_err(fail)?;
        self.feed(sql, &columns, &mut rows, sink)
    }

    /// Puts the answers of one statement, or several separated by `;`, into a sink. `params` fill `:name`, `@name`
    /// and `$name`; `None` is NULL.
    ///
    /// # Errors
    /// See [`QueryError`]; also a parameter that is missing, or that no statement has.
    pub fn query_named(
        &self,
        sql: &str,
        params: &BTreeMap<String, Option<Param>>,
        sink: &mut dyn RowSink,
    ) -> Result<u64, QueryError> {
        self.check_at_rest()?;
        let mut batch = Batch::new(&self.connection, sql);
        let mut used = Vec::new();
        let mut total = 0;
        loop {
            let statement = batch.next().map_err(|error| self.failure(sql, error))?;
            let Some(mut statement) = statement else { break };
            for index in 1..=statement.parameter_count() {
                let name = statement.parameter_name(index).unwrap_or_default().to_owned();
                let bare = name.get(1..).unwrap_or_default();
                let Some(value) = params.get(bare) else {
                    return Err(sql_error::missing_parameter(sql, &name).into());
                };
                used.push(bare.to_owned());
                let value = value.as_ref().map(to_sql);
                statement.raw_bind_parameter(index, value).map_err(|error| self.failure(sql, error))?;
            }
            let columns = column_names(statement.column_names());
            let mut rows = statement.raw_query();
            total += self.feed(sql, &columns, &mut rows, sink)?;
        }
        match params.keys().find(|name| !used.contains(name)) {
            Some(name) => Err(sql_error::unused_parameter(sql, name, &used).into()),
            None => Ok(total),
        }
    }

    /// Reports [`CaseError::Busy`] while an import runs: it lets others read between its commits, but may lack counts and
    /// indexes. What a killed import left is rolled back.
    fn check_at_rest(&self) -> Result<(), CaseError> {
        match recovery::recovered(&self.path, || case_state::is_finished(&self.connection))? {
            true => Ok(()),
            false => Err(CaseError::Busy(self.path.clone())),
        }
    }

    /// Returns the columns of a statement's answer, which is not asked for.
    ///
    /// # Errors
    /// The statement is wrong, or does more than look.
    pub fn columns_of(&self, sql: &str) -> Result<Vec<String>, QueryError> {
        let statement = self.connection.prepare(sql).map_err(|error| self.failure(sql, error))?;
        Ok(column_names(statement.column_names()))
    }

    fn feed(
        &self,
        sql: &str,
        columns: &[String],
        rows: &mut Rows<'_>,
        sink: &mut dyn RowSink,
    ) -> Result<u64, QueryError> {
        if columns.is_empty() {
            rows.next().map_err(|error| self.failure(sql, error))?;
            return Ok(0);
        }
        let mut count = 0;
        let mut begun = false;
        loop {
            // The first step does the work of a sort or a scan: an error of it comes before any output.
            let row = rows.next().map_err(|error| self.failure(sql, error))?;
            if !begun {
                sink.begin(columns)?;
                begun = true;
            }
            let Some(row) = row else { break };
            let cells = (0..columns.len()).map(|index| cell(row, index)).collect::<Result<Vec<_>, _>>();
            sink.row(&cells.map_err(|error| self.failure(sql, error))?)?;
            count += 1;
        }
        sink.end()?;
        Ok(count)
    }

    fn failure(&self, sql: &str, error: rusqlite::Error) -> QueryError {
        sql_error::diagnose(&self.path, sql, error, &|| self.tables())
    }

    /// Returns what cancels the running statement, from any thread.
    pub fn interrupt(&self) -> impl Fn() + Send + Sync + 'static {
        let cancels = Arc::clone(&self.cancels);
        move || cancels.iter().for_each(InterruptHandle::interrupt)
    }

    /// Returns an event in words, by `events.id`, with the names of its accounts; `None` if its record is not in the case.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn sentence(&self, id: i64) -> Result<Option<String>, CaseError> {
        let sql = "SELECT record_sentence(id, outcome) FROM events WHERE id = ?1";
        let found = self.rows(sql, [id], |row| row.get::<_, Option<String>>(0))?;
        let Some(sentence) = found.into_iter().next().flatten() else { return Ok(None) };
        Ok(Some(self.names_of_accounts()?.in_sentence(&sentence).into_owned()))
    }

    /// Returns the original bytes of an event's record, by `events.id`.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn record(&self, id: i64) -> Result<Option<Vec<u8>>, CaseError> {
        self.records
            .borrow_mut()
            .with(&self.connection, id, <[u8]>::to_vec)
            .map_err(|error| CaseError::of(&self.path, error))
    }

    /// Asks for rows of the case's own bookkeeping.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, CaseError> {
        let all = || -> rusqlite::Result<Vec<T>> {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_map(params, read)?.collect()
        };
        all().map_err(|error| hardening::error_of_watched(&self.path, error))
    }

    /// Reports whether SQLite has read a whole statement: used to know when a statement over several lines is complete.
    pub fn is_complete_sql(text: &str) -> bool {
        crate::store::read::sql_text::is_complete(text)
    }
}

/// Returns a parameter as SQLite binds it.
pub(crate) fn to_sql(param: &Param) -> &dyn rusqlite::ToSql {
    match param {
        Param::Integer(number) => number,
        Param::Real(number) => number,
        Param::Text(text) => text,
    }
}

fn column_names<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    names.map(str::to_owned).collect()
}

pub(crate) fn cell<'r>(row: &'r Row<'_>, index: usize) -> rusqlite::Result<Cell<'r>> {
    Ok(match row.get_ref(index)? {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Cell::Text(text),
            Err(_) => Cell::Blob(text),
        },
        ValueRef::Blob(bytes) => Cell::Blob(bytes),
    })
}

/// Pragmas that only look.
const PRAGMAS: &[&str] = &[
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "database_list",
    "function_list",
    "collation_list",
    "pragma_list",
    "compile_options",
    "integrity_check",
    "quick_check",
    "user_version",
    "application_id",
    "page_count",
    "page_size",
    "freelist_count",
    "encoding",
    "schema_version",
    "data_version",
];

/// Lets looking pass and nothing else.
fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Function { function_name } if !function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Allow
        }
        AuthAction::Pragma { pragma_name, pragma_value } => {
            let known = PRAGMAS.iter().any(|name| pragma_name.eq_ignore_ascii_case(name));
            let sets = pragma_value.is_some()
                && ["user_version", "application_id", "page_size", "encoding", "schema_version"]
                    .iter()
                    .any(|name| pragma_name.eq_ignore_ascii_case(name));
            if known && !sets { Authorization::Allow } else { Authorization::Deny }
        }
        _ => Authorization::Deny,
    }
}
