//! Subjects with their marks.

use crate::report::model::Table;
use crate::store::SubjectMark;

/// Returns the subjects that have a mark, attackers first.
pub(super) fn table(marks: &[SubjectMark]) -> Table {
    let mut marks: Vec<&SubjectMark> = marks.iter().collect();
    marks.sort_by(|a, b| (b.mark, a.kind, &a.value).cmp(&(a.mark, b.kind, &b.value)));
    let row = |mark: &&SubjectMark| {
        let by = format!("{} {}", mark.authorship.created_by, mark.authorship.created_at);
        let why = mark.why.clone().unwrap_or_default();
        vec![mark.mark.name().to_owned(), mark.kind.name().to_owned(), mark.value.clone(), why, by]
    };
    Table {
        columns: vec!["status", "kind", "subject", "reason", "by"],
        rows: marks.iter().map(row).collect(),
        linked: None,
        empty: "no subject is marked",
    }
}
