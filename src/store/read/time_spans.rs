//! Spans of time of any number, of which one has to hold a time.

/// Spans in Unix seconds that do not overlap, in order; both ends belong to a span.
pub(crate) struct TimeSpans(Vec<(i64, i64)>);

impl TimeSpans {
    /// Parses `[[FROM,TO],...]`; `null` is an open end.
    ///
    /// # Errors
    /// It is not such an array.
    pub(crate) fn parse(text: &str) -> Result<TimeSpans, String> {
        let spans: Vec<(Option<i64>, Option<i64>)> =
            serde_json::from_str(text).map_err(|error| format!("invalid spans: {error}"))?;
        let mut spans: Vec<(i64, i64)> =
            spans.into_iter().map(|(from, to)| (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX))).collect();
        spans.sort_unstable();
        spans.dedup_by(|next, span| {
            let joined = next.0 <= span.1;
            span.1 = if joined { span.1.max(next.1) } else { span.1 };
            joined
        });
        Ok(TimeSpans(spans))
    }

    /// Reports whether a span holds the time.
    pub(crate) fn contain(&self, time: i64) -> bool {
        let after = self.0.partition_point(|(from, _)| *from <= time);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|(_, to)| time <= *to)
    }
}

#[cfg(test)]
mod tests {
    use super::TimeSpans;

    #[test]
    fn a_time_is_in_any_of_the_spans() {
        let spans = TimeSpans::parse("[[100,199],[10,19],[150,250],[300,290],[1000,null],[null,-5]]").unwrap();
        for time in [10, 19, 100, 180, 250, 1_000, i64::MAX, -5, i64::MIN] {
            assert!(spans.contain(time), "{time}");
        }
        for time in [9, 20, 99, 251, 295, 999, -4] {
            assert!(!spans.contain(time), "{time}");
        }
        assert!(!TimeSpans::parse("[]").unwrap().contain(0));
        assert!(TimeSpans::parse("[1]").is_err());
    }
}
