//! Draws with plotters.

use plotters::prelude::*;

use crate::escape::visible;
use crate::number;
use crate::render::plot::lane::Lane;
use crate::time;

/// The width of a picture, in pixels.
const WIDTH: u32 = 960;
/// The height of a timeline.
const HEIGHT: u32 = 360;
/// The height of a bar of a count, with the room below it.
const BAR: i32 = 22;
/// The room for the names of a count's bars.
const NAMES: i32 = 320;
/// The room above the bars of a count, and below them.
const MARGIN: i32 = 48;
/// The largest number of characters of a name.
const MAX_NAME: usize = 44;
/// The largest number of characters of a title.
const MAX_TITLE: usize = 110;
/// The color of bars.
const COLOR: RGBColor = RGBColor(0x2b, 0x6c, 0xb0);

/// The colors of states of coverage; any other state is gray.
const STATE_COLORS: &[(&str, RGBColor)] = &[
    ("events", COLOR),
    ("none delivered", RGBColor(0x9a, 0xe6, 0xb4)),
    ("files missing", RGBColor(0xc5, 0x30, 0x30)),
    ("off", RGBColor(0x1a, 0x20, 0x2c)),
    ("not recorded", RGBColor(0xb7, 0x94, 0xf4)),
    ("unknown", RGBColor(0xe2, 0xe8, 0xf0)),
];
/// The color of other states.
const OTHER: RGBColor = RGBColor(0xa0, 0xae, 0xc0);
/// The number of times on the axis of spans, and the room of an entry of the legend.
const TICKS: i64 = 4;
const LEGEND: i32 = 130;

type DrawResult = Result<(), Box<dyn std::error::Error>>;

/// Draws bars side by side over a time axis.
pub(super) fn timeline(text: &mut String, title: &str, bars: &[(String, u64)]) -> DrawResult {
    let title = shortened(&visible(title), MAX_TITLE);
    let root = SVGBackend::with_string(text, (WIDTH, HEIGHT)).into_drawing_area();
    root.fill(&WHITE)?;
    let most = bars.iter().map(|bar| bar.1).max().unwrap_or(0).max(1);
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 16))
        .margin(16)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..bars.len().max(1) as f64, 0.0..most as f64 * 1.05)?;
    let label = |at: &f64| bars.get(*at as usize).map_or_else(String::new, |bar| visible(&bar.0).into_owned());
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(5)
        .y_labels(6)
        .x_label_formatter(&label)
        .y_label_formatter(&|value| number::count(value.round().max(0.0) as u64))
        .y_desc("events")
        .label_style(("sans-serif", 11))
        .draw()?;
    chart.draw_series(bars.iter().enumerate().filter(|(_, bar)| bar.1 > 0).map(|(at, bar)| {
        Rectangle::new([(at as f64 + 0.05, 0.0), (at as f64 + 0.95, bar.1 as f64)], COLOR.filled())
    }))?;
    root.present()?;
    Ok(())
}

/// Draws bars one below the other, with their names and numbers.
pub(super) fn count(text: &mut String, title: &str, bars: &[(String, u64)]) -> DrawResult {
    let title = shortened(&visible(title), MAX_TITLE);
    let height = u32::try_from(MARGIN + BAR * i32::try_from(bars.len())? + MARGIN / 2)?;
    let root = SVGBackend::with_string(text, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let style = ("sans-serif", 12).into_font();
    root.draw(&Text::new(title, (16, 16), ("sans-serif", 16).into_font()))?;
    let most = bars.iter().map(|bar| bar.1).max().unwrap_or(0).max(1);
    let room = f64::from(i32::try_from(WIDTH)? - NAMES - 100);
    for (at, (name, events)) in bars.iter().enumerate() {
        let top = MARGIN + BAR * i32::try_from(at)?;
        let end = NAMES + (*events as f64 / most as f64 * room).ceil() as i32;
        root.draw(&Text::new(shortened(&visible(name), MAX_NAME), (16, top + 2), style.clone()))?;
        root.draw(&Rectangle::new([(NAMES, top), (end, top + BAR - 6)], COLOR.filled()))?;
        root.draw(&Text::new(number::count(*events), (end + 6, top + 2), style.clone()))?;
    }
    root.present()?;
    Ok(())
}

/// Draws spans of time, a row a lane, with a time axis and a legend below.
pub(super) fn spans(text: &mut String, title: &str, lanes: &[Lane]) -> DrawResult {
    let title = shortened(&visible(title), MAX_TITLE);
    let bottom = MARGIN + BAR * i32::try_from(lanes.len())?;
    let root = SVGBackend::with_string(text, (WIDTH, u32::try_from(bottom + 2 * MARGIN)?)).into_drawing_area();
    root.fill(&WHITE)?;
    let style = ("sans-serif", 12).into_font();
    root.draw(&Text::new(title, (16, 16), ("sans-serif", 16).into_font()))?;
    let all = || lanes.iter().flat_map(|lane| &lane.spans);
    let first = all().map(|span| span.0).min().unwrap_or(0);
    let last = all().map(|span| span.1).max().unwrap_or(0).max(first + 1);
    let right = i32::try_from(WIDTH)? - 24;
    let at = |time: i64| NAMES + (f64::from(right - NAMES) * ((time - first) as f64 / (last - first) as f64)) as i32;
    for (row, lane) in lanes.iter().enumerate() {
        let top = MARGIN + BAR * i32::try_from(row)?;
        root.draw(&Text::new(shortened(&visible(&lane.label), MAX_NAME), (16, top + 2), style.clone()))?;
        for (from, to, state) in &lane.spans {
            // A span is at least a pixel wide: a short gap in a long period must not vanish.
            let end = at(*to).max(at(*from) + 1);
            root.draw(&Rectangle::new([(at(*from), top), (end, top + BAR - 6)], color_of(state).filled()))?;
        }
    }
    for tick in 0..=TICKS {
        let time = first + (last - first) / TICKS * tick;
        let time = if tick == TICKS { last } else { time };
        let label = time::format(time);
        root.draw(&PathElement::new([(at(time), bottom), (at(time), bottom + 4)], BLACK))?;
        let left = (at(time) - 60).min(right - LEGEND);
        root.draw(&Text::new(label, (left, bottom + 8), ("sans-serif", 10).into_font()))?;
    }
    let mut states: Vec<&str> = all().map(|span| span.2.as_str()).collect();
    let place = |state: &str| STATE_COLORS.iter().position(|known| known.0 == state).unwrap_or(STATE_COLORS.len());
    states.sort_by_key(|state| (place(state), *state));
    states.dedup();
    for (index, state) in states.into_iter().take(STATE_COLORS.len() + 1).enumerate() {
        let left = 16 + LEGEND * i32::try_from(index)?;
        let top = bottom + MARGIN;
        root.draw(&Rectangle::new([(left, top), (left + 12, top + 12)], color_of(state).filled()))?;
        root.draw(&Text::new(shortened(&visible(state), 16), (left + 18, top), style.clone()))?;
    }
    root.present()?;
    Ok(())
}

fn color_of(state: &str) -> RGBColor {
    STATE_COLORS.iter().find(|known| known.0 == state).map_or(OTHER, |known| known.1)
}

/// Cuts the middle of a text that has more than `max` characters.
fn shortened(text: &str, max: usize) -> String {
    let length = text.chars().count();
    if length <= max {
        return text.to_owned();
    }
    let half = max / 2;
    let head: String = text.chars().take(half).collect();
    let tail: String = text.chars().skip(length - (max - half - 1)).collect();
    format!("{head}…{tail}")
}
