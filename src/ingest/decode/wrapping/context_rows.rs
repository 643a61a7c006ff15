//! CSV files of accounts (`id,name`) and credential reports.

use std::ops::ControlFlow;

use crate::context::ContextDocument;
use crate::context::accounts::{self, Account};
use crate::context::iam::{Credentials, ReportColumns};
use crate::ingest::decode::content::{Content, Wrapping};
use crate::ingest::decode::csv_text::{Row, dialect_of, first_rows, read};
use crate::ingest::decode::sink::{Decoded, Sink};

/// Rows about accounts or credentials.
pub(super) struct ContextRows;

/// The kind of file that headings tell.
enum Kind {
    Accounts(accounts::Columns),
    Credentials(ReportColumns),
}

impl Kind {
    fn of(headings: &[&str]) -> Option<Kind> {
        let report = ReportColumns::of(headings).map(Kind::Credentials);
        report.or_else(|| accounts::Columns::of(headings).map(Kind::Accounts))
    }
}

impl Wrapping for ContextRows {
    fn recognize(&self, head: &[u8]) -> bool {
        // Many files have an id and a name: the first row must be an account.
        let rows = first_rows(head, 2);
        let cells: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        match (cells.first().and_then(|headings| Kind::of(headings)), cells.get(1)) {
            (Some(Kind::Credentials(_)), _) => true,
            (Some(Kind::Accounts(columns)), Some(row)) => columns.account(row).is_ok(),
            _ => false,
        }
    }

    fn decode(&self, content: Content<'_>, _: bool, sink: &mut dyn Sink) -> Decoded {
        let Ok((dialect, content)) = dialect_of(content) else { return Decoded::TrailFile };
        let mut kind = None;
        let (mut accounts, mut credentials) = (Vec::<Account>::new(), Vec::<Credentials>::new());
        let flow = read(content, dialect, sink, &mut |row, _| match (row, &kind) {
            (Row::Headings(names), _) => {
                kind = Kind::of(names);
                ControlFlow::Continue(Ok(()))
            }
            (Row::Cells(cells, _), Some(Kind::Accounts(columns))) => {
                ControlFlow::Continue(columns.account(cells).map(|account| accounts.push(account)))
            }
            (Row::Cells(cells, _), Some(Kind::Credentials(columns))) => {
                let reason = || ContextDocument::Credentials(Vec::new()).refusal().to_owned();
                let found = columns.credentials(cells).ok_or_else(reason);
                ControlFlow::Continue(found.map(|found| credentials.push(found)))
            }
            (Row::Cells(..), None) => ControlFlow::Continue(Ok(())),
        });
        let document = match kind {
            Some(Kind::Credentials(_)) => ContextDocument::Credentials(credentials),
            _ => ContextDocument::Accounts(accounts),
        };
        sink.format(document.format());
        match flow {
            ControlFlow::Continue(()) => sink.context(document).into(),
            ControlFlow::Break(()) => Decoded::Stopped,
        }
    }
}
