//! The chart of coverage as SVG. States differ in shape as well as in color, for print and for the color-blind.

use maud::{Markup, html};

use crate::escape::visible;
use crate::report::model::{CoverageChart, Lane};
use crate::time;

const WIDTH: usize = 900;
/// The space of the labels.
const LABELS: usize = 330;
/// The height of a lane, and of the bar in it.
const LANE: usize = 16;
const BAR: usize = 11;
/// The space of the axis and of the legend.
const FOOT: usize = 44;

/// The states that are drawn: the name, the class, and the top and the height of the bar.
const STATES: [(&str, &str, usize, usize); 5] = [
    ("events", "events", 0, BAR),
    ("none delivered", "none", 4, 3),
    ("files missing", "missing", 0, BAR),
    ("off", "off", 1, BAR - 2),
    ("not recorded", "unrecorded", 1, BAR - 2),
];

/// Returns the chart with its axis and legend.
pub(super) fn svg(chart: &CoverageChart) -> Markup {
    let foot = chart.lanes.len() * LANE;
    let cells = chart.lanes.iter().map(|lane| lane.cells.len()).max().unwrap_or(1).max(1);
    let width = (WIDTH - LABELS) as f64 / cells as f64;
    html! {
        div.scroll {
            svg.coverage viewBox=(format!("0 0 {WIDTH} {}", foot + FOOT)) role="img" aria-label="coverage by place and time" {
                @for (at, lane) in chart.lanes.iter().enumerate() {
                    g transform=(format!("translate(0 {})", at * LANE)) {
                        text x="0" y=(BAR - 1) { (visible(&lane.label)) }
                        @for state in STATES { (bars(lane, state, width)) }
                    }
                }
                line x1=(LABELS) x2=(WIDTH) y1=(foot) y2=(foot) {}
                text x=(LABELS) y=(foot + 14) { (time::format(chart.from)) }
                text x=(WIDTH) y=(foot + 14) text-anchor="end" { (time::format(chart.to)) }
                @for (at, (name, class, top, height)) in STATES.into_iter().enumerate() {
                    @let x = at * 130;
                    rect.(class) x=(x) y=(foot + 26 + top) width="24" height=(height) {}
                    text x=(x + 30) y=(foot + 35) { (name) }
                }
                text x=(STATES.len() * 130) y=(foot + 35) { "empty: unknown" }
            }
        }
    }
}

/// Returns the bars of one state in a lane as one path.
fn bars(lane: &Lane, (name, class, top, height): (&str, &str, usize, usize), width: f64) -> Markup {
    let mut path = String::new();
    let mut at = 0;
    for run in lane.cells.chunk_by(|a, b| a == b) {
        if run[0] == name {
            let (x, length) = (LABELS as f64 + at as f64 * width, run.len() as f64 * width);
            path.push_str(&format!("M{x:.1} {top}h{length:.1}v{height}h-{length:.1}z"));
        }
        at += run.len();
    }
    html! { @if !path.is_empty() { path.(class) d=(path) { title { (visible(&lane.label)) ": " (name) } } } }
}
