//! Objects keyed by column: one array, or one a line.

use std::collections::HashSet;
use std::io::{self, Write};

use crate::escape;
use crate::escape::{hex, json_string};
use crate::render::resources;
use crate::render::style::Style;
use crate::rows::{Cell, RowSink};

/// Returns a sink that writes one array of objects, an object a line.
pub(super) fn array<'a>(out: &'a mut dyn Write, _: &Style) -> Box<dyn RowSink + 'a> {
    Box::new(Json::new(out, true))
}

/// Returns a sink that writes one object a line, without an array around them.
pub(super) fn lines<'a>(out: &'a mut dyn Write, _: &Style) -> Box<dyn RowSink + 'a> {
    Box::new(Json::new(out, false))
}

/// Writes rows as JSON objects.
struct Json<'a> {
    out: &'a mut dyn Write,
    /// True if the objects are in one array.
    array: bool,
    /// `"column":` for each column.
    keys: Vec<String>,
    /// True for each column that contains resources.
    resources: Vec<bool>,
    rows: u64,
}

impl<'a> Json<'a> {
    fn new(out: &'a mut dyn Write, array: bool) -> Json<'a> {
        Json { out, array, keys: Vec::new(), resources: Vec::new(), rows: 0 }
    }

    /// Writes one value.
    fn value(&mut self, at: usize, cell: &Cell<'_>) -> io::Result<()> {
        match *cell {
            Cell::Null => self.out.write_all(b"null"),
            Cell::Integer(number) => write!(self.out, "{number}"),
            // JSON has no infinity; serde_json writes null.
            Cell::Real(number) => serde_json::to_writer(&mut *self.out, &number).map_err(io::Error::from),
            Cell::Blob(bytes) => write!(self.out, "\"{}\"", hex(bytes)),
            Cell::Text(text) => {
                let raw = if self.resources[at] { resources::array(text) } else { None };
                match raw {
                    Some(raw) => self.out.write_all(escape::json(raw.get()).as_bytes()),
                    None if text.is_ascii() && !text.contains('\x7f') => {
                        serde_json::to_writer(&mut *self.out, text).map_err(io::Error::from)
                    }
                    None => self.out.write_all(json_string(text).as_bytes()),
                }
            }
        }
    }
}

impl RowSink for Json<'_> {
    fn begin(&mut self, columns: &[String]) -> io::Result<()> {
        self.keys = distinct(columns).iter().map(|name| format!("{}:", json_string(name))).collect();
        self.resources = columns.iter().map(|name| name == resources::COLUMN).collect();
        self.rows = 0;
        if self.array { self.out.write_all(b"[") } else { Ok(()) }
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        if self.array {
            self.out.write_all(if self.rows == 0 { b"\n" } else { b",\n" })?;
        }
        self.rows += 1;
        self.out.write_all(b"{")?;
        for (at, cell) in cells.iter().enumerate().take(self.keys.len()) {
            if at > 0 {
                self.out.write_all(b",")?;
            }
            self.out.write_all(self.keys[at].as_bytes())?;
            self.value(at, cell)?;
        }
        self.out.write_all(if self.array { b"}" } else { b"}\n" })
    }

    fn end(&mut self) -> io::Result<()> {
        if self.array {
            self.out.write_all(if self.rows == 0 { b"]\n" } else { b"\n]\n" })?;
        }
        self.out.flush()
    }
}

/// Appends `_2`, `_3`, ... to names that occur again.
fn distinct(names: &[String]) -> Vec<String> {
    let mut taken: HashSet<String> = names.iter().cloned().collect();
    let mut seen = HashSet::new();
    let mut unique = Vec::with_capacity(names.len());
    for name in names {
        if seen.insert(name.as_str()) {
            unique.push(name.clone());
            continue;
        }
        let mut number = 2;
        let fresh = loop {
            let candidate = format!("{name}_{number}");
            if taken.insert(candidate.clone()) {
                break candidate;
            }
            number += 1;
        };
        unique.push(fresh);
    }
    unique
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::render::Format;
    use crate::render::testing::{piped, render};
    use crate::rows::Cell;
    use crate::rows::Cell::{Blob, Integer, Null, Real, Text};

    #[test]
    fn an_answer_is_one_array_of_objects() {
        let rows: &[&[Cell<'_>]] = &[
            &[Integer(i64::MAX), Real(0.1), Text("a\"\u{1b}\u{9b}\u{202e}"), Blob(b"\x01\xff"), Null],
            &[Integer(-1), Real(f64::INFINITY), Text(""), Blob(b""), Null],
        ];
        let out = render(Format::Json, &piped(), &["i", "r", "t", "b", "n"], rows);
        assert!(!out.chars().any(|c| c != '\n' && crate::escape::is_unsafe(c)), "{out:?}");
        let parsed: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            parsed,
            json!([
                {"i": i64::MAX, "r": 0.1, "t": "a\"\u{1b}\u{9b}\u{202e}", "b": "01ff", "n": null},
                {"i": -1, "r": null, "t": "", "b": "", "n": null},
            ])
        );
        assert_eq!(render(Format::Json, &piped(), &["i"], &[]), "[]\n");
    }

    #[test]
    fn a_line_is_an_object_and_keys_keep_their_order() {
        let rows: &[&[Cell<'_>]] = &[&[Text("z"), Text("a")], &[Null, Integer(2)]];
        assert_eq!(
            render(Format::Ndjson, &piped(), &["z", "a"], rows),
            "{\"z\":\"z\",\"a\":\"a\"}\n{\"z\":null,\"a\":2}\n"
        );
    }

    #[test]
    fn resources_are_embedded_and_other_text_is_not() {
        let rows: &[&[Cell<'_>]] = &[&[Text("[{\"name\":\"\u{202e}\"}]"), Text("[1]")], &[Text("[1"), Null]];
        assert_eq!(
            render(Format::Ndjson, &piped(), &["resources", "other"], rows),
            "{\"resources\":[{\"name\":\"\\u202e\"}],\"other\":\"[1]\"}\n{\"resources\":\"[1\",\"other\":null}\n"
        );
    }

    #[test]
    fn repeated_names_lose_no_value() {
        let row: &[Cell<'_>] = &[Integer(1), Integer(2), Integer(3), Integer(4)];
        assert_eq!(
            render(Format::Ndjson, &piped(), &["id", "id", "id_2", "id"], &[row]),
            "{\"id\":1,\"id_3\":2,\"id_2\":3,\"id_4\":4}\n"
        );
    }
}
