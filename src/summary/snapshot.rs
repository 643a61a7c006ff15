//! The report of a snapshot.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::json;

use crate::number;
use crate::store::snapshot::SnapshotSummary;
use crate::summary::provenance::{digest_lines, step_object};
use crate::summary::report::Report;

/// The report of a snapshot.
pub(crate) struct SnapshotReport<'a> {
    /// The file that was written.
    pub(crate) out: &'a Path,
    /// Its contents.
    pub(crate) made: &'a SnapshotSummary,
    /// The time that it took.
    pub(crate) taken: Duration,
}

impl Report for SnapshotReport<'_> {
    const NAME: &'static str = "the report of a snapshot";

    fn text(&self, _: bool) -> String {
        let of = if self.made.events == self.made.of {
            String::new()
        } else {
            format!(" of {}", number::count(self.made.of))
        };
        let mut text = format!(
            "{}: {}{of}, {} in {}\n",
            self.out.display(),
            number::counted(self.made.events, "event"),
            number::bytes(self.made.bytes),
            number::duration(self.taken)
        );
        let SnapshotSummary { notes, queries, decisions, .. } = self.made;
        if self.made.step.selection.is_some() && notes + queries + decisions > 0 {
            let notes = number::counted(*notes, "note");
            let queries = match queries {
                1 => "1 saved query or noise rule".to_owned(),
                queries => format!("{} saved queries and noise rules", number::count(*queries)),
            };
            let with = match decisions {
                0 => format!("{notes} and {queries}"),
                1 => format!("{notes}, {queries}, and 1 mark, verdict or ignore rule"),
                more => format!("{notes}, {queries}, and {} marks, verdicts and ignore rules", number::count(*more)),
            };
            let _ = writeln!(text, "with {with} of the case; --no-notes leaves them out");
        }
        let _ = writeln!(text, "snapshot {}", self.made.step.id);
        for line in digest_lines(&self.made.step) {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

impl Serialize for SnapshotReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = json!({
            "snapshot": self.out.display().to_string(),
            "events": self.made.events,
            "events_of_the_case": self.made.of,
            "bytes": self.made.bytes,
            "provenance": step_object(&self.made.step),
        });
        object.serialize(serializer)
    }
}
