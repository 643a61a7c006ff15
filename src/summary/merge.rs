//! The report of a merge.

use std::time::Duration;

use crate::ingest::MergeReport;
use crate::number;
use crate::summary::report::Report;

impl Report for MergeReport {
    const NAME: &'static str = "the report of a merge";

    fn text(&self, _: bool) -> String {
        let merged = &self.merged;
        let conflicts = match merged.conflict {
            0 => String::new(),
            count => format!(", {} of them with another content", number::count(count)),
        };
        let nothing = if merged.changed { "" } else { "; the case held it all, and is as it was" };
        format!(
            "{} of {}: {} new, {} there already{conflicts}; {}{nothing}; in {}",
            number::counted(merged.read, "event"),
            number::counted(self.cases, "case"),
            number::count(merged.stored),
            number::count(merged.duplicate),
            number::counted(merged.files, "new file"),
            number::duration(Duration::from_secs_f64(self.seconds.max(0.0)))
        )
    }
}
