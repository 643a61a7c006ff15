//! Subjects of an investigation, their marks, and verdicts on findings. Imports nothing of trailq.

/// The kind of a subject: what a mark is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// An access key.
    Key,
    /// An identity: an ARN, a principal id or a user name.
    Principal,
    /// A session of a role: its ARN.
    Session,
    /// A source address or a network.
    Address,
    /// A user agent.
    Client,
    /// An account.
    Account,
    /// A resource: a name, an id or an ARN.
    Resource,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [SubjectKind; 7] = [
        SubjectKind::Key,
        SubjectKind::Principal,
        SubjectKind::Session,
        SubjectKind::Address,
        SubjectKind::Client,
        SubjectKind::Account,
        SubjectKind::Resource,
    ];
    /// The names, in the order of the kinds.
    pub const NAMES: [&str; 7] = ["key", "principal", "session", "address", "client", "account", "resource"];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        SubjectKind::NAMES[self as usize]
    }

    /// Returns the plural of the name.
    pub fn plural(self) -> String {
        if self == SubjectKind::Address { "addresses".to_owned() } else { format!("{}s", self.name()) }
    }

    /// Returns the kind of this name.
    pub fn parse(name: &str) -> Option<SubjectKind> {
        SubjectKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A mark of a subject. The order is that of what counts: of two marks the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// Looked at, and not part of the incident.
    Cleared,
    /// Of the investigator's own side: responders, a red team, scanners.
    Mine,
    /// Perhaps the attacker's.
    Suspect,
    /// The attacker's.
    Attacker,
}

impl Mark {
    /// Every mark.
    pub const ALL: [Mark; 4] = [Mark::Cleared, Mark::Mine, Mark::Suspect, Mark::Attacker];
    /// The names, in the order of the marks.
    pub const NAMES: [&str; 4] = ["cleared", "mine", "suspect", "attacker"];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        Mark::NAMES[self as usize]
    }

    /// Returns the mark of this name.
    pub fn parse(name: &str) -> Option<Mark> {
        Mark::ALL.into_iter().find(|mark| mark.name() == name)
    }

    /// Returns the mark that counts more; of two that count the same, the greater.
    pub fn max_by_weight(self, other: Mark) -> Mark {
        if (other.weight(), other) > (self.weight(), self) { other } else { self }
    }

    /// Returns how much the mark counts against others of one subject; of equal ones the newest counts.
    pub fn weight(self) -> u8 {
        match self {
            Mark::Attacker => 2,
            Mark::Suspect => 1,
            Mark::Cleared | Mark::Mine => 0,
        }
    }
}

/// A verdict on a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerdictKind {
    /// The finding is ordinary work.
    Benign,
    /// It is not known yet.
    Unclear,
    /// The finding is part of the incident.
    True,
}

impl VerdictKind {
    /// Every verdict.
    pub const ALL: [VerdictKind; 3] = [VerdictKind::Benign, VerdictKind::Unclear, VerdictKind::True];
    /// The names, in the order of the verdicts.
    pub const NAMES: [&str; 3] = ["benign", "unclear", "true"];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        VerdictKind::NAMES[self as usize]
    }

    /// Returns the verdict of this name.
    pub fn parse(name: &str) -> Option<VerdictKind> {
        VerdictKind::ALL.into_iter().find(|verdict| verdict.name() == name)
    }

    /// Returns how much the verdict counts against others on one finding; of equal ones the newest counts.
    pub fn weight(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::{Mark, SubjectKind, VerdictKind};

    #[test]
    fn every_name_is_read_back() {
        for kind in SubjectKind::ALL {
            assert_eq!(SubjectKind::parse(kind.name()), Some(kind));
        }
        for mark in Mark::ALL {
            assert_eq!(Mark::parse(mark.name()), Some(mark));
        }
        for verdict in VerdictKind::ALL {
            assert_eq!(VerdictKind::parse(verdict.name()), Some(verdict));
        }
        assert_eq!((Mark::parse("evil"), SubjectKind::parse("ip"), VerdictKind::parse("")), (None, None, None));
    }
}
