//! Gaps of the case, such as rejects and redaction, that affect the answer of a lookup.

use crate::diagnostic::Span;
use crate::engine::core::PreparedLookup;
use crate::engine::no_match::terms;
use crate::engine::no_match::terms::Asked;
use crate::number;
use crate::redact::Kind;
use crate::store::QueryError;
use crate::store::{Case, Gaps, MAX_COUNTED};

/// Describes the gaps of the case that affect an empty answer.
pub(crate) fn of_lookup(case: &Case, asked: &PreparedLookup) -> Result<Vec<String>, QueryError> {
    let filter = asked.tree.filter.as_ref().map_or(Span::default(), |filter| filter.span);
    let leaves = terms::leaves(&asked.tree, filter);
    let in_records = leaves.iter().any(|asked| matches!(asked, Asked::Text { .. } | Asked::Path { .. }));
    let by_time = asked.lookup.interval().is_some();
    Ok(sentences(&case.gaps()?, in_records, by_time))
}

/// Describes the gaps of the case that affect an empty answer to something other than a lookup.
pub(crate) fn of_case(case: &Case, by_time: bool) -> Result<Vec<String>, QueryError> {
    Ok(sentences(&case.gaps()?, false, by_time))
}

/// Describes gaps in words. `in_records` is true if the lookup searches whole records, and `by_time` if it has a period.
fn sentences(gaps: &Gaps, in_records: bool, by_time: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if gaps.partial {
        let which = gaps.selection.as_ref().map_or_else(String::new, |which| format!(": {which}"));
        notes.push(format!("this case holds only a selection of the events{which}"));
    }
    if !gaps.redacted.is_empty() {
        let kinds = gaps.redacted.iter().map(String::as_str).filter(|what| Kind::ALL.map(Kind::name).contains(what));
        let kinds = kinds.collect::<Vec<_>>().join(", ");
        notes.push(format!("this case is redacted ({kinds}): the original values are not in it"));
    }
    if by_time && gaps.undated > 0 {
        let events = counted(gaps.undated, "event");
        let verb = if gaps.undated == 1 { "has" } else { "have" };
        notes.push(format!("{events} {verb} no time, and no period holds them"));
    }
    if in_records && gaps.rows_without_records > 0 {
        let events = counted(gaps.rows_without_records, "event");
        let verb = if gaps.rows_without_records == 1 { "is a row" } else { "are rows" };
        notes.push(format!("{events} {verb} of a CSV download, without request and response"));
    }
    if gaps.left_out > 0 {
        let files = counted(gaps.left_out, "file");
        let verb = if gaps.left_out == 1 { "was" } else { "were" };
        notes.push(format!("{files} {verb} left out by limits of the import; `.info files` lists them"));
    }
    if gaps.rejected > 0 {
        let records = counted(gaps.rejected, "record");
        let verb = if gaps.rejected == 1 { "was" } else { "were" };
        notes.push(format!("{records} {verb} rejected at import and not searched; `.info` lists the reasons"));
    }
    if in_records && gaps.conflicts > 0 {
        let records = counted(gaps.conflicts, "record");
        let verb = if gaps.conflicts == 1 { "is" } else { "are" };
        notes.push(format!("{records} in the table `conflicts` {verb} not searched"));
    }
    notes
}

/// A number of things, which are counted only so far.
fn counted(number: u64, thing: &str) -> String {
    let at_least = if number >= MAX_COUNTED { "at least " } else { "" };
    format!("{at_least}{}", number::counted(number, thing))
}

#[cfg(test)]
mod tests {
    use super::{Gaps, sentences};

    #[test]
    fn only_gaps_relevant_to_the_lookup_are_reported() {
        assert!(sentences(&Gaps::default(), true, true).is_empty());
        let gaps = Gaps {
            partial: true,
            selection: Some("--tag odd".to_owned()),
            redacted: vec!["ips".to_owned(), "bytes of rejects: dropped".to_owned()],
            rejected: 2,
            undated: 1,
            rows_without_records: 3,
            conflicts: 1,
            left_out: 4,
        };
        let notes = sentences(&gaps, true, true);
        assert_eq!(notes[0], "this case holds only a selection of the events: --tag odd");
        assert_eq!(notes[1], "this case is redacted (ips): the original values are not in it");
        assert_eq!(notes[2], "1 event has no time, and no period holds them");
        assert_eq!(notes[3], "3 events are rows of a CSV download, without request and response");
        assert_eq!(notes[4], "4 files were left out by limits of the import; `.info files` lists them");
        assert_eq!(notes[5], "2 records were rejected at import and not searched; `.info` lists the reasons");
        assert_eq!(notes[6], "1 record in the table `conflicts` is not searched");
        assert_eq!(sentences(&gaps, false, false).len(), 4);
    }
}
