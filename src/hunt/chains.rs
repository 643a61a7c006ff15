//! Chains of credentials: from the key that signed a call back to the principal that the first key was issued to.

use std::collections::HashMap;

use crate::engine::Engine;
use crate::engine::credentials::facts::{self, Caller, MAX_STEPS};
use crate::store::QueryError;

/// The chains of keys, read when first needed.
#[derive(Default)]
pub(crate) struct Chains {
    /// The identity at the beginning of a key's chain; `None` if no event of the case issued the key.
    roots: HashMap<String, Option<i64>>,
    /// The caller of events that have copies in several accounts, by the id that the copies have in common.
    callers: HashMap<String, Option<Caller>>,
}

impl Chains {
    /// Returns the key and the identity of the caller of an event that has copies in several accounts; `None` if no copy
    /// has the key.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn caller(&mut self, engine: &Engine, shared_id: &str) -> Result<Option<Caller>, QueryError> {
        if let Some(caller) = self.callers.get(shared_id) {
            return Ok(caller.clone());
        }
        let caller = facts::caller(engine.case(), shared_id)?;
        self.callers.insert(shared_id.to_owned(), caller.clone());
        Ok(caller)
    }

    /// Returns the identity at the beginning of a key's chain; `None` if no principal of the case obtained the key. A key
    /// that a service obtained begins with its user.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn root(&mut self, engine: &Engine, key: &str) -> Result<Option<i64>, QueryError> {
        if let Some(root) = self.roots.get(key) {
            return Ok(*root);
        }
        let mut root = None;
        let mut step = key.to_owned();
        let mut steps = vec![step.clone()];
        while steps.len() <= MAX_STEPS {
            if let Some(known) = self.roots.get(&step) {
                root = known.or(root);
                break;
            }
            let Some(issue) = facts::issue(engine.case(), &step)? else { break };
            if issue.identity_type == "AWSService" {
                break;
            }
            root = issue.identity.or(root);
            if issue.caller.is_empty() || steps.contains(&issue.caller) {
                break;
            }
            steps.push(issue.caller.clone());
            step = issue.caller;
        }
        self.roots.insert(key.to_owned(), root);
        Ok(root)
    }
}
