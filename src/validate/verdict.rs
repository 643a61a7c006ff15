//! Verdicts, findings and the summary of a validation.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::hash::{Sum, hex};

/// The verdict on a digest file or a log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// Its content has the hash that a digest lists, and the signatures of the chain were verified.
    Valid,
    /// Its content has the hash that a digest lists, and a signature could not be verified.
    Consistent,
    /// Its content differs from what CloudTrail delivered.
    Altered,
    /// A digest or a listing of the bucket names it, and its content is nowhere.
    Missing,
    /// It was delivered in a period whose digests are complete, and none of them lists it.
    Unlisted,
    /// A listing of the bucket says that it was written again after its delivery.
    Rewritten,
    /// Digests say nothing of it.
    NotCovered,
    /// The hash of its content is not known.
    NotHashed,
}

impl Verdict {
    /// Every verdict, in the order of reports.
    pub(crate) const ALL: [Verdict; 8] = [
        Verdict::Altered,
        Verdict::Missing,
        Verdict::Unlisted,
        Verdict::Rewritten,
        Verdict::NotHashed,
        Verdict::Consistent,
        Verdict::NotCovered,
        Verdict::Valid,
    ];

    /// Returns its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Verdict::Valid => "valid",
            Verdict::Consistent => "consistent",
            Verdict::Altered => "altered",
            Verdict::Missing => "missing",
            Verdict::Unlisted => "unlisted",
            Verdict::Rewritten => "rewritten",
            Verdict::NotCovered => "not covered",
            Verdict::NotHashed => "not hashed",
        }
    }

    /// Returns its place in reports, the worst first.
    pub(super) fn rank(self) -> usize {
        Verdict::ALL.iter().position(|verdict| *verdict == self).unwrap_or_default()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum FileKind {
    /// A digest file.
    Digest,
    /// A log file.
    LogFile,
}

impl FileKind {
    /// Returns its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            FileKind::Digest => "digest",
            FileKind::LogFile => "log file",
        }
    }
}

/// The chain of digests of one trail in one account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(crate) struct ChainId {
    /// The account whose files it lists.
    pub(crate) account: String,
    /// The Region whose files it lists.
    pub(crate) region: String,
    /// The name of the trail.
    pub(crate) trail: String,
    /// The Region in which the trail was made.
    pub(crate) home: String,
    /// The organization of an organization trail.
    pub(crate) organization: String,
    /// True for the digests of files that were delivered late, which are a chain of their own.
    pub(crate) is_backfill: bool,
}

impl ChainId {
    /// Returns the name of the trail as reports show it.
    pub(crate) fn label(&self) -> String {
        if self.is_backfill { format!("{} (backfill)", self.trail) } else { self.trail.clone() }
    }

    /// Returns its account, Region and trail.
    pub(super) fn origin(&self) -> Origin {
        Origin { account: self.account.clone(), region: self.region.clone(), trail: self.label() }
    }
}

/// The reason why a signature was not verified.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Unchecked {
    /// The digest is the last of its chain: only the metadata of its S3 object has its signature.
    Head,
    /// The digest that has its signature is missing.
    NextMissing,
    /// The public key with this fingerprint is missing.
    NoKey(String),
    /// It is signed by an unknown algorithm.
    Algorithm(String),
    /// An older trailq imported the digest, and kept neither its hash nor its signature.
    OldImport,
    /// The digest that lists it is altered itself.
    DigestAltered,
}

/// The account, Region and trail of files, each empty where it is not known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(crate) struct Origin {
    /// The account.
    pub(crate) account: String,
    /// The Region.
    pub(crate) region: String,
    /// The trail, as reports show it.
    pub(crate) trail: String,
}

/// One line of a report: a file, or several of one verdict and reason.
///
/// A listing of a bucket can have a million objects that are missing: a finding shares its origin and most reasons with
/// others, so that it costs little more than the name of its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The verdict.
    pub(crate) verdict: Verdict,
    /// The kind of the files.
    pub(crate) kind: FileKind,
    /// The account, Region and trail.
    pub(crate) origin: Arc<Origin>,
    /// The number of files.
    pub(crate) files: u64,
    /// Of one file: `BUCKET/KEY`, or the key where the bucket is not known.
    pub(crate) object: Option<Box<str>>,
    /// The file or archive member that was found, if there is one.
    pub(crate) place: Option<Box<str>>,
    /// The beginning of the period that it is about, in Unix seconds.
    pub(crate) from: Option<i64>,
    /// The end of the period.
    pub(crate) to: Option<i64>,
    /// The SHA-256 that was expected.
    pub(crate) expected: Option<Box<Sum>>,
    /// The SHA-256 that was found.
    pub(crate) found: Option<Box<Sum>>,
    /// The reason, in words.
    pub(crate) reason: Cow<'static, str>,
    /// True if only `--strict` minds it.
    pub(crate) is_head: bool,
}

impl Finding {
    /// Returns a finding of one file, without particulars.
    pub(super) fn new(verdict: Verdict, kind: FileKind, reason: impl Into<Cow<'static, str>>) -> Finding {
        Finding {
            verdict,
            kind,
            origin: Arc::default(),
            files: 1,
            object: None,
            place: None,
            from: None,
            to: None,
            expected: None,
            found: None,
            reason: reason.into(),
            is_head: false,
        }
    }

    /// Returns the SHA-256 that was expected and the one that was found, in hexadecimal.
    pub(crate) fn hashes(&self) -> [Option<String>; 2] {
        [&self.expected, &self.found].map(|sum| sum.as_deref().map(|sum| hex(sum)))
    }

    /// Returns the finding with the account, Region and trail of a chain.
    pub(super) fn of_chain(self, chain: &ChainId) -> Finding {
        Finding { origin: Arc::new(chain.origin()), ..self }
    }
}

/// Numbers of files by verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct VerdictCounts([u64; 8]);

impl VerdictCounts {
    /// Counts files.
    pub(crate) fn add(&mut self, verdict: Verdict, files: u64) {
        if let Some(count) = self.0.get_mut(verdict.rank()) {
            *count += files;
        }
    }

    /// Returns the number of files with a verdict.
    pub(crate) fn of(&self, verdict: Verdict) -> u64 {
        self.0.get(verdict.rank()).copied().unwrap_or_default()
    }

    /// Returns the number of all files.
    pub(crate) fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// The digests and log files of one trail in one account and Region, or the log files that no digest lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Summary {
    /// The account.
    pub(crate) account: String,
    /// The Region.
    pub(crate) region: String,
    /// The trail; nothing for files that no digest lists.
    pub(crate) trail: String,
    /// The beginning of the first digest, in Unix seconds.
    pub(crate) from: Option<i64>,
    /// The end of the last digest.
    pub(crate) to: Option<i64>,
    /// Digest files.
    pub(crate) digests: VerdictCounts,
    /// Log files.
    pub(crate) files: VerdictCounts,
}

/// The result of a validation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Validation {
    /// One an account, Region and trail, in their order.
    pub(crate) summaries: Vec<Summary>,
    /// The files that are not valid, the worst verdict first.
    pub(crate) findings: Vec<Finding>,
    /// The fingerprints of the public keys by which signatures were verified.
    pub(crate) keys: Vec<String>,
    /// Fingerprints of keys that digests name and that were not given.
    pub(crate) missing_keys: Vec<String>,
    /// Keys that were given under a fingerprint that is not theirs, and are not used.
    pub(crate) wrong_keys: Vec<String>,
    /// Log files that were found by their content under another name, or in another compression.
    pub(crate) moved: u64,
}

impl Validation {
    /// Returns the number of digest files that were read.
    pub(crate) fn digests(&self) -> u64 {
        let read = |counts: &VerdictCounts| counts.total() - counts.of(Verdict::Missing);
        self.summaries.iter().map(|summary| read(&summary.digests)).sum()
    }

    /// Reports whether nothing is altered, missing or unlisted, and everything that is listed was checked. Without
    /// `strict`, the heads of chains need no signature.
    pub(crate) fn is_complete(&self, strict: bool) -> bool {
        let is_minded = |finding: &Finding| match finding.verdict {
            Verdict::Valid | Verdict::NotCovered => false,
            Verdict::Consistent => strict || !finding.is_head,
            _ => true,
        };
        self.digests() > 0 && !self.findings.iter().any(is_minded)
    }
}
