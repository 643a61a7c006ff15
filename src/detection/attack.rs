//! Techniques of MITRE ATT&CK Enterprise: the ids of one version, and the ids that were revoked, with their successors.
//!
//! `attack.tsv` has the ids of MITRE ATT&CK, © The MITRE Corporation, which permits their use and distribution
//! (<https://attack.mitre.org/resources/legal-and-branding/terms-of-use/>). Version 19 split Defense Evasion into Stealth
//! and Defense Impairment and revoked `T1562` with all of its sub-techniques.

use std::sync::OnceLock;

use crate::embedded::{ATTACK_TSV, Text};

/// The version of ATT&CK that the detections use.
pub const VERSION: &str = "19";

/// The table: a line of column names, then one id a line with its successor, `-` for an id that is valid.
const TABLE: Text = ATTACK_TSV;

/// Returns the ids, each with its successor if it is revoked.
fn ids() -> &'static [(&'static str, Option<&'static str>)] {
    static IDS: OnceLock<Vec<(&'static str, Option<&'static str>)>> = OnceLock::new();
    IDS.get_or_init(|| {
        let rows = TABLE.as_str().lines().skip(1).filter_map(|line| line.split_once('\t'));
        rows.map(|(id, successor)| (id, Some(successor).filter(|successor| *successor != "-"))).collect()
    })
}

/// Reports whether an id is a technique of this version: known, and not revoked.
pub fn is_valid(id: &str) -> bool {
    ids().iter().any(|(known, successor)| *known == id && successor.is_none())
}

/// Returns the id of this version: the successor of a revoked id, otherwise the id itself.
pub fn current(id: &str) -> &str {
    ids().iter().find(|(known, _)| *known == id).and_then(|(_, successor)| *successor).unwrap_or(id)
}

/// Returns the other ids of the same technique: the successor of a revoked id, or the revoked ids that have this
/// successor.
pub fn synonyms(id: &str) -> Vec<&'static str> {
    let revoked = ids().iter().filter_map(|(known, successor)| Some((*known, (*successor)?)));
    let mut found: Vec<&str> = Vec::new();
    for (known, successor) in revoked {
        found.extend((known == id).then_some(successor));
        found.extend((successor == id).then_some(known));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{current, ids, is_valid, synonyms};

    #[test]
    fn every_successor_is_valid() {
        assert!(ids().iter().filter_map(|(_, successor)| *successor).all(is_valid));
        // ATT&CK 19 has 222 techniques and 475 sub-techniques.
        let valid: Vec<_> = ids().iter().filter(|(_, successor)| successor.is_none()).collect();
        assert_eq!(valid.iter().filter(|(id, _)| id.contains('.')).count(), 475);
        assert_eq!(valid.len(), 222 + 475);
    }

    #[test]
    fn revoked_ids_have_successors() {
        assert!(is_valid("T1685.002") && !is_valid("T1562.008") && !is_valid("T1999"));
        assert_eq!((current("T1562.008"), current("T1562.007")), ("T1685.002", "T1686.001"));
        assert_eq!((current("T1078.004"), current("T1999")), ("T1078.004", "T1999"));
    }

    #[test]
    fn a_technique_has_the_same_synonyms_in_both_directions() {
        assert_eq!(synonyms("T1562.008"), ["T1685.002"]);
        assert_eq!(synonyms("T1685.002"), ["T1562.008"]);
        assert!(synonyms("T1685").contains(&"T1562") && synonyms("T1685").contains(&"T1562.001"));
        assert!(synonyms("T1078.004").is_empty());
    }
}
