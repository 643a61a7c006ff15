//! Building one index: its keys from columns, sorted, as entries of a tree.

use std::path::Path;

use crate::store::bulk::bulk_error::{BulkError, BulkResult};
use crate::store::bulk::columns::{Columns, Kind, NULL};
use crate::store::bulk::format::{put_integer, put_text};
use crate::store::bulk::output::Tree;
use crate::store::bulk::sort::{Key, Number, Sorter};
use crate::store::bulk::tree::TreeWriter;
use crate::store::bulk::uuid;

/// A column of an index, as bits of its key.
struct Field {
    kind: Kind,
    column: usize,
    width: u32,
    /// The value that the number 1 is: 0 is NULL.
    least: i64,
}

/// Packs the entry of a row into one number that sorts as the entry does.
struct Packing<'c> {
    columns: &'c Columns,
    fields: Vec<Field>,
}

impl<'c> Packing<'c> {
    fn new(columns: &'c Columns, wanted: &[usize]) -> BulkResult<Packing<'c>> {
        let fields: Vec<Field> = wanted.iter().map(|column| field(columns, *column)).collect::<BulkResult<_>>()?;
        let packing = Packing { columns, fields };
        if packing.width() > u128::BITS {
            return Err(BulkError::NotCovered("a key is too wide"));
        }
        Ok(packing)
    }

    fn width(&self) -> u32 {
        self.fields.iter().map(|field| field.width).sum()
    }

    /// Appends the record of an entry.
    #[inline]
    fn record(&self, key: u128, header: &mut Vec<u8>, body: &mut Vec<u8>) {
        let mut shift = self.width();
        for field in &self.fields {
            shift -= field.width;
            let number = (key >> shift) as u64 & (u64::MAX >> (64 - field.width));
            match field.kind {
                _ if number == 0 => header.push(0),
                Kind::Text => put_text(header, body, self.columns.texts[field.column].get(number as u32)),
                _ => put_integer(header, body, field.least.wrapping_add(number as i64 - 1)),
            }
        }
    }
}

fn field(columns: &Columns, column: usize) -> BulkResult<Field> {
    let kind = columns.kinds[column];
    let (least, largest) = match kind {
        Kind::RowId | Kind::Integer => {
            let (least, most) = columns.ranges[column];
            if most == NULL { (0, 0) } else { (least, most.abs_diff(least).saturating_add(1)) }
        }
        Kind::Text => (0, columns.texts[column].len() as u64),
        Kind::Uuid => return Err(BulkError::NotCovered("a UUID is not the first column")),
    };
    Ok(Field { kind, column, width: (u64::BITS - largest.leading_zeros()).max(1), least })
}

/// Builds the tree of an index on these columns, of which the last ones identify the row. `is_sparse`: rows without the
/// first one are left out; `is_unique`: no two rows may have the same first one.
pub(crate) fn build(
    columns: &Columns,
    wanted: &[usize],
    (is_sparse, is_unique): (bool, bool),
    tree: TreeWriter<'_>,
    (folder, run_keys): (&Path, usize),
) -> BulkResult<Tree> {
    columns.require(wanted)?;
    match wanted {
        [uuid, row] if columns.kinds[*uuid] == Kind::Uuid && columns.kinds[*row] == Kind::RowId => {
            build_uuid(columns, wanted, tree, Sorter::new(folder, run_keys, columns.rows()))
        }
        _ if is_unique => Err(BulkError::NotCovered("a unique index")),
        _ => {
            let packing = Packing::new(columns, wanted)?;
            // Shorter keys are sorted in little more than half of the time.
            if packing.width() <= u64::BITS {
                let sorter: Sorter<'_, u64> = Sorter::new(folder, run_keys, columns.rows());
                build_packed(&packing, wanted, is_sparse, tree, sorter)
            } else {
                let sorter: Sorter<'_, u128> = Sorter::new(folder, run_keys, columns.rows());
                build_packed(&packing, wanted, is_sparse, tree, sorter)
            }
        }
    }
}

fn build_packed<K: Number>(
    packing: &Packing<'_>,
    wanted: &[usize],
    is_sparse: bool,
    tree: TreeWriter<'_>,
    mut sorter: Sorter<'_, K>,
) -> BulkResult<Tree> {
    let first = packing.fields.iter().skip(1).map(|field| field.width).sum::<u32>();
    let mut keys: Vec<u128> = Vec::new();
    packing.columns.each_chunk(wanted, |chunk| {
        keys.clear();
        keys.resize(chunk.rows, 0);
        for ((field, values), ranks) in packing.fields.iter().zip(chunk.values).zip(chunk.ranks) {
            if field.kind == Kind::Text {
                for (key, value) in keys.iter_mut().zip(values.chunks_exact(4)) {
                    let number = u32::from_le_bytes(value.try_into().unwrap_or_default());
                    *key = *key << field.width | u128::from(ranks[number as usize]);
                }
            } else {
                for (key, value) in keys.iter_mut().zip(values.chunks_exact(8)) {
                    let value = i64::from_le_bytes(value.try_into().unwrap_or_default());
                    let number = if value == NULL { 0 } else { value.wrapping_sub(field.least) as u64 + 1 };
                    *key = *key << field.width | u128::from(number);
                }
            }
        }
        sorter.extend(keys.iter().filter(|key| !is_sparse || **key >> first != 0).map(|key| K::of(*key)))
    })?;
    write(tree, sorter, |key, header, body| {
        packing.record(key.number(), header, body);
        Ok(())
    })
}

fn build_uuid(
    columns: &Columns,
    wanted: &[usize],
    tree: TreeWriter<'_>,
    mut sorter: Sorter<'_, (u128, u64)>,
) -> BulkResult<Tree> {
    columns.each_chunk(wanted, |chunk| {
        let [uuids, rows] = chunk.values else { return Ok(()) };
        let keys = uuids.chunks_exact(16).zip(rows.chunks_exact(8));
        sorter.extend(keys.map(|(uuid, row)| {
            (
                u128::from_le_bytes(uuid.try_into().unwrap_or_default()),
                u64::from_le_bytes(row.try_into().unwrap_or_default()),
            )
        }))
    })?;
    let mut before = None;
    write(tree, sorter, |(uuid, row), header, body| {
        if before.replace(uuid) == Some(uuid) {
            return Err(BulkError::NotCovered("an eventID is there twice"));
        }
        put_text(header, body, &uuid::text_of(uuid));
        put_integer(header, body, row as i64);
        Ok(())
    })
}

/// Writes sorted keys as entries. `entry` appends the serial types and the values of one.
fn write<K: Key>(
    mut tree: TreeWriter<'_>,
    sorter: Sorter<'_, K>,
    mut entry: impl FnMut(K, &mut Vec<u8>, &mut Vec<u8>) -> BulkResult<()>,
) -> BulkResult<Tree> {
    let (mut record, mut body) = (Vec::new(), Vec::new());
    sorter.finish(|key| {
        record.clear();
        body.clear();
        record.push(0);
        entry(key, &mut record, &mut body)?;
        // An index has few columns: the size of its header is less than 128 bytes.
        record[0] = record.len() as u8;
        record.extend_from_slice(&body);
        tree.push(&record)
    })?;
    tree.finish()
}
