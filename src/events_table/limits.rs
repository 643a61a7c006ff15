//! The limits that bound the memory of writing a table.

/// The limits of a table's buffers. Tests use smaller ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of rows that all sorters together hold before they are sorted and spilled.
    pub(crate) sort_bytes: usize,
    /// Bytes of rows in one compressed block of a run.
    pub(crate) block_bytes: usize,
    /// Runs of one level that are merged into one.
    pub(crate) merged_runs: usize,
    /// Rows that are handed to the columns at once, and the bytes after which that happens earlier.
    pub(crate) batch_rows: usize,
    /// See `batch_rows`.
    pub(crate) batch_bytes: usize,
    /// The largest number of rows in a row group.
    pub(crate) group_rows: usize,
    /// Compressed bytes that have left a row group's columns after which it is closed.
    pub(crate) group_bytes: usize,
    /// Row groups in one file.
    pub(crate) file_groups: usize,
    /// Threads that write partitions at the same time.
    pub(crate) writers: usize,
    /// The largest number of partitions.
    pub(crate) partitions: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            sort_bytes: 128 << 20,
            block_bytes: 128 << 10,
            merged_runs: 32,
            batch_rows: 1024,
            batch_bytes: 4 << 20,
            // The size of DuckDB's row groups is 122,880.
            group_rows: 128 << 10,
            // Pages of columns with a dictionary wait for it, so that a group has some 25 MiB in the end.
            group_bytes: 20 << 20,
            file_groups: 16,
            writers: 4,
            partitions: 100_000,
        }
    }
}
