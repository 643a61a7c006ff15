//! The events of attackers: confirmed events, and those of subjects that are marked `attacker`.

use std::collections::BTreeSet;

use crate::engine::Engine;
use crate::store::{QueryError, SubjectMark};
use crate::subject::{Mark, SubjectKind};

/// Returns the filter of the events of marked attackers. `None` if no actor is marked.
pub(super) fn attacker_filter(marks: &[SubjectMark]) -> Option<String> {
    let fields: BTreeSet<&str> = marks
        .iter()
        .filter(|mark| mark.mark == Mark::Attacker)
        .flat_map(|mark| match mark.kind {
            SubjectKind::Key => &["key"][..],
            SubjectKind::Principal => &["arn", "user", "principal", "role"],
            SubjectKind::Session => &["arn", "session-name"],
            SubjectKind::Address => &["ip"],
            SubjectKind::Client => &["user-agent"],
            // What an attacker touched is not an attacker.
            SubjectKind::Account | SubjectKind::Resource => &[],
        })
        .copied()
        .collect();
    let terms: Vec<String> = fields.iter().map(|field| format!("{field}=@attacker")).collect();
    (!terms.is_empty()).then(|| format!("({})", terms.join(" or ")))
}

/// Returns the numbers of the events that a filter selects, within a limiting filter.
///
/// # Errors
/// A filter is invalid, or the case cannot be read.
pub(super) fn events(engine: &Engine, filter: &str, limit: &str) -> Result<BTreeSet<i64>, QueryError> {
    let lookup = match (filter.is_empty(), limit.is_empty()) {
        (_, true) => filter.to_owned(),
        (true, false) => limit.to_owned(),
        (false, false) => format!("({filter}) ({limit})"),
    };
    let prepared = engine.prepare_filled(&lookup)?;
    Ok(engine.event_ids(&prepared)?.into_iter().collect())
}
