//! The credentials that descend from a key, by breadth-first search.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::diagnostic::Diagnostic;
use crate::engine::credentials::facts::{self, NamedEvent, SessionStart};
use crate::engine::credentials::hop::{Credential, Evidence, Hop};
use crate::number;
use crate::store::{Case, QueryError};

/// Maximum number of credentials in a chain.
const MAX_CREDENTIALS: usize = 100_000;

/// A key, and everything that descends from it.
#[derive(Debug, Default)]
pub(crate) struct Descent {
    /// The key itself, then the others; a parent comes before its children.
    pub(crate) hops: Vec<Hop>,
    /// The ids of events of these sessions that were signed with no key, such as sign-ins.
    pub(crate) keyless_events: BTreeSet<String>,
}

impl Descent {
    /// Returns the keys.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.hops.iter().filter_map(|hop| match &hop.credential {
            Credential::Key(key) => Some(key.as_str()),
            Credential::SignIn(_) | Credential::RoleSwitch(_) | Credential::Portal(_) => None,
        })
    }
}

/// Finds what descends from a key. Returns `None` if no event of the case was signed with the key or issued it.
///
/// # Errors
/// The case cannot be read, or the chain has more than [`MAX_CREDENTIALS`] credentials.
pub(crate) fn descend(case: &Case, key: &str) -> Result<Option<Descent>, QueryError> {
    if !facts::is_known(case, key)? {
        return Ok(None);
    }
    let mut search = Search { case, found: Descent::default(), places: HashMap::new(), sessions: HashSet::new() };
    search.found.hops.push(Hop { credential: Credential::Key(key.to_owned()), from: None });
    search.places.insert(key.to_owned(), 0);
    let mut level = 0..1;
    while !level.is_empty() {
        search.expand(level.clone())?;
        level = level.end..search.found.hops.len();
        if search.found.hops.len() > MAX_CREDENTIALS {
            let most = number::counted(MAX_CREDENTIALS as u64, "credential");
            let mistake = Diagnostic::new(format!("more than {most} descend from {key}"));
            return Err(QueryError::from(Box::new(mistake.hint("start from a key further down its chain"))));
        }
    }
    Ok(Some(search.found))
}

struct Search<'c> {
    case: &'c Case,
    found: Descent,
    /// The positions of the keys in the hops.
    places: HashMap<String, usize>,
    sessions: HashSet<SessionStart>,
}

impl Search<'_> {
    /// Adds the children of the credentials at these positions.
    fn expand(&mut self, level: std::ops::Range<usize>) -> Result<(), QueryError> {
        let parents: Vec<Hop> = self.found.hops[level].to_vec();
        let keys: Vec<&str> = parents
            .iter()
            .filter_map(|hop| match &hop.credential {
                Credential::Key(key) => Some(key.as_str()),
                Credential::SignIn(_) | Credential::RoleSwitch(_) | Credential::Portal(_) => None,
            })
            .collect();
        for (caller, issued, event) in facts::issued(self.case, &keys)? {
            self.add_key(&caller, issued, Evidence::Issued(event));
        }
        for (key, session) in facts::sessions(self.case, &keys)? {
            let Some(parent) = self.places.get(&key).copied() else { continue };
            self.add_session(parent, session, None)?;
        }
        for change in facts::password_changes(self.case, &keys)? {
            let Some(parent) = self.places.get(&change.key).copied() else { continue };
            for signed_in in facts::sign_ins_after(self.case, &change)? {
                let (credential, evidence) =
                    (Credential::SignIn(signed_in.event.clone()), Evidence::Password(change.event.clone()));
                let place = self.add_keyless(parent, &signed_in.event, credential, evidence);
                self.add_session(place, signed_in.session, Some(Evidence::SignedIn(signed_in.event)))?;
            }
        }
        Ok(())
    }

    /// Adds the hop of an event without a key, and returns its place: that of the parent if the event is known.
    fn add_keyless(&mut self, parent: usize, event: &NamedEvent, credential: Credential, evidence: Evidence) -> usize {
        if !self.found.keyless_events.insert(event.id.clone()) {
            return parent;
        }
        self.found.hops.push(Hop { credential, from: Some((parent, evidence)) });
        self.found.hops.len() - 1
    }

    fn add_key(&mut self, parent: &str, key: String, evidence: Evidence) {
        let Some(parent) = self.places.get(parent).copied() else { return };
        self.add_child(parent, key, evidence);
    }

    fn add_child(&mut self, parent: usize, key: String, evidence: Evidence) {
        if self.places.contains_key(&key) {
            return;
        }
        self.places.insert(key.clone(), self.found.hops.len());
        self.found.hops.push(Hop { credential: Credential::Key(key), from: Some((parent, evidence)) });
    }

    /// Adds the keys of a session that no event issued, and its events without a key.
    fn add_session(
        &mut self,
        parent: usize,
        session: SessionStart,
        evidence: Option<Evidence>,
    ) -> Result<(), QueryError> {
        if !self.sessions.insert(session.clone()) {
            return Ok(());
        }
        let traces = facts::traces(self.case, &session)?;
        let is_of_console = matches!(evidence, Some(Evidence::SignedIn(_)));
        let evidence = evidence.unwrap_or_else(|| Evidence::SameSession(crate::time::format(session.began.0)));
        for (key, is_issued) in traces.keys {
            if !is_issued {
                self.add_child(parent, key, evidence.clone());
            }
        }
        for event in traces.keyless {
            let is_sign_in = event.name == "ConsoleLogin";
            if self.found.keyless_events.insert(event.id.clone()) && is_sign_in {
                let credential = Credential::SignIn(event);
                self.found.hops.push(Hop { credential, from: Some((parent, evidence.clone())) });
            }
        }
        if is_of_console || facts::sign_in_of(self.case, &session)?.is_some() {
            self.add_role_switches(parent, &session)?;
        }
        Ok(())
    }

    /// Adds the switches to roles in a console session, with their sessions.
    fn add_role_switches(&mut self, parent: usize, session: &SessionStart) -> Result<(), QueryError> {
        for switch in facts::role_switches(self.case, session)? {
            let (credential, evidence) =
                (Credential::RoleSwitch(switch.event.clone()), Evidence::SwitchedFrom(switch.event.clone()));
            let place = self.add_keyless(parent, &switch.event, credential, evidence);
            self.add_session(place, switch.session, Some(Evidence::SwitchedTo(switch.event)))?;
        }
        Ok(())
    }
}
