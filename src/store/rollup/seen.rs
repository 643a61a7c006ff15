//! The number of events with something, and the first and last time of them.

use crate::time;

/// Occurrences among the events that are counted. In sixteen bytes: 10,000,000 events may name four million resources.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) events: u32,
    /// The lower parts of the first and last time.
    lower: (u32, u32),
    /// The upper parts. The first is after the last where no event has a time.
    upper: (i8, i8),
}

impl Default for Seen {
    fn default() -> Seen {
        Seen { events: 0, lower: (u32::MAX, 0), upper: (i8::MAX, i8::MIN) }
    }
}

impl Seen {
    pub(crate) fn add(&mut self, time: Option<i64>) {
        self.events += 1;
        let Some(time) = time else { return };
        // Forty bits hold the seconds of all years that four digits can write.
        let time = ((time >> 32) as i8, time as u32);
        if time < (self.upper.0, self.lower.0) {
            (self.upper.0, self.lower.0) = time;
        }
        if time > (self.upper.1, self.lower.1) {
            (self.upper.1, self.lower.1) = time;
        }
    }

    /// Adds other occurrences.
    pub(crate) fn join(&mut self, other: Seen) {
        self.events += other.events;
        if (other.upper.0, other.lower.0) < (self.upper.0, self.lower.0) {
            (self.upper.0, self.lower.0) = (other.upper.0, other.lower.0);
        }
        if (other.upper.1, other.lower.1) > (self.upper.1, self.lower.1) {
            (self.upper.1, self.lower.1) = (other.upper.1, other.lower.1);
        }
    }

    /// Returns the first and last time as text.
    pub(crate) fn period(&self) -> (Option<String>, Option<String>) {
        let of = |upper: i8, lower: u32| (i64::from(upper) << 32) | i64::from(lower);
        let (first, last) = (of(self.upper.0, self.lower.0), of(self.upper.1, self.lower.1));
        if first > last {
            return (None, None);
        }
        (Some(time::format(first)), Some(time::format(last)))
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use crate::time;

    #[test]
    fn first_and_last_are_right_in_all_years() {
        assert_eq!(size_of::<Seen>(), 16);
        let year_1 = -62_135_596_800;
        let end_of_9999 = 253_402_300_799;
        let times = [0, -1, 1, u32::MAX.into(), i64::from(u32::MAX) + 1, -(1 << 32), year_1, end_of_9999];
        for one in times {
            for other in times {
                let mut seen = Seen::default();
                assert_eq!(seen.period(), (None, None));
                let mut joined = [Seen::default(); 2];
                for (time, half) in [(Some(one), 0), (None, 0), (Some(other), 1)] {
                    seen.add(time);
                    joined[half].add(time);
                }
                let (mut one_half, other_half) = (joined[0], joined[1]);
                one_half.join(other_half);
                assert_eq!((one_half.events, one_half.period()), (seen.events, seen.period()));
                let text = |time| Some(time::format(time));
                assert_eq!(seen.period(), (text(one.min(other)), text(one.max(other))), "{one} {other}");
                assert_eq!(seen.events, 3);
            }
        }
    }
}
