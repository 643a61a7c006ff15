//! The coverage of the case as a chart: the state of the hours of each account, Region and category.

use crate::account_names::AccountNames;
use crate::coverage::{Category, Coverage, HourSpan, State};
use crate::report::model::{CoverageChart, Lane};

/// The most lanes of a chart.
const MAX_LANES: usize = 40;
/// The most cells of a lane: a cell is an hour or more.
const MAX_CELLS: i64 = 240;
/// Seconds of an hour.
const HOUR: i64 = 3_600;

/// Returns the chart, or `None` if it would say nothing: one place, with events or nothing known.
pub(super) fn of(coverage: &Coverage, names: &AccountNames) -> Option<CoverageChart> {
    let lanes = || coverage.spans.chunk_by(|a, b| place(a) == place(b));
    let says_more = |span: &HourSpan| !matches!(span.state, State::Events | State::Unknown);
    if lanes().count() < 2 && !coverage.spans.iter().any(says_more) {
        return None;
    }
    let from = coverage.spans.iter().map(|span| span.from).min()?;
    let to = coverage.spans.iter().map(|span| span.to).max()?;
    let hours = (to - from - 1).div_euclid(MAX_CELLS) + 1;
    let cells = usize::try_from((to - from - 1).div_euclid(hours) + 1).ok()?;
    let lane = |spans: &[HourSpan]| Lane { label: label(&spans[0], names), cells: states(spans, from, hours, cells) };
    Some(CoverageChart {
        from: from * HOUR,
        to: to * HOUR,
        hours,
        lanes: lanes().take(MAX_LANES).map(lane).collect(),
        left_out: lanes().count().saturating_sub(MAX_LANES),
    })
}

fn place(span: &HourSpan) -> (&str, &str, Category) {
    (&span.account, &span.region, span.category)
}

fn label(span: &HourSpan, names: &AccountNames) -> String {
    format!("{} {} {}", names.beside(&span.account), span.region, span.category.in_words())
}

/// Returns the state of each cell: of its hours the one that says most.
fn states(spans: &[HourSpan], from: i64, hours: i64, cells: usize) -> Vec<&'static str> {
    let mut worst = vec![State::Unknown; cells];
    for span in spans {
        let first = usize::try_from((span.from - from).div_euclid(hours)).unwrap_or(0);
        let last = usize::try_from((span.to - 1 - from).div_euclid(hours)).unwrap_or(0);
        for cell in worst.iter_mut().take(last + 1).skip(first) {
            if rank(span.state) > rank(*cell) {
                *cell = span.state;
            }
        }
    }
    worst.into_iter().map(State::name).collect()
}

/// Returns how much a state says: what may be missing comes before what is there.
fn rank(state: State) -> u8 {
    match state {
        State::Unknown => 0,
        State::NoneDelivered => 1,
        State::Events => 2,
        State::NotRecorded => 3,
        State::Off => 4,
        State::FilesMissing => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_CELLS, MAX_LANES, of};
    use crate::account_names::AccountNames;
    use crate::coverage::{Category, Coverage, HourSpan, State};

    fn span(account: &str, from: i64, to: i64, state: State) -> HourSpan {
        HourSpan {
            account: account.to_owned(),
            region: "us-east-1".to_owned(),
            category: Category::Management,
            from,
            to,
            state,
            events: 0,
            missing_files: 0,
            why: None,
        }
    }

    fn chart(spans: Vec<HourSpan>) -> Option<crate::report::model::CoverageChart> {
        let names = AccountNames::from_iter([("101".to_owned(), "prod".to_owned())]);
        of(&Coverage { spans, kinds: Vec::new() }, &names)
    }

    #[test]
    fn a_chart_that_says_nothing_is_left_out() {
        assert_eq!(chart(Vec::new()), None);
        assert_eq!(chart(vec![span("1", 0, 5, State::Events), span("1", 5, 9, State::Unknown)]), None);
        assert!(chart(vec![span("1", 0, 5, State::Events), span("1", 5, 9, State::FilesMissing)]).is_some());
        assert!(chart(vec![span("1", 0, 5, State::Events), span("2", 0, 5, State::Events)]).is_some());
    }

    #[test]
    fn a_cell_has_the_state_that_says_most() {
        let hours = MAX_CELLS * 2;
        let spans = vec![
            span("1", 10, 11, State::FilesMissing),
            span("1", 11, 14, State::Events),
            span("1", 15, 10 + hours, State::NoneDelivered),
        ];
        let chart = chart(spans).unwrap();
        assert_eq!((chart.hours, chart.from, chart.to), (2, 36_000, (10 + hours) * 3_600));
        let cells = &chart.lanes[0].cells;
        assert_eq!(cells.len(), usize::try_from(MAX_CELLS).unwrap());
        assert_eq!(cells[..4], ["files missing", "events", "none delivered", "none delivered"]);
    }

    #[test]
    fn lanes_beyond_the_most_are_counted() {
        let spans = (100..=100 + MAX_LANES).map(|account| span(&account.to_string(), 0, 1, State::Events)).collect();
        let chart = chart(spans).unwrap();
        assert_eq!((chart.lanes.len(), chart.left_out), (MAX_LANES, 1));
        assert_eq!(chart.lanes[0].label, "100 us-east-1 management events");
        assert_eq!(chart.lanes[1].label, "101 (prod) us-east-1 management events");
    }
}
