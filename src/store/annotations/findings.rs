//! Writes marks, verdicts, ignore rules and runs of `trailq hunt`.

use rusqlite::{Connection, params};

use crate::store::annotations::{AnnotationWriter, now};
use crate::store::error::CaseError;
use crate::store::findings::{FindingKey, HuntRule, HuntRun, IgnoreRule, MAX_RULE_EVENTS, MAX_RUNS, RuleSelection};
use crate::subject::{Mark, SubjectKind, VerdictKind};

impl AnnotationWriter {
    /// Marks a subject, in place of every mark that it has.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn mark(&self, kind: SubjectKind, value: &str, mark: Mark, why: Option<&str>) -> Result<(), CaseError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM subjects WHERE kind = ?1 AND value = ?2", params![kind.name(), value])?;
            let sql = "INSERT INTO subjects (kind, value, mark, why, created_at, created_by) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let why = why.filter(|why| !why.is_empty());
            transaction.execute(sql, params![kind.name(), value, mark.name(), why, now(), self.who]).map(drop)
        })
    }

    /// Removes every mark of a subject. Returns true if there was one.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn unmark(&self, kind: SubjectKind, value: &str) -> Result<bool, CaseError> {
        let sql = "DELETE FROM subjects WHERE kind = ?1 AND value = ?2";
        Ok(self.execute(sql, params![kind.name(), value])? > 0)
    }

    /// Stores a verdict on a finding, in place of every verdict on it.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn add_verdict(&self, finding: &FindingKey, verdict: VerdictKind, why: Option<&str>) -> Result<(), CaseError> {
        let FindingKey { rule, principal, account } = finding;
        self.write(|transaction| {
            let sql = "DELETE FROM verdicts WHERE (rule, principal, account) = (?1, ?2, ?3)";
            transaction.execute(sql, params![rule, principal, account])?;
            let sql = "INSERT INTO verdicts (rule, principal, account, verdict, why, created_at, created_by) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let why = why.filter(|why| !why.is_empty());
            let values = params![rule, principal, account, verdict.name(), why, now(), self.who];
            transaction.execute(sql, values).map(drop)
        })
    }

    /// Removes every verdict on a finding. Returns true if there was one.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn remove_verdict(&self, finding: &FindingKey) -> Result<bool, CaseError> {
        let sql = "DELETE FROM verdicts WHERE (rule, principal, account) = (?1, ?2, ?3)";
        Ok(self.execute(sql, params![finding.rule, finding.principal, finding.account])? > 0)
    }

    /// Adds an ignore rule, in place of one of its name. Its authorship is this user's.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn add_ignore_rule(&self, rule: &IgnoreRule) -> Result<(), CaseError> {
        let sql = "INSERT OR REPLACE INTO ignore_rules (name, title, rules, filter, reason, created_at, created_by) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let rules = rule.rules.as_ref().map(|rules| json_of(rules));
        let values = params![rule.name, rule.title, rules, rule.filter, rule.reason, now(), self.who];
        self.execute(sql, values).map(drop)
    }

    /// Removes an ignore rule. Returns true if there was one.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn remove_ignore_rule(&self, name: &str) -> Result<bool, CaseError> {
        Ok(self.execute("DELETE FROM ignore_rules WHERE name = ?1", params![name])? > 0)
    }

    /// Records a run of `trailq hunt`: its rules and findings replace those of the run before.
    ///
    /// # Errors
    /// The case cannot be written.
    pub fn record_run(&self, run: &HuntRun) -> Result<(), CaseError> {
        self.write(|transaction| {
            transaction.execute_batch("DELETE FROM hunt_events; DELETE FROM hunt_findings; DELETE FROM hunt_rules")?;
            let sql = "INSERT INTO hunt_runs (run_at, run_by, trailq_version, scope, rules, rules_sha256, ignored) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let version = env!("CARGO_PKG_VERSION");
            let ignored = (!run.ignored.is_empty()).then(|| json_of(&run.ignored));
            let rules = run.rules.len();
            transaction.execute(sql, params![now(), self.who, version, run.scope, rules, run.rules_sha256, ignored])?;
            let old = "DELETE FROM hunt_runs WHERE id NOT IN (SELECT id FROM hunt_runs ORDER BY id DESC LIMIT ?1)";
            transaction.execute(old, params![MAX_RUNS])?;
            run.rules.iter().try_for_each(|rule| put_rule(transaction, rule))?;
            put_findings(transaction, run)
        })
    }
}

/// Stores a rule of a run.
fn put_rule(transaction: &Connection, rule: &HuntRule) -> rusqlite::Result<()> {
    let (filter, events) = match &rule.selection {
        RuleSelection::Filter(filter) => (Some(filter), &[][..]),
        RuleSelection::Events(events) => (None, events.as_slice()),
    };
    let sql = "INSERT OR REPLACE INTO hunt_rules (id, title, level, origin, author, filter, events) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let HuntRule { id, title, level, origin, author, .. } = rule;
    let number = i64::try_from(rule.events).unwrap_or(i64::MAX);
    transaction.prepare_cached(sql)?.execute(params![id, title, level.name(), origin, author, filter, number])?;
    let mut insert =
        transaction.prepare_cached("INSERT OR IGNORE INTO hunt_events (rule, event_id) VALUES (?1, ?2)")?;
    events.iter().take(MAX_RULE_EVENTS).try_for_each(|event| insert.execute(params![id, event]).map(drop))
}

/// Stores the findings of a run.
fn put_findings(transaction: &Connection, run: &HuntRun) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO hunt_findings (rule, principal, account, actor, level, done, tried, first_seen, \
               last_seen, event_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let mut insert = transaction.prepare(sql)?;
    let number = |events: u64| i64::try_from(events).unwrap_or(i64::MAX);
    for finding in &run.findings {
        let FindingKey { rule, principal, account } = &finding.key;
        insert.execute(params![
            rule,
            principal,
            account,
            finding.actor,
            finding.level.name(),
            number(finding.done),
            number(finding.tried),
            finding.first_seen,
            finding.last_seen,
            finding.event_id
        ])?;
    }
    Ok(())
}

/// Returns texts as a JSON array.
fn json_of(texts: &[String]) -> String {
    serde_json::json!(texts).to_string()
}

#[cfg(test)]
mod tests {
    use crate::level::Level;
    use crate::store::findings::{
        FindingKey, HuntFinding, HuntRule, HuntRun, IgnoreRule, MAX_RULE_EVENTS, MAX_RUNS, RuleSelection,
    };
    use crate::store::open::{close, open_for_import};
    use crate::store::{AnnotationWriter, Case};
    use crate::subject::{Mark, SubjectKind, VerdictKind};

    fn with_case(test: impl FnOnce(&AnnotationWriter, &dyn Fn() -> Case)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("case.db");
        close(open_for_import(&path).unwrap(), &path).unwrap();
        let writer = AnnotationWriter::open(&path, "tester").unwrap();
        test(&writer, &|| Case::open(&path).unwrap());
    }

    #[test]
    fn decisions_are_read_back_and_replaced() {
        with_case(|writer, case| {
            writer.mark(SubjectKind::Key, "AKIA1", Mark::Attacker, Some("leaked")).unwrap();
            writer.mark(SubjectKind::Key, "AKIA1", Mark::Cleared, Some("")).unwrap();
            writer.mark(SubjectKind::Address, "203.0.113.7", Mark::Mine, None).unwrap();
            let marks = case().marks().unwrap();
            let found: Vec<_> = marks.iter().map(|mark| (mark.kind, mark.mark, mark.why.as_deref())).collect();
            assert_eq!(found, [(SubjectKind::Key, Mark::Cleared, None), (SubjectKind::Address, Mark::Mine, None)]);
            assert_eq!((&*marks[0].authorship.created_by, &marks[0].authorship.origin), ("tester", &None));
            assert!(writer.unmark(SubjectKind::Key, "AKIA1").unwrap());
            assert!(!writer.unmark(SubjectKind::Key, "AKIA1").unwrap());

            let finding = FindingKey { rule: "r".into(), principal: "p".into(), account: String::new() };
            writer.add_verdict(&finding, VerdictKind::Benign, None).unwrap();
            writer.add_verdict(&finding, VerdictKind::True, Some("seen")).unwrap();
            let verdicts = case().verdicts().unwrap();
            assert_eq!((verdicts.len(), verdicts[0].verdict, &verdicts[0].finding), (1, VerdictKind::True, &finding));
            assert!(writer.remove_verdict(&finding).unwrap() && !writer.remove_verdict(&finding).unwrap());

            let rules = Some(vec!["a".to_owned(), "b".to_owned()]);
            let rule = IgnoreRule { name: "n".into(), rules, filter: "user=x".into(), ..IgnoreRule::default() };
            writer.add_ignore_rule(&rule).unwrap();
            let found = case().ignore_rules().unwrap();
            assert_eq!((found.len(), &found[0].rules, &found[0].filter), (1, &rule.rules, &rule.filter));
            assert!(writer.remove_ignore_rule("n").unwrap() && !writer.remove_ignore_rule("n").unwrap());
        });
    }

    #[test]
    fn the_newest_run_replaces_the_one_before() {
        with_case(|writer, case| {
            assert_eq!(case().last_run().unwrap(), None);
            let rule = |id: &str, selection| HuntRule {
                id: id.to_owned(),
                title: "T".to_owned(),
                level: Level::High,
                origin: "call".to_owned(),
                author: None,
                selection,
                events: 20_000,
            };
            let many = (0..=MAX_RULE_EVENTS).map(|number| format!("e-{number:05}")).collect();
            let finding = HuntFinding {
                key: FindingKey { rule: "a".into(), principal: "p".into(), account: "1".into() },
                actor: "p".to_owned(),
                level: Level::Medium,
                done: 2,
                tried: 1,
                first_seen: None,
                last_seen: None,
                event_id: Some("e-1".to_owned()),
            };
            let run = HuntRun {
                scope: Some("user=x".to_owned()),
                rules: vec![
                    rule("a", RuleSelection::Filter("user=x".to_owned())),
                    rule("b", RuleSelection::Events(many)),
                ],
                findings: vec![finding.clone()],
                ..HuntRun::default()
            };
            writer.record_run(&run).unwrap();
            let found = case().last_run().unwrap().unwrap();
            assert_eq!((&found.scope, &found.findings, &*found.run_by), (&run.scope, &vec![finding], "tester"));
            assert_eq!(found.rules[0], run.rules[0]);
            let RuleSelection::Events(events) = &found.rules[1].selection else { panic!("{found:?}") };
            assert_eq!((events.len(), found.rules[1].events), (MAX_RULE_EVENTS, 20_000));
            for _ in 0..MAX_RUNS {
                writer.record_run(&HuntRun { ignored: vec!["n".to_owned()], ..HuntRun::default() }).unwrap();
            }
            let found = case().last_run().unwrap().unwrap();
            assert_eq!((found.rules.len(), found.findings.len(), &*found.ignored), (0, 0, &["n".to_owned()][..]));
            assert_eq!(case().rule_of_last_run("b").unwrap(), None);
        });
    }
}
