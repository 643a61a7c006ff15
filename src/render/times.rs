//! The display of times in a time zone, and with their age.

use std::io;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::rows::{Cell, Mark, RowSink, Value};

/// The column that the age follows.
const TIME_COLUMN: &str = "event_time";

/// The display of times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// The zone; `None` is UTC, as stored.
    pub zone: Option<TimeZone>,
    /// The time, in Unix seconds, from which an age is counted back.
    pub age_from: Option<i64>,
}

impl Times {
    /// Reports whether times are shown as stored.
    pub fn is_plain(&self) -> bool {
        self.zone.is_none() && self.age_from.is_none()
    }

    /// Converts a stored time, `2024-03-01T09:00:00Z`, to the zone, with its offset; `None` for another text.
    fn shown(&self, text: &str) -> Option<String> {
        let zone = self.zone.as_ref()?;
        let zoned = Timestamp::from_second(seconds(text)?).ok()?.to_zoned(zone.clone());
        Some(zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
    }
}

/// Returns the Unix seconds of a text that is a time exactly as stored.
fn seconds(text: &str) -> Option<i64> {
    (text.len() == 20 && text.ends_with('Z')).then(|| crate::time::parse(text)).flatten()
}

/// Formats a span of seconds in its two largest units: `3d 4h`, `12m`, `in 5s` for the future.
pub fn age(seconds: i64) -> String {
    let units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let mut rest = seconds.unsigned_abs();
    let mut text = String::from(if seconds < 0 { "in " } else { "" });
    let mut named = 0;
    for (at, (unit, length)) in units.into_iter().enumerate() {
        let number = rest / length;
        rest %= length;
        if number > 0 || (at == 3 && named == 0) {
            text.push_str(if named > 0 { " " } else { "" });
            text.push_str(&format!("{number}{unit}"));
            named += 1;
        } else if named > 0 {
            break;
        }
        if named == 2 {
            break;
        }
    }
    text
}

/// A row sink that passes rows on with their times in another zone, and with a column for their age.
pub(super) struct TimeAdapter<'a> {
    inner: Box<dyn RowSink + 'a>,
    times: Times,
    /// The index of the time's column, which the age follows.
    time_column: Option<usize>,
}

impl<'a> TimeAdapter<'a> {
    /// Returns a sink that passes rows on to `inner`.
    pub(super) fn new(inner: Box<dyn RowSink + 'a>, times: Times) -> TimeAdapter<'a> {
        TimeAdapter { inner, times, time_column: None }
    }

    /// Returns the cells of a row with their times converted, and the age.
    fn convert(&self, cells: &[Cell<'_>]) -> Vec<Value> {
        let shown = |cell: &Cell<'_>| match cell {
            Cell::Text(text) => self.times.shown(text).map_or_else(|| Value::from(*cell), Value::Text),
            _ => Value::from(*cell),
        };
        let mut converted: Vec<Value> = cells.iter().map(shown).collect();
        if let (Some(at), Some(now)) = (self.time_column, self.times.age_from) {
            let age = match cells.get(at) {
                Some(Cell::Text(text)) => seconds(text).map(|time| age(now - time)),
                _ => None,
            };
            converted.insert((at + 1).min(converted.len()), age.map_or(Value::Null, Value::Text));
        }
        converted
    }
}

impl RowSink for TimeAdapter<'_> {
    fn begin(&mut self, columns: &[String]) -> io::Result<()> {
        let aged = self.times.age_from.is_some();
        self.time_column = columns.iter().position(|column| column == TIME_COLUMN).filter(|_| aged);
        let mut columns = columns.to_vec();
        if let Some(at) = self.time_column {
            columns.insert(at + 1, "age".to_owned());
        }
        self.inner.begin(&columns)
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.marked_row(&Mark::default(), cells)
    }

    fn marked_row(&mut self, mark: &Mark, cells: &[Cell<'_>]) -> io::Result<()> {
        let converted = self.convert(cells);
        let cells: Vec<Cell<'_>> = converted.iter().map(Value::cell).collect();
        self.inner.marked_row(mark, &cells)
    }

    fn end(&mut self) -> io::Result<()> {
        self.inner.end()
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::{Times, age};
    use crate::render::testing::render;
    use crate::render::{Format, Style};
    use crate::rows::Cell::{Null, Text};

    #[test]
    fn times_are_in_the_zone_with_their_offset_and_age_follows_them() {
        let zone = TimeZone::fixed(jiff::tz::offset(5));
        let times = Times { zone: Some(zone), age_from: Some(1_709_283_600 + 90_061) };
        let style = Style { unicode: true, times, ..Style::default() };
        let rows: &[&[crate::rows::Cell<'_>]] = &[&[Text("2024-03-01T09:00:00Z"), Text("2024")], &[Null, Text("x")]];
        let columns = ["event_time", "n"];
        assert_eq!(
            render(Format::Table, &style, &columns, rows).lines().skip(2).collect::<Vec<_>>(),
            ["2024-03-01T14:00:00+05:00  1d 1h  2024", "                                  x"]
        );
        // Formats for other programs keep UTC.
        assert!(render(Format::Csv, &style, &columns, rows).contains("2024-03-01T09:00:00Z,2024\r\n"));
    }

    #[test]
    fn an_age_has_two_units() {
        assert_eq!(
            [age(0), age(59), age(61), age(3_600), age(90_061), age(86_460)].join(","),
            "0s,59s,1m 1s,1h,1d 1h,1d"
        );
        assert_eq!(age(-5), "in 5s");
    }
}
