//! Lookups as statements of other engines. They need no case, except for values that only a case has: marks, the rules of
//! a hunt, people, names of accounts and chains of credentials.

use std::cell::Cell;

use crate::diagnostic::Diagnostic;
use crate::engine::{has_list, read_list};
use crate::query::{self, CredentialChain, Environment, HuntedRule, HuntedRules, MarkedSubject};
use crate::session::{Answer, Session, SessionError};
pub(crate) use crate::sql::translate::{Layout, RowKind, Target};
use crate::subject::Mark;

/// The reason why there is no statement of a lookup.
#[derive(Debug)]
pub(crate) enum Untranslated {
    /// The lookup is invalid, or the engine has nothing for a part of it.
    Refused(Diagnostic),
    /// The case or a file that the lookup needs cannot be read, so that nothing is known of the lookup.
    Unread(Diagnostic),
}

impl From<Untranslated> for SessionError {
    fn from(reason: Untranslated) -> SessionError {
        match reason {
            Untranslated::Refused(mistake) | Untranslated::Unread(mistake) => mistake.into(),
        }
    }
}

/// The surroundings of a lookup on the table of another engine.
struct Elsewhere<'s> {
    session: &'s Session,
    /// True after a file or an existing case could not be read.
    is_unread: Cell<bool>,
}

impl Elsewhere<'_> {
    fn ask<T>(&self, ask: impl FnOnce(&dyn Environment) -> Result<T, String>) -> Result<T, String> {
        let engine = self.session.engine().map_err(|error| error.into_diagnostic().message);
        let answer = engine.and_then(|engine| ask(&engine));
        if answer.is_err() && !matches!(self.session.path().try_exists(), Ok(false)) {
            self.is_unread.set(true);
        }
        answer
    }
}

impl Environment for Elsewhere<'_> {
    fn now(&self) -> i64 {
        crate::time::now()
    }

    fn newest_event(&self) -> Option<i64> {
        None
    }

    fn finds_newest_when_run(&self) -> bool {
        true
    }

    fn read_list(&self, path: &str) -> Result<String, String> {
        read_list(path).inspect_err(|_| self.is_unread.set(true))
    }

    fn has_list(&self, path: &str) -> bool {
        has_list(path)
    }

    fn marked(&self, mark: Mark) -> Result<Vec<MarkedSubject>, String> {
        self.ask(|case| case.marked(mark))
    }

    fn hunted_rules(&self) -> Result<Option<HuntedRules>, String> {
        self.ask(|case| case.hunted_rules())
    }

    fn hunted_rule(&self, id: &str) -> Result<Option<HuntedRule>, String> {
        self.ask(|case| case.hunted_rule(id))
    }

    fn named_accounts(&self) -> Result<Vec<(String, String)>, String> {
        // Without a case, no account has a name, and a value is an id.
        match self.session.path().try_exists() {
            Ok(false) => Ok(Vec::new()),
            Ok(true) | Err(_) => self.ask(|case| case.named_accounts()),
        }
    }

    fn has_account(&self, account: &str) -> Result<bool, String> {
        self.ask(|case| case.has_account(account))
    }

    fn person(&self, name: &str) -> Result<(Vec<String>, Vec<String>), String> {
        self.ask(|case| case.person(name))
    }

    fn credential_chain(&self, key: &str) -> Result<Option<CredentialChain>, String> {
        self.ask(|case| case.credential_chain(key))
    }
}

impl Session {
    /// Prints a lookup as a statement of another engine.
    ///
    /// # Errors
    /// The lookup is invalid, or the engine has nothing for a part of it.
    pub(crate) fn translate(&mut self, text: &str, target: &Target, rows: RowKind) -> Result<Answer, SessionError> {
        let (statement, notes) = self.translated(&self.substituted(text)?, target, rows)?;
        self.print(&statement)?;
        notes.iter().for_each(|note| self.note(note));
        Ok(Answer::default())
    }

    /// Prints the statement that makes the table of another engine, with folders for these columns.
    ///
    /// # Errors
    /// The engine does not have the table.
    pub(crate) fn print_definition(
        &mut self,
        target: &Target,
        partitions: &[&str],
        location: Option<&str>,
    ) -> Result<Answer, SessionError> {
        self.print(&target.definition(partitions, location)?)?;
        Ok(Answer::default())
    }

    /// Returns the statement of a lookup, and remarks on its meaning.
    pub(crate) fn translated(
        &self,
        text: &str,
        target: &Target,
        rows: RowKind,
    ) -> Result<(String, Vec<String>), Untranslated> {
        let refused = |mistake: Diagnostic| Untranslated::Refused(mistake.in_source(text));
        let tree = query::parse(text).map_err(refused)?;
        let surroundings = Elsewhere { session: self, is_unread: Cell::new(false) };
        let lookup = query::resolve(&tree, &surroundings).map_err(|mistake| match surroundings.is_unread.get() {
            true => Untranslated::Unread(mistake.in_source(text)),
            false => refused(mistake),
        })?;
        let statement = target.statement(&lookup, rows).map_err(refused)?;
        Ok((statement, lookup.notes().to_vec()))
    }
}
