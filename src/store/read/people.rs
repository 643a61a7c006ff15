//! People of IAM Identity Center: user ids of the identity store, names to sign in with, and sessions of permission sets.

use std::collections::BTreeSet;
use std::time::Instant;

use rustc_hash::FxHashMap;

use crate::store::error::CaseError;
use crate::store::read::case::Case;
use crate::store::read::statistics::ValueCount;

/// The ids and names of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// User ids of the identity store: `userIdentity.onBehalfOf.userId` of events.
    pub user_ids: BTreeSet<String>,
    /// Names to sign in with, which sessions of permission sets have as their names.
    pub user_names: BTreeSet<String>,
}

/// The user ids and names that `identitystore list-users` and identities of events join. Sessions of other roles have
/// names that anyone may choose.
const JOINED: &str = "SELECT user_id, user_name FROM people \
     UNION SELECT on_behalf_of, session_name FROM identities WHERE role_name GLOB 'AWSReservedSSO_*' \
     UNION SELECT on_behalf_of, user_name FROM identities WHERE type = 'IdentityCenterUser'";

/// The names of people with the events of the identities that have them.
const NAMES: &str = "SELECT session_name, events FROM identities WHERE role_name GLOB 'AWSReservedSSO_*' \
     UNION ALL SELECT user_name, events FROM identities WHERE type = 'IdentityCenterUser' \
     UNION ALL SELECT on_behalf_of, events FROM identities WHERE on_behalf_of IS NOT NULL \
     UNION ALL SELECT user_name, 0 FROM people UNION ALL SELECT email, 0 FROM people \
     UNION ALL SELECT display_name, 0 FROM people UNION ALL SELECT user_id, 0 FROM people";

impl Case {
    /// Returns the names and user ids of people that begin with `prefix`, at most `most`, with the events of sessions and
    /// identities that have them, the most frequent first, as far as they are found until a time. What cannot be read has
    /// no names: completion cannot report an error.
    pub(crate) fn people_beginning(&self, prefix: &str, most: usize, until: Instant) -> Vec<ValueCount> {
        let mut counts: FxHashMap<String, u64> = FxHashMap::default();
        let mut read = || -> rusqlite::Result<()> {
            let mut select = self.connection.prepare_cached(NAMES)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()?.filter(|_| Instant::now() < until) {
                let name = row.get_ref(0)?.as_str_or_null()?.unwrap_or_default();
                if !name.is_empty() && name.starts_with(prefix) {
                    *counts.entry(name.to_owned()).or_default() += row.get::<_, Option<u64>>(1)?.unwrap_or(0);
                }
            }
            Ok(())
        };
        let _ = read();
        let mut found: Vec<(String, u64)> = counts.into_iter().collect();
        found.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
        found.truncate(most);
        let count = |(value, events)| ValueCount { value, events, more: false, last_seen: None };
        found.into_iter().map(count).collect()
    }

    /// Returns the ids and names of the people whom a user id, a user name, an email address or a display name means;
    /// names ignore case. Empty if the case knows no such person.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn person(&self, value: &str) -> Result<Person, CaseError> {
        let pairs: Vec<(Option<String>, Option<String>)> =
            self.rows(JOINED, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let lower = value.to_lowercase();
        // SQLite's lower() changes ASCII letters only.
        let is_name = |name: &Option<String>| name.as_ref().is_some_and(|name| name.to_lowercase() == lower);
        let listed: Vec<(String, Option<String>, Option<String>)> =
            self.rows("SELECT user_id, email, display_name FROM people", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        let mut person = Person::default();
        let named = listed.into_iter().filter(|(_, email, display_name)| is_name(email) || is_name(display_name));
        person.user_ids.extend(named.map(|(id, ..)| id));
        person.add(pairs.iter().filter(|(id, name)| id.as_deref() == Some(value) || is_name(name)));
        // From an id to its names, and from a name to its ids, until nothing is added.
        loop {
            let known = person.user_ids.len() + person.user_names.len();
            let ids = person.clone();
            person.add(pairs.iter().filter(|(id, name)| {
                id.as_ref().is_some_and(|id| ids.user_ids.contains(id))
                    || name.as_ref().is_some_and(|name| ids.user_names.contains(name))
            }));
            if person.user_ids.len() + person.user_names.len() == known {
                return Ok(person);
            }
        }
    }
}

impl Person {
    fn add<'p>(&mut self, pairs: impl Iterator<Item = &'p (Option<String>, Option<String>)>) {
        for (id, name) in pairs {
            self.user_ids.extend(id.clone());
            self.user_names.extend(name.clone());
        }
    }
}
