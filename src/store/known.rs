//! How the writer recognises the identities, resources and texts that a case has already: by 128-bit hashes of what
//! tells them apart.

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_128};

use crate::event::{Identity, Resource};

/// A hash of texts in order, in which an absent one differs from an empty one.
fn key(parts: &[Option<&str>]) -> u128 {
    let mut hasher = Xxh3::new();
    for part in parts {
        match part {
            Some(text) => {
                hasher.update(&(text.len() as u64 + 1).to_le_bytes());
                hasher.update(text.as_bytes());
            }
            None => hasher.update(&0_u64.to_le_bytes()),
        }
    }
    hasher.digest128()
}

/// What tells an identity apart, and a hash of what it has beside that.
pub(crate) fn identity_key(i: &Identity) -> (u128, u64) {
    let without_arn = i.arn.is_none();
    let apart = key(&[
        i.kind.as_deref(),
        i.arn.as_deref(),
        i.principal_id.as_deref(),
        i.account_id.as_deref(),
        i.on_behalf_of.as_deref(),
        i.user_name.as_deref().filter(|_| without_arn),
        i.invoked_by.as_deref().filter(|_| without_arn),
    ]);
    let rest = key(&[
        i.user_name.as_deref(),
        i.role_name.as_deref(),
        i.role_arn.as_deref(),
        i.session_name.as_deref(),
        i.identity_provider.as_deref(),
    ]);
    (apart, rest as u64)
}

/// What tells a resource apart.
pub(crate) fn resource_key(resource: &Resource) -> u128 {
    key(&[
        resource.kind.as_deref(),
        Some(&resource.name),
        resource.arn.as_deref(),
        resource.account_id.as_deref(),
        resource.aws_region.as_deref(),
    ])
}

/// What tells an event apart, for this run's memory.
pub(crate) fn event_key(event_id: &str) -> u64 {
    xxh3_64(event_id.as_bytes())
}

/// The identities of a case.
pub(crate) fn identities(connection: &Connection) -> rusqlite::Result<FxHashMap<u128, (i64, u64)>> {
    let mut select = connection.prepare(
        "SELECT id, type, user_name, arn, account_id, principal_id, role_name, role_arn, session_name, \
         identity_provider, on_behalf_of, invoked_by FROM identities",
    )?;
    let rows = select.query_map([], |row| {
        let text = |index: usize| -> rusqlite::Result<_> {
            Ok(row.get_ref(index)?.as_str_or_null()?.map(crate::event::Text::from))
        };
        let identity = Identity {
            kind: text(1)?,
            user_name: text(2)?,
            arn: text(3)?,
            account_id: text(4)?,
            principal_id: text(5)?,
            role_name: text(6)?,
            role_arn: text(7)?,
            session_name: text(8)?,
            identity_provider: text(9)?,
            on_behalf_of: text(10)?,
            invoked_by: text(11)?,
        };
        let (key, rest) = identity_key(&identity);
        Ok((key, (row.get(0)?, rest)))
    })?;
    rows.collect()
}

/// The resources of a case.
pub(crate) fn resources(connection: &Connection) -> rusqlite::Result<FxHashMap<u128, i64>> {
    let mut select = connection.prepare("SELECT id, type, name, arn, account_id, aws_region FROM resources")?;
    let rows = select.query_map([], |row| {
        let text = |index: usize| row.get_ref(index)?.as_str_or_null().map_err(rusqlite::Error::from);
        Ok((key(&[text(1)?, text(2)?, text(3)?, text(4)?, text(5)?]), row.get(0)?))
    })?;
    rows.collect()
}

/// The texts of a table of texts.
pub(crate) fn texts(connection: &Connection, table: &str) -> rusqlite::Result<FxHashMap<u128, i64>> {
    let mut select = connection.prepare(&format!("SELECT id, text FROM {table}"))?;
    let rows = select.query_map([], |row| Ok((xxh3_128(row.get_ref(1)?.as_str()?.as_bytes()), row.get(0)?)))?;
    rows.collect()
}

/// The id of a text in a table of texts, which gets it where it is new.
pub(crate) fn text_id(
    connection: &Connection,
    known: &mut FxHashMap<u128, i64>,
    table: &str,
    text: &str,
) -> rusqlite::Result<i64> {
    let key = xxh3_128(text.as_bytes());
    if let Some(id) = known.get(&key) {
        return Ok(*id);
    }
    connection.prepare_cached(&format!("INSERT INTO {table} (text) VALUES (?1)"))?.execute(params![text])?;
    let id = connection.last_insert_rowid();
    known.insert(key, id);
    Ok(id)
}
