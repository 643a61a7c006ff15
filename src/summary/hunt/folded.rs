//! Findings on the same calls, one of trailq's own rule and one of a Sigma rule, in one line.

use std::collections::BTreeMap;

use crate::detection::{Origin, Rule};
use crate::escape::width;
use crate::hunt::Hunt;
use crate::summary::hunt::columns::fit;

/// The blanks before the line of a finding on the same calls.
const INDENT: &str = "    ";
/// A title is not cut to fewer columns.
const NARROWEST_TITLE: usize = 16;

/// The findings of a screen by their indexes in the hunt.
pub(crate) struct FoldedFindings {
    /// Those with a line of their own.
    pub(crate) shown: Vec<usize>,
    /// The others, by the one whose calls they share.
    also: BTreeMap<usize, Vec<usize>>,
}

impl FoldedFindings {
    /// Folds findings. One whose covering finding is not among them has a line of its own.
    pub(crate) fn new(hunt: &Hunt, findings: &[usize]) -> FoldedFindings {
        let covered_by = |at: usize| {
            let covering = hunt.findings[at].details.as_ref()?.covered_by? as usize;
            findings.contains(&covering).then_some(covering)
        };
        let mut folded = FoldedFindings { shown: Vec::new(), also: BTreeMap::new() };
        for at in findings.iter().copied() {
            match covered_by(at) {
                Some(covering) => folded.also.entry(covering).or_default().push(at),
                None => folded.shown.push(at),
            }
        }
        folded
    }

    /// Gives every finding a line of its own.
    pub(crate) fn unfolded(findings: &[usize]) -> FoldedFindings {
        FoldedFindings { shown: findings.to_vec(), also: BTreeMap::new() }
    }

    /// Returns the findings on the calls of another.
    pub(crate) fn also(&self, of: usize) -> &[usize] {
        self.also.get(&of).map_or(&[], Vec::as_slice)
    }

    /// Returns the number of findings, each with those on its calls, that fit on this number of lines.
    pub(crate) fn within(&self, lines: usize) -> usize {
        let mut used = 0;
        let fits = |at: &&usize| {
            used += 1 + self.also(**at).len();
            used <= lines
        };
        self.shown.iter().take_while(fits).count().max(1)
    }

    /// Returns every finding: those with a line first, in the order of their numbers.
    pub(crate) fn all(&self) -> Vec<usize> {
        self.shown.iter().chain(self.also.values().flatten()).copied().collect()
    }
}

/// Returns the line of a rule that selects the calls of the finding above. The author stays, and the id where it fits: the
/// Detection Rule License asks messages about matches to name the author.
pub(crate) fn also_line(rule: &Rule, columns: usize, unicode: bool) -> String {
    let (origin, id) = match rule.origin {
        Origin::Sigma => ("Sigma", format!(" {}", rule.id)),
        Origin::Call | Origin::Query => ("trailq", String::new()),
    };
    let author = rule.author.as_ref().map(|author| format!(" ({author})")).unwrap_or_default();
    let start = format!("{INDENT}also {origin}: ");
    let whole = format!("{start}{}{author}{id}", rule.title);
    if width(&whole) <= columns {
        return fit(&whole, columns, unicode).into_owned();
    }
    let room = columns.saturating_sub(width(&start) + width(&author)).max(NARROWEST_TITLE);
    fit(&format!("{start}{}{author}", fit(&rule.title, room, unicode)), columns, unicode).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{FoldedFindings, also_line};
    use crate::detection::{Condition, Origin, Rule};
    use crate::level::Level;

    #[test]
    fn the_author_stays_on_a_narrow_line_and_the_id_where_it_fits() {
        let rule = Rule {
            id: "4db60cc0-36fb-42b7-9b58-a5b53019fb74".to_owned(),
            title: "AWS CloudTrail Important Change".to_owned(),
            level: Level::Medium,
            origin: Origin::Sigma,
            author: Some("a_tester_1".to_owned()),
            attack: Vec::new(),
            about: String::new(),
            false_positives: Vec::new(),
            condition: Condition::Lookup("name=StopLogging".to_owned()),
            needs_success: false,
        };
        let wide = also_line(&rule, 100, true);
        let whole = "    also Sigma: AWS CloudTrail Important Change (a_tester_1) 4db60cc0-36fb-42b7-9b58-a5b53019fb74";
        assert_eq!(wide, whole);
        assert_eq!(also_line(&rule, 70, true), "    also Sigma: AWS CloudTrail Important Change (a_tester_1)");
        assert_eq!(also_line(&rule, 50, true), "    also Sigma: AWS CloudTrail Impor… (a_tester_1)");
        let own = Rule { origin: Origin::Call, author: None, ..rule };
        assert_eq!(also_line(&own, 100, true), "    also trailq: AWS CloudTrail Important Change");
    }

    #[test]
    fn lines_count_what_is_folded() {
        let also = [(1, vec![7, 8]), (3, vec![9])].into();
        let folded = FoldedFindings { shown: vec![1, 2, 3], also };
        assert_eq!([3, 4, 5, 6].map(|lines| folded.within(lines)), [1, 2, 2, 3]);
        assert_eq!((folded.within(0), folded.all()), (1, vec![1, 2, 3, 7, 8, 9]));
        assert_eq!(FoldedFindings::unfolded(&[4, 5]).within(9), 2);
    }
}
