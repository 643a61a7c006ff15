//! The report, the progress and the errors of an import.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::context::ContextDocument;
use crate::event::EventIds;
use crate::event_digest::EventDigest;
use crate::ledger::{Counts, Problem, Reject};
use crate::store::{self, CaseIds};

/// The number of rejects that a report lists; the case has all of them.
const MAX_REJECTS: usize = 20;

/// The smallest number of conflicts that suggests anonymized data. Complete deliveries have a few at most.
const MIN_CONFLICTS: u64 = 10;
/// Likewise, conflicts in a hundred records, which must be exceeded.
const MIN_CONFLICT_PERCENT: u64 = 1;

/// The account of a run of import: `read = stored + duplicate + rejected`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Report {
    /// Trail files read.
    pub files: u64,
    /// Files that are as the ledger knows them, and were not read again.
    pub skipped_files: u64,
    /// The rejects that the case has of earlier runs.
    pub earlier_rejects: u64,
    /// Files in folders that are another kind of file.
    pub ignored_files: u64,
    /// Files that were not opened: their paths are outside the limits of the import.
    pub left_out: u64,
    /// Members of archives that were read.
    pub members: u64,
    /// Members of archives that are another kind of file.
    pub ignored_members: u64,
    /// Of `files`: those of which nothing was understood. Each counts as one value that was read and rejected.
    pub files_not_understood: u64,
    /// Values read, and what became of them.
    #[serde(flatten)]
    pub counts: Counts,
    /// Digest files read.
    pub digests: u64,
    /// Answers of the AWS CLI that digest files are checked with.
    pub proofs: u64,
    /// Accounts of organizations.
    pub accounts: u64,
    /// Users of identity stores.
    pub people: u64,
    /// Findings of GuardDuty, each version of one.
    pub leads: u64,
    /// Users, groups and roles with their policies, and rows of credential reports.
    pub principals: u64,
    /// Bytes of the trail files on disk.
    pub bytes: u64,
    /// Time taken.
    pub seconds: f64,
    /// The digest of all events of the case; `None` if it is not known.
    pub event_digest: Option<EventDigest>,
    /// Fields that could not be read as what they should be; their records are whole.
    pub field_problems: Vec<FieldProblem>,
    /// The first rejects.
    pub rejects: Vec<RejectLine>,
    /// The files and members of archives that were ignored.
    pub ignored: Vec<IgnoredLine>,
}

/// A file or an archive member that holds no records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IgnoredLine {
    /// The file, and after `!` the archive's member.
    pub file: String,
    /// The kind of content that it looks like.
    pub reason: String,
}

/// A field that could not be read in some records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// The record's field, such as `eventTime`, or a column that is in no field.
    pub field: Cow<'static, str>,
    /// The problem.
    pub problem: &'static str,
    /// In how many records.
    pub events: u64,
}

/// A reject in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectLine {
    /// The file, and after `!` the archive's member.
    pub file: String,
    /// Byte offset in the decompressed file.
    pub position: u64,
    /// Line there, from 1.
    pub line: u64,
    /// The reason.
    pub reason: String,
}

impl RejectLine {
    pub(crate) fn new(path: &str, reject: &Reject) -> RejectLine {
        RejectLine {
            file: path.to_owned(),
            position: reject.position,
            line: reject.line,
            reason: reject.reason.clone(),
        }
    }
}

impl Report {
    pub(crate) fn add_reject(&mut self, line: RejectLine) {
        if self.rejects.len() < MAX_REJECTS {
            self.rejects.push(line);
        }
    }

    /// Counts the entries of a document.
    pub(crate) fn add_context(&mut self, document: &ContextDocument) {
        let (count, number) = match document {
            ContextDocument::Accounts(all) => (&mut self.accounts, all.len()),
            ContextDocument::People(all) => (&mut self.people, all.len()),
            ContextDocument::Leads(all) => (&mut self.leads, all.len()),
            ContextDocument::Principals(all) => (&mut self.principals, all.len()),
            ContextDocument::Credentials(all) => (&mut self.principals, all.len()),
        };
        *count += number as u64;
    }

    /// Counts a file that is something else.
    pub(crate) fn add_ignored_file(&mut self, file: &str, reason: &str) {
        self.ignored_files += 1;
        self.list_ignored(file.to_owned(), reason);
    }

    /// Counts an archive member that is something else.
    pub(crate) fn add_ignored_member(&mut self, member: &str, reason: &str) {
        self.ignored_members += 1;
        self.list_ignored(member.to_owned(), reason);
    }

    fn list_ignored(&mut self, file: String, reason: &str) {
        self.ignored.push(IgnoredLine { file, reason: reason.to_owned() });
    }

    /// Reports whether the number of conflicts suggests anonymized data.
    pub(crate) fn has_many_conflicts(&self) -> bool {
        let counts = &self.counts;
        counts.conflict >= MIN_CONFLICTS
            && counts.conflict.saturating_mul(100) > counts.read.saturating_mul(MIN_CONFLICT_PERCENT)
    }

    pub(crate) fn add_problems(&mut self, problems: &BTreeMap<Problem, u64>) {
        for (problem, events) in problems {
            let known =
                self.field_problems.iter_mut().find(|p| p.field == problem.field && p.problem == problem.problem);
            match known {
                Some(known) => known.events += events,
                None => {
                    let Problem { field, problem } = problem.clone();
                    self.field_problems.push(FieldProblem { field, problem, events: *events });
                }
            }
        }
    }
}

/// Watches an import.
pub trait Progress: Sync {
    /// Reports how much there is to read.
    fn total(&self, files: u64, bytes: u64);
    /// Reports how much more has been read.
    fn advance(&self, files: u64, bytes: u64, events: u64);
    /// Everything is read; indexes and counts are made.
    fn finishing(&self) {}
    /// Reports how many rows of a table are written.
    fn wrote(&self, _rows: u64) {}
    /// Reports whether it is to stop as soon as it can; what is committed stays. A large new case is committed as a whole.
    fn is_cancelled(&self) -> bool {
        false
    }
    /// Receives what cancels the running statement of the case.
    fn cancelled_by(&self, _cancel: Box<dyn Fn() + Send + Sync>) {}
}

/// A [`Progress`] as what may end the waiting for another process.
pub(crate) struct Waiting<'p>(pub(crate) &'p dyn Progress);

impl store::Wait for Waiting<'_> {
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// A [`Progress`] that discards its updates.
pub struct NoProgress;

impl Progress for NoProgress {
    fn total(&self, _: u64, _: u64) {}
    fn advance(&self, _: u64, _: u64, _: u64) {}
}

/// The error of an import that could not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path that cannot be looked at.
    #[error("{}: {}", path.display(), describe(source))]
    Path {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The case cannot be written.
    #[error(transparent)]
    Store(#[from] store::CaseError),
    /// A table cannot be written.
    #[cfg(feature = "parquet")]
    #[error(transparent)]
    Table(crate::events_table::TableError),
    /// It was cancelled; what was committed is in the case.
    #[error("the import was cancelled")]
    Cancelled,
    /// A case was to be merged into itself.
    #[error("{} is the case itself", .0.display())]
    Itself(PathBuf),
    /// Of cases to be merged one is redacted and another is not, or otherwise.
    #[error("{} is redacted, and {} is not, or in another way", redacted.display(), other.display())]
    Redacted {
        /// The one that is redacted.
        redacted: PathBuf,
        /// The other one.
        other: PathBuf,
    },
    /// The events of the case have ids of another origin.
    #[error("cannot import by {}: the events of {} are identified by {}", basis((*ids).into()), case.display(), basis(*existing))]
    ImportIds {
        /// The case.
        case: PathBuf,
        /// The origin of its ids.
        existing: CaseIds,
        /// The origin that the import asks for.
        ids: EventIds,
    },
    /// Of cases to be merged one has event ids of another origin.
    #[error(
        "cannot merge: the events of {} are identified by {}, and those of {} by {}",
        one.display(), basis(*one_ids), other.display(), basis(*other_ids)
    )]
    MergeIds {
        /// A case.
        one: PathBuf,
        /// The origin of its ids.
        one_ids: CaseIds,
        /// A case with another origin.
        other: PathBuf,
        /// That origin.
        other_ids: CaseIds,
    },
    /// Nothing could be redacted.
    #[error("the redaction could not begin: {reason}")]
    Redaction {
        /// The cause.
        reason: String,
    },
    /// A worker stopped before its file was read.
    #[error("reading {} stopped without a reason: please report this", path.display())]
    Worker {
        /// The file.
        path: PathBuf,
    },
}

#[cfg(feature = "parquet")]
impl From<crate::events_table::TableError> for Error {
    fn from(error: crate::events_table::TableError) -> Error {
        match error {
            crate::events_table::TableError::Cancelled => Error::Cancelled,
            error => Error::Table(error),
        }
    }
}

/// Returns the origin of event ids as messages name it.
fn basis(ids: CaseIds) -> &'static str {
    match ids {
        CaseIds::Event => "eventID",
        CaseIds::Content => "content",
        CaseIds::Mixed => "eventID and content",
    }
}

fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        _ => crate::io_message::describe(error),
    }
}

/// Returns what to do about a path that is a location in the network.
fn remote(path: &Path) -> Option<String> {
    let place = path.to_str()?;
    if place.starts_with("s3://") {
        let is_object = [".gz", ".json", ".zip", ".csv"].iter().any(|end| place.ends_with(end));
        let fetch = if is_object { format!("aws s3 cp {place} .") } else { format!("aws s3 sync {place} ./AWSLogs") };
        return Some(format!("trailq reads local files: `{fetch}`, then import that"));
    }
    let (scheme, _) = place.split_once("://")?;
    scheme
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric())
        .then(|| "trailq reads local files: fetch it first".to_owned())
}

/// The reason not to mix event ids of two origins.
const TWICE: &str = "the same event would be in one case under two ids";
/// The way to import by the ids that a case does not have.
const OTHER_CASE: &str = "import into another case with --db";

impl Error {
    /// Returns what to do about the error.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Store(error) => error.hint(),
            #[cfg(feature = "parquet")]
            Error::Table(error) => error.hint(),
            Error::Path { path, .. } => remote(path),
            Error::Itself(_) => Some("name another case with --db".to_owned()),
            Error::Redacted { .. } => Some(
                "the same accounts, keys and names would be in one case under two names; merge it into a case of its \
                 own, or with --force"
                    .to_owned(),
            ),
            Error::ImportIds { existing: CaseIds::Mixed, .. } => Some(format!("{TWICE}; {OTHER_CASE}")),
            Error::ImportIds { existing, .. } => {
                Some(format!("{TWICE}; import with `--ids {}`, or {OTHER_CASE}", existing.name()))
            }
            Error::MergeIds { .. } => Some(format!("{TWICE}; merge it into a case of its own, or with --force")),
            _ => None,
        }
    }
}
