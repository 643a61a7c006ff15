//! The columns of the table: those of the view `event_history`, then those that other engines need to answer lookups.

use std::sync::{Arc, LazyLock};

use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::errors::Result;
use parquet::schema::types::{Type, TypePtr};

use crate::address_key::address_key;
use crate::event::{Event, Identity, PlainValue};
use crate::fields;
use crate::fields::PLAIN;

/// The version of the table: of its columns and their meaning. Every file has it in its metadata, under
/// `trailq.table_version`.
pub(crate) const TABLE_VERSION: u32 = 1;
/// The name of the column with the records.
pub(crate) const RECORD_COLUMN: &str = "record";
/// The name of the column with the number of JSON leaf values of the record.
pub(crate) const LEAVES_COLUMN: &str = "leaves";
/// The key of the metadata that has [`TABLE_VERSION`].
pub(crate) const VERSION_KEY: &str = "trailq.table_version";

/// The type of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    /// Text.
    Text,
    /// True or false.
    Flag,
    /// A whole number of 64 bits.
    Number,
    /// A count of 32 bits.
    Count,
}

/// A value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'r> {
    Null,
    Text(&'r str),
    Flag(bool),
    Number(i64),
}

/// A row that is to be written.
pub(crate) struct NewRow<'r> {
    pub(crate) event: &'r Event,
    /// The file that it was read from.
    pub(crate) file: &'r str,
    /// The key of the address, if it is one.
    pub(crate) ip_key: Option<&'r str>,
    pub(crate) leaves: u32,
}

/// A column of scalars.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: ColumnKind,
    /// True if it never is NULL.
    pub(crate) required: bool,
    /// True if it has a Bloom filter: its values are ids that are looked up exactly.
    pub(crate) filtered: bool,
    value: Getter,
}

type Get = for<'r> fn(&NewRow<'r>) -> Value<'r>;

/// The accessor of a column's value.
#[derive(Clone, Copy)]
enum Getter {
    By(Get),
    /// By its place in the plain columns.
    Plain(usize),
}

impl Column {
    /// Returns the value of a row.
    pub(crate) fn value<'r>(&self, row: &NewRow<'r>) -> Value<'r> {
        match self.value {
            Getter::By(get) => get(row),
            Getter::Plain(place) => match row.event.plain.get(place) {
                None | Some(PlainValue::Absent) => Value::Null,
                Some(PlainValue::Text(text)) => Value::Text(text),
                Some(PlainValue::Number(number)) => Value::Number(*number),
                Some(PlainValue::Flag(flag)) => Value::Flag(*flag),
            },
        }
    }
}

/// The columns of scalars without `record`, in the order of the table; `event_id` is the first.
pub(crate) static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
    let history = fields::history_columns().filter(|name| *name != RESOURCES).map(|name| {
        let plain = PLAIN.iter().position(|field| field.column == name);
        match (plain, DERIVED.iter().find(|(known, ..)| *known == name)) {
            (Some(place), _) => column(name, plain_kind(PLAIN[place].kind), Getter::Plain(place)),
            (None, Some((_, kind, get))) => column(name, *kind, Getter::By(*get)),
            // A test holds the list of derived columns against the catalogue.
            (None, None) => column(name, ColumnKind::Text, Getter::By(|_| Value::Null)),
        }
    });
    let added = ADDED.iter().map(|(name, kind, get)| column(name, *kind, Getter::By(*get)));
    history.chain(added).collect()
});

fn column(name: &'static str, kind: ColumnKind, value: Getter) -> Column {
    let required = matches!(name, "event_id" | LEAVES_COLUMN);
    Column { name, kind, required, filtered: FILTERED.contains(&name), value }
}

fn plain_kind(kind: fields::Kind) -> ColumnKind {
    match kind {
        fields::Kind::Flag => ColumnKind::Flag,
        fields::Kind::Number => ColumnKind::Number,
        _ => ColumnKind::Text,
    }
}

/// The name of the column with the resources.
pub(crate) const RESOURCES: &str = "resources";

/// The columns with a Bloom filter.
const FILTERED: &[&str] = &[
    "event_id",
    "shared_event_id",
    "access_key_id",
    "issued_access_key_id",
    "principal_id",
    "identity_arn",
    "source_ip_address",
];

/// The columns of `event_history` that are not copied from one place of the record.
#[rustfmt::skip]
const DERIVED: &[(&str, ColumnKind, Get)] = &[
    ("event_id", ColumnKind::Text, |row| Value::Text(&row.event.event_id)),
    ("event_time", ColumnKind::Text, |row| text(row.event.event_time.as_deref())),
    ("event_source", ColumnKind::Text, |row| text(row.event.event_source.as_deref())),
    ("event_name", ColumnKind::Text, |row| text(row.event.event_name.as_deref())),
    ("aws_region", ColumnKind::Text, |row| text(row.event.aws_region.as_deref())),
    ("user_name", ColumnKind::Text, |row| text(row.event.user_name.as_deref())),
    ("access_key_id", ColumnKind::Text, |row| text(row.event.access_key_id.as_deref())),
    ("error_code", ColumnKind::Text, |row| text(row.event.error_code.as_deref())),
    ("outcome", ColumnKind::Text, |row| Value::Text(row.event.outcome.name())),
    ("read_only", ColumnKind::Flag, |row| flag(row.event.read_only)),
    ("management_event", ColumnKind::Flag, |row| flag(row.event.management_event)),
    ("event_type", ColumnKind::Text, |row| text(row.event.event_type.as_deref())),
    ("event_category", ColumnKind::Text, |row| text(row.event.event_category.as_deref())),
    ("event_version", ColumnKind::Text, |row| text(row.event.event_version.as_deref())),
    ("recipient_account_id", ColumnKind::Text, |row| text(row.event.recipient_account_id.as_deref())),
    ("invoked_by", ColumnKind::Text, |row| text(row.event.invoked_by.as_deref())),
    ("mfa_authenticated", ColumnKind::Flag, |row| flag(row.event.mfa_authenticated)),
    ("session_created", ColumnKind::Text, |row| text(row.event.session_created.as_deref())),
    ("from_console", ColumnKind::Flag, |row| Value::Flag(row.event.from_console)),
    ("issued_access_key_id", ColumnKind::Text, |row| text(row.event.issued_access_key_id.as_deref())),
    ("user_agent", ColumnKind::Text, |row| text(row.event.user_agent.as_deref())),
    ("error_message", ColumnKind::Text, |row| text(row.event.error_message.as_deref())),
    ("identity_type", ColumnKind::Text, |row| identity(row, |identity| identity.kind.as_deref())),
    ("identity_arn", ColumnKind::Text, |row| identity(row, |identity| identity.arn.as_deref())),
    ("identity_account_id", ColumnKind::Text, |row| identity(row, |identity| identity.account_id.as_deref())),
    ("principal_id", ColumnKind::Text, |row| identity(row, |identity| identity.principal_id.as_deref())),
    ("role_name", ColumnKind::Text, |row| identity(row, |identity| identity.role_name.as_deref())),
    ("role_arn", ColumnKind::Text, |row| identity(row, |identity| identity.role_arn.as_deref())),
    ("session_name", ColumnKind::Text, |row| identity(row, |identity| identity.session_name.as_deref())),
    ("file", ColumnKind::Text, |row| Value::Text(row.file)),
];

/// The columns that the view does not have.
const ADDED: &[(&str, ColumnKind, Get)] = &[
    ("time", ColumnKind::Number, |row| row.event.time.map_or(Value::Null, Value::Number)),
    ("source_ip_key", ColumnKind::Text, |row| text(row.ip_key)),
    (LEAVES_COLUMN, ColumnKind::Count, |row| Value::Number(i64::from(row.leaves))),
];

fn text(value: Option<&str>) -> Value<'_> {
    value.map_or(Value::Null, Value::Text)
}

fn flag<'r>(value: Option<bool>) -> Value<'r> {
    value.map_or(Value::Null, Value::Flag)
}

fn identity<'r>(row: &NewRow<'r>, part: fn(&'r Identity) -> Option<&'r str>) -> Value<'r> {
    text(row.event.identity.as_deref().and_then(part))
}

/// Returns the sort key of an address; `None` if the text is not one, such as the name of a service.
pub(crate) fn ip_key(address: &str) -> Option<String> {
    address.parse().ok().map(address_key)
}

/// The parts of a resource that are text, in the order of the struct; `listed` follows them.
pub(crate) const RESOURCE_PARTS: &[&str] = &["type", "name", "arn", "account_id", "aws_region"];

/// Returns the schema of a file.
///
/// # Errors
/// Never, for the names and types above; the library checks them.
pub(crate) fn schema() -> Result<TypePtr> {
    let mut columns: Vec<TypePtr> = Vec::new();
    for column in COLUMNS.iter() {
        columns.push(Arc::new(scalar(column.name, column.kind, column.required)?));
    }
    columns.push(Arc::new(resources()?));
    columns.push(Arc::new(scalar(RECORD_COLUMN, ColumnKind::Text, true)?));
    Type::group_type_builder("events").with_fields(columns).build().map(Arc::new)
}

fn scalar(name: &str, kind: ColumnKind, required: bool) -> Result<Type> {
    let (physical, logical) = match kind {
        ColumnKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnKind::Flag => (Physical::BOOLEAN, None),
        ColumnKind::Number => (Physical::INT64, None),
        ColumnKind::Count => (Physical::INT32, None),
    };
    let repetition = if required { Repetition::REQUIRED } else { Repetition::OPTIONAL };
    Type::primitive_type_builder(name, physical).with_repetition(repetition).with_logical_type(logical).build()
}

/// Returns the type of `resources`: a list that never is NULL, in the three levels that all engines read.
fn resources() -> Result<Type> {
    let mut parts: Vec<TypePtr> = Vec::new();
    for part in RESOURCE_PARTS {
        parts.push(Arc::new(scalar(part, ColumnKind::Text, false)?));
    }
    parts.push(Arc::new(scalar("listed", ColumnKind::Flag, true)?));
    let element =
        Type::group_type_builder("element").with_repetition(Repetition::REQUIRED).with_fields(parts).build()?;
    let list = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![Arc::new(element)])
        .build()?;
    Type::group_type_builder(RESOURCES)
        .with_repetition(Repetition::REQUIRED)
        .with_converted_type(ConvertedType::LIST)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(list)])
        .build()
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, DERIVED, FILTERED, RESOURCES, ip_key, schema};
    use crate::fields;
    use crate::fields::PLAIN;

    #[test]
    fn every_column_of_the_view_has_a_value() {
        for name in fields::history_columns().filter(|name| *name != RESOURCES) {
            let derived = DERIVED.iter().any(|(known, ..)| *known == name);
            let plain = PLAIN.iter().any(|field| field.column == name);
            assert!(derived != plain, "{name}: derived {derived}, plain {plain}");
        }
        for name in FILTERED {
            assert!(COLUMNS.iter().any(|column| column.name == *name && column.filtered), "{name}");
        }
        assert_eq!(COLUMNS.first().map(|column| column.name), Some("event_id"));
        assert_eq!(schema().unwrap().get_fields().len(), COLUMNS.len() + 2);
    }

    #[test]
    fn keys_of_addresses_sort_as_addresses_do() {
        for (address, key) in [
            ("10.0.0.1", Some("4:0a000001")),
            ("255.255.255.255", Some("4:ffffffff")),
            ("2001:db8::1", Some("6:20010db8000000000000000000000001")),
            ("::ffff:10.0.0.1", Some("6:00000000000000000000ffff0a000001")),
            ("fe80::1%eth0", None),
            ("010.0.0.1", None),
            ("AWS Internal", None),
            ("ec2.amazonaws.com", None),
            ("", None),
        ] {
            assert_eq!(ip_key(address).as_deref(), key, "{address}");
        }
    }
}
