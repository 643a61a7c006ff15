//! The engine and the lookups that it prepares.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::Deref;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::engine::{record_paths, stored};
use crate::geo::Attribute;
use crate::interrupt::Interrupter;
use crate::query::ast::{self, StageKind};
use crate::query::{
    self, CredentialChain, Environment, HuntedRule, HuntedRules, MarkedSubject, MissingFile, ResolvedLookup,
};
use crate::rows::{self, RowSink};
use crate::sql::{self, Projection, Statement};
use crate::store::{self, Case, QueryError};
use crate::subject::Mark;

/// A scan of at most this many groups of records is made without being asked for.
pub(crate) const MAX_FREE_SCAN_GROUPS: u64 = 100;

/// A case with a clock and parameters. `C` is how the engine holds the case: an `Rc<Case>`, or a `&Case`.
pub struct Engine<C = Rc<Case>> {
    case: C,
    now: fn() -> i64,
    params: Option<BTreeMap<String, String>>,
    interrupter: Arc<Interrupter>,
}

/// A lookup that was parsed and resolved in a case.
#[derive(Debug, Clone)]
pub struct PreparedLookup {
    /// The syntax tree, with the text.
    pub(crate) tree: ast::LookupAst,
    /// Its meaning.
    pub(crate) lookup: ResolvedLookup,
    columns: Columns,
    limit: Option<u64>,
}

/// The columns of a list of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// The columns that fit a screen.
    Brief,
    /// The columns of the view `event_history`.
    Full,
    /// The original record.
    Record,
}

impl PreparedLookup {
    /// Returns the same lookup with other columns in a list of events. The default is [`Columns::Full`].
    #[must_use]
    pub fn with_columns(self, columns: Columns) -> PreparedLookup {
        PreparedLookup { columns, ..self }
    }

    /// Returns the same lookup with at most `limit` rows in a list of events, beside what its stages say.
    #[must_use]
    pub fn with_limit(self, limit: Option<u64>) -> PreparedLookup {
        PreparedLookup { limit, ..self }
    }

    /// Reports whether the answer is a list of events.
    pub fn is_event_list(&self) -> bool {
        self.lookup.is_event_list()
    }

    /// Returns remarks on the meaning of the lookup: of marks that no subject has, and of stored rules.
    pub fn notes(&self) -> &[String] {
        &self.lookup.notes
    }

    /// Reports whether the lookup itself limits its rows.
    pub(crate) fn has_limit(&self) -> bool {
        self.tree.stages.iter().any(|stage| matches!(stage.kind, StageKind::Limit(_)))
    }

    /// Reports whether the lookup itself sorts its rows.
    pub(crate) fn is_sorted(&self) -> bool {
        self.tree.stages.iter().any(|stage| matches!(stage.kind, StageKind::Sort(_)))
    }
}

impl Engine {
    /// Opens the case at `path` for questions.
    ///
    /// # Errors
    /// The file is not a case, or cannot be read.
    pub fn open(path: &Path) -> Result<Engine, store::CaseError> {
        Ok(Engine::new(Rc::new(Case::open(path)?)))
    }
}

impl<C: Deref<Target = Case>> Engine<C> {
    /// Returns an engine on an open case, with the system's clock and without parameters.
    pub fn new(case: C) -> Engine<C> {
        Engine { case, now: crate::time::now, params: None, interrupter: Arc::default() }
    }

    /// Fills `${name}` in lookups with these values. Without any parameters `${name}` is plain text.
    #[must_use]
    pub fn with_params(self, params: Option<BTreeMap<String, String>>) -> Engine<C> {
        Engine { params, ..self }
    }

    /// Stops between two statements when this interrupter was used.
    #[must_use]
    pub(crate) fn with_interrupter(self, interrupter: Arc<Interrupter>) -> Engine<C> {
        Engine { interrupter, ..self }
    }

    /// Takes the time from another clock, in Unix seconds.
    #[must_use]
    pub fn with_clock(self, now: fn() -> i64) -> Engine<C> {
        Engine { now, ..self }
    }

    /// Returns the case.
    pub fn case(&self) -> &Case {
        &self.case
    }

    /// Parses and resolves a lookup.
    ///
    /// # Errors
    /// The text is not a lookup; the diagnostic has the place and what to write instead.
    pub fn prepare(&self, text: &str) -> Result<PreparedLookup, QueryError> {
        self.prepare_filled(&self.substitute(text)?)
    }

    /// Parses and resolves a lookup whose parameters are filled in already: its values may contain `${`.
    ///
    /// # Errors
    /// The text is not a lookup; the diagnostic has the place and what to write instead.
    pub(crate) fn prepare_filled(&self, text: &str) -> Result<PreparedLookup, QueryError> {
        self.resolve(text).map_err(|mistake| QueryError::from(Box::new(mistake.in_source(text))))
    }

    fn resolve(&self, text: &str) -> Result<PreparedLookup, Diagnostic> {
        self.prepare_tree(query::parse(text)?)
    }

    /// Resolves a syntax tree.
    ///
    /// # Errors
    /// The tree names no field, or has a value that its field cannot have.
    pub(crate) fn prepare_tree(&self, tree: ast::LookupAst) -> Result<PreparedLookup, Diagnostic> {
        let lookup = query::resolve(&tree, self)?;
        Ok(PreparedLookup { tree, lookup, columns: Columns::Full, limit: None })
    }

    /// Returns the text of a lookup with `${name}` filled in.
    ///
    /// # Errors
    /// A name has no value.
    pub(crate) fn substitute(&self, text: &str) -> Result<String, QueryError> {
        match &self.params {
            Some(params) => query::substitute(text, params).map_err(|mistake| QueryError::from(Box::new(mistake))),
            None => Ok(text.to_owned()),
        }
    }

    /// Returns the statement that answers a lookup.
    pub fn statement(&self, prepared: &PreparedLookup) -> Statement {
        let (lookup, case) = (&prepared.lookup, self.case());
        match prepared.columns {
            Columns::Brief => sql::emit(lookup, case, Projection::Brief, prepared.limit),
            Columns::Full => sql::emit(lookup, case, Projection::Full, prepared.limit),
            Columns::Record if prepared.is_event_list() => records_of(sql::emit_ids(lookup, case, prepared.limit)),
            Columns::Record => sql::emit(lookup, case, Projection::Full, prepared.limit),
        }
    }

    /// Answers a lookup, and returns the number of its rows. A list of events begins with the column `id`.
    ///
    /// # Errors
    /// The case cannot be read, the statement was interrupted, or the sink failed.
    pub fn run(&self, prepared: &PreparedLookup, sink: &mut dyn RowSink) -> Result<u64, QueryError> {
        self.answer(&self.statement(prepared), sink)
    }

    /// Puts the rows of a statement into a sink, and returns their number.
    pub(crate) fn answer(&self, statement: &Statement, sink: &mut dyn RowSink) -> Result<u64, QueryError> {
        self.check_interrupted()?;
        self.case.query(&statement.sql, &statement.params, sink)
    }

    /// Returns the number of events that a lookup's filter matches.
    ///
    /// # Errors
    /// The case cannot be read, or the statement was interrupted.
    pub fn count(&self, prepared: &PreparedLookup) -> Result<u64, QueryError> {
        let statement = sql::emit_count(&prepared.lookup, self.case());
        match self.exact_estimate(&statement) {
            Some(events) => Ok(events),
            None => self.scalar(&statement).map(|count| count.unwrap_or(0)),
        }
    }

    /// Returns the number of events that a lookup's filter matches, if counting needs no long scan of the records.
    pub(crate) fn cheap_count(&self, lookup: &ResolvedLookup) -> Result<Option<u64>, QueryError> {
        let statement = sql::emit_count(lookup, self.case());
        if statement.scans_records && statement.scan.is_none_or(|scan| scan.groups > MAX_FREE_SCAN_GROUPS) {
            return Ok(None);
        }
        match self.exact_estimate(&statement) {
            Some(events) => Ok(Some(events)),
            None => self.scalar(&statement),
        }
    }

    fn exact_estimate(&self, statement: &Statement) -> Option<u64> {
        statement.estimate.filter(|_| statement.exact)
    }

    fn scalar(&self, statement: &Statement) -> Result<Option<u64>, QueryError> {
        self.check_interrupted()?;
        let number = rows::scalar(|sink| self.case.query(&statement.sql, &statement.params, sink))?;
        Ok(number.and_then(|number| u64::try_from(number).ok()))
    }

    /// Returns `events.id` of the events that a lookup lists, ascending and without duplicates.
    ///
    /// # Errors
    /// The lookup counts events, the case cannot be read, or the statement was interrupted.
    pub fn event_ids(&self, prepared: &PreparedLookup) -> Result<Vec<i64>, QueryError> {
        if !prepared.is_event_list() {
            return Err(lists_no_events());
        }
        let statement = sql::emit_id_set(&prepared.lookup, self.case());
        self.check_interrupted()?;
        let mut ids = rows::integers(|sink| self.case.query(&statement.sql, &statement.params, sink))?;
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Ends work that was interrupted between two statements.
    pub(crate) fn check_interrupted(&self) -> Result<(), QueryError> {
        if self.interrupter.is_cancelled() { Err(QueryError::Interrupted) } else { Ok(()) }
    }
}

/// Returns the error of a lookup whose events are asked for and that counts them.
pub(crate) fn lists_no_events() -> QueryError {
    let mistake = Diagnostic::new("the lookup counts events and does not list them");
    QueryError::from(Box::new(mistake.hint("leave the stages out")))
}

/// Returns the statement that gives the records of the events whose ids a statement gives. SQLite keeps the order of a
/// single subquery, and its function keeps the last blocks of records, which asking for one by one does not.
fn records_of(ids: Statement) -> Statement {
    let sql = format!(
        "WITH ids (id) AS ({}) SELECT id, record(id) AS record FROM ids",
        ids.sql.trim_end().trim_end_matches(';')
    );
    Statement { sql, columns: vec!["id".to_owned(), "record".to_owned()], ..ids }
}

impl<C: Deref<Target = Case>> Environment for Engine<C> {
    fn now(&self) -> i64 {
        (self.now)()
    }

    fn newest_event(&self) -> Option<i64> {
        // If it cannot be read here, the statement cannot read it either, and says why.
        self.case.newest_event().ok().flatten()
    }

    fn read_list(&self, path: &str) -> Result<String, String> {
        read_list(path)
    }

    fn has_list(&self, path: &str) -> bool {
        has_list(path)
    }

    fn marked(&self, mark: Mark) -> Result<Vec<MarkedSubject>, String> {
        stored::marked(&self.case, mark)
    }

    fn hunted_rules(&self) -> Result<Option<HuntedRules>, String> {
        stored::hunted_rules(&self.case)
    }

    fn hunted_rule(&self, id: &str) -> Result<Option<HuntedRule>, String> {
        stored::hunted_rule(&self.case, id)
    }

    fn named_accounts(&self) -> Result<Vec<(String, String)>, String> {
        let named = self.case.named_accounts().map_err(|error| error.to_string())?;
        Ok(named.into_iter().map(|account| (account.id, account.name)).collect())
    }

    fn has_account(&self, account: &str) -> Result<bool, String> {
        self.case.has_account(account).map_err(|error| error.to_string())
    }

    fn person(&self, name: &str) -> Result<(Vec<String>, Vec<String>), String> {
        let person = self.case.person(name).map_err(|error| error.to_string())?;
        Ok((person.user_ids.into_iter().collect(), person.user_names.into_iter().collect()))
    }

    fn credential_chain(&self, key: &str) -> Result<Option<CredentialChain>, String> {
        stored::credential_chain(&self.case, key)
    }

    fn check_address_files(&self, column: &str) -> Result<(), MissingFile> {
        let Some(attribute) = Attribute::of_name(column) else { return Ok(()) };
        let known = self.case.geo_files().with(attribute);
        known.map(drop).map_err(|error| MissingFile { hint: error.hint(), reason: error.to_string() })
    }

    fn paths_to_key(&self, name: &str) -> Vec<String> {
        record_paths::to_key(&self.case, name)
    }
}

/// Returns the content of an `@FILE` list.
///
/// # Errors
/// It cannot be read; the error is the reason.
pub(crate) fn read_list(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
        _ => error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
    })
}

/// Reports whether there is a file for an `@FILE` list.
pub(crate) fn has_list(path: &str) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_dir())
}
