//! The timeline of an actor: its findings' events by time, bursts of one call folded.

use crate::engine::Engine;
use crate::hunt::events::{self, EventFacts};
use crate::hunt::result::TimelineEntry;
use crate::store::QueryError;

/// The number of entries that have a sentence: making one reads a record.
pub(crate) const MAX_SENTENCES: usize = 8;

/// Returns the timeline of events, the first entries with a sentence of their first event.
///
/// # Errors
/// The case cannot be read.
pub(crate) fn of(engine: &Engine, mut ids: Vec<i64>) -> Result<Vec<TimelineEntry>, QueryError> {
    ids.sort_unstable();
    ids.dedup();
    let mut facts = Vec::with_capacity(ids.len());
    events::each(engine, &ids, |event| {
        facts.push(event);
        Ok(())
    })?;
    facts.sort_by(|a, b| a.time.cmp(&b.time).then_with(|| a.id.cmp(&b.id)));
    let mut entries = folded(&facts);
    for entry in entries.iter_mut().take(MAX_SENTENCES) {
        entry.sentence = match entry.example {
            Some(id) => engine.case().sentence(id)?,
            None => None,
        };
    }
    Ok(entries)
}

/// Returns one entry for consecutive calls of one name in one account.
fn folded(facts: &[EventFacts]) -> Vec<TimelineEntry> {
    let mut entries: Vec<TimelineEntry> = Vec::new();
    for event in facts {
        let name = format!("{} {}", event.source, event.name);
        let is_same = |last: &TimelineEntry| last.name == name && last.account == event.account;
        if !entries.last().is_some_and(is_same) {
            entries.push(TimelineEntry {
                first: event.time,
                name,
                account: event.account.clone(),
                address: event.address.clone(),
                example: Some(event.id),
                ..TimelineEntry::default()
            });
        }
        if let Some(entry) = entries.last_mut() {
            entry.last = event.time;
            entry.done += u64::from(event.is_done);
            entry.tried += u64::from(!event.is_done);
        }
    }
    entries
}
