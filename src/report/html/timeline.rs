//! A timeline as SVG. Colors come from the page's style, so that it follows light, dark and print.

use maud::{Markup, html};

const WIDTH: usize = 900;
const HEIGHT: usize = 160;
/// The space of the labels.
const MARGIN: usize = 24;

/// Returns bars side by side, with the first and the last label and the largest number.
pub(super) fn svg(bars: &[(String, u64)]) -> Markup {
    let most = bars.iter().map(|(_, events)| *events).max().unwrap_or(0).max(1);
    let width = WIDTH as f64 / bars.len().max(1) as f64;
    let plot = (HEIGHT - 2 * MARGIN) as f64;
    let baseline = HEIGHT - MARGIN;
    let bar = |at: usize, events: u64| {
        // A small number next to large ones stays visible.
        let height = if events == 0 { 0.0 } else { (plot * events as f64 / most as f64).max(2.0) };
        (format!("{:.2}", at as f64 * width), format!("{:.2}", baseline as f64 - height), format!("{height:.2}"))
    };
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label="events by time" {
            line x1="0" y1=(baseline) x2=(WIDTH) y2=(baseline) {}
            @for (at, (label, events)) in bars.iter().enumerate() {
                @let (x, y, height) = bar(at, *events);
                rect x=(x) y=(y) width=(format!("{:.2}", (width * 0.9).max(0.5))) height=(height) {
                    title { (label) ": " (events) }
                }
            }
            @if let (Some((first, _)), Some((last, _))) = (bars.first(), bars.last()) {
                text x="0" y=(HEIGHT - 6) { (first) }
                text x=(WIDTH) y=(HEIGHT - 6) text-anchor="end" { (last) }
                text x="0" y="14" { "at most " (most) " events" }
            }
        }
    }
}
