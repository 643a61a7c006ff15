//! Many lookups at once: those that read records share one scan.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use crate::activity::{self, Unit};
use crate::engine::core::{Engine, PreparedLookup, lists_no_events};
use crate::engine::facet_events::FacetEvents;
use crate::rows;
use crate::sql::{self, EventSet, Statement};
use crate::store::{Case, IdSet, QueryError, SharedPredicate};

/// Fewer lookups are answered by indexes alone: the events of all facets are read for more.
const MIN_LOOKUPS_BY_FACETS: usize = 8;

/// Results that several lookups have in common.
#[derive(Default)]
struct Common {
    /// The sets of events, by their statements.
    sets: HashMap<String, Arc<IdSet>>,
    /// The events of each facet, once they were asked for.
    facets: Option<FacetEvents>,
}

impl<C: Deref<Target = Case>> Engine<C> {
    /// Finds the events of many lookups, and calls `found` with the number of a lookup and `events.id` of an event that
    /// it lists. The events of one lookup come in ascending order, each once.
    ///
    /// Lookups that ask for columns only are answered by their own statements, by index. All others share one scan, which
    /// reads the blocks of records that any of them may have events in, and unpacks each once.
    ///
    /// # Errors
    /// A lookup counts events, the case cannot be read, it was interrupted, or `found` failed.
    pub fn matches_of_many(
        &self,
        lookups: &[PreparedLookup],
        found: &mut dyn FnMut(usize, i64) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let mut common = Common::default();
        let by_facets = lookups.len() >= MIN_LOOKUPS_BY_FACETS;
        let (mut numbers, mut predicates) = (Vec::new(), Vec::new());
        let asking = activity::step_of("asking indexes", lookups.len() as u64, Unit::Parts);
        for (number, prepared) in lookups.iter().enumerate() {
            activity::advance(1);
            if !prepared.is_event_list() {
                return Err(lists_no_events());
            }
            match sql::emit_shared_scan(&prepared.lookup, self.case()) {
                Some(scan) if !prepared.has_limit() => {
                    let sets = scan.id_sets.iter().map(|set| self.event_set(set, &mut common));
                    let id_sets = sets.collect::<Result<_, _>>()?;
                    numbers.push(number);
                    predicates.push(SharedPredicate { predicate: scan.predicate, id_sets });
                }
                None if by_facets && !prepared.has_limit() => {
                    let set = self.event_set(&sql::emit_event_set(&prepared.lookup, self.case()), &mut common)?;
                    set.iter().try_for_each(|id| found(number, id))?;
                }
                _ => self.event_ids(prepared)?.into_iter().try_for_each(|id| found(number, id))?,
            }
        }
        drop((common, asking));
        if predicates.is_empty() {
            return Ok(());
        }
        let _searching = activity::step("searching records");
        let mut scan = self.case().shared_scan(predicates)?;
        loop {
            self.check_interrupted()?;
            let Some(step) = scan.step()? else { return Ok(()) };
            for (predicate, id) in step {
                found(numbers[predicate], id)?;
            }
        }
    }

    /// Returns a set of events.
    fn event_set(&self, set: &EventSet, common: &mut Common) -> Result<Arc<IdSet>, QueryError> {
        let key = format!("{set:?}");
        if let Some(known) = common.sets.get(&key) {
            return Ok(Arc::clone(known));
        }
        self.check_interrupted()?;
        let ids =
            |statement: &Statement| rows::integers(|sink| self.case().query(&statement.sql, &statement.params, sink));
        let ids = match set {
            EventSet::Events(statement) => ids(statement)?,
            EventSet::Facets(statement, spans) => {
                let facets = ids(statement)?;
                let events = match common.facets.take() {
                    Some(events) => events,
                    None => FacetEvents::read(self.case())?,
                };
                common.facets.insert(events).ids(&facets, spans)
            }
        };
        let ids = Arc::new(IdSet::new(ids));
        common.sets.insert(key, Arc::clone(&ids));
        Ok(ids)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::engine::Engine;
    use crate::ingest::{self, NoProgress, Options};

    const LOOKUPS: [&str; 26] = [
        "user=alice",
        "text=~acme,BACKUP",
        "not text=~acme",
        "name=~create* request=~*backup*",
        "request.bucketName=~ACME*",
        "(name=CreateUser request.userName=svc-backup) or (source=s3 request.bucketName=~*logs*)",
        "name=~get* not request.bucketName=*",
        "outcome=denied or request.userName=*",
        "outcome=denied (request.userName=* or text=\"203.0.113.77\")",
        "not (outcome=denied request.bucketName=*)",
        "request.userName==response.user.userName",
        "user==request.userName name=~create*",
        "text~\"AKIA[A-Z0-9]+EXAMPLE\" not user=alice",
        "request.bucketName=nothing-at-all",
        "since=2024-03-01 request.userName=*",
        "time=2024-03-02 not request=~*acme*",
        "request.ipPermissions.items.toPort=22 or not text=us-east-1",
        "(user=alice or request.userName=svc-backup) (ip=203.0.113.77 or not text=acme)",
        "user=alice request.bucketName=*",
        "user=alice request.bucketName=* not error=*",
        "request.bucketName=* | limit 3",
        "name=~get*,list* source=~S3.amazonaws.com",
        "name=~get* since=2024-03-01 until=2024-03-02T01",
        "not outcome=ok time=2024-03-01,2024-03-02T03",
        "since=2024-03-01",
        "",
    ];

    #[test]
    fn many_lookups_find_together_what_each_finds_alone() {
        let folder = tempfile::tempdir().unwrap();
        let case = folder.path().join("trailq.db");
        let trails = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/delivery"));
        ingest::import(&case, &[trails], &Options::default(), &NoProgress).unwrap();
        let engine = Engine::open(&case).unwrap();
        let prepared: Vec<_> = LOOKUPS.iter().map(|lookup| engine.prepare(lookup).unwrap()).collect();
        let mut together = vec![Vec::new(); LOOKUPS.len()];
        engine
            .matches_of_many(&prepared, &mut |number, id| {
                together[number].push(id);
                Ok(())
            })
            .unwrap();
        for (number, lookup) in prepared.iter().enumerate() {
            assert_eq!(together[number], engine.event_ids(lookup).unwrap(), "{}", LOOKUPS[number]);
        }
        assert!(together.iter().filter(|ids| !ids.is_empty()).count() > 15);
        let counts = engine.prepare("| count by user").unwrap();
        assert!(engine.matches_of_many(&[counts], &mut |_, _| Ok(())).is_err());
    }
}
