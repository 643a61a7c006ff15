//! The identities and resources that a run knows, by their keys. A small run finds those that it meets; a large one knows
//! all.

use rusqlite::{Connection, Row, Statement, ffi};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::event::{Identity, Resource};
use crate::store::key::{Key, KeyBuilder};
use crate::store::write::intern::{self, IDENTITY_COLUMNS, KnownIdentity, RESOURCE_COLUMNS};

/// Finds rows by a text in a column with an index, each text once.
struct RowFinder<'c> {
    statement: Statement<'c>,
    index: &'static str,
    /// The texts whose rows are known.
    texts: FxHashSet<Key>,
    keyer: KeyBuilder,
    /// Maximum number of rows in an undamaged case of its size.
    most: u64,
}

/// Minimum size of a row in bytes, with its entry of the index.
const LEAST_BYTES: u64 = 16;

impl<'c> RowFinder<'c> {
    fn new(connection: &'c Connection, sql: &str, index: &'static str) -> rusqlite::Result<RowFinder<'c>> {
        let size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        let most = connection.query_row(size, [], |row| row.get::<_, u64>(0))? / LEAST_BYTES;
        let (texts, keyer) = Default::default();
        Ok(RowFinder { statement: connection.prepare(sql)?, index, texts, keyer, most })
    }

    /// Gives the rows with a text to `take`, unless they are known.
    fn find(
        &mut self,
        text: Option<&str>,
        mut take: impl FnMut(&Row<'_>, &mut KeyBuilder) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        if !self.texts.insert(self.keyer.key(&[text])) {
            return Ok(());
        }
        let (mut rows, mut number) = (self.statement.query([text])?, 0);
        while let Some(row) = rows.next()? {
            number += 1;
            if number > self.most {
                // In a crafted index, pages can point to each other.
                return Err(endless(self.index));
            }
            take(row, &mut self.keyer)?;
        }
        Ok(())
    }
}

fn endless(index: &str) -> rusqlite::Error {
    let reason = format!("the index `{index}` has more entries than a case of this size");
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), Some(reason))
}

/// The identities that are known.
pub(crate) struct KnownIdentities<'c> {
    known: FxHashMap<Key, KnownIdentity>,
    /// Finds those with an ARN; `None` if all are known.
    finder: Option<RowFinder<'c>>,
}

impl<'c> KnownIdentities<'c> {
    /// Returns a list in which each is looked up: with the index on their ARNs.
    pub(crate) fn to_find(connection: &'c Connection) -> rusqlite::Result<KnownIdentities<'c>> {
        let sql = format!("SELECT {IDENTITY_COLUMNS} FROM identities WHERE arn IS ?1");
        let finder = Some(RowFinder::new(connection, &sql, "identities_by_arn")?);
        Ok(KnownIdentities { known: FxHashMap::default(), finder })
    }

    /// Reads all.
    pub(crate) fn load(connection: &Connection) -> rusqlite::Result<KnownIdentities<'c>> {
        Ok(KnownIdentities { known: intern::identities(connection)?, finder: None })
    }

    /// Returns the id of an identity that the case has, and the hash of its other attributes.
    pub(crate) fn get(&mut self, identity: &Identity, key: Key) -> rusqlite::Result<Option<KnownIdentity>> {
        if let Some(known) = self.known.get(&key) {
            return Ok(Some(*known));
        }
        let Some(finder) = &mut self.finder else { return Ok(None) };
        finder.find(identity.arn.as_deref(), |row, keyer| {
            let (key, known) = intern::identity_of(row, keyer)?;
            self.known.insert(key, known);
            Ok(())
        })?;
        Ok(self.known.get(&key).copied())
    }

    /// Adds one that the run has inserted.
    pub(crate) fn insert(&mut self, key: Key, known: KnownIdentity) {
        self.known.insert(key, known);
    }
}

/// The resources that are known.
pub(crate) struct KnownResources<'c> {
    /// Ids in four bytes: 10,000,000 events may name four million resources.
    ids: FxHashMap<Key, u32>,
    /// Finds those with a name; `None` if all are known.
    finder: Option<RowFinder<'c>>,
}

impl<'c> KnownResources<'c> {
    /// Returns a list in which each is looked up: with the index on their names.
    pub(crate) fn to_find(connection: &'c Connection) -> rusqlite::Result<KnownResources<'c>> {
        let sql = format!("SELECT {RESOURCE_COLUMNS} FROM resources WHERE name = ?1");
        let finder = Some(RowFinder::new(connection, &sql, "resources_by_name")?);
        Ok(KnownResources { ids: FxHashMap::default(), finder })
    }

    /// Reads all.
    pub(crate) fn load(connection: &Connection) -> rusqlite::Result<KnownResources<'c>> {
        Ok(KnownResources { ids: intern::resources(connection)?, finder: None })
    }

    /// Returns the id of a resource that the case has.
    pub(crate) fn id(&mut self, resource: &Resource, key: Key) -> rusqlite::Result<Option<i64>> {
        if let Some(id) = self.ids.get(&key) {
            return Ok(Some(i64::from(*id)));
        }
        let Some(finder) = &mut self.finder else { return Ok(None) };
        finder.find(Some(&resource.name), |row, keyer| {
            let (key, id) = intern::resource_of(row, keyer)?;
            self.ids.insert(key, id);
            Ok(())
        })?;
        Ok(self.ids.get(&key).copied().map(i64::from))
    }

    /// Adds one that the run has inserted.
    pub(crate) fn insert(&mut self, key: Key, id: i64) {
        self.ids.insert(key, id as u32);
    }
}
