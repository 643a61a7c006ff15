//! Marks, verdicts and ignore rules of a session: how they are made, and which of them may act.

use std::collections::HashSet;

use crate::diagnostic::Diagnostic;
use crate::query::edit;
use crate::session::acceptance::{self, Acceptance};
use crate::session::{Session, SessionError};
use crate::store::{FindingKey, IgnoreRule, SubjectMark, Verdict};
use crate::subject::{Mark, SubjectKind, VerdictKind};

/// The decisions of a case that may act: those that hide nothing, and those that the user of this machine accepted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decisions {
    /// The mark of each subject.
    pub(crate) marks: Vec<SubjectMark>,
    /// The verdict on each finding.
    pub(crate) verdicts: Vec<Verdict>,
    /// The ignore rules.
    pub(crate) ignore_rules: Vec<IgnoreRule>,
    /// The number of ignore rules that are off.
    pub(crate) rules_off: usize,
}

impl Session {
    /// Returns the decisions of the case that may act.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn decisions(&self) -> Result<Decisions, SessionError> {
        let case = self.case()?;
        let acceptance = self.acceptance.borrow();
        let marks = case.all_marks()?.into_iter().filter(|mark| acceptance.allows_mark(mark));
        let verdicts = case.all_verdicts()?.into_iter().filter(|verdict| acceptance.allows_verdict(verdict));
        let (ignore_rules, rules_off): (Vec<_>, Vec<_>) =
            case.ignore_rules()?.into_iter().partition(|rule| acceptance.allows_rule(rule));
        let (mut subjects, mut findings) = (HashSet::new(), HashSet::new());
        let marks = marks.filter(|mark| subjects.insert((mark.kind, mark.value.clone()))).collect();
        let verdicts = verdicts.filter(|verdict| findings.insert(verdict.finding.clone())).collect();
        Ok(Decisions { marks, verdicts, ignore_rules, rules_off: rules_off.len() })
    }

    /// Marks a subject, in place of every mark that it has.
    ///
    /// # Errors
    /// The value is empty, or the case cannot be written.
    pub(crate) fn mark_subject(
        &mut self,
        kind: SubjectKind,
        value: &str,
        mark: Mark,
        why: Option<&str>,
    ) -> Result<(), SessionError> {
        if value.is_empty() {
            return Err(Diagnostic::new(format!("a {} has a value", kind.name())).into());
        }
        if kind == SubjectKind::Address && value.contains('/') {
            // The lookup that finds its events says what is wrong with a network.
            self.engine()?.prepare_filled(&format!("ip={}", edit::literal(value)))?;
        }
        self.keeper()?.mark(kind, value, mark, why)?;
        self.accept(&acceptance::of_mark(kind, value, mark));
        Ok(())
    }

    /// Gives a verdict on a finding, in place of every verdict on it.
    ///
    /// # Errors
    /// The case cannot be written.
    pub(crate) fn give_verdict(
        &mut self,
        finding: &FindingKey,
        verdict: VerdictKind,
        why: Option<&str>,
    ) -> Result<(), SessionError> {
        self.keeper()?.add_verdict(finding, verdict, why)?;
        self.accept(&acceptance::of_verdict(finding, verdict));
        Ok(())
    }

    /// Adds an ignore rule, in place of one of its name, and accepts it.
    ///
    /// # Errors
    /// The filter is not one, or the case cannot be written.
    pub(crate) fn add_ignore_rule(&mut self, rule: &IgnoreRule) -> Result<(), SessionError> {
        let engine = self.engine()?;
        let prepared = engine.prepare_filled(&rule.filter)?;
        if !prepared.tree.stages.is_empty() {
            return Err(Diagnostic::new("an ignore rule is a filter, without stages").into());
        }
        if prepared.tree.filter.is_none() {
            return Err(Diagnostic::new("an ignore rule without a term would hide everything").into());
        }
        drop(engine);
        self.keeper()?.add_ignore_rule(rule)?;
        self.accept(&acceptance::of_rule(rule));
        Ok(())
    }

    /// Accepts a decision for this user.
    pub(crate) fn accept(&mut self, decision: &str) {
        let accepted = self.acceptance.borrow_mut().accept(decision);
        if let Err(error) = accepted {
            let reason = crate::io_message::describe(&error);
            self.note(&format!("it is accepted for this session only, since that cannot be stored: {reason}"));
        }
    }

    /// Returns what the user of this machine accepted.
    pub(crate) fn acceptance(&self) -> std::cell::Ref<'_, Acceptance> {
        self.acceptance.borrow()
    }
}
