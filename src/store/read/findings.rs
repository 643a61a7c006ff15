//! Reads marks, verdicts, ignore rules and runs of `trailq hunt`. Rows with words that this version does not know are
//! left out.

use std::collections::HashSet;

use rusqlite::Row;

use crate::level::Level;
use crate::store::error::CaseError;
use crate::store::findings::{
    Authorship, FindingKey, HuntFinding, HuntRule, HuntRun, IgnoreRule, RuleSelection, SubjectMark, Verdict,
};
use crate::store::provenance::{self, ProvenanceStep};
use crate::store::read::case::Case;
use crate::subject::{Mark, SubjectKind, VerdictKind};

impl Case {
    /// Returns the mark of every subject that has one, by kind and value. Of several marks of a subject the worst counts:
    /// attacker before suspect, and otherwise the newest.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn marks(&self) -> Result<Vec<SubjectMark>, CaseError> {
        let mut known = HashSet::new();
        let all = self.all_marks()?;
        Ok(all.into_iter().filter(|mark| known.insert((mark.kind, mark.value.clone()))).collect())
    }

    /// Returns every mark, by kind and value; of one subject the one that counts first.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn all_marks(&self) -> Result<Vec<SubjectMark>, CaseError> {
        let steps = self.steps()?;
        let sql = "SELECT kind, value, mark, why, created_at, created_by, origin FROM subjects";
        let rows = self.rows(sql, [], |row| {
            let names: [String; 2] = [row.get(0)?, row.get(2)?];
            let known = SubjectKind::parse(&names[0]).zip(Mark::parse(&names[1]));
            let (value, why, authorship) = (row.get(1)?, row.get(3)?, authorship(row, 4, &steps)?);
            Ok(known.map(|(kind, mark)| SubjectMark { kind, value, mark, why, authorship }))
        })?;
        let mut marks: Vec<SubjectMark> = rows.into_iter().flatten().collect();
        marks.sort_by(|a, b| {
            let first = (a.kind, &a.value).cmp(&(b.kind, &b.value));
            let rank = |mark: &SubjectMark| (mark.mark.weight(), mark.authorship.created_at.clone(), mark.mark);
            first.then_with(|| rank(b).cmp(&rank(a))).then_with(|| a.authorship.cmp(&b.authorship))
        });
        Ok(marks)
    }

    /// Returns the verdict on every finding that has one, by rule, principal and account. Of several verdicts on a finding
    /// true counts before unclear, and unclear before benign.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn verdicts(&self) -> Result<Vec<Verdict>, CaseError> {
        let mut known = HashSet::new();
        let all = self.all_verdicts()?;
        Ok(all.into_iter().filter(|verdict| known.insert(verdict.finding.clone())).collect())
    }

    /// Returns every verdict, by rule, principal and account; of one finding the one that counts first.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn all_verdicts(&self) -> Result<Vec<Verdict>, CaseError> {
        let steps = self.steps()?;
        let sql = "SELECT rule, principal, account, verdict, why, created_at, created_by, origin FROM verdicts";
        let rows = self.rows(sql, [], |row| {
            let finding = finding_key(row)?;
            let known = VerdictKind::parse(&row.get::<_, String>(3)?);
            let (why, authorship) = (row.get(4)?, authorship(row, 5, &steps)?);
            Ok(known.map(|verdict| Verdict { finding, verdict, why, authorship }))
        })?;
        let mut verdicts: Vec<Verdict> = rows.into_iter().flatten().collect();
        verdicts.sort_by(|a, b| {
            let rank = |verdict: &Verdict| (verdict.verdict.weight(), verdict.authorship.created_at.clone());
            let first = a.finding.cmp(&b.finding);
            first.then_with(|| rank(b).cmp(&rank(a))).then_with(|| a.authorship.cmp(&b.authorship))
        });
        Ok(verdicts)
    }

    /// Returns the ignore rules, by name. They hide nothing until the user accepts them.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn ignore_rules(&self) -> Result<Vec<IgnoreRule>, CaseError> {
        let steps = self.steps()?;
        let sql = "SELECT name, title, rules, filter, reason, created_at, created_by, origin FROM ignore_rules \
                   ORDER BY name";
        let rows = self.rows(sql, [], |row| {
            // A list that cannot be read names no rule: the ignore rule then hides nothing.
            let rules: Option<String> = row.get(2)?;
            let rules = rules.map(|rules| serde_json::from_str(&rules).unwrap_or_default());
            let [name, title, filter, reason] = [row.get(0)?, row.get(1)?, row.get(3)?, row.get(4)?];
            Ok(IgnoreRule { name, title, rules, filter, reason, authorship: authorship(row, 5, &steps)? })
        })?;
        Ok(rows)
    }

    /// Returns the newest run of `trailq hunt`, with its rules and findings.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn last_run(&self) -> Result<Option<HuntRun>, CaseError> {
        let Some(run) = self.last_run_header()? else { return Ok(None) };
        let ids = self.rows("SELECT id FROM hunt_rules ORDER BY id", [], |row| row.get::<_, String>(0))?;
        let mut rules = Vec::with_capacity(ids.len());
        for id in ids {
            rules.extend(self.rule_of_last_run(&id)?);
        }
        let sql = "SELECT rule, principal, account, actor, level, done, tried, first_seen, last_seen, event_id \
                   FROM hunt_findings ORDER BY rule, principal, account";
        let findings = self.rows(sql, [], |row| {
            let level = Level::parse(&row.get::<_, String>(4)?);
            let (key, actor) = (finding_key(row)?, row.get(3)?);
            let (done, tried) = (row.get(5)?, row.get(6)?);
            let (first_seen, last_seen, event_id) = (row.get(7)?, row.get(8)?, row.get(9)?);
            Ok(level.map(|level| HuntFinding { key, actor, level, done, tried, first_seen, last_seen, event_id }))
        })?;
        Ok(Some(HuntRun { rules, findings: findings.into_iter().flatten().collect(), ..run }))
    }

    /// Returns the newest run of `trailq hunt`, without its rules and findings.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn last_run_header(&self) -> Result<Option<HuntRun>, CaseError> {
        let sql = "SELECT run_at, run_by, trailq_version, scope, rules_sha256, ignored FROM hunt_runs \
                   ORDER BY id DESC LIMIT 1";
        let runs = self.rows(sql, [], |row| {
            let ignored: Option<String> = row.get(5)?;
            Ok(HuntRun {
                run_at: row.get(0)?,
                run_by: row.get(1)?,
                trailq_version: row.get(2)?,
                scope: row.get(3)?,
                rules_sha256: row.get(4)?,
                ignored: ignored.and_then(|names| serde_json::from_str(&names).ok()).unwrap_or_default(),
                ..HuntRun::default()
            })
        })?;
        Ok(runs.into_iter().next())
    }

    /// Returns the ids of the rules of the newest run of `trailq hunt`.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn rule_ids_of_last_run(&self) -> Result<Vec<String>, CaseError> {
        self.rows("SELECT id FROM hunt_rules ORDER BY id", [], |row| row.get(0))
    }

    /// Returns a rule of the newest run of `trailq hunt`.
    ///
    /// # Errors
    /// The case cannot be read.
    pub fn rule_of_last_run(&self, id: &str) -> Result<Option<HuntRule>, CaseError> {
        let sql = "SELECT id, title, level, origin, author, filter, events FROM hunt_rules WHERE id = ?1";
        let rules = self.rows(sql, [id], |row| {
            let level = Level::parse(&row.get::<_, String>(2)?);
            let filter: Option<String> = row.get(5)?;
            let selection = filter.map_or_else(|| RuleSelection::Events(Vec::new()), RuleSelection::Filter);
            let (title, origin, author, events) = (row.get(1)?, row.get(3)?, row.get(4)?, row.get(6)?);
            Ok(level.map(|level| HuntRule { id: id.to_owned(), title, level, origin, author, selection, events }))
        })?;
        let Some(mut rule) = rules.into_iter().flatten().next() else { return Ok(None) };
        if let RuleSelection::Events(events) = &mut rule.selection {
            let sql = "SELECT event_id FROM hunt_events WHERE rule = ?1 ORDER BY event_id";
            *events = self.rows(sql, [id], |row| row.get(0))?;
        }
        Ok(Some(rule))
    }

    /// Returns the steps that led to this file.
    fn steps(&self) -> Result<Vec<ProvenanceStep>, CaseError> {
        provenance::read(&self.connection).map_err(|error| CaseError::of(&self.path, error))
    }
}

/// Reads the rule, the principal and the account of a finding from the first three columns of a row.
fn finding_key(row: &Row<'_>) -> rusqlite::Result<FindingKey> {
    Ok(FindingKey { rule: row.get(0)?, principal: row.get(1)?, account: row.get(2)? })
}

/// Reads the time, the author and the origin of a decision from three columns of a row. A decision of an earlier file
/// that this one is a snapshot of has its origin from the time.
fn authorship(row: &Row<'_>, first: usize, steps: &[ProvenanceStep]) -> rusqlite::Result<Authorship> {
    let created_at: String = row.get(first)?;
    let origin: Option<String> = row.get(first + 2)?;
    let origin = origin.or_else(|| provenance::origin_of(steps, &created_at));
    let here = steps.last().map(|step| &step.id);
    Ok(Authorship { origin: origin.filter(|origin| Some(origin) != here), created_by: row.get(first + 1)?, created_at })
}
