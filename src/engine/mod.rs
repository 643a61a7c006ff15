//! The engine answers lookups on a case. It knows no terminal, no settings and no format: rows go to a [`RowSink`](crate::rows::RowSink), and
//! what is worth saying about an answer comes back as text.

mod core;
mod correlate;
pub(crate) mod credentials;
pub(crate) mod deadline;
pub(crate) mod explain;
mod facet_events;
mod many;
pub(crate) mod no_match;
pub(crate) mod places;
mod record_paths;
mod stored;
pub(crate) mod suppress;
mod time_limits;
pub(crate) mod trend;

pub use crate::engine::core::{Columns, Engine, PreparedLookup};
pub(crate) use crate::engine::core::{has_list, read_list};
pub use crate::engine::correlate::{CorrelatedGroup, MAX_GROUP_EVENTS};
