//! The steps of a provenance, as text and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::escape::visible;
use crate::number;
use crate::store::snapshot::{Digest, ProvenanceStep};

/// Returns a step of a provenance as a JSON object.
pub(super) fn step_object(step: &ProvenanceStep) -> Value {
    let digests: BTreeMap<&str, Value> = step
        .digests
        .iter()
        .map(|Digest { part, rows, sha256 }| (part.as_str(), json!({"rows": rows, "sha256": sha256})))
        .collect();
    json!({
        "step": step.kind,
        "id": step.id,
        "made_at": step.made_at,
        "made_by": step.made_by,
        "made_from": step.made_from,
        "parents": step.parents,
        "trailq_version": step.trailq_version,
        "schema_version": step.schema_version,
        "selection": step.selection,
        "redacted": step.redacted,
        "portable": step.portable,
        "digests": digests,
    })
}

/// Returns a line for each digest that a recipient compares: that of the events, or of all pages of a full case.
pub(super) fn digest_lines(step: &ProvenanceStep) -> impl Iterator<Item = String> {
    let compared = step.digests.iter().filter(|digest| matches!(&*digest.part, "events" | "pages"));
    compared.map(|digest| {
        format!("SHA-256 of its {} {}: {}", number::count(digest.rows), visible(&digest.part), visible(&digest.sha256))
    })
}

/// Returns a step of a provenance as a line of text.
pub(super) fn step_line(step: &ProvenanceStep) -> String {
    let mut text = format!("{} {} ({}", visible(&step.kind), visible(&step.id), visible(&step.made_at));
    if let Some(who) = &step.made_by {
        let _ = write!(text, " by {}", visible(who));
    }
    if let Some(version) = &step.trailq_version {
        let _ = write!(text, ", trailq {}", visible(version));
    }
    text.push(')');
    if !step.made_from.is_empty() {
        let names: Vec<_> = step.made_from.iter().map(|name| visible(name)).collect();
        let _ = write!(text, " of {}", names.join(", "));
    }
    if let Some(selection) = &step.selection {
        let _ = write!(text, ": {}", visible(selection));
    }
    if !step.redacted.is_empty() {
        let _ = write!(text, ", redacted: {}", visible(&step.redacted.join(", ")));
    }
    if step.portable {
        text.push_str(", portable");
    }
    text
}
