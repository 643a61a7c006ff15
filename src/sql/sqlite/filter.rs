//! Filters as SQL conditions on `events e`.

use ipnet::Ipv4Net;

use crate::fields;
use crate::fields::{Field, Place, Values};
use crate::query::ast::Part;
use crate::query::interval::Interval;
use crate::query::plan::Plan;
use crate::query::plan::driver::BARE_IDENTITY_COLUMNS;
use crate::query::plan::resource::ResourcePredicate;
use crate::query::plan::rollup::{is_facet, is_time};
use crate::query::resolved::{Condition, Node, NodeKind, Operand, OutputColumn, Pattern, ValuePredicate};
use crate::sql::sqlite::builder::{ADDRESS, IndexHint, SqlBuilder, any, balanced, where_all, writes};
use crate::sql::sqlite::columns;
use crate::sql::sqlite::glob::glob;
use crate::sql::sqlite::record_scan::comparisons;
use crate::sql::sqlite::rollup;
use crate::sql::sqlite::value_list::{self, Length, length_of};

/// The characters before the name of a file in its path: a member of an archive is `archive.zip!folder/name`.
const NAME_SEPARATORS: &[char] = &['/', '!'];

impl SqlBuilder<'_> {
    /// Returns the WHERE clause of the terms of a plan. Terms that look into records come last, so that they are asked of
    /// the fewest events. `first`: a condition that is known already.
    pub(crate) fn where_clause(&mut self, plan: &Plan, first: Option<String>) -> String {
        let driver = &plan.driver;
        let drives_alone = driver.term.is_some() && driver.is_in_time_order;
        let by_facet =
            |(index, node): &(usize, &Node)| driver.has_facets && driver.term != Some(*index) && is_facet(node);
        let (of_facets, others): (Vec<_>, Vec<_>) = plan.terms.iter().enumerate().partition(by_facet);
        let (late, early): (Vec<_>, Vec<_>) = others.into_iter().partition(|(_, node)| reads_records(node));
        let of_facets: Vec<&Node> = of_facets.into_iter().map(|(_, node)| node).collect();
        let facets = (!of_facets.is_empty()).then(|| rollup::event_facets(&of_facets, self));
        let others: Vec<String> = early
            .into_iter()
            .chain(late)
            .map(|(index, node)| {
                let may_use_index = match driver.term {
                    // The index on (column, time) serves both.
                    Some(term) => term == index || (is_time(node) && drives_alone),
                    None => is_time(node) || !driver.by_time,
                };
                self.node(node, if may_use_index { IndexHint::Allow } else { IndexHint::Forbid })
            })
            .collect();
        where_all(&first.into_iter().chain(facets).chain(others).collect::<Vec<_>>())
    }

    fn node(&mut self, node: &Node, using: IndexHint) -> String {
        match &node.kind {
            NodeKind::All(nodes) => self.joined(nodes, " AND ", using),
            // No subject has the mark that the term asks for.
            NodeKind::Any(nodes) if nodes.is_empty() => "0".to_owned(),
            NodeKind::Any(nodes) => self.joined(nodes, " OR ", using),
            NodeKind::Not(inner) => format!("({}) IS NOT TRUE", self.node(inner, IndexHint::Forbid)),
            NodeKind::Condition(condition) => self.condition(condition, using),
        }
    }

    fn joined(&mut self, nodes: &[Node], with: &str, using: IndexHint) -> String {
        let parts: Vec<String> = nodes.iter().map(|node| self.node(node, using)).collect();
        format!("({})", balanced(&parts, with))
    }

    fn condition(&mut self, condition: &Condition, using: IndexHint) -> String {
        match condition {
            Condition::Field(field, predicate) => self.field(field, predicate, using),
            Condition::SameResource { name, kinds, listed } => {
                self.events_with_resource(ResourcePredicate { name: Some(name), types: kinds, listed: *listed }, using)
            }
            Condition::Path(path, predicate) => self.path(path, predicate),
            Condition::Text(texts) => {
                self.scans_records = true;
                self.texts(texts).unwrap_or_else(|| {
                    any(texts.iter().map(|text| format!("record_has_text(e.id, {})", self.params.text(text))).collect())
                })
            }
            Condition::TextRegex(regex) => {
                self.scans_records = true;
                format!("record_matches(e.id, {})", self.params.text(&regex.pattern))
            }
            Condition::Same(Operand::Path(one), Operand::Path(other)) => {
                self.scans_records = true;
                format!("record_same(e.id, {}, {})", self.params.text(one), self.params.text(other))
            }
            Condition::Same(one, other) => {
                let (one, other) = (self.values_of(one), self.values_of(other));
                format!(
                    "EXISTS (SELECT value FROM ({one}) WHERE value IS NOT NULL INTERSECT SELECT value FROM ({other}))"
                )
            }
            Condition::Time(spans) => self.times(&using.column("time"), spans),
            // A case knows its newest event, so the resolver makes none of these for it.
            Condition::Last(seconds) => {
                let since = format!("(SELECT max(time) FROM events) - {}", self.params.number(*seconds));
                format!("{} >= {since}", using.column("time"))
            }
            Condition::Bare(predicate) => self.bare(predicate, using),
        }
    }

    pub(crate) fn times(&mut self, column: &str, spans: &[Interval]) -> String {
        match self.spans(column, spans) {
            Some(condition) => condition,
            None => any(spans.iter().map(|span| self.interval(column, *span)).collect()),
        }
    }

    pub(crate) fn interval(&mut self, column: &str, interval: Interval) -> String {
        match (interval.from, interval.to) {
            (Some(from), Some(to)) => {
                format!("{column} BETWEEN {} AND {}", self.params.number(from), self.params.number(to))
            }
            (Some(from), None) => format!("{column} >= {}", self.params.number(from)),
            (None, Some(to)) => format!("{column} <= {}", self.params.number(to)),
            (None, None) => format!("{column} IS NOT NULL"),
        }
    }

    fn field(&mut self, field: &Field, predicate: &ValuePredicate, using: IndexHint) -> String {
        match field.place {
            Place::Event => self.event_column(field, predicate, using),
            Place::Write => match predicate {
                ValuePredicate::Flag(flags) => writes("e.read_only", flags),
                _ => "1".to_owned(),
            },
            Place::Facet => self.through("facet_id", "facets", field.stored_as, predicate, using),
            Place::Identity => self.through("identity_id", "identities", field.stored_as, predicate, using),
            Place::UserAgent => self.through("user_agent_id", "user_agents", field.stored_as, predicate, using),
            Place::ErrorMessage => {
                self.through("error_message_id", "error_messages", field.stored_as, predicate, using)
            }
            Place::Role => {
                let name = self.matches("role_name", predicate);
                let arn = self.matches("role_arn", predicate);
                format!("{} IN (SELECT id FROM identities WHERE {name} OR {arn})", using.column("identity_id"))
            }
            Place::File => {
                let path = self.matches("path", predicate);
                let name = self.tail("path", predicate, NAME_SEPARATORS);
                // Of a file that was overwritten, also the contents whose names have a mark after the path.
                let (plain, marked) = ("substr(path, 1, length(path) - 24)", "substr(path, -24, 8) = '#sha256:'");
                let (of_path, of_name) = (self.matches(plain, predicate), self.tail(plain, predicate, NAME_SEPARATORS));
                format!(
                    "e.file_id IN (SELECT id FROM files WHERE {path} OR {name} OR ({marked} AND ({of_path} OR {of_name})))"
                )
            }
            Place::Tag => {
                let tag = self.matches("tag", predicate);
                format!("e.event_id IN (SELECT event_id FROM tags WHERE {tag})")
            }
            Place::ResourceName | Place::ResourceType | Place::ListedName | Place::ListedType => {
                self.events_with_resource(ResourcePredicate::of_field(field.place, predicate), using)
            }
            Place::AddressFiles => {
                let addresses = self.addresses(field.stored_as, predicate);
                format!("{} IN (SELECT value FROM attribute_values WHERE {addresses})", using.column(ADDRESS))
            }
            // The resolver gives `text` a test of its own.
            // The resolver takes neither as a condition of this kind.
            Place::Record | Place::Sentence => "1".to_owned(),
        }
    }

    /// A column of another table that an event points to.
    fn through(
        &mut self,
        key: &str,
        table: &str,
        column: &str,
        predicate: &ValuePredicate,
        using: IndexHint,
    ) -> String {
        let condition = self.matches(column, predicate);
        format!("{} IN (SELECT id FROM {table} WHERE {condition})", using.column(key))
    }

    /// A column of `events`. What only a look at each value tells is asked of the few distinct values, where they are
    /// kept, and then answered by index.
    fn event_column(&mut self, field: &Field, predicate: &ValuePredicate, using: IndexHint) -> String {
        let column = using.column(field.column);
        let exact = predicate.exact();
        let looks = match predicate {
            ValuePredicate::Patterns(patterns) => exact.is_none() || length_of(patterns) == Length::Function,
            ValuePredicate::Folded(_) | ValuePredicate::Regex(_) | ValuePredicate::Compare(..) => true,
            _ => false,
        };
        if !looks || field.values != Values::Kept {
            return match exact.filter(|_| looks && field.values == Values::Indexed) {
                Some(values) => self.seeks(&column, &values),
                None => self.matches(&column, predicate),
            };
        }
        let condition = self.matches("value", predicate);
        format!("{column} IN (SELECT value FROM attribute_values WHERE attribute = '{}' AND {condition})", field.column)
    }

    /// The condition on `attribute_values` that selects addresses of which a SQL function gives a matching value. There
    /// are far fewer addresses than events.
    pub(crate) fn addresses(&mut self, function: &str, predicate: &ValuePredicate) -> String {
        let condition = self.matches(&format!("{function}(value)"), predicate);
        format!("attribute = '{ADDRESS}' AND {condition}")
    }

    /// A predicate on one column of text, a number or a flag.
    pub(crate) fn matches(&mut self, column: &str, predicate: &ValuePredicate) -> String {
        match predicate {
            ValuePredicate::Present => format!("{column} IS NOT NULL"),
            ValuePredicate::Patterns(patterns) => self.patterns(column, patterns),
            ValuePredicate::Folded(patterns) => format!("in_list({column}, {})", self.folded_list(patterns)),
            ValuePredicate::Regex(pattern) => format!("regexp({}, {column})", self.params.text(pattern)),
            ValuePredicate::Compare(operator, value) => {
                format!("{column} {} {}", operator.text(), self.params.text(value))
            }
            ValuePredicate::Number(operator, numbers) => match self.numbers(column, numbers) {
                Some(condition) => condition,
                None => any(numbers
                    .iter()
                    .map(|number| format!("{column} {} {}", operator.text(), self.params.number(*number)))
                    .collect()),
            },
            ValuePredicate::Flag(flags) => {
                any(flags.iter().map(|flag| format!("{column} = {}", i32::from(*flag))).collect())
            }
        }
    }

    fn patterns(&mut self, column: &str, patterns: &[Pattern]) -> String {
        if length_of(patterns) == Length::Function {
            return format!("in_list({column}, {})", self.list(patterns));
        }
        let mut exact = Vec::new();
        let mut parts = Vec::new();
        for pattern in patterns {
            match pattern {
                Pattern::Exact(value) => exact.push(value.as_str()),
                Pattern::Wildcard(wildcard) => parts.push(self.wildcard(column, wildcard)),
                Pattern::Network(network) => parts.push(self.network(column, network)),
            }
        }
        match exact.as_slice() {
            [] => {}
            [one] => parts.push(format!("{column} = {}", self.params.text(one))),
            many if many.len() <= value_list::MAX_LISTED => {
                let listed: Vec<String> = many.iter().map(|value| self.params.text(value)).collect();
                parts.push(format!("{column} IN ({})", listed.join(", ")));
            }
            many => parts.push(self.seeks(column, many)),
        }
        any(parts)
    }

    /// A wildcard; where it begins with plain text, an index on the column is of use.
    pub(crate) fn wildcard(&mut self, column: &str, wildcard: &[Part]) -> String {
        let glob = glob(wildcard);
        let prefix = glob.split(['*', '[']).next().unwrap_or_default().to_owned();
        let pattern = self.params.text(&glob);
        if prefix.is_empty() {
            return format!("{column} GLOB {pattern}");
        }
        let (from, to) = (self.params.text(&prefix), self.params.text(&format!("{prefix}\u{10ffff}")));
        format!("({column} >= {from} AND {column} < {to} AND {column} GLOB {pattern})")
    }

    /// Addresses of a network. Those of an IPv4 network begin alike, for which an index is of use; an IPv6 address can be
    /// written in several ways.
    fn network(&mut self, column: &str, network: &str) -> String {
        let within = format!("ip_in({column}, {})", self.params.text(network));
        let octets = network.parse::<Ipv4Net>().ok().map(|net| (net.network().to_string(), net.prefix_len() / 8));
        let Some((address, octets @ 1..=3)) = octets else { return within };
        let begins: String = address.split_inclusive('.').take(usize::from(octets)).collect();
        let (from, to) = (self.params.text(&begins), self.params.text(&format!("{begins}\u{10ffff}")));
        format!("({column} >= {from} AND {column} < {to} AND {within})")
    }

    fn path(&mut self, path: &str, predicate: &ValuePredicate) -> String {
        self.scans_records = true;
        let path = self.params.text(path);
        let comparisons = comparisons(predicate).into_iter();
        any(comparisons
            .map(|(operator, value)| format!("record_match(e.id, {path}, '{operator}', {})", self.params.text(&value)))
            .collect())
    }

    /// Returns the SELECT that gives the values of a side of `==`, as texts in the column `value`.
    fn values_of(&mut self, side: &Operand) -> String {
        match side {
            Operand::Path(path) => {
                self.scans_records = true;
                format!("SELECT value FROM json_each(record_values(e.id, {}))", self.params.text(path))
            }
            Operand::Field(field) => {
                let resources = |column: &str, listed: &str| {
                    format!(
                        "SELECT r.{column} AS value FROM event_resources er JOIN resources r ON r.id = er.resource \
                         WHERE er.event = e.id{listed}"
                    )
                };
                match field.place {
                    Place::ResourceName => format!("{} UNION {}", resources("name", ""), resources("arn", "")),
                    Place::ListedName => {
                        let listed = " AND er.listed";
                        format!("{} UNION {} AND r.arn IS NULL", resources("arn", listed), resources("name", listed))
                    }
                    Place::ResourceType => resources("type", ""),
                    Place::ListedType => resources("type", " AND er.listed"),
                    _ => {
                        let column = columns::expression(&OutputColumn::Field(field), self);
                        format!("SELECT CAST({column} AS TEXT) AS value")
                    }
                }
            }
        }
    }

    /// A value wherever an indexed field is exactly it.
    fn bare(&mut self, predicate: &ValuePredicate, using: IndexHint) -> String {
        let columns =
            ["event_id", "access_key_id", "issued_access_key_id", "user_name", "source_ip_address", "shared_event_id"];
        let long = matches!(predicate, ValuePredicate::Patterns(patterns) if length_of(patterns) == Length::Function);
        let of_column = |column: &&str| match fields::find(column).filter(|_| long) {
            Some(field) => self.event_column(field, predicate, using),
            None => self.matches(&using.column(column), predicate),
        };
        let mut parts: Vec<String> = columns.iter().map(of_column).collect();
        let identity: Vec<String> =
            BARE_IDENTITY_COLUMNS.iter().map(|column| self.matches(column, predicate)).collect();
        let identities = format!("(SELECT id FROM identities WHERE {})", identity.join(" OR "));
        parts.push(format!("{} IN {identities}", using.column("identity_id")));
        parts.push(self.events_with_resource(ResourcePredicate::of_field(Place::ResourceName, predicate), using));
        any(parts)
    }
}

/// Reports whether a term looks into records.
fn reads_records(node: &Node) -> bool {
    match &node.kind {
        NodeKind::All(nodes) | NodeKind::Any(nodes) => nodes.iter().any(reads_records),
        NodeKind::Not(inner) => reads_records(inner),
        NodeKind::Condition(test) => match test {
            Condition::Text(_) | Condition::TextRegex(_) | Condition::Path(..) => true,
            Condition::Same(one, other) => [one, other].into_iter().any(|side| matches!(side, Operand::Path(_))),
            _ => false,
        },
    }
}
