//! The names of accounts beside their ids.

use std::io;

use crate::account_names::AccountNames;
use crate::rows::{Cell, Mark, RowSink, Value};

/// A row sink that passes rows on with the name of each account after its id: `111122223333 (prod)`.
pub(super) struct AccountAdapter<'a> {
    inner: Box<dyn RowSink + 'a>,
    names: AccountNames,
    /// The kind of each column.
    columns: Vec<Column>,
}

/// The kind of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Accounts,
    Sentences,
    Other,
}

impl Column {
    fn of_name(name: &str) -> Column {
        match name {
            SENTENCES => Column::Sentences,
            name if name.contains("account") => Column::Accounts,
            _ => Column::Other,
        }
    }
}

/// The name of the column with events in words.
const SENTENCES: &str = "sentence";

impl<'a> AccountAdapter<'a> {
    /// Returns a sink that passes rows on to `inner`.
    pub(super) fn new(inner: Box<dyn RowSink + 'a>, names: AccountNames) -> AccountAdapter<'a> {
        AccountAdapter { inner, names, columns: Vec::new() }
    }
}

impl RowSink for AccountAdapter<'_> {
    fn begin(&mut self, columns: &[String]) -> io::Result<()> {
        self.columns = columns.iter().map(|column| Column::of_name(column)).collect();
        self.inner.begin(columns)
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.marked_row(&Mark::default(), cells)
    }

    fn marked_row(&mut self, mark: &Mark, cells: &[Cell<'_>]) -> io::Result<()> {
        let named = |(at, cell): (usize, &Cell<'_>)| match (cell, self.columns.get(at)) {
            (Cell::Text(id), Some(Column::Accounts)) => Value::Text(self.names.beside(id).into_owned()),
            (Cell::Text(text), Some(Column::Sentences)) => Value::Text(self.names.in_sentence(text).into_owned()),
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
    use crate::account_names::AccountNames;
    use crate::render::testing::render;
    use crate::render::{Format, Style};
    use crate::rows::Cell::{self, Integer, Null, Text};

    #[test]
    fn accounts_have_their_names_in_formats_for_people() {
        let accounts = AccountNames::from_iter([("111122223333".to_owned(), "prod\u{1b}".to_owned())]);
        let style = Style { unicode: true, accounts, ..Style::default() };
        let rows: &[&[Cell<'_>]] = &[
            &[Text("111122223333"), Text("111122223333"), Text("a called b in 111122223333, twice")],
            &[Null, Integer(7), Null],
        ];
        let columns = ["recipient_account_id", "n", "sentence"];
        for format in [Format::Table, Format::Expanded, Format::Markdown] {
            let shown = render(format, &style, &columns, rows);
            assert_eq!(shown.matches("111122223333 (prod").count(), 2, "{shown}");
            assert!(!shown.contains('\u{1b}'), "{shown}");
        }
        for format in [Format::Json, Format::Ndjson, Format::Csv, Format::Tsv] {
            assert!(!render(format, &style, &columns, rows).contains("prod"), "{format}");
        }
    }
}
