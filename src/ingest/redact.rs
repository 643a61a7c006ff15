//! Redaction of a case: what identifies somebody is gathered, and the case is written anew without it, its records going
//! the way of an import once more. So columns agree with records, and nothing that was replaced is in the file.

use std::collections::HashMap;
use std::path::Path;

use crate::activity;
use crate::event::EventIds;
use crate::ingest::merge::{MergeOptions, into_case};
use crate::ingest::record::normalize::normalize;
use crate::ingest::record::raw::RawRecord;
use crate::ingest::report::{Error, Progress};
use crate::redact::{Entities, Kind, Redactor, Rewriter};
use crate::store::CaseIds;
use crate::store::merge::SourceCase;
use crate::store::redaction_copy::{self, RedactionCopy};

/// Gathers from a case what there is to be replaced that no shape tells. Of a case of which some events are handed on, all
/// of it: who acted elsewhere may be named here.
///
/// # Errors
/// The case cannot be read.
pub fn gather(case: &Path, kinds: &[Kind]) -> Result<Entities, Error> {
    let _step = activity::step("finding identifiers");
    let mut found = Entities::new(kinds);
    redaction_copy::gather(case, &mut found)?;
    let other = SourceCase::open(case)?;
    let source = other.source();
    let mut records = source.records()?;
    activity::expect(other.events);
    for range in other.ranges()? {
        records.each(&range, &mut |record| found.record(record).map(|()| true))?;
        activity::advance(range.events);
    }
    Ok(found)
}

/// Writes a case anew with what was found replaced. `from` is a case that is thrown away after: what it holds beside its
/// records is rewritten in place. `to` is a file that is not there yet, or an empty one.
///
/// # Errors
/// The case cannot be read, or the new one cannot be written.
pub fn redact(from: &Path, to: &Path, found: Entities, progress: &dyn Progress) -> Result<Redactor, Error> {
    let mut redactor = Redactor::new(found).map_err(|reason| Error::Redaction { reason })?;
    let staged = RedactionCopy::open(from)?;
    let clashing = clashing(&redactor, staged.unusual_ids(&redactor)?);
    redactor.replace_whole(clashing);
    let mut rewriter = Rewriter::new(&redactor);
    let origin = match staged.ids()? {
        // The eventID of a record may look like an id made from content.
        CaseIds::Event => EventIds::Event,
        CaseIds::Content | CaseIds::Mixed => EventIds::Content,
    };
    let (mut ids, mut failed) = (HashMap::new(), None);
    staged.each_event_by_content(&mut |event_id, record| match id_of(&mut rewriter, record, origin) {
        Ok(new) => drop(ids.insert(event_id, new)),
        Err(reason) => drop(failed.get_or_insert(reason)),
    })?;
    if let Some(reason) = failed {
        return Err(Error::Redaction { reason });
    }
    staged.rewrite(&redactor, &ids)?;
    staged.close()?;
    let options = MergeOptions { force: true, ..MergeOptions::default() };
    into_case(to, &mut [SourceCase::open(from)?], &options, progress, Some(&redactor))?;
    Ok(redactor)
}

/// Of event ids those that would become the same as another one.
fn clashing(redactor: &Redactor, ids: Vec<String>) -> Vec<String> {
    let mut by_new: HashMap<String, Vec<String>> = HashMap::new();
    for id in ids {
        by_new.entry(redactor.event_id(&id)).or_default().push(id);
    }
    by_new.into_values().filter(|ids| ids.len() > 1).flatten().collect()
}

/// The event id that a record gets once it is rewritten.
fn id_of(rewriter: &mut Rewriter<'_>, record: &[u8], ids: EventIds) -> Result<String, String> {
    let record = rewriter.record(record)?;
    let parsed: RawRecord<'_> = serde_json::from_slice(&record).map_err(|error| error.to_string())?;
    Ok(normalize(&parsed, &record, ids).0.event_id.to_string())
}
