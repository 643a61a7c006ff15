//! Chains of credentials: from the key that signed a call back to the principal that the first key was issued to.

use std::collections::HashMap;

use crate::engine::Engine;
use crate::rows::{self, Value, text};
use crate::sql::Param;
use crate::store::QueryError;

/// The most steps of a chain.
const MAX_STEPS: usize = 32;

/// The caller of the event that issued a key. Of two copies in two accounts, the one that knows the caller's key is the
/// caller's own.
const ISSUE: &str = "SELECT e.access_key_id, e.identity_id, i.type FROM events e \
     LEFT JOIN identities i ON i.id = e.identity_id WHERE e.issued_access_key_id = ?1 AND +e.outcome = 'ok' \
     ORDER BY e.access_key_id IS NULL, e.time, e.id LIMIT 1";

/// The caller in that copy of an event which has the key.
const CALLER: &str = "SELECT e.access_key_id, e.identity_id FROM events e WHERE e.shared_event_id = ?1 \
     AND +e.access_key_id IS NOT NULL ORDER BY e.event_id LIMIT 1";

/// The chains of keys, read when first needed.
#[derive(Default)]
pub(crate) struct Chains {
    /// The identity at the beginning of a key's chain; `None` if no event of the case issued the key.
    roots: HashMap<String, Option<i64>>,
    /// The caller of events that have copies in several accounts, by the id that the copies have in common.
    callers: HashMap<String, Option<Caller>>,
}

/// The key and the identity of the caller of an event.
type Caller = (String, Option<i64>);

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
        let params = [Param::Text(shared_id.to_owned())];
        let found = rows::collect(|sink| engine.case().query(CALLER, &params, sink))?;
        let caller = found.rows.first().map(|row| match row.get(1) {
            Some(Value::Integer(identity)) => (text(row.first()), Some(*identity)),
            _ => (text(row.first()), None),
        });
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
            let params = [Param::Text(step.clone())];
            let found = rows::collect(|sink| engine.case().query(ISSUE, &params, sink))?;
            let Some([caller, identity, kind]) = found.rows.first().map(Vec::as_slice) else { break };
            if text(Some(kind)) == "AWSService" {
                break;
            }
            if let Value::Integer(identity) = identity {
                root = Some(*identity);
            }
            let caller = text(Some(caller));
            if caller.is_empty() || steps.contains(&caller) {
                break;
            }
            steps.push(caller.clone());
            step = caller;
        }
        self.roots.insert(key.to_owned(), root);
        Ok(root)
    }
}
