//! The names of accounts beside their ids.

use std::collections::BTreeMap;
use std::io;

use crate::rows::{Cell, Mark, RowSink, Value};

/// A row sink that passes rows on with the name of each account after its id: `111122223333 (prod)`.
pub(super) struct AccountAdapter<'a> {
    inner: Box<dyn RowSink + 'a>,
    /// The names, by id.
    names: BTreeMap<String, String>,
    /// The columns of accounts: true for each one.
    columns: Vec<bool>,
}

impl<'a> AccountAdapter<'a> {
    /// Returns a sink that passes rows on to `inner`.
    pub(super) fn new(inner: Box<dyn RowSink + 'a>, names: BTreeMap<String, String>) -> AccountAdapter<'a> {
        AccountAdapter { inner, names, columns: Vec::new() }
    }
}

impl RowSink for AccountAdapter<'_> {
    fn begin(&mut self, columns: &[String]) -> io::Result<()> {
        self.columns = columns.iter().map(|column| column.contains("account")).collect();
        self.inner.begin(columns)
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.marked_row(&Mark::default(), cells)
    }

    fn marked_row(&mut self, mark: &Mark, cells: &[Cell<'_>]) -> io::Result<()> {
        let named = |(at, cell): (usize, &Cell<'_>)| match cell {
            Cell::Text(id) if self.columns.get(at) == Some(&true) => match self.names.get(*id) {
                Some(name) => Value::Text(format!("{id} ({name})")),
                None => Value::from(*cell),
            },
            _ => Value::from(*cell),
        };
        let cells: Vec<Value> = cells.iter().enumerate().map(named).collect();
        self.inner.marked_row(mark, &cells.iter().map(Value::cell).collect::<Vec<_>>())
    }

    fn end(&mut self) -> io::Result<()> {
        self.inner.end()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::render::testing::render;
    use crate::render::{Format, Style};
    use crate::rows::Cell::{self, Integer, Null, Text};

    #[test]
    fn accounts_have_their_names_in_formats_for_people() {
        let accounts = BTreeMap::from([("111122223333".to_owned(), "prod\u{1b}".to_owned())]);
        let style = Style { unicode: true, accounts, ..Style::default() };
        let rows: &[&[Cell<'_>]] = &[&[Text("111122223333"), Text("111122223333")], &[Null, Integer(7)]];
        let columns = ["recipient_account_id", "n"];
        for format in [Format::Table, Format::Expanded, Format::Markdown] {
            let shown = render(format, &style, &columns, rows);
            assert_eq!(shown.matches("111122223333 (prod").count(), 1, "{shown}");
            assert!(!shown.contains('\u{1b}'), "{shown}");
        }
        for format in [Format::Json, Format::Ndjson, Format::Csv, Format::Tsv] {
            assert!(!render(format, &style, &columns, rows).contains("prod"), "{format}");
        }
    }
}
