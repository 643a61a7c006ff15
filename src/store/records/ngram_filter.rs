//! Bloom-style 5-gram filters over groups of about 256 records. A text search reads a few rows of them, and then only the
//! blocks that may match.
//!
//! Every five consecutive bytes of a record, with JSON escapes decoded, set one bit of a filter. The blocks of a group
//! share a filter. The filters of 120 groups make a set, which is stored bit-sliced: one row per bit, with one column per
//! group.

use std::collections::BTreeMap;

use memchr::memchr;
use rusqlite::{Connection, OptionalExtension, params};

use crate::store::records::block;
use crate::store::records::block::Block;
use crate::store::records::json_path::readable;
use crate::store::records::ngrams::{NgramSet, WORDS, bits_of};

/// A group is closed when it has this many records,
const GROUP_RECORDS: i64 = 256;
/// or this many bits: a filter that is nearly full excludes nothing.
const GROUP_BITS: u32 = 40_000;
/// The number of groups of a set. Four rows of 64 bits of this many groups fill a page of the case.
const SET: usize = 120;

/// The bits of some records.
#[derive(Clone)]
pub(crate) struct NgramFilter(Box<[u64; WORDS]>);

impl NgramFilter {
    /// Returns the filter of the records of a block, given their bytes one after the other and the length of each.
    pub(crate) fn of(ngrams: &mut NgramSet, lengths: &[u32], bytes: &[u8]) -> NgramFilter {
        if memchr(b'\\', bytes).is_none() {
            // N-grams across two records set bits needlessly; there are few.
            ngrams.add(bytes);
            return NgramFilter(ngrams.take());
        }
        let mut rest = bytes;
        for length in lengths {
            let (record, after) = rest.split_at(rest.len().min(*length as usize));
            rest = after;
            ngrams.add(&readable(record));
        }
        NgramFilter(ngrams.take())
    }

    fn has(&self, bit: usize) -> bool {
        self.0[bit / 64] >> (bit % 64) & 1 == 1
    }

    fn join(&mut self, other: &NgramFilter) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(word, other)| *word |= other);
    }

    fn bits(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    fn to_data(&self) -> rusqlite::Result<Vec<u8>> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|word| word.to_le_bytes()).collect();
        zstd::bulk::compress(&bytes, 1).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }

    /// All bits of a damaged one are set, so that no block is skipped.
    fn from_data(data: &[u8]) -> NgramFilter {
        let bytes = zstd::bulk::decompress(data, WORDS * 8).unwrap_or_default();
        let mut filter = NgramFilter(Box::new([u64::MAX; WORDS]));
        if bytes.len() == WORDS * 8 {
            for (word, bytes) in filter.0.iter_mut().zip(bytes.chunks_exact(8)) {
                *word = u64::from_le_bytes(bytes.try_into().unwrap_or([u8::MAX; 8]));
            }
        }
        filter
    }
}

/// Blocks side by side that share a filter.
struct Group {
    /// The ids of its first block and of its last.
    blocks: (i64, i64),
    records: i64,
    /// The first and the last time of its events.
    times: Option<(i64, i64)>,
    filter: NgramFilter,
}

/// The groups of a case that an import adds blocks to.
pub(crate) struct FilterWriter {
    /// The number of groups in sets.
    placed: i64,
    /// Those after them, fewer than a set has.
    groups: Vec<Group>,
}

impl FilterWriter {
    /// Returns the groups of a case, with those blocks that an interrupted import left without.
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<FilterWriter> {
        let mut select = connection.prepare(
            "SELECT first_block, last_block, records, first_time, last_time, filter FROM record_groups \
             WHERE filter IS NOT NULL ORDER BY id",
        )?;
        let groups = select.query_map([], |row| {
            let times = row.get::<_, Option<i64>>(3)?.zip(row.get(4)?);
            let filter = NgramFilter::from_data(row.get_ref(5)?.as_blob()?);
            Ok(Group { blocks: (row.get(0)?, row.get(1)?), records: row.get(2)?, times, filter })
        })?;
        let groups = groups.collect::<rusqlite::Result<Vec<Group>>>()?;
        let count = |sql| connection.query_row(sql, [], |row| row.get(0));
        let placed: i64 = count("SELECT count(*) FROM record_groups WHERE filter IS NULL")?;
        let last: i64 = count("SELECT coalesce(max(last_block), 0) FROM record_groups")?;
        let mut found = FilterWriter { placed, groups };
        let mut ngrams = NgramSet::new();
        let mut times =
            connection.prepare("SELECT min(time), max(time) FROM events WHERE id BETWEEN ?1 AND ?1 + ?2 - 1")?;
        block::each_block(connection, last + 1, |id, block: &Block| {
            let mut records = 0;
            for record in block.records() {
                ngrams.add(&readable(record));
                records += 1;
            }
            let filter = NgramFilter(ngrams.take());
            let times = times.query_row([id, records], |row| Ok(row.get::<_, Option<i64>>(0)?.zip(row.get(1)?)))?;
            found.add(connection, id, records, times, &filter)
        })?;
        Ok(found)
    }

    /// Adds a block: its id, how many records it has, and the first and the last time of its events.
    pub(crate) fn add(
        &mut self,
        connection: &Connection,
        id: i64,
        records: i64,
        times: Option<(i64, i64)>,
        filter: &NgramFilter,
    ) -> rusqlite::Result<()> {
        let open = self.groups.last_mut();
        if let Some(group) = open.filter(|group| group.records < GROUP_RECORDS && group.filter.bits() < GROUP_BITS) {
            group.blocks.1 = id;
            group.records += records;
            group.times = match (group.times, times) {
                (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                (a, b) => a.or(b),
            };
            group.filter.join(filter);
            return Ok(());
        }
        if self.groups.len() == SET {
            self.place(connection)?;
        }
        self.groups.push(Group { blocks: (id, id), records, times, filter: filter.clone() });
        Ok(())
    }

    /// Keeps what makes no set yet.
    pub(crate) fn keep(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.write(connection, |group| group.filter.to_data().map(Some))
    }

    fn write(
        &self,
        connection: &Connection,
        filter: impl Fn(&Group) -> rusqlite::Result<Option<Vec<u8>>>,
    ) -> rusqlite::Result<()> {
        let mut insert = connection.prepare_cached(
            "INSERT OR REPLACE INTO record_groups (id, first_block, last_block, records, first_time, last_time, filter) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for (id, group) in (self.placed..).zip(&self.groups) {
            let (first, last) = group.times.unzip();
            insert.execute(params![id, group.blocks.0, group.blocks.1, group.records, first, last, filter(group)?])?;
        }
        Ok(())
    }

    /// Places the filters of a whole set crosswise.
    fn place(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.write(connection, |_| Ok(None))?;
        let mut insert = connection.prepare_cached("INSERT INTO record_filters (id, bits) VALUES (?1, ?2)")?;
        let first = self.placed / SET as i64 * WORDS as i64;
        let mut row = Vec::with_capacity(64 * SET / 8);
        for (id, word) in (first..).zip(0..WORDS) {
            let words = |from: usize| {
                let mut square = [0; 64];
                self.groups.iter().skip(from).zip(&mut square).for_each(|(group, to)| *to = group.filter.0[word]);
                transpose(&mut square);
                square
            };
            let (low, high) = (words(0), words(64));
            row.clear();
            for (low, high) in low.iter().zip(&high) {
                row.extend_from_slice(&(u128::from(*low) | u128::from(*high) << 64).to_le_bytes()[..SET / 8]);
            }
            insert.execute(params![id, row])?;
        }
        self.placed += SET as i64;
        self.groups.clear();
        Ok(())
    }
}

/// Makes the rows of a square of bits its columns.
fn transpose(square: &mut [u64; 64]) {
    let mut width = 32;
    let mut mask = u64::MAX >> 32;
    while width > 0 {
        for row in (0..64).filter(|row| row & width == 0) {
            let swapped = ((square[row] >> width) ^ square[row + width]) & mask;
            square[row] ^= swapped << width;
            square[row + width] ^= swapped;
        }
        width /= 2;
        mask ^= mask << width;
    }
}

/// Texts that a record must contain: any one of each list.
pub(crate) type RequiredTexts = Vec<Vec<Vec<u8>>>;

/// Blocks side by side that have to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// The ids of the first block and of the last.
    pub(crate) blocks: (i64, i64),
    /// No event in it is newer. The smallest number where no event has a time.
    pub(crate) newest: i64,
}

/// The groups that have to be read, and the number of all groups.
pub(crate) struct Candidates {
    pub(crate) spans: Vec<Span>,
    pub(crate) of: u64,
}

/// Returns the groups that may hold records with all that is needed, of events between two times, both inclusive.
pub(crate) fn candidates(
    connection: &Connection,
    needs: &RequiredTexts,
    from: Option<i64>,
    to: Option<i64>,
) -> rusqlite::Result<Candidates> {
    let mut asked = FilterQuery {
        connection,
        needs: needs.iter().map(|any| any.iter().map(|text| bits_of(text)).collect()).collect(),
        set: None,
        rows: BTreeMap::new(),
    };
    let mut select = connection.prepare_cached(
        "SELECT id, first_block, last_block, first_time, last_time, filter FROM record_groups ORDER BY id",
    )?;
    let mut rows = select.query([])?;
    let mut found = Candidates { spans: Vec::new(), of: 0 };
    let mut last = 0;
    while let Some(row) = rows.next()? {
        found.of += 1;
        let blocks = (row.get(1)?, row.get(2)?);
        last = blocks.1;
        let (oldest, newest) = row.get::<_, Option<i64>>(3)?.zip(row.get(4)?).unwrap_or((i64::MAX, i64::MIN));
        let untimely = from.is_some_and(|from| newest < from) || to.is_some_and(|to| oldest > to);
        let may = !untimely
            && match row.get_ref(5)?.as_blob_or_null()? {
                Some(filter) => asked.met_by(&NgramFilter::from_data(filter)),
                None => asked.met_in_set(row.get(0)?)?,
            };
        if may {
            found.spans.push(Span { blocks, newest });
        }
    }
    // Only an import that was stopped leaves blocks after the groups, until the case is finished.
    let mut select = connection.prepare_cached("SELECT id FROM record_blocks WHERE id > ?1 ORDER BY id")?;
    let mut rows = select.query([last])?;
    while let Some(row) = rows.next()? {
        found.of += 1;
        let id = row.get(0)?;
        found.spans.push(Span { blocks: (id, id), newest: i64::MAX });
    }
    Ok(found)
}

/// A query of filters.
struct FilterQuery<'c> {
    connection: &'c Connection,
    /// As bits.
    needs: Vec<Vec<Vec<usize>>>,
    /// The set that was asked last, and which of its groups have all that is needed.
    set: Option<(i64, u128)>,
    /// The rows of that set that were read.
    rows: BTreeMap<usize, Vec<u8>>,
}

impl FilterQuery<'_> {
    fn met_by(&self, filter: &NgramFilter) -> bool {
        self.needs.iter().all(|any| any.iter().any(|bits| bits.iter().all(|bit| filter.has(*bit))))
    }

    /// Reports whether a group in a set has what is needed.
    fn met_in_set(&mut self, group: i64) -> rusqlite::Result<bool> {
        let (set, place) = (group.div_euclid(SET as i64), group.rem_euclid(SET as i64));
        let groups = match self.set {
            Some((held, groups)) if held == set => groups,
            _ => {
                self.rows.clear();
                let groups = self.groups_of(set)?;
                self.set = Some((set, groups));
                groups
            }
        };
        Ok(groups >> place & 1 == 1)
    }

    fn groups_of(&mut self, set: i64) -> rusqlite::Result<u128> {
        let needs = std::mem::take(&mut self.needs);
        let mut all = u128::MAX;
        for any in &needs {
            let mut one = 0;
            for bits in any {
                let mut groups = all;
                for bit in bits {
                    if groups == 0 {
                        break;
                    }
                    groups &= self.groups_with(set, *bit)?;
                }
                one |= groups;
            }
            all &= one;
        }
        self.needs = needs;
        Ok(all)
    }

    /// Returns the groups of a set that have a bit.
    fn groups_with(&mut self, set: i64, bit: usize) -> rusqlite::Result<u128> {
        let word = bit / 64;
        if !self.rows.contains_key(&word) {
            let mut select = self.connection.prepare_cached("SELECT bits FROM record_filters WHERE id = ?1")?;
            let row = select
                .query_row([set.saturating_mul(WORDS as i64).saturating_add(word as i64)], |row| row.get(0))
                .optional()?;
            self.rows.insert(word, row.unwrap_or_default());
        }
        let from = bit % 64 * (SET / 8);
        let bytes = self.rows.get(&word).and_then(|row| row.get(from..from + SET / 8));
        // A missing filter does not skip any block.
        Ok(bytes.map_or(u128::MAX, |bytes| {
            let mut groups = [0; 16];
            groups[..bytes.len()].copy_from_slice(bytes);
            u128::from_le_bytes(groups)
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rusqlite::{Connection, params};

    use super::{FilterWriter, NgramFilter, SET, candidates, transpose};
    use crate::store::records::dictionary::Dictionaries;
    use crate::store::records::ngrams::{NgramSet, bits_of};
    use crate::store::records::packer::Packer;

    fn filter_of(lengths: &[u32], bytes: &[u8]) -> NgramFilter {
        NgramFilter::of(&mut NgramSet::new(), lengths, bytes)
    }

    #[test]
    fn a_bit_matrix_is_transposed() {
        let mut square = [0; 64];
        square[3] = 1 << 60 | 1;
        square[60] = 1 << 5;
        transpose(&mut square);
        assert_eq!((square[60], square[0], square[5]), (1 << 3, 1 << 3, 1 << 60));
        assert_eq!(square.iter().map(|row| row.count_ones()).sum::<u32>(), 3);
    }

    #[test]
    fn a_filter_has_every_text_of_its_records_as_it_reads() {
        let records: [&[u8]; 3] = [b"{\"a\":\"caf\\u00e9 \\\"x\\\" of \\ud83d\\ude00\"}", b"abcde", b"abcd"];
        let lengths = records.map(|record| record.len() as u32);
        for filter in [
            filter_of(&lengths, &records.concat()),
            NgramFilter::from_data(&filter_of(&lengths, &records.concat()).to_data().unwrap()),
        ] {
            let has = |text: &str| bits_of(text.as_bytes()).iter().all(|bit| filter.has(*bit));
            for text in ["{\"a\":\"café", "é \"x\" of 😀\"}", "abcde", "", "none"] {
                assert!(has(text), "{text}");
            }
            assert!(!has("u00e9") && !has("nowhere"));
        }
        assert!(NgramFilter::from_data(b"damaged").has(77), "what cannot be read rules nothing out");
    }

    #[test]
    fn groups_are_found_inside_and_after_sets_for_any_number_of_imports() {
        let case = Connection::open_in_memory().unwrap();
        case.execute_batch(include_str!("../../../migrations/0001_case.sql")).unwrap();
        let text = |number: i64| format!("record number {number:08} of many");
        let mut groups = FilterWriter::of(&case).unwrap();
        let many = SET as i64 * 2 + 7;
        for number in 0..many {
            if number % 50 == 0 {
                groups.keep(&case).unwrap();
                groups = FilterWriter::of(&case).unwrap();
            }
            let text = text(number);
            let filter = filter_of(&[text.len() as u32], text.as_bytes());
            groups.add(&case, number * 64, 256, Some((number, number + 1)), &filter).unwrap();
        }
        groups.keep(&case).unwrap();
        let found = |texts: &[String], from, to| {
            let needs = vec![texts.iter().map(|text| text.as_bytes().to_vec()).collect()];
            let found = candidates(&case, &needs, from, to).unwrap();
            assert_eq!(found.of, many as u64);
            found.spans.iter().map(|span| span.blocks.0 / 64).collect::<Vec<_>>()
        };
        for number in 0..many {
            assert_eq!(found(&[text(number)], None, None), [number]);
        }
        assert_eq!(found(&[text(3), text(130), "absent".to_owned()], None, None), [3, 130]);
        assert_eq!(found(&["of many".to_owned()], Some(10), Some(11)), [9, 10, 11]);
        assert_eq!(found(&["any".to_owned()], None, None).len(), many as usize, "too short to rule anything out");
    }

    #[test]
    fn blocks_that_a_stopped_import_left_are_read_until_they_have_a_group() {
        let case = Connection::open_in_memory().unwrap();
        case.execute_batch(include_str!("../../../migrations/0001_case.sql")).unwrap();
        let mut packer = Packer::new(Arc::new(Dictionaries::of(&case).unwrap())).unwrap();
        for (id, record) in [(64, "{\"a\":\"first\"}"), (128, "{\"a\":\"\\u0073econd\"}")] {
            let packed = packer.pack(&[record.len() as u32], record.as_bytes()).unwrap();
            let insert = "INSERT INTO record_blocks (id, dictionary, hashes, data) VALUES (?1, 0, x'', ?2)";
            case.execute(insert, params![id, packed.data]).unwrap();
        }
        let read = |text: &str| {
            let found = candidates(&case, &vec![vec![text.as_bytes().to_vec()]], None, None).unwrap();
            (found.spans.iter().map(|span| span.blocks).collect::<Vec<_>>(), found.of)
        };
        assert_eq!(read("absent"), (vec![(64, 64), (128, 128)], 2));
        FilterWriter::of(&case).unwrap().keep(&case).unwrap();
        assert_eq!(read("second"), (vec![(64, 128)], 1));
        assert_eq!(read("absent"), (vec![], 1));
    }
}
