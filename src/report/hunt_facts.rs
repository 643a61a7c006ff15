//! The parts of a hunt that a report shows.

use crate::hunt::{Hunt, Visibility};
use crate::store::HuntRun;
use crate::subject::VerdictKind;

/// The parts of a hunt that a report shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct HuntFacts {
    /// The run with its rules and findings. Routine findings and those that many actors have are not among them.
    pub(crate) run: HuntRun,
    /// True if the case stored the run; false if it was made for the report.
    pub(crate) is_kept: bool,
    /// The number of rules that were not run.
    pub(crate) not_run: usize,
    /// The events of findings with the verdict `true`: `events.id` and the title of the rule.
    pub(crate) confirmed: Vec<(i64, String)>,
    /// The limits of what could be seen.
    pub(crate) visibility: Visibility,
}

impl HuntFacts {
    /// Takes the parts out of a hunt. With a run that the case stored, the hunt is of the confirmed rules only, of
    /// `all_rules` rules.
    pub(crate) fn new(hunt: Hunt, kept: Option<HuntRun>, all_rules: usize) -> HuntFacts {
        let of_finding = |event: &crate::hunt::HuntedEvent| {
            let finding = hunt.findings.get(event.finding)?;
            let title = || (event.id, finding.rule(&hunt).title.clone());
            (finding.verdict == Some(VerdictKind::True)).then(title)
        };
        let confirmed = hunt.events.iter().filter_map(of_finding).collect();
        let is_kept = kept.is_some();
        let run = kept.unwrap_or(hunt.run);
        HuntFacts {
            is_kept,
            not_run: all_rules.saturating_sub(run.rules.len()),
            run,
            confirmed,
            visibility: hunt.visibility,
        }
    }
}
