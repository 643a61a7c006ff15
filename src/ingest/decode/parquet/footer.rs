//! The footer of a file: its metadata, checked before the library reads it.

use bytes::Bytes;

use crate::file_magic::PARQUET;
use crate::ingest::decode::parquet::pages::Input;
use crate::ingest::decode::parquet::thrift::{Cursor, I32, LIST, Malformed, STRUCT};

/// The largest metadata. A file of 10,000 row groups with 50 columns has some 100 MB, and engines keep far from that.
const MAX_FOOTER: u32 = 16 << 20;
/// The most structs in one list: columns, row groups, or parts of a schema.
const MAX_STRUCTS: u64 = 20_000;
/// The deepest nesting of a schema, in which the library recurses.
const MAX_SCHEMA_DEPTH: usize = 32;
/// Bytes after the metadata: its length and the magic.
const TAIL: usize = 8;
/// The last bytes of a file whose metadata is encrypted.
const ENCRYPTED: &[u8] = b"PARE";

/// Returns the metadata of a file as its bytes.
///
/// # Errors
/// The reason why the file has none.
pub(super) fn read(input: &Input) -> Result<Bytes, String> {
    let length = input.len();
    let read = |at: u64, length: usize| input.read_at(at, length).map_err(|error| error.to_string());
    let tail = read(length.saturating_sub(TAIL as u64), TAIL)?;
    let cut_off = "is a Parquet file that is cut off: its metadata is missing";
    let Some(tail) = tail.first_chunk::<TAIL>() else { return Err(cut_off.to_owned()) };
    let [a, b, c, d, magic @ ..] = *tail;
    if magic == *ENCRYPTED {
        return Err("is an encrypted Parquet file".to_owned());
    }
    let size = u32::from_le_bytes([a, b, c, d]);
    if magic != *PARQUET || u64::from(size) + (TAIL + PARQUET.len()) as u64 > length {
        return Err(cut_off.to_owned());
    }
    if size > MAX_FOOTER {
        return Err(format!("has metadata of more than {} MiB", MAX_FOOTER >> 20));
    }
    read(length - TAIL as u64 - u64::from(size), size as usize)
}

/// Checks the sizes of lists and the depth of the schema.
///
/// # Errors
/// The reason why the library must not read the metadata.
pub(super) fn check(footer: &[u8]) -> Result<(), String> {
    check_metadata(footer).map_err(|reason| format!("has metadata that {reason}"))
}

fn check_metadata(footer: &[u8]) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(footer);
    let mut id = 0;
    while let Some(field) = cursor.field(id)? {
        id = field.id;
        if (field.id, field.kind) == (2, LIST) {
            check_schema(cursor)?;
        }
        cursor.skip(field.kind, 1, &mut see)?;
    }
    Ok(())
}

fn see(length: u64, element: u8) -> Result<(), Malformed> {
    if element == STRUCT && length > MAX_STRUCTS { Err("has a list of more than 20,000 parts") } else { Ok(()) }
}

/// Checks the schema: a list of its elements in depth-first order, each with the number of its children.
fn check_schema(mut cursor: Cursor<'_>) -> Result<(), Malformed> {
    let (length, element) = cursor.list()?;
    see(length, element)?;
    // Children that are still to come, of each element that is open.
    let mut open: Vec<u64> = Vec::new();
    for _ in 0..length {
        let (mut children, mut id) = (0, 0);
        while let Some(field) = cursor.field(id)? {
            id = field.id;
            if (field.id, field.kind) == (5, I32) {
                children = u64::try_from(cursor.number()?).map_err(|_| "has a negative number of columns")?;
            } else {
                cursor.skip(field.kind, 1, &mut see)?;
            }
        }
        if let Some(last) = open.last_mut() {
            *last -= 1;
        }
        if children > length {
            return Err("has more columns than its schema");
        }
        if children > 0 {
            open.push(children);
        }
        if open.len() > MAX_SCHEMA_DEPTH {
            return Err("has a schema that is nested too deep");
        }
        while open.last() == Some(&0) {
            open.pop();
        }
    }
    Ok(())
}
