//! The decisions that the user of this machine accepted. A case that somebody hands over may hold any rule, author and
//! time, so that acceptance is stored outside of it: as SHA-256 of what was accepted, one a line, in the state folder.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

use crate::hash::sha256;
use crate::store::{FindingKey, IgnoreRule, SubjectMark, Verdict};
use crate::subject::{Mark, SubjectKind, VerdictKind};

/// Maximum size of the file in bytes; what follows is not read.
const MAX_BYTES: u64 = 16 << 20;

/// The accepted decisions.
#[derive(Debug, Default)]
pub(crate) struct Acceptance {
    accepted: BTreeSet<String>,
    path: Option<PathBuf>,
}

impl Acceptance {
    /// Reads the accepted decisions of the user; none if the file cannot be read.
    pub(crate) fn from_environment() -> Acceptance {
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let path = path(variable("XDG_STATE_HOME"), variable("HOME"));
        let mut text = String::new();
        if let Some(file) = path.as_ref().and_then(|path| File::open(path).ok()) {
            // Without a readable list nothing is accepted.
            let _ = file.take(MAX_BYTES).read_to_string(&mut text);
        }
        Acceptance { accepted: text.lines().map(str::to_owned).collect(), path }
    }

    /// Accepts a decision, for this session and for later ones.
    ///
    /// # Errors
    /// It is accepted for this session only: the file cannot be written.
    pub(crate) fn accept(&mut self, decision: &str) -> io::Result<()> {
        if !self.accepted.insert(decision.to_owned()) {
            return Ok(());
        }
        let Some(path) = &self.path else { return Err(io::Error::other("there is no home folder")) };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)?.write_all(format!("{decision}\n").as_bytes())
    }

    /// Reports whether a mark may act: one that hides nothing may, another one if it is accepted.
    pub(crate) fn allows_mark(&self, mark: &SubjectMark) -> bool {
        matches!(mark.mark, Mark::Attacker | Mark::Suspect)
            || self.accepted.contains(&of_mark(mark.kind, &mark.value, mark.mark))
    }

    /// Reports whether a verdict may act: one that hides nothing may, another one if it is accepted.
    pub(crate) fn allows_verdict(&self, verdict: &Verdict) -> bool {
        verdict.verdict != VerdictKind::Benign || self.accepted.contains(&of_verdict(&verdict.finding, verdict.verdict))
    }

    /// Reports whether the decision with this digest is accepted.
    pub(crate) fn has(&self, decision: &str) -> bool {
        self.accepted.contains(decision)
    }

    /// Reports whether an ignore rule is accepted.
    pub(crate) fn allows_rule(&self, rule: &IgnoreRule) -> bool {
        self.accepted.contains(&of_rule(rule))
    }
}

/// Returns the path of the file.
fn path(state: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let state = state.filter(|state| state.is_absolute()).or_else(|| home.map(|home| home.join(".local/state")))?;
    Some(state.join("trailq").join("accepted"))
}

/// Returns the SHA-256 of a mark of a subject.
pub(crate) fn of_mark(kind: SubjectKind, value: &str, mark: Mark) -> String {
    digest(&["mark", kind.name(), value, mark.name()])
}

/// Returns the SHA-256 of a verdict on a finding.
pub(crate) fn of_verdict(finding: &FindingKey, verdict: VerdictKind) -> String {
    digest(&["verdict", &finding.rule, &finding.principal, &finding.account, verdict.name()])
}

/// Returns the SHA-256 of an ignore rule: of what it hides. A merge may give it another name.
pub(crate) fn of_rule(rule: &IgnoreRule) -> String {
    let mut parts = vec!["ignore", rule.filter.as_str()];
    match &rule.rules {
        None => parts.push("every rule"),
        Some(rules) => parts.extend(["rules"].into_iter().chain(rules.iter().map(String::as_str))),
    }
    digest(&parts)
}

/// Returns the SHA-256 of a run of `trailq hunt`: of its result and of what that depends on.
pub(crate) fn of_run(parts: &[String]) -> String {
    digest(&["run"].into_iter().chain(parts.iter().map(String::as_str)).collect::<Vec<_>>())
}

/// Returns the SHA-256 of texts, with their lengths, so that no two lists have the same.
fn digest(parts: &[&str]) -> String {
    let text: String = parts.iter().map(|part| format!("{} {part}", part.len())).collect();
    sha256(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Acceptance, of_mark, of_rule, path};
    use crate::store::IgnoreRule;
    use crate::subject::{Mark, SubjectKind};

    #[test]
    fn what_is_accepted_is_stored_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/accepted");
        let mut acceptance = Acceptance { path: Some(path.clone()), ..Acceptance::default() };
        let decision = of_mark(SubjectKind::Key, "AKIA1", Mark::Mine);
        acceptance.accept(&decision).unwrap();
        acceptance.accept(&decision).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), format!("{decision}\n"));
        assert!(Acceptance::default().accept(&decision).is_err());
    }

    #[test]
    fn two_rules_never_have_the_same_digest() {
        let rule = |filter: &str, rules: Option<&[&str]>| {
            let rules = rules.map(|rules| rules.iter().map(|rule| (*rule).to_owned()).collect());
            of_rule(&IgnoreRule { filter: filter.to_owned(), rules, ..IgnoreRule::default() })
        };
        let all = [
            rule("user=a", None),
            rule("user=a", Some(&[])),
            rule("user=a", Some(&["b"])),
            rule("user=a", Some(&["b", "c"])),
            rule("user=a", Some(&["bc"])),
            rule("user=b", None),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn the_file_is_in_the_state_folder() {
        let at = |text: &str| Some(PathBuf::from(text));
        assert_eq!(path(at("/state"), at("/home/a")), at("/state/trailq/accepted"));
        assert_eq!(path(at("relative"), at("/home/a")), at("/home/a/.local/state/trailq/accepted"));
        assert_eq!(path(None, None), None);
    }
}
