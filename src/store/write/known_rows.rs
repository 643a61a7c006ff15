//! The identities and resources that a run knows, by their keys. A small run finds those that it meets; a large one knows
//! all.

use rusqlite::{Connection, OptionalExtension, Statement, ffi, params};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::event::{Identity, Resource};
use crate::store::key::{Key, KeyBuilder};
use crate::store::write::intern::{self, IDENTITY_COLUMNS, KnownIdentity};

/// The identities that are known.
pub(crate) struct KnownIdentities<'c> {
    known: FxHashMap<Key, KnownIdentity>,
    /// Finds those with an ARN; `None` if all are known.
    find: Option<Statement<'c>>,
    /// The ARNs whose identities are known.
    arns: FxHashSet<Key>,
    keyer: KeyBuilder,
    /// Maximum number of rows in an undamaged case of its size.
    most: u64,
}

/// Minimum size of an identity in bytes: a row, and an entry of the index on ARNs.
const LEAST_BYTES: u64 = 16;

impl<'c> KnownIdentities<'c> {
    /// Returns a list in which each is looked up: with the index on their ARNs.
    pub(crate) fn to_find(connection: &'c Connection) -> rusqlite::Result<KnownIdentities<'c>> {
        let find = connection.prepare(&format!("SELECT {IDENTITY_COLUMNS} FROM identities WHERE arn IS ?1"))?;
        let size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        let most = connection.query_row(size, [], |row| row.get::<_, u64>(0))? / LEAST_BYTES;
        let (known, arns, keyer) = Default::default();
        Ok(KnownIdentities { known, find: Some(find), arns, keyer, most })
    }

    /// Reads all.
    pub(crate) fn load(connection: &Connection) -> rusqlite::Result<KnownIdentities<'c>> {
        let (arns, keyer) = Default::default();
        Ok(KnownIdentities { known: intern::identities(connection)?, find: None, arns, keyer, most: 0 })
    }

    /// Returns the id of an identity that the case has, and the hash of its other attributes.
    pub(crate) fn get(&mut self, identity: &Identity, key: Key) -> rusqlite::Result<Option<KnownIdentity>> {
        if let Some(known) = self.known.get(&key) {
            return Ok(Some(*known));
        }
        let Some(find) = &mut self.find else { return Ok(None) };
        let arn = identity.arn.as_deref();
        if !self.arns.insert(self.keyer.key(&[arn])) {
            return Ok(None);
        }
        let (mut rows, mut number) = (find.query([arn])?, 0);
        while let Some(row) = rows.next()? {
            number += 1;
            if number > self.most {
                // In a crafted index, pages can point to each other.
                return Err(endless());
            }
            let (key, known) = intern::identity_of(row, &mut self.keyer)?;
            self.known.insert(key, known);
        }
        Ok(self.known.get(&key).copied())
    }

    /// Adds one that the run has inserted.
    pub(crate) fn insert(&mut self, key: Key, known: KnownIdentity) {
        self.known.insert(key, known);
    }
}

fn endless() -> rusqlite::Error {
    let reason = "the index `identities_by_arn` has more entries than a case of this size".to_owned();
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), Some(reason))
}

/// The resources that are known.
pub(crate) struct KnownResources<'c> {
    /// Ids in four bytes: 10,000,000 events may name four million resources.
    ids: FxHashMap<Key, u32>,
    /// Finds one that the case has; `None` if all are known.
    find: Option<Statement<'c>>,
}

const FIND_RESOURCE: &str = "SELECT id FROM resources WHERE name = ?1 AND type IS ?2 AND arn IS ?3 \
     AND account_id IS ?4 AND aws_region IS ?5";

impl<'c> KnownResources<'c> {
    /// Returns a list in which each is looked up: with the index on their names.
    pub(crate) fn to_find(connection: &'c Connection) -> rusqlite::Result<KnownResources<'c>> {
        Ok(KnownResources { ids: FxHashMap::default(), find: Some(connection.prepare(FIND_RESOURCE)?) })
    }

    /// Reads all.
    pub(crate) fn load(connection: &Connection) -> rusqlite::Result<KnownResources<'c>> {
        Ok(KnownResources { ids: intern::resources(connection)?, find: None })
    }

    /// Returns the id of a resource that the case has.
    pub(crate) fn id(&mut self, resource: &Resource, key: Key) -> rusqlite::Result<Option<i64>> {
        if let Some(id) = self.ids.get(&key) {
            return Ok(Some(i64::from(*id)));
        }
        let Some(find) = &mut self.find else { return Ok(None) };
        let row = params![
            resource.name.as_str(),
            resource.kind.as_deref(),
            resource.arn.as_deref(),
            resource.account_id.as_deref(),
            resource.aws_region.as_deref()
        ];
        let found: Option<u32> = find.query_row(row, |row| row.get(0)).optional()?;
        self.ids.extend(found.map(|id| (key, id)));
        Ok(found.map(i64::from))
    }

    /// Adds one that the run has inserted.
    pub(crate) fn insert(&mut self, key: Key, id: i64) {
        self.ids.insert(key, id as u32);
    }
}
