//! The report of verifying a snapshot: one row a check.

use std::path::Path;

use crate::number;
use crate::rows::{CapturedRows, Value};
use crate::store::snapshot::{Check, SourceFile};

/// The largest number of missing or different source files that are listed.
const MAX_LISTED: usize = 20;

/// The columns of the report.
const COLUMNS: [&str; 3] = ["check", "result", "found"];

/// Returns the rows of the report.
pub(crate) fn rows(checks: &[Check]) -> CapturedRows {
    let result = |check: &Check| match check.sound {
        Some(true) => "ok",
        Some(false) => "WRONG",
        None => "note",
    };
    let row =
        |check: &Check| [&check.what, result(check), &check.found].map(|text| Value::Text(text.to_owned())).to_vec();
    CapturedRows { columns: COLUMNS.map(str::to_owned).to_vec(), rows: checks.iter().map(row).collect() }
}

/// Returns the number of checks that failed.
pub(crate) fn failures(checks: &[Check]) -> usize {
    checks.iter().filter(|check| check.sound == Some(false)).count()
}

/// Returns the status line of the report.
pub(crate) fn verdict(file: &Path, checks: &[Check]) -> String {
    match failures(checks) {
        0 => format!("{}: no check failed", file.display()),
        1 => format!("{}: 1 check failed", file.display()),
        failures => format!("{}: {failures} checks failed", file.display()),
    }
}

/// Returns the checks of the source files: one of their number, and one of each that is missing or differs.
pub(crate) fn source_checks(files: Vec<SourceFile>) -> Vec<Check> {
    let (same, other): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.found.is_some());
    let check = |what: &str, sound: bool, found: String| Check { what: what.to_owned(), sound: Some(sound), found };
    let found = format!(
        "{} of {} are there with the same bytes",
        number::count(same.len() as u64),
        number::counted((same.len() + other.len()) as u64, "source file")
    );
    let mut checks = vec![check("sources", other.is_empty(), found)];
    for file in other.iter().take(MAX_LISTED) {
        let found = match &file.differs {
            Some(path) => format!("{} has other bytes", path.display()),
            None => "not found".to_owned(),
        };
        checks.push(check(&format!("source {}", file.path), false, found));
    }
    if other.len() > MAX_LISTED {
        checks.push(check("sources", false, format!("{} more are not found or differ", other.len() - MAX_LISTED)));
    }
    checks
}
