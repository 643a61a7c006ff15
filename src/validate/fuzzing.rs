//! The entry point of the fuzz target `digest`.

use std::ops::ControlFlow;

use sha2::{Digest as _, Sha256};

use crate::ledger;
use crate::proof::{ListedObject, ProofDocument, listing};
use crate::validate::{Content, Evidence, FoundFile, Scope, Verdict, validate};

/// Validates lines: a digest file, an answer of the AWS CLI, or the name of a log file.
///
/// # Panics
/// A verdict is not what its evidence allows.
pub(crate) fn digest(bytes: &[u8]) {
    let mut evidence = Evidence::default();
    let (mut files, mut has_key) = (0, false);
    for line in bytes.split(|byte| *byte == b'\n') {
        let sum = Sha256::digest(line).into();
        if let Ok(digest) = serde_json::from_slice::<ledger::Digest>(line) {
            evidence.add_digest("digest", Some(sum), digest);
        } else if let Some(proof) = ProofDocument::parse(line) {
            if let ProofDocument::Listing(objects) = &proof {
                check_listing(line, objects);
            }
            has_key |= matches!(proof, ProofDocument::Keys(_));
            evidence.add_proof(proof);
        } else {
            files += 1;
            let place = String::from_utf8_lossy(line).into_owned().into_boxed_str();
            evidence.add_file(FoundFile { place, content: Content::Sum(sum), bytes: None });
        }
    }
    evidence.sort();
    let validation = validate(&evidence, &Scope::default());
    let count = |verdict| -> u64 {
        let of = validation.summaries.iter().map(|summary| summary.digests.of(verdict) + summary.files.of(verdict));
        of.sum()
    };
    assert!(has_key || count(Verdict::Valid) == 0, "valid without a key");
    let ranks: Vec<usize> = validation.findings.iter().map(|finding| finding.verdict.rank()).collect();
    assert!(ranks.is_sorted(), "the worst comes first");
    assert!(count(Verdict::Unlisted) <= files, "more files than there are");
    assert!(!validation.is_complete(false) || count(Verdict::Altered) + count(Verdict::Missing) == 0);
}

/// Checks that a listing that is read object by object has the objects of the whole.
fn check_listing(bytes: &[u8], objects: &[ListedObject]) {
    let mut found = Vec::new();
    let read = listing::read_listing(bytes, &mut |some| {
        found.extend(some);
        ControlFlow::Continue(())
    });
    // The lists may come in any order. Deep nesting is counted from the outermost object.
    let in_order = |objects: &[ListedObject]| {
        let mut texts: Vec<String> = objects.iter().map(|object| format!("{object:?}")).collect();
        texts.sort_unstable();
        texts
    };
    assert!(read.is_err() || in_order(&found) == in_order(objects), "{found:?} and {objects:?}");
}
