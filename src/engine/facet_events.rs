//! The events of each facet, read once for many lookups: an index that finds the events of one value needs a look at each
//! of them for any other value, while facets are few.

use std::collections::HashMap;

use crate::query::Interval;
use crate::rows::{self, Cell};
use crate::store::{Case, QueryError};

/// The time of an event without one.
const UNDATED: i64 = i64::MIN;

/// Events by their facets.
#[derive(Default)]
pub(crate) struct FacetEvents(HashMap<i64, Vec<FacetEvent>>);

/// An event of a facet.
struct FacetEvent {
    id: i64,
    time: i64,
}

impl FacetEvents {
    /// Reads the facet and the time of every event.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn read(case: &Case) -> Result<FacetEvents, QueryError> {
        let mut found = FacetEvents::default();
        rows::each(
            |sink| case.query("SELECT facet_id, id, time FROM events", &[], sink),
            |cells| {
                if let [Cell::Integer(facet), Cell::Integer(id), time] = cells {
                    let time = if let Cell::Integer(time) = time { *time } else { UNDATED };
                    found.0.entry(*facet).or_default().push(FacetEvent { id: *id, time });
                }
            },
        )?;
        Ok(found)
    }

    /// Returns the ids of the events of some facets, with a time in one of each list of spans; in no order.
    pub(crate) fn ids(&self, facets: &[i64], spans: &[Vec<Interval>]) -> Vec<i64> {
        let is_in = |time: i64, span: &Interval| {
            time != UNDATED && span.from.is_none_or(|from| time >= from) && span.to.is_none_or(|to| time <= to)
        };
        let is_meant = |event: &&FacetEvent| spans.iter().all(|any| any.iter().any(|span| is_in(event.time, span)));
        let events = facets.iter().filter_map(|facet| self.0.get(facet)).flatten();
        events.filter(is_meant).map(|event| event.id).collect()
    }
}
