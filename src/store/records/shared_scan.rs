//! One scan of the records for many predicates: every block that any of them needs is read and unpacked once.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use rusqlite::{Connection, Error, OptionalExtension};

use crate::activity;
use crate::store::records::id_set::IdSet;
use crate::store::records::ngram_filter::Span;
use crate::store::records::predicate::{PredicateSpec, RecordPredicate};
use crate::store::records::predicate_set::PredicateSet;
use crate::store::records::scan::{self, Reader, in_parallel};

/// The groups of records that are read before what was found is handed on.
const STEP: usize = 128;
/// Threads that read at once.
const MAX_THREADS: usize = 8;

/// A predicate of a shared scan.
#[derive(Debug, Clone)]
pub struct SharedPredicate {
    /// The predicate, in JSON, as the function `record_scan` takes it; `{"ids": n}` holds for the events of a set.
    pub predicate: String,
    /// The sets, by their numbers.
    pub id_sets: Vec<Arc<IdSet>>,
}

/// The number of a predicate, and the id of an event that meets it.
type Hit = (usize, i64);

/// A group of records to read, and the numbers of the predicates that may hold in it.
struct Work {
    span: Span,
    predicates: Vec<usize>,
}

/// A shared scan under way.
pub(crate) struct SharedScan {
    plan: Plan,
    /// The number of groups that were read.
    read: usize,
    readers: Vec<Reader>,
}

/// The predicates of a scan, and what to read for them.
struct Plan {
    set: PredicateSet,
    /// For each predicate, true if it is met only by events of its sets, which are known to exist.
    are_events: Vec<bool>,
    work: Vec<Work>,
}

impl SharedScan {
    /// Plans a scan. `case` is the file that `connection` is open on.
    pub(crate) fn new(
        connection: &Connection,
        case: &Path,
        predicates: Vec<SharedPredicate>,
    ) -> rusqlite::Result<SharedScan> {
        let plan = Plan::new(connection, predicates)?;
        let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MAX_THREADS);
        let threads = threads.min(plan.work.len());
        activity::expect(plan.work.len() as u64);
        let readers = (0..threads).map(|_| Reader::open(case)).collect::<rusqlite::Result<_>>()?;
        Ok(SharedScan { plan, read: 0, readers })
    }

    /// Reads the next groups, and returns the numbers of predicates with the ids of events that meet them: those of one
    /// predicate are in order. `None` at the end.
    pub(crate) fn step(&mut self) -> rusqlite::Result<Option<Vec<Hit>>> {
        if self.read == self.plan.work.len() {
            return Ok(None);
        }
        let to = self.plan.work.len().min(self.read + STEP);
        let step = self.read..to;
        self.read = to;
        activity::advance(step.len() as u64);
        self.plan.look_through(&self.plan.work[step], &mut self.readers).map(Some)
    }
}

impl Plan {
    /// Finds the groups that each predicate may hold in, by its sets and by the filters of the groups.
    fn new(connection: &Connection, predicates: Vec<SharedPredicate>) -> rusqlite::Result<Plan> {
        let in_words = |error: String| Error::UserFunctionError(format!("shared scan: {error}").into());
        let mut candidates = Vec::new();
        let mut parsed = Vec::new();
        for SharedPredicate { predicate, id_sets } in predicates {
            let spec: PredicateSpec = serde_json::from_str(&predicate).map_err(|error| in_words(error.to_string()))?;
            let predicate = RecordPredicate::new(spec).map_err(in_words)?;
            candidates.push(scan::spans(connection, &predicate)?);
            parsed.push((predicate, id_sets));
        }
        let set = PredicateSet::new(parsed).map_err(in_words)?;
        let mut work: Vec<Work> = scan::spans(connection, &RecordPredicate::All(Vec::new()))?
            .into_iter()
            .map(|span| Work { span, predicates: Vec::new() })
            .collect();
        work.sort_by_key(|work| work.span.blocks);
        let mut are_events = Vec::new();
        for (number, candidates) in candidates.into_iter().enumerate() {
            let bounds = set.bounds(number);
            are_events.push(bounds.is_some());
            let mut wanted = vec![bounds.is_none(); work.len()];
            for ids in bounds.iter().flatten() {
                for id in ids.iter() {
                    let after = work.partition_point(|work| work.span.blocks.0 <= id);
                    if let Some(found) = after.checked_sub(1).and_then(|at| wanted.get_mut(at)) {
                        *found = true;
                    }
                }
            }
            for span in candidates {
                let at = work.binary_search_by_key(&span.blocks, |work| work.span.blocks);
                if let Ok(at) = at
                    && wanted[at]
                {
                    work[at].predicates.push(number);
                }
            }
        }
        work.retain(|work| !work.predicates.is_empty());
        Ok(Plan { set, are_events, work })
    }

    /// Returns what is found in some groups, in their order. Each reader has a thread of its own.
    fn look_through(&self, step: &[Work], readers: &mut [Reader]) -> rusqlite::Result<Vec<Hit>> {
        in_parallel(step, readers, |reader, work| look_through(reader, work, self))
    }
}

/// Returns the hits in a group.
fn look_through(reader: &mut Reader, work: &Work, scan: &Plan) -> rusqlite::Result<Vec<Hit>> {
    let mut hits = Vec::new();
    let mut is_event = reader.connection.connection.prepare_cached("SELECT 1 FROM events WHERE id = ?1")?;
    let look = |id: i64, record: &[u8]| -> rusqlite::Result<()> {
        let asked = scan.set.record(id, record);
        let mut exists = None;
        for number in work.predicates.iter().copied().filter(|number| asked.meets(*number)) {
            let exists = match (scan.are_events[number], exists) {
                (true, _) => true,
                (false, Some(exists)) => exists,
                // A record that proved to be a duplicate has no event.
                (false, None) => *exists.insert(is_event.query_row([id], |_| Ok(())).optional()?.is_some()),
            };
            if exists {
                hits.push((number, id));
            }
        }
        Ok(())
    };
    reader.connection.each_record(&work.span, &mut reader.unpacker, &mut reader.block, look)?;
    Ok(hits)
}
