//! The count of what this process has read. It shows that a statement of SQLite goes on: SQLite does not say how far
//! one is.

use std::fs;

/// The counts of a process, and the line with the bytes that it read from files, those in memory included (`proc(5)`).
const COUNTS: &str = "/proc/self/io";
const READ: &str = "rchar: ";

/// Returns the bytes that this process has read so far. `None` where the system does not count them, as outside Linux.
pub(crate) fn bytes_read() -> Option<u64> {
    let counts = fs::read_to_string(COUNTS).ok()?;
    counts.lines().find_map(|line| line.strip_prefix(READ))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::bytes_read;

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_read_is_counted() {
        let before = bytes_read().unwrap();
        let read = std::fs::read(file!()).unwrap().len() as u64;
        assert!(bytes_read().unwrap() >= before + read);
    }
}
