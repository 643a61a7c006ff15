//! The rejects of `trailq convert`, which are accounted for where they were read.

use crate::ingest::decode::content::{Content, Wrapping, without_mark};
use crate::ingest::decode::sink::{Decoded, Sink};

/// The bytes with which such a list begins.
const BEGIN: &[u8] = b"{\"rejected_from\":\"";

/// A list of rejects.
pub(super) struct RejectList;

impl Wrapping for RejectList {
    fn recognize(&self, head: &[u8]) -> bool {
        without_mark(head).starts_with(BEGIN)
    }

    fn decode(&self, _: Content<'_>, _: bool, _: &mut dyn Sink) -> Decoded {
        Decoded::Foreign("is a list of the rejects of a conversion")
    }
}
