//! Timelines and counts as SVG pictures, to paste into a report.

use plotters::prelude::*;

use super::escape::visible;
use super::number;

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
/// The largest number of bars of a count.
pub const MAX_BARS: usize = 100;

/// The color of bars.
const COLOR: RGBColor = RGBColor(0x2b, 0x6c, 0xb0);

/// The kind of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plot {
    /// Spans of time, side by side.
    Timeline,
    /// Values, one under the other.
    Count,
}

/// Draws numbers of events by label, in order.
///
/// # Errors
/// The drawing library failed; the text is its message.
pub fn svg(plot: Plot, title: &str, bars: &[(String, u64)]) -> Result<String, String> {
    let title = shortened(&visible(title), 110);
    let mut text = String::new();
    let drawn = match plot {
        Plot::Timeline => timeline(&mut text, &title, bars),
        Plot::Count => count(&mut text, &title, &bars[..bars.len().min(MAX_BARS)]),
    };
    drawn.map_err(|error| error.to_string())?;
    Ok(text)
}

type DrawResult = Result<(), Box<dyn std::error::Error>>;

/// Draws bars over a time axis.
fn timeline(text: &mut String, title: &str, bars: &[(String, u64)]) -> DrawResult {
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

/// Draws bars below one another, with their names and numbers.
fn count(text: &mut String, title: &str, bars: &[(String, u64)]) -> DrawResult {
    let height = u32::try_from(MARGIN + BAR * i32::try_from(bars.len())? + MARGIN / 2)?;
    let root = SVGBackend::with_string(text, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let style = ("sans-serif", 12).into_font();
    root.draw(&Text::new(title.to_owned(), (16, 16), ("sans-serif", 16).into_font()))?;
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

/// Cuts the middle of a text so that it has at most `most` characters.
fn shortened(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let half = most / 2;
    let head: String = text.chars().take(half).collect();
    let tail: String = text.chars().skip(length - (most - half - 1)).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::{Plot, svg};

    #[test]
    fn pictures_have_their_labels_and_bars() {
        let bars = [("a<b> & \x1b".to_owned(), 1_200), ("second".to_owned(), 0)];
        let picture = svg(Plot::Count, "top 2 user", &bars).unwrap();
        assert!(picture.starts_with("<svg ") && picture.trim_end().ends_with("</svg>"), "{picture}");
        assert!(picture.contains("a&lt;b&gt; &amp; \\x1b") && picture.contains("1,200"), "{picture}");
        assert!(picture.contains("top 2 user") && picture.contains("second"));
        let bars: Vec<_> = (0..48).map(|hour| (format!("2024-03-01T{hour:02}:00:00Z"), hour)).collect();
        let picture = svg(Plot::Timeline, "user=alice | timeline 1h", &bars).unwrap();
        assert!(picture.contains("2024-03-01T") && picture.contains("user=alice | timeline 1h"));
        assert_eq!(picture.matches("#2B6CB0").count(), 47, "{picture}");
        assert!(svg(Plot::Timeline, "", &[]).is_ok() && svg(Plot::Count, "", &[]).is_ok());
    }
}
