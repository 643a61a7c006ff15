//! The hunt of a report: the newest run that the case stores, if neither the case nor the rules changed since, or a
//! new one.

use std::collections::HashSet;

use crate::hunt::{self, EventsOf};
use crate::level::Level;
use crate::report::HuntFacts;
use crate::saved::Library;
use crate::session::acceptance;
use crate::session::hunt::{HuntRequest, PreparedHunt};
use crate::session::{Session, SessionError};
use crate::store::{HuntRun, IgnoreRule};
use crate::subject::VerdictKind;
use crate::time;

/// The lowest level of the findings in a report.
const LOWEST_LEVEL: Level = Level::Medium;

impl Session {
    /// Returns what a report takes from a hunt, with the ignore rules that were applied. The newest run is used if it is of
    /// the whole case, by this user, and neither the events, the rules, the ignore rules nor trailq changed since. Then only
    /// the rules of findings with the verdict `true` run, to find their events.
    ///
    /// # Errors
    /// The filter is invalid, or a case or a file of rules cannot be read.
    pub(crate) fn hunt_for_report(
        &mut self,
        request: &HuntRequest,
    ) -> Result<(HuntFacts, Vec<IgnoreRule>), SessionError> {
        let mut prepared = self.prepare_hunt(request)?;
        let kept = if request.filter.trim().is_empty() { self.usable_run(&prepared)? } else { None };
        let verdicts = prepared.options.decisions.verdicts.iter();
        let confirmed = verdicts.filter(|verdict| verdict.verdict == VerdictKind::True);
        let confirmed: HashSet<String> = confirmed.map(|verdict| verdict.finding.rule.clone()).collect();
        let levels = prepared.rules.iter().filter(|rule| confirmed.contains(&rule.id));
        let lowest = levels.map(|rule| rule.level.lowered()).min();
        let options = &mut prepared.options;
        options.min_level = lowest.map_or(options.min_level, |lowest| lowest.min(options.min_level));
        options.events_of = EventsOf::Confirmed;
        let all_rules = prepared.rules.len();
        if kept.is_some() {
            prepared.rules.retain(|rule| confirmed.contains(&rule.id));
        }
        let PreparedHunt { library, rules, options, .. } = prepared;
        let hunt = hunt::run(&self.engine()?, &library, rules, &options, time::now())?;
        Ok((HuntFacts::new(hunt, kept, all_rules), options.decisions.ignore_rules))
    }

    /// Remembers that this user made the newest run, so that a report may use it.
    pub(super) fn remember_run(&mut self, min_level: Option<Level>) -> Result<(), SessionError> {
        let run = self.case()?.last_run()?;
        let Some(run) = run.filter(|run| run.scope.is_none() && min_level.is_none_or(|level| level <= LOWEST_LEVEL))
        else {
            return Ok(());
        };
        let (library, rules) = (self.library()?, self.decisions()?.ignore_rules);
        if let Some(digest) = self.digest_of_run(&run, &library, &rules)? {
            // Where it cannot be stored, a later report runs a hunt of its own.
            let _ = self.acceptance.borrow_mut().accept(&digest);
        }
        Ok(())
    }

    /// Returns the newest run if it would find the same today.
    fn usable_run(&self, prepared: &PreparedHunt) -> Result<Option<HuntRun>, SessionError> {
        let Some(run) = self.case()?.last_run()? else { return Ok(None) };
        let is_of_these_rules = run.rules_sha256 == hunt::rules_sha256(prepared.rules.iter());
        if run.scope.is_some() || run.trailq_version != env!("CARGO_PKG_VERSION") || !is_of_these_rules {
            return Ok(None);
        }
        let digest = self.digest_of_run(&run, &prepared.library, &prepared.options.decisions.ignore_rules)?;
        Ok(digest.filter(|digest| self.acceptance().has(digest)).map(|_| run))
    }

    /// Returns the SHA-256 of a run and of what it depends on. `None` if the case does not know the digest of its events.
    fn digest_of_run(
        &self,
        run: &HuntRun,
        library: &Library,
        ignore_rules: &[IgnoreRule],
    ) -> Result<Option<String>, SessionError> {
        let Some(events) = self.case()?.event_digest()? else { return Ok(None) };
        let mut parts = vec![events.to_string(), format!("{run:?}")];
        parts.extend(ignore_rules.iter().map(acceptance::of_rule));
        let queries = library.all().into_iter().filter(|query| query.header.level.is_some());
        parts.extend(queries.map(|query| format!("{} {}", query.name, query.sql)));
        Ok(Some(acceptance::of_run(&parts)))
    }
}
