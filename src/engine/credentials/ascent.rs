//! The credentials that a key descends from.

use crate::engine::credentials::facts::{self, MAX_STEPS, SessionStart};
use crate::engine::credentials::hop::{Credential, Evidence};
use crate::store::{Case, QueryError};

/// The credentials that a key descends from.
pub(crate) struct Ancestors {
    /// From the key's parent upwards, each with the evidence of its child.
    pub(crate) steps: Vec<(Credential, Evidence)>,
    /// The reason why no more steps follow the last of them, or the key; `None` if no event of the case issued it.
    pub(crate) origin: Option<String>,
}

/// Finds what a key descends from. Proven steps come before inferred ones.
///
/// # Errors
/// The case cannot be read.
pub(crate) fn ancestors(case: &Case, key: &str) -> Result<Ancestors, QueryError> {
    let mut found = Ancestors { steps: Vec::new(), origin: None };
    let mut seen = vec![key.to_owned()];
    let mut step = key.to_owned();
    while seen.len() <= MAX_STEPS {
        let parent = match facts::issue(case, &step)? {
            Some(issue) if !issue.caller.is_empty() => {
                found.steps.push((Credential::Key(issue.caller.clone()), Evidence::Issued(issue.event)));
                Some(issue.caller)
            }
            Some(issue) => {
                if let Some(portal) = facts::portal(case, &issue)? {
                    found.steps.push((Credential::Portal(portal), Evidence::PortalUser(issue.event)));
                } else {
                    found.origin = Some(format!("issued by {}, which names no key", issue.event));
                }
                None
            }
            None => inferred_parent(case, &step, &mut found)?,
        };
        match parent {
            Some(parent) if !seen.contains(&parent) => {
                seen.push(parent.clone());
                step = parent;
            }
            // A key that issued itself, or a circle of forged records.
            Some(_) => {
                let evidence = found.steps.pop().map(|(_, evidence)| evidence.sentence()).unwrap_or_default();
                found.origin = Some(format!("{evidence}, by a key that is in this chain already"));
                return Ok(found);
            }
            None => return Ok(found),
        }
    }
    found.origin = Some(format!("not followed further: a chain shows at most {MAX_STEPS} steps above a key"));
    Ok(found)
}

/// Adds the steps from a key that no event issued; returns the key that they lead to.
fn inferred_parent(case: &Case, key: &str, found: &mut Ancestors) -> Result<Option<String>, QueryError> {
    for (_, session) in facts::sessions(case, &[key])? {
        if let Some(issued) = issued_key_of(case, &session)? {
            let start = crate::time::format(session.began.0);
            found.steps.push((Credential::Key(issued.clone()), Evidence::SameSession(start)));
            return Ok(Some(issued));
        }
        let (mut session, mut switched) = (session, None);
        if let Some((switch, console)) = facts::role_switch_of(case, &session)? {
            let evidence = Evidence::SwitchedTo(switch.clone());
            found.steps.push((Credential::RoleSwitch(switch.clone()), evidence));
            let Some(console) = console else {
                found.origin = Some(format!("{switch}, of a user whose sign-in is not in the case"));
                return Ok(None);
            };
            (session, switched) = (console, Some(Evidence::SwitchedFrom(switch)));
        }
        let Some(origin) = facts::sign_in_of(case, &session)? else { continue };
        let evidence = switched.unwrap_or_else(|| Evidence::SignedIn(origin.sign_in.clone()));
        found.steps.push((Credential::SignIn(origin.sign_in), evidence));
        if let Some((setter, event)) = origin.password.filter(|(setter, _)| setter != key) {
            found.steps.push((Credential::Key(setter.clone()), Evidence::Password(event)));
            return Ok(Some(setter));
        }
        return Ok(None);
    }
    Ok(None)
}

/// Returns the key of a session that an event of the case issued.
fn issued_key_of(case: &Case, session: &SessionStart) -> Result<Option<String>, QueryError> {
    let traces = facts::traces(case, session)?;
    match traces.keys.into_iter().find(|(_, is_issued)| *is_issued) {
        Some((key, _)) => Ok(Some(key)),
        None => facts::unused_key(case, session),
    }
}
