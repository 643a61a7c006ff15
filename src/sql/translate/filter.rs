//! Filters as conditions on `TABLE e`, each exactly as trailq answers it: true, false or, under a complement, never NULL.

use crate::fields::{self, Field, Place};
use crate::query::interval::Interval;
use crate::query::plan::driver::BARE_IDENTITY_COLUMNS;
use crate::query::plan::resource::ResourcePredicate;
use crate::query::resolved::{Condition, Node, NodeKind, Operand, OutputColumn, ValuePredicate};
use crate::sql::translate::dialect::ListOp;
use crate::sql::translate::translator::{Layout, Translator, all, any};

/// The columns of a bare value, beside those of the identity and resources.
const BARE_COLUMNS: [&str; 6] =
    ["event_id", "access_key_id", "issued_access_key_id", "user_name", "source_ip_address", "shared_event_id"];
/// The column of the identity that the table does not have, and its path.
pub(crate) const ON_BEHALF_OF: (&str, &str) = ("on_behalf_of", "userIdentity.onBehalfOf.userId");
/// The columns of a bare value that AWS's table lacks.
const NOT_OF_AWS: [&str; 2] = ["issued_access_key_id", ON_BEHALF_OF.0];
/// The end of the path of a file that was overwritten after its import: a part of the digest of the earlier content.
const CONTENT_MARK: &str = "#sha256:[0-9a-f]{16}$";
/// The last second that has a date of ten characters.
const LAST_DATED_SECOND: i64 = 253_402_300_799;

impl Translator<'_> {
    /// Returns the conditions of the terms at the top: filters of partitions first, conditions on records last.
    pub(crate) fn conditions(&self, terms: &[Node]) -> Vec<String> {
        let (late, early): (Vec<&Node>, Vec<&Node>) = terms.iter().partition(|node| reads_record(node));
        let partitions = terms.iter().filter_map(|node| match &node.kind {
            NodeKind::Condition(Condition::Time(spans)) => match self.layout {
                Layout::Trailq => dates(spans),
                Layout::Aws => delivery_dates(spans),
            },
            _ => None,
        });
        partitions.chain(early.into_iter().chain(late).map(|node| self.node(node))).collect()
    }

    fn node(&self, node: &Node) -> String {
        let outer = self.enter(Some(node.span));
        let condition = match &node.kind {
            NodeKind::All(nodes) => all(nodes.iter().map(|node| self.node(node)).collect()),
            NodeKind::Any(nodes) => any(nodes.iter().map(|node| self.node(node)).collect()),
            NodeKind::Not(inner) => format!("NOT coalesce({}, false)", self.node(inner)),
            NodeKind::Condition(condition) => self.condition(condition),
        };
        self.enter(outer);
        condition
    }

    fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::Field(field, predicate) => self.field(field, predicate),
            Condition::SameResource { name, kinds, listed } => {
                self.has_resource(ResourcePredicate { name: Some(name), types: kinds, listed: *listed })
            }
            Condition::Path(path, predicate) => self.path(path, predicate),
            Condition::Text(texts) => self.texts(texts),
            Condition::TextRegex(regex) => self.text_regex(regex),
            Condition::Same(one, other) => self.same(one, other),
            Condition::Time(spans) => any(spans.iter().map(|span| interval(*span)).collect()),
            Condition::Last(seconds) => {
                format!("e.time >= (SELECT max(newest.time) FROM {} newest) - {seconds}", self.table)
            }
            Condition::Bare(predicate) => self.bare(predicate),
        }
    }

    fn field(&self, field: &Field, predicate: &ValuePredicate) -> String {
        self.require(field.place, field.name);
        match field.place {
            Place::Write => match predicate {
                ValuePredicate::Flag(flags) => {
                    let read_only = "coalesce(e.read_only, false)";
                    any(flags.iter().map(|flag| format!("{}{read_only}", if *flag { "NOT " } else { "" })).collect())
                }
                _ => "true".to_owned(),
            },
            Place::Role => {
                any(["e.role_name", "e.role_arn"].iter().map(|column| self.matches(column, predicate)).collect())
            }
            Place::File => self.file(predicate),
            Place::ResourceName | Place::ResourceType | Place::ListedName | Place::ListedType => {
                self.has_resource(ResourcePredicate::of_field(field.place, predicate))
            }
            Place::Identity if field.column == ON_BEHALF_OF.0 => self.path(ON_BEHALF_OF.1, predicate),
            Place::Tag | Place::UserAgent | Place::AddressFiles if !is_column(field) => self.no_column(field),
            _ => self.matches(&self.column(field.column), predicate),
        }
    }

    /// Refuses a field that only a case has.
    pub(crate) fn no_column(&self, field: &Field) -> String {
        match field.place {
            Place::Tag => self.refuse(
                "tags are kept in a case, and the table has none",
                "nearest: bring the records into a case and ask there: --format records, then `trailq import`",
            ),
            Place::UserAgent => self.refuse(
                format!("`{}` is found out by trailq, and the table has no column for it", field.name),
                "nearest: user-agent=aws-cli/* or user-agent=*Terraform*",
            ),
            Place::AddressFiles => self.refuse(
                format!("`{}` is read from a file about addresses, and the table has no column for it", field.name),
                "nearest: ip=NETWORK,..., or the addresses of a case: `| count by ip`, then ip=@FILE",
            ),
            _ => self.refuse(
                format!("the table has no column for `{}`", field.name),
                "nearest: other columns; `trailq guide fields` lists them",
            ),
        }
    }

    /// The path of a trail file, or its name; of a file that was overwritten, also without the mark of its content.
    fn file(&self, predicate: &ValuePredicate) -> String {
        let of = |path: &str| {
            let whole = self.matches(path, predicate);
            any([Some(whole), self.tail(path, predicate, &['/', '!'])].into_iter().flatten().collect())
        };
        let plain = of("e.file");
        if matches!(predicate, ValuePredicate::Present) || self.layout == Layout::Aws {
            return plain;
        }
        let unmarked = self.dialect.replace_matches("e.file", &self.literal(CONTENT_MARK), &self.literal(""));
        let marked = self.dialect.matches("e.file", &self.literal(CONTENT_MARK));
        format!("({plain} OR ({marked} AND {}))", of(&unmarked))
    }

    /// A value wherever an indexed field is exactly it.
    fn bare(&self, predicate: &ValuePredicate) -> String {
        let is_there = |column: &&str| self.layout == Layout::Trailq || !NOT_OF_AWS.contains(column);
        let columns = BARE_COLUMNS.iter().chain(&BARE_IDENTITY_COLUMNS).copied().filter(is_there);
        let mut parts: Vec<String> = columns
            .map(|column| match column {
                column if column == ON_BEHALF_OF.0 => self.path(ON_BEHALF_OF.1, predicate),
                "arn" => self.matches("e.identity_arn", predicate),
                column => self.matches(&self.column(column), predicate),
            })
            .collect();
        if self.layout == Layout::Aws {
            return self.refuse(
                "a value without a field is also looked for among resources, which AWS's table does not have",
                "nearest: name the field, such as user=, key=, ip= or arn=",
            );
        }
        parts.push(self.has_resource(ResourcePredicate::of_field(Place::ResourceName, predicate)));
        any(parts)
    }

    /// A value of the one is a value of the other.
    fn same(&self, one: &Operand, other: &Operand) -> String {
        let one_is = |lists: Vec<String>, value: &str| {
            any(lists.iter().map(|list| self.any_of(list, &format!("x = {value}"))).collect())
        };
        match (self.single(one), self.single(other)) {
            (Some(one), Some(other)) => format!("{one} = {other}"),
            (Some(value), None) => one_is(self.operand(other), &value),
            (None, Some(value)) => one_is(self.operand(one), &value),
            (None, None) => {
                let others = self.operand(other);
                let pairs = self.operand(one).into_iter().flat_map(|list| {
                    let equal = ListOp::Any("y", "coalesce(x = y, false)");
                    let with = |other: &String| self.any_of(&list, &self.dialect.list(other, equal));
                    others.iter().map(with).collect::<Vec<_>>()
                });
                any(pairs.collect())
            }
        }
    }

    /// Returns the text of a side that has one value at most.
    fn single(&self, operand: &Operand) -> Option<String> {
        match operand {
            Operand::Field(field) => match field.place {
                Place::ResourceName | Place::ResourceType | Place::ListedName | Place::ListedType => None,
                _ => Some(self.text_of(&OutputColumn::Field(field))),
            },
            Operand::Path(_) => None,
        }
    }

    /// Returns the lists of the texts of a side.
    fn operand(&self, operand: &Operand) -> Vec<String> {
        match operand {
            Operand::Path(path) => vec![self.shown_at(path)],
            Operand::Field(field) => {
                self.require(field.place, field.name);
                match field.place {
                    Place::ResourceName => {
                        ["r.name", "r.arn"].map(|name| self.dialect.list("e.resources", ListOp::Map("r", name))).into()
                    }
                    place => vec![self.resource_texts(place)],
                }
            }
        }
    }
}

/// Reports whether the table has a field as a column.
pub(crate) fn is_column(field: &Field) -> bool {
    fields::history_columns().any(|column| column == field.column)
}

fn interval(interval: Interval) -> String {
    match (interval.from, interval.to) {
        (Some(from), Some(to)) => format!("e.time BETWEEN {from} AND {to}"),
        (Some(from), None) => format!("e.time >= {from}"),
        (None, Some(to)) => format!("e.time <= {to}"),
        (None, None) => "e.time IS NOT NULL".to_owned(),
    }
}

/// Returns the condition on the partitions of the days of some spans. Events without a time are in none of them.
fn dates(spans: &[Interval]) -> Option<String> {
    let day = |seconds: i64| {
        let is_dated = (0..=LAST_DATED_SECOND).contains(&seconds);
        is_dated.then(|| crate::time::format(seconds).get(..10).map(str::to_owned)).flatten()
    };
    let from = spans.iter().map(|span| span.from).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().min());
    let to = spans.iter().map(|span| span.to).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max());
    match (from.and_then(day), to.and_then(day)) {
        (Some(from), Some(to)) => Some(format!("e.event_date BETWEEN '{from}' AND '{to}'")),
        (Some(from), None) => Some(format!("e.event_date >= '{from}'")),
        (None, Some(to)) => Some(format!("e.event_date <= '{to}'")),
        (None, None) => None,
    }
}

/// Returns the condition on AWS's partitions: a record is delivered on the day of its event or later.
fn delivery_dates(spans: &[Interval]) -> Option<String> {
    let from = spans.iter().map(|span| span.from).collect::<Option<Vec<_>>>()?.into_iter().min()?;
    let day = dates(&[Interval { from: Some(from), to: None }])?;
    Some(day.replace("e.event_date", "e.delivery_date").replace('-', "/"))
}

/// Reports whether a term looks into records.
fn reads_record(node: &Node) -> bool {
    match &node.kind {
        NodeKind::All(nodes) | NodeKind::Any(nodes) => nodes.iter().any(reads_record),
        NodeKind::Not(inner) => reads_record(inner),
        NodeKind::Condition(condition) => match condition {
            Condition::Text(_) | Condition::TextRegex(_) | Condition::Path(..) => true,
            Condition::Same(one, other) => [one, other].into_iter().any(|side| matches!(side, Operand::Path(_))),
            _ => false,
        },
    }
}
