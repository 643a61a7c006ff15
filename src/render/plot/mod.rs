//! A timeline or a count as an SVG picture, to paste into a report.

#[cfg(feature = "plot")]
mod drawing;
mod lane;

pub use crate::render::plot::lane::Lane;

/// The largest number of bars of a count.
pub const MAX_BARS: usize = 100;

/// The kind of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plot {
    /// Spans of time, side by side.
    Timeline,
    /// Values, one under the other.
    Count,
}

/// Returns the picture of spans of time with states, a row a lane, of at most [`MAX_BARS`] lanes.
///
/// # Errors
/// The picture cannot be drawn.
#[cfg(feature = "plot")]
pub fn svg_of_spans(title: &str, lanes: &[Lane]) -> Result<String, String> {
    let mut text = String::new();
    let lanes = &lanes[..lanes.len().min(MAX_BARS)];
    drawing::spans(&mut text, title, lanes).map_err(|error| error.to_string())?;
    Ok(text)
}

/// Refuses: this build of trailq draws no pictures.
///
/// # Errors
/// Always.
#[cfg(not(feature = "plot"))]
pub fn svg_of_spans(title: &str, _: &[Lane]) -> Result<String, String> {
    svg(Plot::Count, title, &[])
}

/// Returns the picture of numbers of events by label, in order.
///
/// # Errors
/// The picture cannot be drawn.
#[cfg(feature = "plot")]
pub fn svg(plot: Plot, title: &str, bars: &[(String, u64)]) -> Result<String, String> {
    let mut text = String::new();
    let drawn = match plot {
        Plot::Timeline => drawing::timeline(&mut text, title, bars),
        Plot::Count => drawing::count(&mut text, title, &bars[..bars.len().min(MAX_BARS)]),
    };
    drawn.map_err(|error| error.to_string())?;
    Ok(text)
}

/// Refuses: this build of trailq draws no pictures.
///
/// # Errors
/// Always.
#[cfg(not(feature = "plot"))]
pub fn svg(_: Plot, _: &str, _: &[(String, u64)]) -> Result<String, String> {
    Err("trailq was built without the feature plot".to_owned())
}

#[cfg(all(test, feature = "plot"))]
mod tests {
    use crate::render::plot::{Lane, Plot, svg, svg_of_spans};

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

    #[test]
    fn spans_are_drawn_in_the_colors_of_their_states() {
        let span = |from: i64, to: i64, state: &str| (from * 3_600, to * 3_600, state.to_owned());
        let lanes = [
            Lane { label: "a<b> us-east-1".to_owned(), spans: vec![span(0, 2, "events"), span(2, 3, "off")] },
            Lane { label: "second".to_owned(), spans: vec![span(0, 3, "else \x1b")] },
        ];
        let picture = svg_of_spans("coverage", &lanes).unwrap();
        assert!(picture.contains("a&lt;b&gt; us-east-1") && picture.contains("second"), "{picture}");
        assert!(picture.contains("1970-01-01T00:00:00Z") && picture.contains("1970-01-01T03:00:00Z"), "{picture}");
        // Each span, and the legend of each state.
        for color in ["#2B6CB0", "#1A202C", "#A0AEC0"] {
            assert_eq!(picture.matches(color).count(), 2, "{color} {picture}");
        }
        assert!(picture.contains("else \\x1b") && !picture.contains('\x1b'));
        assert!(svg_of_spans("", &[]).is_ok());
    }
}
