//! The report of a reindexing.

use std::time::Duration;

use crate::ingest::ReindexReport;
use crate::number;
use crate::summary::report::Report;

impl Report for ReindexReport {
    const NAME: &'static str = "the report of a reindexing";

    fn text(&self, _: bool) -> String {
        format!(
            "{} made anew from their records, in {}",
            number::counted(self.events, "event"),
            number::duration(Duration::from_secs_f64(self.seconds.max(0.0)))
        )
    }
}
