//! The origin of the event ids of a case, which its runs of import record.

use rusqlite::Connection;

use crate::event::EventIds;

/// The origin of the event ids of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CaseIds {
    /// The eventIDs of records.
    #[default]
    Event,
    /// The contents of records.
    Content,
    /// Some events have an id of one origin and some of the other: such cases were merged by force.
    Mixed,
}

impl CaseIds {
    /// Reads the origin.
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<CaseIds> {
        let sql = "SELECT count(*) > count(ids), count(ids) > 0 FROM imports";
        Ok(match connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))? {
            (true, true) => CaseIds::Mixed,
            (false, true) => CaseIds::Content,
            (_, false) => CaseIds::Event,
        })
    }

    /// Returns the origin of the ids that a further run gives.
    pub(crate) fn of_next_run(self) -> EventIds {
        if self == CaseIds::Content { EventIds::Content } else { EventIds::Event }
    }

    /// Returns the name in reports.
    pub fn name(self) -> &'static str {
        match self {
            CaseIds::Event => EventIds::Event.name(),
            CaseIds::Content => EventIds::Content.name(),
            CaseIds::Mixed => "mixed",
        }
    }
}

impl From<EventIds> for CaseIds {
    fn from(ids: EventIds) -> CaseIds {
        match ids {
            EventIds::Event => CaseIds::Event,
            EventIds::Content => CaseIds::Content,
        }
    }
}

/// Returns the value of the column `ids` of a run of import.
pub(crate) fn column(ids: EventIds) -> Option<&'static str> {
    (ids == EventIds::Content).then(|| ids.name())
}
