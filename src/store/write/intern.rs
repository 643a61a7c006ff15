//! Interning: the keys by which the writer finds the identities, resources and texts that a case already has.

use rusqlite::{Connection, Row, params};
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use crate::event::{Event, Identity, Resource, Text};
use crate::store::key::{Key, KeyBuilder, key_of};
use crate::store::rollup::facets;

impl KeyBuilder {
    /// Returns the hashes of what a case recognizes an event's parts by. Workers make them, so that the writer need
    /// not.
    pub(crate) fn keys(&mut self, event: &Event) -> InternKeys {
        InternKeys {
            event: xxh3_64(event.event_id.as_bytes()),
            facet: facets::key(self, event),
            identity: event.identity.as_ref().map(|identity| self.identity(identity)),
            user_agent: event.user_agent.as_ref().map(|text| key_of(text)),
            error_message: event.error_message.as_ref().map(|text| key_of(text)),
            resources: event.resources.iter().map(|used| self.resource(&used.resource)).collect(),
        }
    }

    /// Returns the key of an identity, and a hash of its other attributes.
    fn identity(&mut self, i: &Identity) -> (Key, u64) {
        let without_arn = i.arn.is_none();
        let apart = self.key(&[
            i.kind.as_deref(),
            i.arn.as_deref(),
            i.principal_id.as_deref(),
            i.account_id.as_deref(),
            i.on_behalf_of.as_deref(),
            i.user_name.as_deref().filter(|_| without_arn),
            i.invoked_by.as_deref().filter(|_| without_arn),
        ]);
        let rest = self.key(&[
            i.user_name.as_deref(),
            i.role_name.as_deref(),
            i.role_arn.as_deref(),
            i.session_name.as_deref(),
            i.identity_provider.as_deref(),
        ]);
        (apart, u64::from(rest[0]) | u64::from(rest[1]) << 32)
    }

    /// Returns the key of a resource.
    fn resource(&mut self, resource: &Resource) -> Key {
        self.key(&[
            resource.kind.as_deref(),
            Some(&resource.name),
            resource.arn.as_deref(),
            resource.account_id.as_deref(),
            resource.aws_region.as_deref(),
        ])
    }
}

/// The keys of an event and its parts.
#[derive(Debug)]
pub(crate) struct InternKeys {
    pub(crate) event: EventKey,
    pub(crate) facet: Key,
    pub(crate) identity: Option<(Key, u64)>,
    pub(crate) user_agent: Option<Key>,
    pub(crate) error_message: Option<Key>,
    pub(crate) resources: Vec<Key>,
}

/// The key of an event in the memory of a run: a hash of its eventID.
pub(crate) type EventKey = u64;

/// The id of an identity, and the hash of the attributes that its key leaves out.
pub(crate) type KnownIdentity = (i64, u64);

/// The columns that [`identity_of`] reads.
pub(crate) const IDENTITY_COLUMNS: &str = "id, type, user_name, arn, account_id, principal_id, role_name, role_arn, \
     session_name, identity_provider, on_behalf_of, invoked_by";

/// Returns the key of an identity, and what is known of it.
pub(crate) fn identity_of(row: &Row<'_>, keyer: &mut KeyBuilder) -> rusqlite::Result<(Key, KnownIdentity)> {
    let text = |index: usize| -> rusqlite::Result<_> { Ok(row.get_ref(index)?.as_str_or_null()?.map(Text::from)) };
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
    let (key, rest) = keyer.identity(&identity);
    Ok((key, (row.get(0)?, rest)))
}

/// Returns the identities of a case.
pub(crate) fn identities(connection: &Connection) -> rusqlite::Result<FxHashMap<Key, KnownIdentity>> {
    let mut keyer = KeyBuilder::default();
    let mut select = connection.prepare(&format!("SELECT {IDENTITY_COLUMNS} FROM identities"))?;
    select.query_map([], |row| identity_of(row, &mut keyer))?.collect()
}

/// The columns that [`resource_of`] reads.
pub(crate) const RESOURCE_COLUMNS: &str = "id, type, name, arn, account_id, aws_region";

/// Returns the key of a resource, and its id.
pub(crate) fn resource_of(row: &Row<'_>, keyer: &mut KeyBuilder) -> rusqlite::Result<(Key, u32)> {
    let text = |index: usize| row.get_ref(index)?.as_str_or_null().map_err(rusqlite::Error::from);
    Ok((keyer.key(&[text(1)?, text(2)?, text(3)?, text(4)?, text(5)?]), row.get(0)?))
}

/// Returns the resources of a case.
pub(crate) fn resources(connection: &Connection) -> rusqlite::Result<FxHashMap<Key, u32>> {
    let mut keyer = KeyBuilder::default();
    let mut select = connection.prepare(&format!("SELECT {RESOURCE_COLUMNS} FROM resources"))?;
    select.query_map([], |row| resource_of(row, &mut keyer))?.collect()
}

/// Returns the texts of a table of texts.
pub(crate) fn texts(connection: &Connection, table: &str) -> rusqlite::Result<FxHashMap<Key, i64>> {
    let mut select = connection.prepare(&format!("SELECT id, text FROM {table}"))?;
    let rows = select.query_map([], |row| Ok((key_of(row.get_ref(1)?.as_str()?), row.get(0)?)))?;
    rows.collect()
}

/// Returns the id of a text in a table of texts, which gets it, met at this time, where it is new.
pub(crate) fn text_id(
    connection: &Connection,
    known: &mut FxHashMap<Key, i64>,
    table: &str,
    (key, text): (Key, &str),
    time: Option<&str>,
) -> rusqlite::Result<i64> {
    if let Some(id) = known.get(&key) {
        return Ok(*id);
    }
    connection
        .prepare_cached(&format!("INSERT INTO {table} (text, events, first_seen, last_seen) VALUES (?1, 1, ?2, ?2)"))?
        .execute(params![text, time])?;
    let id = connection.last_insert_rowid();
    known.insert(key, id);
    Ok(id)
}
