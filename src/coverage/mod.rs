//! The coverage of a case: the state of each hour of an account, Region and category of events, and the kinds of events
//! that trails were set to record. It decides from facts and knows neither cases nor SQL.
//!
//! All intervals are half-open. A fact that holds in part of an hour says nothing about the hour, so that an hour is
//! `off` or `none delivered` only if the whole hour is.

mod categories;
mod derivation;
mod facts;
mod hours;
mod kinds;
mod place;
mod selectors;
mod sentences;
mod spans;
mod trails;
mod validated;
mod visibility;

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

pub(crate) use categories::{Category, FileKind};
pub(crate) use derivation::Coverage;
pub(crate) use facts::{
    Action, Change, DigestPeriod, DigestTrail, Download, EventCount, Facts, FileTimes, Place, SourcePeriod, TrailId,
    TrailSettings,
};
pub(crate) use hours::{DELIVERY_MARGIN, HOUR};
pub(crate) use kinds::{EARLY_DATA_EVENTS, data_kind_of_call, has_data_events, sources_named_in};
pub(crate) use selectors::{Selection, insights_of, selection_of};
pub(crate) use sentences::{Scope, Unrecorded, of_scope, uncovered_hours};
pub(crate) use spans::{HourSpan, State};
pub(crate) use validated::{NewestValidation, ValidationFinding};
