//! The surroundings of a lookup.

use crate::subject::{Mark, SubjectKind};

/// The surroundings of a lookup that its meaning depends on.
pub trait Environment {
    /// The clock, in Unix seconds.
    fn now(&self) -> i64;
    /// The time of the newest event of the case, in Unix seconds.
    fn newest_event(&self) -> Option<i64>;
    /// Reports whether the newest event is known only when the statement runs, as it is with the table of another engine.
    fn finds_newest_when_run(&self) -> bool {
        false
    }
    /// The content of an `@FILE` list, or why it cannot be read.
    fn read_list(&self, path: &str) -> Result<String, String>;
    /// Reports whether there is a file of this name for an `@FILE` list.
    fn has_list(&self, path: &str) -> bool {
        self.read_list(path).is_ok()
    }
    /// The subjects that have a mark in the case, or why they cannot be read.
    fn marked(&self, _mark: Mark) -> Result<Vec<MarkedSubject>, String> {
        Ok(Vec::new())
    }
    /// The rules of the newest run of `trailq hunt`, or why they cannot be read; `None` if no run is stored.
    fn hunted_rules(&self) -> Result<Option<HuntedRules>, String> {
        Ok(None)
    }
    /// The way in which a rule of that run selects events.
    fn hunted_rule(&self, _id: &str) -> Result<Option<HuntedRule>, String> {
        Ok(None)
    }
    /// The ids and the names of the accounts that have one, or why they cannot be read.
    fn named_accounts(&self) -> Result<Vec<(String, String)>, String> {
        Ok(Vec::new())
    }
    /// Reports whether events have this account, which is not an id of 12 digits, or why they cannot be read.
    fn has_account(&self, _account: &str) -> Result<bool, String> {
        Ok(false)
    }
    /// The user ids and the user names of a person of IAM Identity Center, or why they cannot be read. Both are empty for
    /// one that is not known.
    fn person(&self, _name: &str) -> Result<(Vec<String>, Vec<String>), String> {
        Ok((Vec::new(), Vec::new()))
    }
    /// The credentials that descend from an access key, or why they cannot be found; `None` if the case does not know the
    /// key.
    fn credential_chain(&self, _key: &str) -> Result<Option<CredentialChain>, String> {
        Ok(None)
    }
    /// Reports whether a file that the user gave has the attribute of addresses in this column, or why it cannot be asked.
    fn check_address_files(&self, _column: &str) -> Result<(), MissingFile> {
        Ok(())
    }
    /// Paths of records that have a key of this name, in any case, the most frequent first, as far as they are found
    /// soon: for advice on a name that means nothing.
    fn paths_to_key(&self, _name: &str) -> Vec<String> {
        Vec::new()
    }
}

/// The reason why an attribute of addresses cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingFile {
    /// The reason.
    pub reason: String,
    /// The way to give a file that has it.
    pub hint: Option<String>,
}

/// A subject that has a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedSubject {
    /// The kind.
    pub kind: SubjectKind,
    /// The subject.
    pub value: String,
    /// True if the mark was made in another file.
    pub is_from_elsewhere: bool,
}

/// An access key and the credentials that descend from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CredentialChain {
    /// The keys, with the first one.
    pub keys: Vec<String>,
    /// The ids of events of their sessions that were signed with no key, such as sign-ins.
    pub keyless_events: Vec<String>,
    /// The number of hops of which a record names both ends.
    pub proven: usize,
    /// The number of other hops.
    pub inferred: usize,
}

/// The rules of a run of `trailq hunt`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HuntedRules {
    /// The time of the run, UTC.
    pub run_at: String,
    /// The filter of a lookup that limited the run.
    pub scope: Option<String>,
    /// The ids of the rules.
    pub ids: Vec<String>,
}

/// The way in which a rule of a run selects events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HuntedRule {
    /// By the filter of a lookup.
    Filter(String),
    /// By event ids, of this number of events.
    Events(Vec<String>, u64),
}
