//! Magic bytes: the first bytes of a file, which identify its format.

/// The first bytes of an SQLite database.
pub(crate) const SQLITE: &[u8] = b"SQLite format 3\0";
/// The first and the last bytes of a Parquet file.
pub(crate) const PARQUET: &[u8] = b"PAR1";
