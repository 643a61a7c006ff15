//! The zstd dictionary of the blocks of a case, made of records among the first of its first large import. With it a
//! block takes two thirds of the space, and a small one, as files of few records make, far less.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

/// The bytes of records that make a dictionary. zstd's fastest level gains nothing from more.
const SIZE: usize = 256 << 10;
/// The records that are seen before there is a dictionary: a case with fewer is smaller without one.
const ENOUGH: usize = 4_096;
/// A record is taken if more than one in this many of its places begins a text that is new.
const NOVEL: usize = 8;
/// The length of these texts in bytes.
const LENGTH: usize = 7;
/// Bits of the set of texts that were met.
const PLACES_BITS: u32 = 18;

/// A dictionary.
pub(crate) struct Dictionary {
    /// Its number in the case, from 1: 0 in a block is none.
    pub(crate) id: i64,
    /// Records one after the other.
    pub(crate) bytes: Vec<u8>,
}

impl Dictionary {
    /// Returns a dictionary of the case.
    pub(crate) fn load(connection: &Connection, id: i64) -> rusqlite::Result<Option<Dictionary>> {
        let mut select = connection.prepare_cached("SELECT data FROM record_dictionaries WHERE id = ?1")?;
        let bytes = select.query_row([id], |row| {
            // Whatever the data says, no more than the largest dictionary is unpacked.
            zstd::bulk::decompress(row.get_ref(0)?.as_blob()?, SIZE).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(error))
            })
        });
        Ok(bytes.optional()?.map(|bytes| Dictionary { id, bytes }))
    }

    /// Keeps the dictionary in the case, unless it is there.
    pub(crate) fn keep(&self, connection: &Connection) -> rusqlite::Result<()> {
        let data = zstd::bulk::compress(&self.bytes, 3)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let mut insert =
            connection.prepare_cached("INSERT OR IGNORE INTO record_dictionaries (id, data) VALUES (?1, ?2)")?;
        insert.execute(params![self.id, data]).map(drop)
    }
}

/// The dictionary that the workers of an import share, as soon as there is one.
pub(crate) struct Dictionaries {
    ready: OnceLock<Arc<Dictionary>>,
    gathered: Mutex<Gathered>,
}

/// Records that may become a dictionary.
struct Gathered {
    /// The number of records that were seen.
    seen: usize,
    taken: Vec<Vec<u8>>,
    size: usize,
    /// Hashes of the texts that were met, as a set of bits.
    met: Vec<u64>,
}

impl Dictionaries {
    /// Returns the newest dictionary of a case, or one in the making.
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<Dictionaries> {
        let newest = "SELECT coalesce(max(id), 0) FROM record_dictionaries";
        let newest = Dictionary::load(connection, connection.query_row(newest, [], |row| row.get(0))?)?;
        let ready = newest.map(Arc::new).map_or_else(OnceLock::new, OnceLock::from);
        Ok(Dictionaries { ready, ..Dictionaries::in_the_making() })
    }

    /// Those of a new case.
    pub(crate) fn in_the_making() -> Dictionaries {
        let met = vec![0; 1 << (PLACES_BITS - 6)];
        let gathered = Gathered { seen: 0, taken: Vec::new(), size: 0, met };
        Dictionaries { ready: OnceLock::new(), gathered: Mutex::new(gathered) }
    }

    /// Returns the dictionary, if there is one.
    pub(crate) fn ready(&self) -> Option<&Arc<Dictionary>> {
        self.ready.get()
    }

    /// Learns from the records of a block, given their bytes one after the other and the length of each.
    pub(crate) fn learn(&self, lengths: &[u32], bytes: &[u8]) {
        // A panic while the lock was held leaves at worst a poorer dictionary.
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rest = bytes;
        for length in lengths {
            let (record, after) = rest.split_at(rest.len().min(*length as usize));
            rest = after;
            gathered.look(record);
        }
        if gathered.seen >= ENOUGH {
            gathered.met = Vec::new();
            let mut taken = std::mem::take(&mut gathered.taken);
            // What comes first is met most often; the end of a dictionary is the nearest to what follows it.
            taken.reverse();
            let _ = self.ready.set(Arc::new(Dictionary { id: 1, bytes: taken.concat() }));
        }
    }
}

impl Gathered {
    fn look(&mut self, record: &[u8]) {
        self.seen += 1;
        if self.size + record.len() > SIZE || self.met.is_empty() {
            return;
        }
        let places = || record.windows(LENGTH + 1).map(place);
        let new = places().filter(|place| self.met[place / 64] >> (place % 64) & 1 == 0).count();
        if new * NOVEL >= record.len() {
            places().for_each(|place| self.met[place / 64] |= 1 << (place % 64));
            self.size += record.len();
            self.taken.push(record.to_vec());
        }
    }
}

/// Returns the slot of the text that begins with these eight bytes.
fn place(window: &[u8]) -> usize {
    let bytes: [u8; 8] = window.try_into().unwrap_or_default();
    let text = u64::from_le_bytes(bytes) << (8 * (8 - LENGTH));
    (text.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PLACES_BITS)) as usize
}
