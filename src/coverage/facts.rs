//! The facts of a case that its coverage is derived from. Times are Unix seconds.

use crate::coverage::categories::{Category, FileKind};
use crate::coverage::selectors::Selection;

/// An account and a Region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    /// The account whose trail has the events.
    pub(crate) account: String,
    pub(crate) region: String,
}

/// The facts of a case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// Events that trails delivered.
    pub(crate) events: Vec<EventCount>,
    /// Events that are known only from Event history.
    pub(crate) downloaded: Vec<EventCount>,
    /// The ranges of Event history downloads.
    pub(crate) downloads: Vec<Download>,
    /// The periods of digest files.
    pub(crate) digests: Vec<DigestPeriod>,
    /// Files that a digest lists and the case does not have.
    pub(crate) missing: Vec<FileTimes>,
    /// Files of which the case has another content than the digest lists.
    pub(crate) altered: Vec<FileTimes>,
    /// Delivered files that could not be read.
    pub(crate) unread: Vec<FileTimes>,
    /// Delivered files that imports left out.
    pub(crate) left_out: Vec<FileTimes>,
    /// Times at which files were delivered; needed only where a trail was stopped.
    pub(crate) deliveries: Vec<(Place, i64)>,
    /// Calls that changed trails, in any order.
    pub(crate) actions: Vec<Action>,
    /// Periods and numbers of events by source.
    pub(crate) sources: Vec<SourcePeriod>,
    /// True if the case has only a selection of the events that were imported.
    pub(crate) is_selection: bool,
}

/// The number of events of a category in an hour.
#[derive(Debug, Clone)]
pub(crate) struct EventCount {
    pub(crate) place: Place,
    pub(crate) category: Category,
    /// Hours since 1970.
    pub(crate) hour: i64,
    pub(crate) events: u64,
}

/// The range of the events of an Event history download in a Region, both ends included.
#[derive(Debug, Clone)]
pub(crate) struct Download {
    pub(crate) place: Place,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// A digest file: the period of the deliveries that it lists.
#[derive(Debug, Clone)]
pub(crate) struct DigestPeriod {
    pub(crate) place: Place,
    pub(crate) trail: DigestTrail,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// The trail that the key of a digest file names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DigestTrail {
    pub(crate) name: String,
    /// The home Region of the trail.
    pub(crate) home: String,
    /// True if the key has the id of an organization.
    pub(crate) is_organization: bool,
}

/// A file whose events are not in the case, and the times of the events that it may hold, both ends included.
#[derive(Debug, Clone)]
pub(crate) struct FileTimes {
    pub(crate) place: Place,
    pub(crate) kind: FileKind,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// A trail by its owner, home Region and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TrailId {
    pub(crate) owner: String,
    pub(crate) home: String,
    pub(crate) name: String,
}

/// A successful call that changed a trail.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(crate) trail: TrailId,
    pub(crate) time: i64,
    pub(crate) change: Change,
}

/// A change of a trail.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// StopLogging.
    Stop,
    /// DeleteTrail.
    Delete,
    /// CreateTrail. Logging begins with StartLogging, but a lost StartLogging must not make hours `off`.
    Create(TrailSettings),
    /// UpdateTrail.
    Update(TrailSettings),
    /// StartLogging.
    Start,
    /// PutEventSelectors.
    Select(Selection),
    /// PutInsightSelectors: true if any Insights type is selected.
    Insights(bool),
}

/// The settings of a trail that a call states; `None`: not stated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TrailSettings {
    pub(crate) is_multi_region: Option<bool>,
    pub(crate) is_organization: Option<bool>,
}

/// The events of one source in a category: their number, and the first and the last.
#[derive(Debug, Clone)]
pub(crate) struct SourcePeriod {
    pub(crate) place: Place,
    pub(crate) category: Category,
    pub(crate) source: String,
    pub(crate) events: u64,
    /// `None`: no event has a time.
    pub(crate) period: Option<(i64, i64)>,
}
