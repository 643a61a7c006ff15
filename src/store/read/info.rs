//! The contents of a case, for `trailq info`.

use crate::event::RULES_VERSION;
use crate::event_digest::EventDigest;
use crate::store::case_ids::CaseIds;
use crate::store::error::CaseError;
use crate::store::event_sum::EventSum;
use crate::store::hardening::Bounded;
use crate::store::provenance::{self, ProvenanceStep};
use crate::store::read::account_names::NamedAccount;
use crate::store::read::case::Case;
use crate::store::schema::UNREAD_STATUSES;
use crate::store::validation::KeptValidation;
use crate::time;

/// The contents of a case.
#[derive(Debug, Clone, Default)]
pub struct Info {
    /// The oldest event's time, `YYYY-MM-DDTHH:MM:SSZ`.
    pub first: Option<String>,
    /// The newest event's time.
    pub last: Option<String>,
    /// Distinct events.
    pub events: u64,
    /// Distinct identities.
    pub identities: u64,
    /// Distinct resources, by spelling.
    pub resources: u64,
    /// Trail files in the ledger, each archive once.
    pub files: u64,
    /// Members of archives that were read.
    pub members: u64,
    /// Files and members of archives that are another kind of file.
    pub ignored: u64,
    /// Files that were not opened: their paths are outside the limits of the import.
    pub left_out: u64,
    /// Bytes of the trail files on disk.
    pub bytes: u64,
    /// Bytes of the case on disk.
    pub case_bytes: u64,
    /// Events by account, most first.
    pub accounts: Vec<(String, u64)>,
    /// The accounts that have a name.
    pub named_accounts: Vec<NamedAccount>,
    /// Events by Region, most first.
    pub regions: Vec<(String, u64)>,
    /// Events by event source, most first.
    pub sources: Vec<(String, u64)>,
    /// Rejects by reason: the reason, how many, and one place.
    pub rejects: Vec<(String, u64, String)>,
    /// Records that differ from the event with their eventID.
    pub conflicts: u64,
    /// The age of the rules by which its events were made.
    pub rules: Rules,
    /// The origin of its event ids.
    pub ids: CaseIds,
    /// The digest of its events, as it is stored; `None` if it is not known.
    pub event_digest: Option<EventDigest>,
    /// The steps that led to the case, the one that made it last.
    pub provenance: Vec<ProvenanceStep>,
    /// The last validation that was kept.
    pub validation: Option<KeptValidation>,
}

/// The age of the rules by which the events of a case were made from their records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rules {
    /// Those of this version of trailq.
    #[default]
    Current,
    /// Those of an older version.
    Older,
    /// Some events by those of this version, and some by those of an older one.
    Mixed,
}

impl Rules {
    /// Returns what older rules have made; `None` of a case by those of this version.
    pub fn older(self) -> Option<&'static str> {
        match self {
            Rules::Current => None,
            Rules::Older => Some("the events were made by the rules of an older trailq"),
            Rules::Mixed => Some("some of the events were made by the rules of an older trailq"),
        }
    }

    /// Returns the name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Rules::Current => "current",
            Rules::Older => "older",
            Rules::Mixed => "mixed",
        }
    }
}

impl Case {
    /// Returns the contents of the case.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn info(&self) -> Result<Info, CaseError> {
        let _bounded = Bounded::by_size(self.file());
        let number = |sql: &str| -> Result<u64, CaseError> {
            Ok(self.rows(sql, [], |row| row.get::<_, Option<u64>>(0))?.pop().flatten().unwrap_or(0))
        };
        let (first, last) =
            self.time_range()?.map(|(oldest, newest)| (time::format(oldest), time::format(newest))).unzip();
        let was_read = format!("ifnull(status, '') NOT IN {UNREAD_STATUSES}");
        Ok(Info {
            first,
            last,
            events: number("SELECT count(*) FROM events")?,
            identities: number("SELECT count(*) FROM identities")?,
            resources: number("SELECT count(*) FROM resources")?,
            files: number(&format!("SELECT count(*) FROM files WHERE container_id IS NULL AND {was_read}"))?,
            members: number(&format!("SELECT count(*) FROM files WHERE container_id IS NOT NULL AND {was_read}"))?,
            left_out: number("SELECT count(*) FROM files WHERE status = 'left out'")?,
            ignored: number("SELECT count(*) FROM files WHERE status = 'ignored'")?,
            bytes: number(&format!("SELECT sum(bytes) FROM files WHERE container_id IS NULL AND {was_read}"))?,
            case_bytes: std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len()),
            accounts: self.counts_of("recipient_account_id")?,
            named_accounts: self.named_accounts()?,
            regions: self.counts_of("aws_region")?,
            sources: self.counts_of("event_source")?,
            rejects: self.rows(
                // Where in the record it is tells one reject from another, not one reason.
                "SELECT CASE WHEN instr(rejects.reason, ' at byte ') > 0 \
                 THEN substr(rejects.reason, 1, instr(rejects.reason, ' at byte ') - 1) \
                 ELSE rejects.reason END AS why, count(*), min(path || ifnull('!' || member, '') || ':' || line) \
                 FROM rejects JOIN files ON files.id = file_id GROUP BY why ORDER BY count(*) DESC, why",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?,
            conflicts: number("SELECT count(*) FROM conflicts")?,
            rules: self.rules()?,
            ids: CaseIds::of(&self.connection).map_err(|error| CaseError::of(&self.path, error))?,
            event_digest: self.event_digest()?,
            provenance: self.provenance()?,
            validation: self.validations()?.into_iter().next(),
        })
    }

    /// Returns the digest of the events that the case stores; `None` if it is not known.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn event_digest(&self) -> Result<Option<EventDigest>, CaseError> {
        let stored = EventSum::load(&self.connection).map_err(|error| CaseError::of(&self.path, error))?;
        Ok(stored.map(|sum| sum.digest()))
    }

    /// Returns the age of the rules by which the events were made.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn rules(&self) -> Result<Rules, CaseError> {
        let sql = "SELECT min(ifnull(rules, 0)), max(ifnull(rules, 0)) FROM imports";
        let range: Option<(Option<i64>, Option<i64>)> = self.rows(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?.pop();
        Ok(match range {
            Some((Some(oldest), Some(newest))) if oldest < RULES_VERSION => {
                if newest < RULES_VERSION {
                    Rules::Older
                } else {
                    Rules::Mixed
                }
            }
            _ => Rules::Current,
        })
    }

    /// Returns the times of the oldest and the newest event, in Unix seconds; `None` if no event has a time.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn time_range(&self) -> Result<Option<(i64, i64)>, CaseError> {
        let range = "SELECT (SELECT min(time) FROM events), (SELECT max(time) FROM events)";
        let range: Option<(Option<i64>, Option<i64>)> =
            self.rows(range, [], |row| Ok((row.get(0)?, row.get(1)?)))?.pop();
        Ok(range.and_then(|(oldest, newest)| oldest.zip(newest)))
    }

    /// Returns the steps that led to the case, the one that made it last. None for a case older than these are kept.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn provenance(&self) -> Result<Vec<ProvenanceStep>, CaseError> {
        provenance::read(&self.connection).map_err(|error| CaseError::of(&self.path, error))
    }

    fn counts_of(&self, attribute: &str) -> Result<Vec<(String, u64)>, CaseError> {
        self.rows(
            "SELECT value, events FROM attribute_values WHERE attribute = ?1 ORDER BY events DESC, value",
            [attribute],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}
