//! Reindexing: the records of a case take the way of an import once more, from `normalize` on.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use crate::event::{Event, EventIds};
use crate::ingest::record::normalize::normalize;
use crate::ingest::record::raw::RawRecord;
use crate::ingest::report::{Error, Progress};
use crate::store::{self, reindex};

/// The account of a reindexing.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ReindexReport {
    /// Events that were made anew.
    pub events: u64,
    /// Time taken.
    pub seconds: f64,
}

/// Makes the events of a case anew from its records, by the rules of this version of trailq. `made_by`: the person, for the
/// provenance.
///
/// # Errors
/// The case does not exist, is redacted, has a damaged record, or cannot be written. The case is then unchanged.
pub fn reindex(case: &Path, made_by: Option<String>, progress: &dyn Progress) -> Result<ReindexReport, Error> {
    let started = Instant::now();
    match reindex::reindex(case, made_by, &make_event, &Watching(progress)) {
        Ok(events) => Ok(ReindexReport { events, seconds: started.elapsed().as_secs_f64() }),
        Err(_) if progress.is_cancelled() => Err(Error::Cancelled),
        Err(error) => Err(error.into()),
    }
}

fn make_event(record: &[u8]) -> Result<Event, String> {
    let text = std::str::from_utf8(record).map_err(|error| format!("is not text: {error}"))?;
    let raw: RawRecord<'_> = serde_json::from_str(text).map_err(|error| format!("is not a record: {error}"))?;
    // The event keeps the id that it has.
    Ok(normalize(&raw, record, EventIds::Event).0)
}

/// A [`Progress`] as what watches a reindexing.
struct Watching<'p>(&'p dyn Progress);

impl store::Wait for Watching<'_> {
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

impl reindex::Watch for Watching<'_> {
    fn total(&self, events: u64) {
        self.0.total(1, events);
    }

    fn advance(&self, events: u64) {
        self.0.advance(0, events, events);
    }
}
