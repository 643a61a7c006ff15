//! Merging: the records of other cases take the way of records from files, from `normalize` on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, bounded};
use serde::Serialize;

use crate::ingest::backlog::{Backlog, Inlet, Outlet};
use crate::ingest::decode::sink::Sink as _;
use crate::ingest::expansion::Expansion;
use crate::ingest::file_sink::{FileSink, Message};
use crate::ingest::record::raw::RawRecord;
use crate::ingest::report::{Error, Progress, Waiting};
use crate::ledger::{FileEnd, FileOutcome};
use crate::redact::{Redactor, Rewriter};
use crate::store::merge::{EventRange, MergeStep, MergeTarget, MergeWriter, Merged, Source, SourceCase};
use crate::store::{self, BatchBuilder, Dictionaries};

/// The batches that may wait, for each worker: those of a range.
const WAITING_PER_WORKER: usize = 128;

/// The account of a merge.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct MergeReport {
    /// Cases that were merged into the case.
    pub cases: u64,
    /// The account of their events.
    #[serde(flatten)]
    pub merged: Merged,
    /// Time taken.
    pub seconds: f64,
}

/// The options of a merge.
#[derive(Debug, Clone, Default)]
pub struct MergeOptions {
    /// True if cases are merged also where some of them are redacted and others are not, or in another way, or where
    /// their event ids are of different origins.
    pub force: bool,
    /// The person who merges, for the provenance.
    pub made_by: Option<String>,
}

/// Merges other cases into a case, which is made where there is none. All of it is done or nothing.
///
/// # Errors
/// One of the cases is missing, no case, of a newer schema, damaged, or the case itself; some are redacted and others
/// are not; the event ids of some are of another origin; or the case cannot be written.
pub fn merge(
    case: &Path,
    others: &[PathBuf],
    options: &MergeOptions,
    progress: &dyn Progress,
) -> Result<MergeReport, Error> {
    let started = Instant::now();
    let mut opened = Vec::with_capacity(others.len());
    for path in others {
        if is_same(path, case) {
            return Err(Error::Itself(path.clone()));
        }
        opened.push(SourceCase::open_after(path, &Waiting(progress))?);
    }
    let merged = match into_case(case, &mut opened, options, progress, None) {
        Err(_) if progress.is_cancelled() => return Err(Error::Cancelled),
        merged => merged?,
    };
    Ok(MergeReport { cases: others.len() as u64, merged, seconds: started.elapsed().as_secs_f64() })
}

fn is_same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).ok().zip(fs::canonicalize(other).ok()).is_some_and(|(one, other)| one == other)
}

/// `redactor`: what is replaced in the records on their way; what else the cases hold has it replaced already, and the
/// provenance tells of no merge.
pub(crate) fn into_case(
    case: &Path,
    others: &mut [SourceCase],
    options: &MergeOptions,
    progress: &dyn Progress,
    redactor: Option<&Redactor>,
) -> Result<Merged, Error> {
    let was_missing = !case.exists();
    let target = MergeTarget::open(case, &Waiting(progress))?;
    // While it was waited for, another process may have made it.
    let is_made_here = was_missing && target.is_new;
    progress.cancelled_by(target.cancel());
    let mut run = || -> Result<Merged, Error> {
        check_redacted(case, &target, others, options.force)?;
        check_ids(case, &target, others, options.force)?;
        let incoming: u64 = others.iter().map(|other| other.events).sum();
        progress.total(others.len() as u64, incoming);
        let (mut writer, files) = target.begin(others, incoming)?;
        let mut merged = Merged { files, ..Merged::default() };
        for other in &*others {
            run_workers(other, &mut writer, &mut merged, progress, redactor)?;
            progress.advance(1, 0, 0);
        }
        progress.finishing();
        let step = redactor.is_none().then(|| MergeStep { made_by: options.made_by.clone() });
        merged.changed = writer.finish_merge(others, target.is_new, step.as_ref())?;
        Ok(merged)
    };
    let result = run();
    let closed = target.close(result.is_err());
    if result.is_err() && is_made_here {
        // What was begun is nothing.
        let _ = fs::remove_file(case);
    }
    let merged = result?;
    closed?;
    Ok(merged)
}

/// Refuses to merge cases that were redacted differently: one has the original value of what is a pseudonym in another.
fn check_redacted(case: &Path, target: &MergeTarget, others: &[SourceCase], force: bool) -> Result<(), Error> {
    if force {
        return Ok(());
    }
    let own = (target.events > 0).then(|| (case, target.redactions.iter().map(String::as_str).collect::<Vec<_>>()));
    let all: Vec<(&Path, Vec<&str>)> =
        own.into_iter().chain(others.iter().map(|other| (other.path(), other.redactions()))).collect();
    let Some(((first, redacted), rest)) = all.split_first() else { return Ok(()) };
    match rest.iter().find(|(_, other)| other != redacted) {
        None => Ok(()),
        Some((other, replaced)) => Err(Error::Redacted {
            redacted: if replaced.is_empty() { (*first).to_owned() } else { (*other).to_owned() },
            other: if replaced.is_empty() { (*other).to_owned() } else { (*first).to_owned() },
        }),
    }
}

/// Refuses to merge cases whose event ids are of different origins: the same event would have two ids.
fn check_ids(case: &Path, target: &MergeTarget, others: &[SourceCase], force: bool) -> Result<(), Error> {
    let own = (target.events > 0).then_some((case, target.ids));
    let mut all = own.into_iter().chain(others.iter().map(|other| (other.path(), other.ids)));
    let Some((one, one_ids)) = all.next().filter(|_| !force) else { return Ok(()) };
    match all.find(|(_, ids)| *ids != one_ids) {
        None => Ok(()),
        Some((other, other_ids)) => {
            Err(Error::MergeIds { one: one.to_owned(), one_ids, other: other.to_owned(), other_ids })
        }
    }
}

/// A range on its way.
struct Job {
    range: EventRange,
    out: Outlet<Message>,
}

/// The error that stopped a worker.
type WorkerError = Mutex<Option<store::CaseError>>;

/// Reads the events of a case in several threads, and writes them in order.
fn run_workers(
    other: &SourceCase,
    writer: &mut MergeWriter<'_>,
    merged: &mut Merged,
    progress: &dyn Progress,
    redactor: Option<&Redactor>,
) -> Result<(), Error> {
    let ranges = other.ranges()?;
    let workers = thread::available_parallelism().map_or(1, usize::from).clamp(1, 64);
    let dictionaries = Arc::new(writer.dictionaries()?);
    let (source, fault) = (&other.source(), WorkerError::default());
    let (jobs_in, jobs_out) = bounded::<Job>(workers);
    let (queues_in, queues_out) = bounded::<(EventRange, Inlet<Message>)>(workers);
    let backlog = Backlog::new(workers * WAITING_PER_WORKER);
    thread::scope(|scope| {
        let _hold = backlog.hold();
        for _ in 0..workers {
            let (jobs, dictionaries, fault) = (jobs_out.clone(), Arc::clone(&dictionaries), &fault);
            scope.spawn(move || {
                if let Err(error) = work(source, &jobs, dictionaries, redactor, fault) {
                    set_error(fault, error);
                }
            });
        }
        // Without this the workers would wait for each other's copy.
        drop(jobs_out);
        scope.spawn(move || {
            for (number, range) in (0..).zip(ranges) {
                let (out, queue) = backlog.queue(number);
                if queues_in.send((range, queue)).is_err() || jobs_in.send(Job { range, out }).is_err() {
                    return;
                }
            }
        });
        let write = || -> Result<(), Error> {
            for (range, queue) in &queues_out {
                writer.begin_range(other, &range)?;
                if !write_turn(&queue, writer, progress)? {
                    let fault = fault.lock().unwrap_or_else(PoisonError::into_inner).take();
                    return Err(fault.map_or(Error::Worker { path: other.path().to_owned() }, Error::Store));
                }
                writer.end_turn(merged);
            }
            Ok(())
        };
        let mut write = write;
        let written = write();
        // The thread that sends ranges must not wait for a receiver.
        drop(queues_out);
        written
    })
}

/// Writes what a range holds; whether it came to its end.
fn write_turn(queue: &Inlet<Message>, writer: &mut MergeWriter<'_>, progress: &dyn Progress) -> Result<bool, Error> {
    for message in queue.messages() {
        if progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        match message {
            Message::Batch(batch, _) => {
                let events = writer.batch(batch)?;
                progress.advance(0, events, events);
            }
            _ => return Ok(true),
        }
    }
    Ok(false)
}

/// Keeps the first error of the workers.
fn set_error(fault: &WorkerError, error: store::CaseError) {
    // A panic while the lock was held leaves at worst no error.
    fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
}

/// The mark that a range is whole.
fn end() -> FileEnd {
    FileEnd::new(FileOutcome::Unchanged, 0, String::new())
}

/// Runs a worker: reads one range after the other, until all are read or the writer has disconnected.
fn work(
    source: &Source,
    jobs: &Receiver<Job>,
    dictionaries: Arc<Dictionaries>,
    redactor: Option<&Redactor>,
    fault: &WorkerError,
) -> Result<(), store::CaseError> {
    let no_memory = |error| store::CaseError::Io { path: source.path().to_owned(), source: error };
    let mut batch = BatchBuilder::new(dictionaries).map_err(no_memory)?;
    let mut records = source.records()?;
    let mut rewriter = redactor.map(Rewriter::new);
    for Job { range, out } in jobs {
        let expansion = Arc::new(Expansion::default());
        let mut sink = FileSink::new(&mut batch, &out, &expansion, range.ids);
        let read = records.each(&range, &mut |bytes| {
            let rewritten = rewriter.as_mut().map(|rewriter| rewriter.record(bytes)).transpose()?;
            let bytes = rewritten.as_deref().unwrap_or(bytes);
            let parsed = std::str::from_utf8(bytes)
                .map_err(|error| error.to_string())
                .and_then(|text| serde_json::from_str::<RawRecord<'_>>(text).map_err(|error| error.to_string()));
            let record = parsed.map_err(|error| format!("is not a record: {error}"))?;
            let taken = if range.from_csv { sink.row(&record, bytes) } else { sink.record(&record, bytes) };
            Ok(taken.is_continue())
        });
        if let Err(error) = read {
            // It is known before the writer sees that the range is cut off.
            set_error(fault, error);
            return Ok(());
        }
        if sink.flush().is_break() || out.send(Message::End(end())).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
