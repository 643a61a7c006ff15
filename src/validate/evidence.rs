//! The input of a validation: what was found, without its bytes.

use std::collections::HashSet;
use std::sync::Arc;

use crate::hash::Sum;
use crate::ledger;
use crate::proof::{ListedObject, ProofDocument, PublicKey, TrailStatus};
use crate::time;
use crate::validate::names::DigestName;
use crate::validate::verdict::ChainId;

/// The content of a file, without its compression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// Its SHA-256.
    Sum(Sum),
    /// It cannot be read as a whole, and why.
    Damaged(Box<str>),
    /// An older trailq imported it and kept no hash.
    Unknown,
    /// An import left it out by its path.
    LeftOut,
}

/// The reason why the hash of a file that was not opened is not known.
pub(super) const LEFT_OUT: &str = "an import left it out by its path: validate the files";

/// A file or an archive member other than a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundFile {
    /// Its path, and after `!` the archive's member.
    pub(crate) place: Box<str>,
    /// Its content.
    pub(crate) content: Content,
    /// Its size as it is stored, in bytes, if that is known.
    pub(crate) bytes: Option<u64>,
}

/// A log file that a digest lists.
#[derive(Debug)]
pub(super) struct ListedFile {
    pub(super) bucket: Arc<str>,
    pub(super) key: Box<str>,
    /// `None` where the digest has no SHA-256 of it.
    pub(super) hash: Option<Sum>,
}

/// The digest before a digest, as that says.
#[derive(Debug)]
pub(super) struct PreviousDigest {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) hash: Option<Sum>,
    pub(super) signature: Option<String>,
}

/// A digest file that was found.
#[derive(Debug)]
pub(super) struct DigestCopy {
    pub(super) place: Box<str>,
    pub(super) sum: Option<Sum>,
    pub(super) chain: ChainId,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    /// As the signed text has it.
    pub(super) end_text: String,
    pub(super) fingerprint: String,
    pub(super) algorithm: Option<String>,
    pub(super) previous: Option<PreviousDigest>,
    /// As the signed text has it.
    pub(super) previous_signature: Option<String>,
    pub(super) files: Vec<ListedFile>,
}

/// All that a validation knows.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(super) files: Vec<FoundFile>,
    pub(super) digests: Vec<DigestCopy>,
    pub(super) keys: Vec<PublicKey>,
    /// In hexadecimal, of any digest.
    pub(super) signatures: Vec<String>,
    pub(super) statuses: Vec<TrailStatus>,
    pub(super) objects: Vec<ListedObject>,
    /// Names of buckets, each once in memory.
    buckets: HashSet<Arc<str>>,
}

/// Reads a SHA-256 in hexadecimal of either case.
pub(crate) fn sum_of(text: &str) -> Option<Sum> {
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut sum = [0; 32];
    for (byte, pair) in sum.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(sum)
}

/// Reports whether a digest's hashes are SHA-256; a digest that names no algorithm means it too.
fn is_sha256(algorithm: Option<&String>) -> bool {
    algorithm.is_none_or(|name| name.eq_ignore_ascii_case("SHA-256"))
}

impl Evidence {
    /// Adds a file that is not a digest.
    pub(crate) fn add_file(&mut self, file: FoundFile) {
        self.files.push(file);
    }

    /// Adds a digest file. `sum`: the SHA-256 of its content, if that is known.
    pub(crate) fn add_digest(&mut self, place: &str, sum: Option<Sum>, digest: ledger::Digest) {
        let key = digest.digest_s3_object.unwrap_or_default();
        let account = digest.aws_account_id.unwrap_or_default();
        let chain =
            DigestName::parse(&key).map_or(ChainId { account, ..ChainId::default() }, |name: DigestName| name.chain);
        let end_text = digest.digest_end_time.unwrap_or_default();
        let hash = digest.previous_digest_hash_value.as_deref().and_then(sum_of);
        let previous = digest.previous_digest_s3_object.map(|key| PreviousDigest {
            bucket: digest.previous_digest_s3_bucket.or_else(|| digest.digest_s3_bucket.clone()).unwrap_or_default(),
            key,
            hash: hash.filter(|_| is_sha256(digest.previous_digest_hash_algorithm.as_ref())),
            signature: digest.previous_digest_signature.clone(),
        });
        let mut files = Vec::new();
        for file in digest.log_files.into_iter().flatten() {
            let hash = file.hash_value.as_deref().and_then(sum_of).filter(|_| is_sha256(file.hash_algorithm.as_ref()));
            let bucket = self.bucket(file.s3_bucket.as_deref().unwrap_or_default());
            files.push(ListedFile { bucket, key: file.s3_object.unwrap_or_default().into_boxed_str(), hash });
        }
        self.digests.push(DigestCopy {
            place: place.into(),
            sum,
            chain,
            bucket: digest.digest_s3_bucket.unwrap_or_default(),
            key,
            start: digest.digest_start_time.as_deref().and_then(time::parse),
            end: time::parse(&end_text),
            end_text,
            fingerprint: digest.digest_public_key_fingerprint.unwrap_or_default(),
            algorithm: digest.digest_signature_algorithm,
            previous,
            previous_signature: digest.previous_digest_signature,
            files,
        });
    }

    /// Adds an answer of the AWS CLI.
    pub(crate) fn add_proof(&mut self, proof: ProofDocument) {
        match proof {
            ProofDocument::Keys(keys) => self.keys.extend(keys),
            ProofDocument::Signature(signature) => self.signatures.push(signature.signature),
            ProofDocument::Status(status) => self.statuses.push(status),
            ProofDocument::Listing(objects) | ProofDocument::MoreObjects(objects) => self.objects.extend(objects),
        }
    }

    /// Puts what was added in an order that does not depend on threads.
    pub(crate) fn sort(&mut self) {
        self.files.sort_unstable_by(|a, b| a.place.cmp(&b.place));
        self.digests.sort_unstable_by(|a, b| (&a.place, &a.key).cmp(&(&b.place, &b.key)));
        self.signatures.sort_unstable();
    }

    /// Adds public keys.
    pub(crate) fn add_keys(&mut self, keys: Vec<PublicKey>) {
        self.keys.extend(keys);
    }

    /// Returns the public keys.
    pub(crate) fn into_keys(self) -> Vec<PublicKey> {
        self.keys
    }

    fn bucket(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.buckets.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.buckets.insert(Arc::clone(&name));
        name
    }
}
