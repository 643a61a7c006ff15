//! Rows of `events`: one table of columns gives the statement and what is bound to it.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement};

use crate::event::{Event, PlainValue};
use crate::fields::PLAIN;
use crate::store::rollup::counts::Links;

/// An event on its way into `events`.
pub(crate) struct EventRow<'e> {
    pub(crate) id: i64,
    pub(crate) event: &'e Event,
    /// The rows that it points to.
    pub(crate) links: &'e Links,
    pub(crate) file: i64,
}

/// Returns the value of a column.
pub(crate) type Bind = for<'r> fn(&'r EventRow<'_>) -> ToSqlOutput<'r>;

/// The columns that the writer fills beside the plain ones, and their values.
const COLUMNS: &[(&str, Bind)] = &[
    ("id", |row| integer(row.id)),
    ("time", |row| number(row.event.time)),
    ("event_id", |row| text(Some(&row.event.event_id))),
    ("event_time", |row| text(row.event.event_time.as_deref())),
    ("event_source", |row| text(row.event.event_source.as_deref())),
    ("event_name", |row| text(row.event.event_name.as_deref())),
    ("aws_region", |row| text(row.event.aws_region.as_deref())),
    ("user_name", |row| text(row.event.user_name.as_deref())),
    ("access_key_id", |row| text(row.event.access_key_id.as_deref())),
    ("identity_id", |row| number(row.links.identity)),
    ("error_code", |row| text(row.event.error_code.as_deref())),
    ("outcome", |row| text(Some(row.event.outcome.name()))),
    ("read_only", |row| flag(row.event.read_only)),
    ("facet_id", |row| integer(row.links.facet)),
    ("recipient_account_id", |row| text(row.event.recipient_account_id.as_deref())),
    ("invoked_by", |row| text(row.event.invoked_by.as_deref())),
    ("mfa_authenticated", |row| flag(row.event.mfa_authenticated)),
    ("session_created", |row| text(row.event.session_created.as_deref())),
    ("from_console", |row| flag(Some(row.event.from_console))),
    ("issued_access_key_id", |row| text(row.event.issued_access_key_id.as_deref())),
    ("user_agent_id", |row| number(row.links.user_agent)),
    ("error_message_id", |row| number(row.links.error_message)),
    ("file_id", |row| integer(row.file)),
];

impl EventRow<'_> {
    /// Returns the value of a column.
    pub(crate) fn value(&self, source: ColumnSource) -> ToSqlOutput<'_> {
        match source {
            ColumnSource::Bound(bind) => bind(self),
            ColumnSource::Plain(at) => plain(&self.event.plain[at]),
        }
    }
}

/// The part of a row that has the value of a column.
#[derive(Clone, Copy)]
pub(crate) enum ColumnSource {
    Bound(Bind),
    /// The place of a plain column.
    Plain(usize),
}

impl ColumnSource {
    /// Returns the source of a column; `None` if the writer does not fill it.
    pub(crate) fn of(column: &str) -> Option<ColumnSource> {
        let bound = COLUMNS.iter().find(|(name, _)| *name == column).map(|(_, bind)| ColumnSource::Bound(*bind));
        bound.or_else(|| PLAIN.iter().position(|field| field.column == column).map(ColumnSource::Plain))
    }
}

/// The statement that inserts events.
pub(crate) struct EventInsert<'c> {
    statement: Statement<'c>,
    /// The value that each parameter has of the row before.
    bound: Vec<Bound>,
}

/// The value of a parameter.
#[derive(Clone, Copy, PartialEq)]
enum Bound {
    Null,
    Integer(i64),
    /// A text or nothing yet.
    Other,
}

impl Bound {
    fn of(value: &ToSqlOutput<'_>) -> Bound {
        match value {
            ToSqlOutput::Borrowed(ValueRef::Null) => Bound::Null,
            ToSqlOutput::Borrowed(ValueRef::Integer(number)) => Bound::Integer(*number),
            _ => Bound::Other,
        }
    }
}

impl<'c> EventInsert<'c> {
    pub(crate) fn prepare(connection: &'c Connection) -> rusqlite::Result<EventInsert<'c>> {
        let names: Vec<&str> =
            COLUMNS.iter().map(|(name, _)| *name).chain(PLAIN.iter().map(|field| field.column)).collect();
        let placeholders: Vec<String> = (1..=names.len()).map(|number| format!("?{number}")).collect();
        let sql = format!("INSERT INTO events ({}) VALUES ({})", names.join(", "), placeholders.join(", "));
        Ok(EventInsert { statement: connection.prepare(&sql)?, bound: vec![Bound::Other; names.len()] })
    }

    pub(crate) fn execute(&mut self, row: &EventRow<'_>) -> rusqlite::Result<()> {
        let values = COLUMNS.iter().map(|(_, bind)| bind(row)).chain(row.event.plain.iter().map(plain));
        for ((number, value), bound) in (1..).zip(values).zip(&mut self.bound) {
            let next = Bound::of(&value);
            // A parameter keeps its value. More than half of them are NULL or the same number row after row.
            if next == Bound::Other || next != *bound {
                self.statement.raw_bind_parameter(number, value)?;
                *bound = next;
            }
        }
        self.statement.raw_execute().map(drop)
    }
}

fn text(text: Option<&str>) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())))
}

fn plain(value: &PlainValue) -> ToSqlOutput<'_> {
    match value {
        PlainValue::Absent => text(None),
        PlainValue::Text(value) => text(Some(value)),
        PlainValue::Number(value) => integer(*value),
        PlainValue::Flag(value) => flag(Some(*value)),
    }
}

fn integer<'r>(number: i64) -> ToSqlOutput<'r> {
    ToSqlOutput::Borrowed(ValueRef::Integer(number))
}

fn number<'r>(number: Option<i64>) -> ToSqlOutput<'r> {
    ToSqlOutput::Borrowed(number.map_or(ValueRef::Null, ValueRef::Integer))
}

fn flag<'r>(flag: Option<bool>) -> ToSqlOutput<'r> {
    number(flag.map(i64::from))
}
