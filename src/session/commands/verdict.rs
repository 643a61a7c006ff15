//! Verdicts on findings: `.verdict` and `.verdicts`.

use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::number;
use crate::rows::{CapturedRows, Value, text};
use crate::session::commands::annotate::quoted_word;
use crate::session::commands::command::{Arguments, Command, Completes};
use crate::session::{Answer, Session, SessionError};
use crate::store::{FindingKey, HuntRun, Verdict};
use crate::subject::VerdictKind;

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        arguments: "N|RULE PRINCIPAL [ACCOUNT] VERDICT [WHY]",
        completes: Completes::Verdict,
        examples: &[".verdict 2 benign \"a ticket\"", ".verdict trails-stopped alice true \"not announced\""],
        ..Command::new(".verdict", "judge a finding of the last hunt: true, benign or unclear", run_verdict)
    },
    Command { is_logged: false, ..Command::new(".verdicts", "list the verdicts, by whom, when and why", run_verdicts) },
];

/// The word that takes a verdict back.
const NONE: &str = "none";

fn run_verdict(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let texts = arguments.texts();
    if let Some(row) = texts.first().and_then(|word| word.parse().ok()) {
        return of_row(session, arguments, row);
    }
    let is_verdict = |word: &&str| *word == NONE || VerdictKind::parse(word).is_some();
    // A verdict comes after the principal, and perhaps the account.
    let at = texts.iter().enumerate().skip(2).take(2).find(|(_, word)| is_verdict(word)).map(|(at, _)| at);
    let Some(at) = at else {
        return Err(not_a_verdict(arguments, 2));
    };
    let account = texts.get(2).filter(|_| at == 3).copied();
    let findings = match (session.case()?.last_run()?, account) {
        (Some(run), account) => {
            findings(&run, (texts[0], arguments.words[0].1), (texts[1], arguments.words[1].1), account)
                .map_err(|mistake| SessionError::from(mistake.in_source(arguments.line)))?
        }
        // A replayed session names the whole finding.
        (None, Some(account)) => {
            session.note("the case stores no run of `trailq hunt`: the finding is taken as it is written");
            let [rule, principal, account] = [texts[0], texts[1], account].map(str::to_owned);
            vec![FindingKey { rule, principal, account }]
        }
        (None, None) => {
            let mistake = Diagnostic::new("the case stores no run of `trailq hunt`");
            return Err(mistake.hint("run `trailq hunt` first, or name the account too").into());
        }
    };
    let why = texts[at + 1..].join(" ");
    let why = Some(why.as_str()).filter(|why| !why.is_empty());
    session.judge(&findings, VerdictKind::parse(texts[at]), why)?;
    Ok(Answer::default())
}

/// Gives a verdict on the finding in a row of the last answer.
fn of_row(session: &mut Session, arguments: &Arguments<'_>, row: u64) -> Result<Answer, SessionError> {
    let texts = arguments.texts();
    let verdict = texts.get(1).filter(|word| **word == NONE || VerdictKind::parse(word).is_some());
    let Some(verdict) = verdict else { return Err(not_a_verdict(arguments, 1)) };
    let Some(finding) = session.finding_of_row(row)? else {
        let mistake = Diagnostic::new("the last answer has no findings");
        return Err(mistake.hint("`.hunt` shows findings, and `.verdict RULE PRINCIPAL` names one").into());
    };
    let why = texts[2..].join(" ");
    let why = Some(why.as_str()).filter(|why| !why.is_empty());
    session.judge(&[finding], VerdictKind::parse(verdict), why)?;
    Ok(Answer::default())
}

/// Returns the mistake of a word in the place of a verdict, or of none there.
fn not_a_verdict(arguments: &Arguments<'_>, at: usize) -> SessionError {
    match arguments.words.get(at) {
        Some((word, span)) => {
            arguments.mistake(*span, format!("`{word}` is not a verdict: true, benign, unclear, none"))
        }
        None => arguments.missing(),
    }
}

/// Returns the findings of a rule and a principal, and perhaps an account. The last part of an ARN is enough.
fn findings(
    run: &HuntRun,
    (rule, rule_span): (&str, Span),
    (principal, span): (&str, Span),
    account: Option<&str>,
) -> Result<Vec<FindingKey>, Diagnostic> {
    let of_rule: Vec<&FindingKey> =
        run.findings.iter().map(|finding| &finding.key).filter(|key| key.rule == rule).collect();
    if of_rule.is_empty() {
        let mut mistake =
            Diagnostic::at(rule_span, format!("the last run of `trailq hunt` has no finding of `{rule}`"));
        for near in nearest(rule, run.findings.iter().map(|finding| finding.key.rule.as_str())) {
            mistake = mistake.hint(format!("did you mean `{near}`?"));
        }
        return Err(mistake);
    }
    let is_named = |key: &&&FindingKey| {
        key.principal == principal
            || key.principal.strip_suffix(principal).is_some_and(|before| before.ends_with(['/', ':']))
    };
    let found = of_rule.iter().filter(is_named);
    let found: Vec<FindingKey> =
        found.filter(|key| account.is_none_or(|account| key.account == account)).map(|key| (*key).clone()).collect();
    if found.is_empty() {
        let of = account.map_or_else(String::new, |account| format!(" in {account}"));
        let mut mistake = Diagnostic::at(span, format!("`{rule}` has no finding of `{principal}`{of}"));
        let mut principals: Vec<&str> = of_rule.iter().map(|key| key.principal.as_str()).collect();
        principals.dedup();
        principals.truncate(5);
        mistake = mistake.note(format!("it has findings of {}", principals.join(", ")));
        return Err(mistake);
    }
    Ok(found)
}

impl Session {
    /// Returns the finding in a row of the last answer; `None` if that has no findings.
    ///
    /// # Errors
    /// The row does not exist, or nothing was answered yet.
    pub(crate) fn finding_of_row(&self, row: u64) -> Result<Option<FindingKey>, SessionError> {
        let held = self.last()?.rows()?;
        let place = |name: &str| held.columns.iter().position(|column| column == name);
        let Some(((rule, principal), account)) = place("rule").zip(place("principal")).zip(place("account")) else {
            return Ok(None);
        };
        let Some(cells) = row.checked_sub(1).and_then(|at| held.rows.get(usize::try_from(at).ok()?)) else {
            let rows = number::counted(held.rows.len() as u64, "row");
            return Err(Diagnostic::new(format!("there is no row {row}: the last answer has {rows}")).into());
        };
        let [rule, principal, account] = [rule, principal, account].map(|at| text(cells.get(at)));
        Ok(Some(FindingKey { rule, principal, account }))
    }

    /// Gives a verdict on findings, or takes it back.
    ///
    /// # Errors
    /// The case cannot be written.
    pub(crate) fn judge(
        &mut self,
        findings: &[FindingKey],
        verdict: Option<VerdictKind>,
        why: Option<&str>,
    ) -> Result<(), SessionError> {
        let mut lines = Vec::new();
        for finding in findings {
            let word = verdict.map_or(NONE, VerdictKind::name);
            match verdict {
                Some(verdict) => self.give_verdict(finding, verdict, why)?,
                None => drop(self.keeper()?.remove_verdict(finding)?),
            }
            let FindingKey { rule, principal, account } = finding;
            let said = if verdict.is_some() { format!("is {word}") } else { "has no verdict".to_owned() };
            self.status(&format!("{rule} of {principal} in {account} {said}"));
            let reason = why.map_or_else(String::new, |why| format!(" {}", quoted_word(why)));
            let words = [rule, principal, account].map(|word| quoted_word(word));
            lines.push(format!(".verdict {} {word}{reason}", words.join(" ")));
        }
        self.replay_entry = Some(lines);
        Ok(())
    }
}

fn run_verdicts(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(0)?;
    let all = session.case()?.all_verdicts()?;
    if all.is_empty() {
        session.status("there is no verdict; `.verdict RULE PRINCIPAL true \"why\"` gives one");
        return Ok(Answer::default());
    }
    let decisions = session.decisions()?;
    let state = |verdict: &Verdict| {
        let is_allowed = session.acceptance().allows_verdict(verdict);
        match (is_allowed, decisions.verdicts.contains(verdict)) {
            (false, _) => "off",
            (true, true) => "on",
            (true, false) => "superseded",
        }
    };
    let rows: Vec<Vec<Value>> = all
        .iter()
        .map(|found| {
            let optional = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
            let FindingKey { rule, principal, account } = &found.finding;
            let first = [rule, principal, account, found.verdict.name(), state(found)];
            let mut row: Vec<Value> = first.into_iter().map(|text| Value::Text(text.to_owned())).collect();
            let authorship = &found.authorship;
            row.extend([
                optional(&found.why),
                Value::Text(authorship.created_at.clone()),
                Value::Text(authorship.created_by.clone()),
                optional(&authorship.origin),
            ]);
            row
        })
        .collect();
    let off = all.iter().filter(|verdict| state(verdict) == "off").count();
    let columns = ["rule", "principal", "account", "verdict", "state", "why", "created_at", "created_by", "origin"];
    let columns = columns.map(str::to_owned).to_vec();
    let answer = session.write_held(&CapturedRows { columns, rows })?;
    if off > 0 {
        session.note(&format!(
            "{} off: not given or accepted on this machine; `.verdict` with the same verdict accepts it",
            if off == 1 { "1 verdict is".to_owned() } else { format!("{off} verdicts are") }
        ));
    }
    Ok(answer)
}
