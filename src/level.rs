//! The level of a detection, as Sigma names them. Imports nothing of trailq, since the build reads headers of saved
//! queries with it.

/// The level of a detection: how far its events are from ordinary work. The guide has the definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Context for other findings.
    Informational,
    /// Ordinary in most accounts.
    Low,
    /// Ordinary or not, by its context.
    Medium,
    /// Rarely ordinary.
    High,
    /// Never ordinary.
    Critical,
}

impl Level {
    /// Every level, the lowest first.
    pub const ALL: [Level; 5] = [Level::Informational, Level::Low, Level::Medium, Level::High, Level::Critical];

    /// The names, in the order of the levels.
    pub const NAMES: [&str; 5] = ["informational", "low", "medium", "high", "critical"];

    /// Returns the level's name.
    pub fn name(self) -> &'static str {
        Level::NAMES[self as usize]
    }

    /// Returns the level with this name, in any case.
    pub fn parse(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(name))
    }

    /// Returns the next lower level; the lowest stays.
    #[must_use]
    pub fn lowered(self) -> Level {
        Level::ALL.into_iter().rev().find(|level| *level < self).unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn a_lowered_level_is_one_below_and_informational_stays() {
        let lowered = Level::ALL.map(Level::lowered);
        assert_eq!(lowered[0], Level::Informational);
        assert_eq!(lowered[1..], Level::ALL[..4]);
        assert_eq!(Level::parse("HIGH"), Some(Level::High));
        assert_eq!(Level::parse("severe"), None);
    }
}
