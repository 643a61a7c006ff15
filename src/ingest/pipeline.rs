//! Files through workers to the one writer, in order whatever the number of workers.
//!
//! Workers take files in path order, and the writer takes what they send in the same order. So the answer does not depend
//! on the number of workers, and memory on nothing but it.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, bounded};

use crate::case_details::CaseDetails;
use crate::event::EventIds;
use crate::file_names;
use crate::ingest::backlog::{Backlog, Inlet, Outlet};
use crate::ingest::delivery::Name;
use crate::ingest::destination::{BatchOf, Destination};
use crate::ingest::file_sink::{EventGatherer, Message};
use crate::ingest::narrowing::Narrowing;
use crate::ingest::recorded_progress::RecordedProgress;
use crate::ingest::report::{Error, Progress, RejectLine, Report, Waiting};
use crate::ingest::source::inflate::Inflater;
use crate::ingest::source::walk;
use crate::ingest::source::walk::SourceFile;
use crate::ingest::worker;
use crate::ingest::worker::{KnownContents, WorkerContext};
use crate::ledger::{FileEnd, FileOutcome};
use crate::proof::ProofDocument;
use crate::store::{AssembledBatch, BatchBuilder, CaseError, Import, KnownFiles, RunOrigin};

/// Options of an import.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Worker threads; as many as there are processors, if not given.
    pub jobs: Option<usize>,
    /// True if links in folders are followed.
    pub follow_links: bool,
    /// The origin of the ids of events.
    pub ids: EventIds,
    /// The details of the case to store.
    pub details: CaseDetails,
    /// The limits by which files are left out.
    pub narrowing: Narrowing,
    /// The user who runs the import.
    pub imported_by: Option<String>,
}

/// The user of an import by a program that names none.
const UNKNOWN_USER: &str = "unknown";
/// The messages that may wait, for each worker: the batches of two files of usual size, of some ten kilobytes each. With
/// fewer, workers wait for the one whose file is being written.
const WAITING_PER_WORKER: usize = 64;
/// One file on its way.
pub(crate) struct Job<B = AssembledBatch> {
    pub(crate) found: SourceFile,
    /// Its place among the files of the run.
    pub(crate) number: u32,
    pub(crate) before: Option<KnownContents>,
    pub(crate) out: Outlet<Message<B>>,
}

/// Imports trail files and folders into a case, which is made where there is none. `-` is standard input.
///
/// # Errors
/// A path that does not exist, a case that cannot be written, or one whose event ids are of another origin. Bad input is not an error: the report lists it.
pub fn import(case: &Path, paths: &[PathBuf], options: &Options, progress: &dyn Progress) -> Result<Report, Error> {
    let started = Instant::now();
    let files = walk::walk(paths, options.follow_links).map_err(|(path, source)| Error::Path { path, source })?;
    let bytes = files.iter().map(|found| found.bytes).sum();
    let mut import = Import::open(case, bytes, &Waiting(progress))?;
    let names: Vec<String> = paths.iter().map(|path| file_names::name_of(path)).collect();
    let mut report = Report::default();
    let progress = &RecordedProgress::new(progress, import.progress_file());
    progress.cancelled_by(import.cancel());
    let folder = env::current_dir().ok().map(|folder| file_names::name_of(&folder));
    let mut run = || -> Result<(), Error> {
        import.finish_left(&Waiting(progress))?;
        check_ids(case, &import, options.ids)?;
        import.set_details(&options.details, options.imported_by.as_deref().unwrap_or(UNKNOWN_USER))?;
        let known = import.known_files()?;
        let (mut fresh, skipped): (Vec<SourceFile>, Vec<SourceFile>) =
            files.iter().cloned().partition(|found| !is_unchanged(&known, found));
        report.skipped_files = skipped.len() as u64;
        report.earlier_rejects = known.rejects;
        for found in &mut fresh {
            found.left_out = options.narrowing.reason(&file_names::name_of(&found.path));
        }
        let bytes: u64 = fresh.iter().filter(|found| found.left_out.is_none()).map(|found| found.bytes).sum();
        progress.total(fresh.len() as u64, bytes);
        if fresh.is_empty() && known.is_finished {
            report.event_digest = import.event_digest()?;
            return Ok(());
        }
        let origin =
            RunOrigin { paths: &names, folder: folder.as_deref(), imported_by: options.imported_by.as_deref() };
        let mut writer = import.begin(&origin, options.ids)?;
        writer.prepare_indexes(bytes, known.bytes)?;
        let dictionaries = Arc::new(writer.dictionaries()?);
        let no_memory = |source| Error::from(CaseError::Io { path: case.to_owned(), source });
        let gatherers = BatchBuilder::team(worker_count(options.jobs), &dictionaries).map_err(no_memory)?;
        let workers = Workers { gatherers, ids: options.ids, before: &|found| before(&known, found) };
        run_workers(fresh, workers, &mut writer, &mut report, progress)?;
        progress.finishing();
        if let Some(unfinished) = writer.finish()? {
            import.complete(unfinished)?;
        }
        report.event_digest = import.event_digest()?;
        Ok(())
    };
    let result = run();
    // What is committed stays.
    let closed = import.close(result.is_err());
    if progress.is_cancelled() && result.is_err() {
        return Err(Error::Cancelled);
    }
    result?;
    closed?;
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// Refuses a case with events whose ids are of another origin: the same event would be in it twice.
fn check_ids(case: &Path, import: &Import, ids: EventIds) -> Result<(), Error> {
    match import.ids()? {
        Some(existing) if existing != ids.into() => Err(Error::ImportIds { case: case.to_owned(), existing, ids }),
        _ => Ok(()),
    }
}

/// Reports whether the ledger has the file as it is now.
fn is_unchanged(known: &KnownFiles, found: &SourceFile) -> bool {
    known.is_unchanged(&file_names::name_of(&found.path), found.bytes, found.modified)
}

/// Returns what is to be compared before the file is read again.
fn before(known: &KnownFiles, found: &SourceFile) -> Option<KnownContents> {
    let sha256s = known.sha256s(&file_names::name_of(&found.path), found.bytes);
    (!sha256s.is_empty() && found.unreadable.is_none()).then_some(KnownContents { sha256s })
}

/// Returns the number of workers.
pub(crate) fn worker_count(jobs: Option<usize>) -> usize {
    let available = thread::available_parallelism().map_or(1, usize::from);
    jobs.unwrap_or(available).clamp(1, 64)
}

/// The workers of a run.
pub(crate) struct Workers<'w, G: EventGatherer> {
    /// A gatherer for each worker.
    pub(crate) gatherers: Vec<G>,
    pub(crate) ids: EventIds,
    /// Returns what is to be compared before a file is read again.
    pub(crate) before: &'w (dyn Fn(&SourceFile) -> Option<KnownContents> + Sync),
}

/// Starts the workers and writes what they send.
pub(crate) fn run_workers<D: Destination>(
    files: Vec<SourceFile>,
    workers: Workers<'_, D::Gatherer>,
    writer: &mut D,
    report: &mut Report,
    progress: &dyn Progress,
) -> Result<(), Error>
where
    D::Gatherer: Send,
{
    let Workers { gatherers, ids, before } = workers;
    let waiting = gatherers.len() * WAITING_PER_WORKER;
    let backlog = Backlog::new(waiting);
    let (jobs_in, jobs_out) = bounded::<Job<BatchOf<D>>>(gatherers.len());
    let (queues_in, queues_out) = bounded::<(SourceFile, Inlet<Message<BatchOf<D>>>)>(waiting);
    thread::scope(move |scope| {
        let _hold = backlog.hold();
        for gatherer in gatherers {
            let jobs = jobs_out.clone();
            scope.spawn(move || work(&jobs, gatherer, ids));
        }
        // Without this the workers would wait for each other's copy.
        drop(jobs_out);
        scope.spawn(move || {
            for (number, found) in (0..).zip(files) {
                let (out, queue) = backlog.queue(number);
                let job = Job { before: before(&found), found: found.clone(), number, out };
                if queues_in.send((found, queue)).is_err() || jobs_in.send(job).is_err() {
                    return;
                }
            }
        });
        for (found, queue) in queues_out {
            write_file(&found, &queue, writer, report, progress)?;
        }
        Ok(())
    })
}

/// Runs a worker: reads one file after the other, until all are read or the writer has disconnected.
pub(crate) fn work<G: EventGatherer>(jobs: &Receiver<Job<G::Batch>>, batch: G, ids: EventIds) {
    let mut tools = WorkerContext { batch, inflater: Inflater::new(), ids };
    for job in jobs {
        tools.batch.begin_file(job.number, &job.found.name());
        if worker::read_file(&job.found, job.before.as_ref(), &mut tools, &job.out).is_err() {
            return;
        }
    }
    tools.batch.finish();
}

/// Writes what one file holds.
pub(crate) fn write_file<D: Destination>(
    found: &SourceFile,
    queue: &Inlet<Message<BatchOf<D>>>,
    writer: &mut D,
    report: &mut Report,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let mut open = vec![OpenFile::new(found.name())];
    writer.begin_file(&open[0].path)?;
    let mut read = 0;
    for message in queue.messages() {
        if progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let Some(file) = open.last_mut() else { break };
        match message {
            Message::Batch(batch, so_far) => {
                let events = writer.batch(batch)?;
                progress.advance(0, so_far.saturating_sub(read), events);
                read = read.max(so_far);
            }
            Message::Digest(digest) => {
                writer.digest(&digest)?;
                report.digests += 1;
            }
            Message::Proof(proof) => {
                writer.proof(&proof)?;
                report.proofs += u64::from(!matches!(proof, ProofDocument::MoreObjects(_)));
            }
            Message::Context(document) => {
                writer.context(&document)?;
                report.add_context(&document);
            }
            Message::Reject(reject) => {
                writer.reject(&file.path, &reject)?;
                file.is_rejected_whole = reject.length == 0;
                report.add_reject(RejectLine::new(&file.path, &reject));
            }
            Message::BeginMember(name) => {
                let member = OpenFile::new(format!("{}!{name}", file.path));
                writer.begin_member(&member.path)?;
                open.push(member);
            }
            Message::EndMember(end) => {
                end_member(file, &end, writer, report)?;
                open.pop();
            }
            Message::End(end) => {
                end_file(found, file, &end, writer, report)?;
                let unread = if found.left_out.is_none() { found.bytes.saturating_sub(read) } else { 0 };
                progress.advance(1, unread, 0);
                return Ok(());
            }
        }
    }
    Err(writer.fault().unwrap_or_else(|| Error::Worker { path: found.path.clone() }))
}

/// A file, or a member of an archive, that is being written.
struct OpenFile {
    path: String,
    /// True if the last reject is all of it.
    is_rejected_whole: bool,
}

impl OpenFile {
    fn new(path: String) -> OpenFile {
        OpenFile { path, is_rejected_whole: false }
    }

    /// Returns the parts of the name of a delivered file.
    fn name(&self) -> Name {
        Name::parse(self.path.rsplit(['/', '!']).next().unwrap_or_default())
    }
}

fn end_member<D: Destination>(
    file: &OpenFile,
    end: &FileEnd,
    writer: &mut D,
    report: &mut Report,
) -> Result<(), Error> {
    let counts = writer.end_file(&file.path, None, &file.name().delivery(), end)?;
    match end.outcome {
        FileOutcome::TrailFile | FileOutcome::Unchanged => {
            report.members += 1;
            report.counts.add(&counts);
            report.add_problems(&end.problems);
        }
        FileOutcome::LeftOut => report.left_out += 1,
        FileOutcome::Ignored => report.add_ignored_member(&file.path, end.reason.as_deref().unwrap_or_default()),
    }
    Ok(())
}

fn end_file<D: Destination>(
    found: &SourceFile,
    file: &OpenFile,
    end: &FileEnd,
    writer: &mut D,
    report: &mut Report,
) -> Result<(), Error> {
    let counts = writer.end_file(&file.path, found.modified, &file.name().delivery(), end)?;
    match end.outcome {
        FileOutcome::TrailFile => {
            report.files += 1;
            let is_rejected = counts.read == 1 && counts.rejected == 1 && file.is_rejected_whole;
            report.files_not_understood += u64::from(is_rejected);
            report.bytes += end.bytes;
            report.counts.add(&counts);
            report.add_problems(&end.problems);
        }
        FileOutcome::Ignored => report.add_ignored_file(&file.path, end.reason.as_deref().unwrap_or_default()),
        FileOutcome::LeftOut => report.left_out += 1,
        FileOutcome::Unchanged => report.skipped_files += 1,
    }
    Ok(())
}
