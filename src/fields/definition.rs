//! The definition of a field of the lookup language.

/// The place where a field's value is stored, which decides how a lookup reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A column of `events`.
    Event,
    /// A column of `facets` only, through `events.facet_id`.
    Facet,
    /// A column of `identities`, through `events.identity_id`.
    Identity,
    /// `identities.role_name` or `identities.role_arn`.
    Role,
    /// `user_agents.text`, through `events.user_agent_id`.
    UserAgent,
    /// `error_messages.text`, through `events.error_message_id`.
    ErrorMessage,
    /// The name, id or ARN of any of the event's resources.
    ResourceName,
    /// The type of any of the event's resources.
    ResourceType,
    /// The exact spelling of any of the resources that Event history lists for the event.
    ListedName,
    /// The type of any of those.
    ListedType,
    /// The complement of `events.read_only`: everything that is not known to be read-only.
    Write,
    /// `files.path`, through `events.file_id`.
    File,
    /// `tags.tag`, by `events.event_id`.
    Tag,
    /// The whole record.
    Record,
    /// A sentence made from the record, to show only.
    Sentence,
    /// Files that the user gives, by `events.source_ip_address`: the column is a SQL function of the address.
    AddressFiles,
}

/// The type of a field's values, which decides how a value is parsed and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, compared whole and with case.
    Text,
    /// An event source: `ec2` means `ec2.amazonaws.com`.
    Source,
    /// An address; a value such as `10.0.0.0/8` is a network.
    Address,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// A time or a span of time.
    Time,
    /// One of a few fixed words.
    Word(&'static [&'static str]),
}

/// The place where the values of a field are counted, for completion and for the choice of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// In `attribute_values`, under the field's column.
    Kept,
    /// In the field's own index: its values are nearly unique.
    Indexed,
    /// In the `events` column of the table that has the field.
    Table,
    /// Not counted.
    None,
}

/// One field of the lookup language.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The name in messages and help.
    pub name: &'static str,
    /// Other names. Case, `-` and `_` are ignored.
    pub aliases: &'static [&'static str],
    /// The column of an answer, and of the table that stores it.
    pub column: &'static str,
    /// The column in the table of `place`, if it differs from `column`, or a SQL function of it; of
    /// [`Place::AddressFiles`] the name of the function.
    pub stored_as: &'static str,
    /// The place of its values.
    pub place: Place,
    /// The type of its values.
    pub kind: Kind,
    /// The place of its counts.
    pub values: Values,
    /// True if `events` has an index on it: (column, time).
    pub indexed: bool,
    /// True if `facets` has it as a column.
    pub facet: bool,
    /// Its path in a record.
    pub path: &'static str,
    /// True if the column has the value at `path`, read by `kind`: an import then stores it without code of its own.
    pub plain: bool,
    /// Its meaning, for help and hints.
    pub help: &'static str,
    /// A lookup that uses it.
    pub example: &'static str,
}

/// Returns an entry for a column of `events`.
pub(super) const fn event(name: &'static str, aliases: &'static [&'static str], column: &'static str) -> Field {
    Field {
        name,
        aliases,
        column,
        stored_as: column,
        place: Place::Event,
        kind: Kind::Text,
        values: Values::Kept,
        indexed: false,
        facet: false,
        path: "",
        plain: false,
        help: "",
        example: "",
    }
}

/// Returns an entry for a column of both `events` and `facets`.
pub(super) const fn faceted(name: &'static str, aliases: &'static [&'static str], column: &'static str) -> Field {
    Field { facet: true, ..event(name, aliases, column) }
}

/// Returns an entry for a column of `facets` alone.
pub(super) const fn facet(name: &'static str, aliases: &'static [&'static str], column: &'static str) -> Field {
    Field { place: Place::Facet, ..faceted(name, aliases, column) }
}

/// Returns an entry for a column of `identities`.
pub(super) const fn identity(
    name: &'static str,
    aliases: &'static [&'static str],
    column: &'static str,
    stored_as: &'static str,
) -> Field {
    Field { stored_as, place: Place::Identity, values: Values::Table, ..event(name, aliases, column) }
}

/// Returns an entry for an attribute of `events.source_ip_address` that a SQL function of the same name tells.
pub(super) const fn of_address(name: &'static str, aliases: &'static [&'static str], column: &'static str) -> Field {
    Field { place: Place::AddressFiles, values: Values::None, ..event(name, aliases, column) }
}
