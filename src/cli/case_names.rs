//! The endings of the names of cases.

use std::path::Path;

/// Endings of the names of cases.
pub(super) const CASES: [&str; 4] = [".db", ".sqlite", ".sqlite3", ".case"];

/// Reports whether a path ends as the names of cases do.
pub(super) fn is_case_name(path: &Path) -> bool {
    path.to_str().is_some_and(|name| CASES.iter().any(|ending| name.ends_with(ending)))
}
