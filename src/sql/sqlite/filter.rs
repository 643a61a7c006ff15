//! Filters as SQL conditions on `events e`.

use std::collections::HashMap;

use ipnet::Ipv4Net;

use crate::arn::{Arn, last_part};
use crate::fields;
use crate::fields::{Field, Place, Values};
use crate::query::ast::Part;
use crate::query::resolved::{Condition, Interval, Node, NodeKind, Pattern, ValuePredicate};
use crate::sql::sqlite::glob::glob;
use crate::sql::sqlite::plan;
use crate::sql::sqlite::plan::Plan;
use crate::sql::sqlite::rollup;
use crate::sql::sqlite::value_list;
use crate::sql::sqlite::value_list::{Length, length_of};
use crate::sql::{Param, Statistics};

/// A resource that more than one in so many events names is looked for event by event.
const POPULAR: u64 = 50;

/// How the condition on an event's resources begins.
pub(crate) const OF_RESOURCE: &str = "e.id IN (SELECT event FROM event_resources WHERE ";

/// Writes conditions and collects their parameters.
pub(crate) struct SqlBuilder<'s> {
    pub(crate) params: Vec<Param>,
    /// The names of parameters with long texts, which several conditions may share.
    pub(crate) shared: HashMap<String, String>,
    pub(crate) scans_records: bool,
    pub(crate) stats: &'s dyn Statistics,
}

/// What is asked of one and the same resource.
#[derive(Clone, Copy)]
pub(crate) struct ResourcePredicate<'m> {
    pub(crate) name: Option<&'m ValuePredicate>,
    /// All of these hold of its type.
    pub(crate) kinds: &'m [ValuePredicate],
    /// True if it is one that Event history lists for the event, by its exact spelling.
    pub(crate) listed: bool,
}

impl<'m> ResourcePredicate<'m> {
    /// What a field of resources asks.
    pub(crate) fn by(place: Place, matcher: &'m ValuePredicate) -> ResourcePredicate<'m> {
        let listed = matches!(place, Place::ListedName | Place::ListedType);
        match place {
            Place::ResourceType | Place::ListedType => {
                ResourcePredicate { name: None, kinds: std::slice::from_ref(matcher), listed }
            }
            _ => ResourcePredicate { name: Some(matcher), kinds: &[], listed },
        }
    }
}

/// Whether a condition may use the index on its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IndexHint {
    Allow,
    Forbid,
}

impl IndexHint {
    /// The column, with the sign that keeps SQLite from its index.
    fn of(self, column: &str) -> String {
        match self {
            IndexHint::Allow => format!("e.{column}"),
            IndexHint::Forbid => format!("+e.{column}"),
        }
    }
}

impl<'s> SqlBuilder<'s> {
    pub(crate) fn new(stats: &'s dyn Statistics) -> SqlBuilder<'s> {
        SqlBuilder { params: Vec::new(), shared: HashMap::new(), scans_records: false, stats }
    }

    /// Begins a statement anew.
    pub(crate) fn restart(&mut self) {
        self.params.clear();
        self.shared.clear();
        self.scans_records = false;
    }

    fn bind(&mut self, param: Param) -> String {
        self.params.push(param);
        format!("?{}", self.params.len())
    }

    /// A parameter with this text.
    pub(crate) fn text(&mut self, text: &str) -> String {
        self.bind(Param::Text(text.to_owned()))
    }

    fn number(&mut self, number: i64) -> String {
        self.bind(Param::Integer(number))
    }

    /// The WHERE clause of the terms at the top. Those that look into records come last, so that they are asked of the
    /// fewest events. `first`: a condition that is known already.
    pub(crate) fn all(&mut self, terms: &[Node], plan: &Plan, first: Option<String>) -> String {
        let drives_alone = plan.driver.is_some() && plan.order_by_index;
        let by_facet =
            |(index, node): &(usize, &Node)| plan.by_facet && plan.driver != Some(*index) && rollup::is_facet(node);
        let (of_facets, others): (Vec<_>, Vec<_>) = terms.iter().enumerate().partition(by_facet);
        let (late, early): (Vec<_>, Vec<_>) = others.into_iter().partition(|(_, node)| reads_records(node));
        let of_facets: Vec<&Node> = of_facets.into_iter().map(|(_, node)| node).collect();
        let among = (!of_facets.is_empty()).then(|| rollup::among(&of_facets, self));
        let others: Vec<String> = early
            .into_iter()
            .chain(late)
            .map(|(index, node)| {
                let is_time = matches!(node.kind, NodeKind::Condition(Condition::Time(_)));
                let free = match plan.driver {
                    // (column, time) serves both.
                    Some(driver) => driver == index || (is_time && drives_alone),
                    None => is_time || !plan.by_time,
                };
                self.node(node, if free { IndexHint::Allow } else { IndexHint::Forbid })
            })
            .collect();
        let conditions: Vec<String> = first.into_iter().chain(among).chain(others).collect();
        if conditions.is_empty() { String::new() } else { format!(" WHERE {}", balanced(&conditions, " AND ")) }
    }

    fn node(&mut self, node: &Node, using: IndexHint) -> String {
        match &node.kind {
            NodeKind::All(nodes) => self.joined(nodes, " AND ", using),
            NodeKind::Any(nodes) => self.joined(nodes, " OR ", using),
            NodeKind::Not(inner) => format!("({}) IS NOT TRUE", self.node(inner, IndexHint::Forbid)),
            NodeKind::Condition(test) => self.test(test, using),
        }
    }

    /// A term over `facets f`, and over `hourly_counts h` or `hourly_regions h` for a time.
    pub(crate) fn facet(&mut self, node: &Node) -> String {
        match &node.kind {
            NodeKind::All(nodes) => self.joined_facets(nodes, " AND "),
            NodeKind::Any(nodes) => self.joined_facets(nodes, " OR "),
            NodeKind::Not(inner) => format!("({}) IS NOT TRUE", self.facet(inner)),
            NodeKind::Condition(Condition::Time(spans)) => self.times("h.hour", spans),
            NodeKind::Condition(Condition::Field(field, matcher)) if field.place == Place::Write => match matcher {
                ValuePredicate::Flag(flags) => written("f.read_only", flags),
                // Every event either writes or does not.
                _ => "1".to_owned(),
            },
            NodeKind::Condition(Condition::Field(field, matcher)) => {
                self.matches(&format!("f.{}", field.stored_as), matcher)
            }
            // Whoever asks has made sure that there is no other.
            NodeKind::Condition(_) => "0".to_owned(),
        }
    }

    fn joined_facets(&mut self, nodes: &[Node], with: &str) -> String {
        let parts: Vec<String> = nodes.iter().map(|node| self.facet(node)).collect();
        format!("({})", balanced(&parts, with))
    }

    fn joined(&mut self, nodes: &[Node], with: &str, using: IndexHint) -> String {
        let parts: Vec<String> = nodes.iter().map(|node| self.node(node, using)).collect();
        format!("({})", balanced(&parts, with))
    }

    fn test(&mut self, test: &Condition, using: IndexHint) -> String {
        match test {
            Condition::Field(field, matcher) => self.field(field, matcher, using),
            Condition::SameResource { name, kinds, listed } => {
                self.of_resource(ResourcePredicate { name: Some(name), kinds, listed: *listed }, using)
            }
            Condition::Path(path, matcher) => self.path(path, matcher),
            Condition::Text(texts) => {
                self.scans_records = true;
                self.texts(texts).unwrap_or_else(|| {
                    any(texts.iter().map(|text| format!("record_has_text(e.id, {})", self.text(text))).collect())
                })
            }
            Condition::Time(spans) => self.times(&using.of("time"), spans),
            Condition::Bare(matcher) => self.bare(matcher, using),
        }
    }

    fn times(&mut self, column: &str, spans: &[Interval]) -> String {
        match self.spans(column, spans) {
            Some(condition) => condition,
            None => any(spans.iter().map(|span| self.interval(column, *span)).collect()),
        }
    }

    pub(crate) fn interval(&mut self, column: &str, interval: Interval) -> String {
        match (interval.from, interval.to) {
            (Some(from), Some(to)) => format!("{column} BETWEEN {} AND {}", self.number(from), self.number(to)),
            (Some(from), None) => format!("{column} >= {}", self.number(from)),
            (None, Some(to)) => format!("{column} <= {}", self.number(to)),
            (None, None) => format!("{column} IS NOT NULL"),
        }
    }

    fn field(&mut self, field: &Field, matcher: &ValuePredicate, using: IndexHint) -> String {
        match field.place {
            Place::Event => self.event_column(field, matcher, using),
            Place::Write => match matcher {
                ValuePredicate::Flag(flags) => written("e.read_only", flags),
                _ => "1".to_owned(),
            },
            Place::Facet => self.through("facet_id", "facets", field.stored_as, matcher, using),
            Place::Identity => self.through("identity_id", "identities", field.stored_as, matcher, using),
            Place::UserAgent => self.through("user_agent_id", "user_agents", field.stored_as, matcher, using),
            Place::ErrorMessage => self.through("error_message_id", "error_messages", field.stored_as, matcher, using),
            Place::Role => {
                let name = self.matches("role_name", matcher);
                let arn = self.matches("role_arn", matcher);
                format!("{} IN (SELECT id FROM identities WHERE {name} OR {arn})", using.of("identity_id"))
            }
            Place::File => {
                let path = self.matches("path", matcher);
                let name = self.tail("path", matcher, &['/']);
                // Of a file that was overwritten, also the contents whose names have a mark behind the path.
                let (plain, marked) = ("substr(path, 1, length(path) - 24)", "substr(path, -24, 8) = '#sha256:'");
                let (of_path, of_name) = (self.matches(plain, matcher), self.tail(plain, matcher, &['/']));
                format!(
                    "e.file_id IN (SELECT id FROM files WHERE {path} OR {name} OR ({marked} AND ({of_path} OR {of_name})))"
                )
            }
            Place::Tag => {
                let tag = self.matches("tag", matcher);
                format!("e.event_id IN (SELECT event_id FROM tags WHERE {tag})")
            }
            Place::ResourceName | Place::ResourceType | Place::ListedName | Place::ListedType => {
                self.of_resource(ResourcePredicate::by(field.place, matcher), using)
            }
            // The resolver gives `text` a test of its own.
            Place::Record => "1".to_owned(),
        }
    }

    /// A column of another table that an event points to.
    fn through(&mut self, key: &str, table: &str, column: &str, matcher: &ValuePredicate, using: IndexHint) -> String {
        let condition = self.matches(column, matcher);
        format!("{} IN (SELECT id FROM {table} WHERE {condition})", using.of(key))
    }

    /// A column of `events`. What only a look at each value tells is asked of the few distinct values, where they are
    /// kept, and then answered by index.
    fn event_column(&mut self, field: &Field, matcher: &ValuePredicate, using: IndexHint) -> String {
        let column = using.of(field.column);
        let exact = matcher.exact();
        let looks = match matcher {
            ValuePredicate::Patterns(patterns) => exact.is_none() || length_of(patterns) == Length::Function,
            ValuePredicate::Regex(_) | ValuePredicate::Compare(..) => true,
            _ => false,
        };
        if !looks || field.values != Values::Kept {
            return match exact.filter(|_| looks && field.values == Values::Indexed) {
                Some(values) => self.seeks(&column, &values),
                None => self.matches(&column, matcher),
            };
        }
        let condition = self.matches("value", matcher);
        format!("{column} IN (SELECT value FROM attribute_values WHERE attribute = '{}' AND {condition})", field.column)
    }

    /// A matcher on one column of text, a number or a flag.
    pub(crate) fn matches(&mut self, column: &str, matcher: &ValuePredicate) -> String {
        match matcher {
            ValuePredicate::Present => format!("{column} IS NOT NULL"),
            ValuePredicate::Patterns(patterns) => self.patterns(column, patterns),
            ValuePredicate::Regex(pattern) => format!("regexp({}, {column})", self.text(pattern)),
            ValuePredicate::Compare(operator, value) => format!("{column} {} {}", operator.text(), self.text(value)),
            ValuePredicate::Number(operator, numbers) => match self.numbers(column, numbers) {
                Some(condition) => condition,
                None => any(numbers
                    .iter()
                    .map(|number| format!("{column} {} {}", operator.text(), self.number(*number)))
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
            [one] => parts.push(format!("{column} = {}", self.text(one))),
            many if many.len() <= value_list::MAX_LISTED => {
                let listed: Vec<String> = many.iter().map(|value| self.text(value)).collect();
                parts.push(format!("{column} IN ({})", listed.join(", ")));
            }
            many => parts.push(self.seeks(column, many)),
        }
        any(parts)
    }

    /// A wildcard; where it begins with plain text, an index on the column is of use.
    fn wildcard(&mut self, column: &str, wildcard: &[Part]) -> String {
        let glob = glob(wildcard);
        let prefix = glob.split(['*', '[']).next().unwrap_or_default().to_owned();
        let pattern = self.text(&glob);
        if prefix.is_empty() {
            return format!("{column} GLOB {pattern}");
        }
        let (from, to) = (self.text(&prefix), self.text(&format!("{prefix}\u{10ffff}")));
        format!("({column} >= {from} AND {column} < {to} AND {column} GLOB {pattern})")
    }

    /// Addresses of a network. Those of an IPv4 network begin alike, for which an index is of use; an IPv6 address can be
    /// written in several ways.
    fn network(&mut self, column: &str, network: &str) -> String {
        let within = format!("ip_in({column}, {})", self.text(network));
        let octets = network.parse::<Ipv4Net>().ok().map(|net| (net.network().to_string(), net.prefix_len() / 8));
        let Some((address, octets @ 1..=3)) = octets else { return within };
        let begins: String = address.split_inclusive('.').take(usize::from(octets)).collect();
        let (from, to) = (self.text(&begins), self.text(&format!("{begins}\u{10ffff}")));
        format!("({column} >= {from} AND {column} < {to} AND {within})")
    }

    /// Resources by name, id or ARN; a name also finds the ARNs that end in it.
    fn resource_name(&mut self, matcher: &ValuePredicate) -> String {
        if let ValuePredicate::Patterns(patterns) = matcher
            && length_of(patterns) != Length::Short
        {
            return self.resource_list(patterns);
        }
        let name = self.matches("name", matcher);
        match matcher {
            ValuePredicate::Patterns(patterns) => {
                let arns = self.arns(patterns);
                let tail = self.tail("arn", matcher, &['/', ':']);
                any([vec![name], arns, vec![tail]].concat())
            }
            _ => format!("({name} OR {})", self.matches("arn", matcher)),
        }
    }

    /// Resources by ARN; the index on the name, which is a part of the ARN, serves.
    fn arns(&mut self, patterns: &[Pattern]) -> Vec<String> {
        let mut parts = Vec::new();
        for pattern in patterns {
            match pattern {
                Pattern::Exact(value) => {
                    if let Some(arn) = Arn::parse(value) {
                        parts.push(format!("(name = {} AND arn = {})", self.text(arn.name()), self.text(value)));
                    }
                }
                Pattern::Wildcard(wildcard) => parts.push(self.wildcard("arn", wildcard)),
                Pattern::Network(_) => {}
            }
        }
        parts
    }

    /// What ends in one of the values, behind a separator.
    fn tail(&mut self, column: &str, matcher: &ValuePredicate, separators: &[char]) -> String {
        let ValuePredicate::Patterns(patterns) = matcher else { return "0".to_owned() };
        if length_of(patterns) != Length::Short {
            let separators: String = separators.iter().collect();
            return format!("ends_in_list({column}, '{separators}', {})", self.list(patterns));
        }
        let mut parts = Vec::new();
        for pattern in patterns {
            match pattern {
                // The column arn_end is indexed, and where it is the name, the name is; the rest is then compared.
                Pattern::Exact(value) if column == "arn" => {
                    let last = last_part(value);
                    let end = self.text(last);
                    let ends = separators.iter().map(|separator| {
                        let tail = format!("{separator}{value}");
                        let length = tail.chars().count();
                        format!("substr(arn, -{length}) = {}", self.text(&tail))
                    });
                    let ends = any(ends.collect());
                    parts.push(format!("(arn_end = {end} AND {ends})"));
                    if last != value {
                        parts.push(format!("(name = {end} AND {ends})"));
                    }
                }
                Pattern::Exact(value) => {
                    for separator in separators {
                        let tail = format!("{separator}{value}");
                        let length = tail.chars().count();
                        parts.push(format!("substr({column}, -{length}) = {}", self.text(&tail)));
                    }
                }
                Pattern::Wildcard(wildcard) => {
                    let glob = glob(wildcard);
                    for separator in separators {
                        parts.push(format!("{column} GLOB {}", self.text(&format!("*{separator}{glob}"))));
                    }
                }
                Pattern::Network(_) => {}
            }
        }
        any(parts)
    }

    /// As Event history spells resources: by ARN where the record does, else by name or id.
    fn listed_name(&mut self, matcher: &ValuePredicate) -> String {
        format!("({} OR (arn IS NULL AND {}))", self.matches("arn", matcher), self.matches("name", matcher))
    }

    /// Such a resource.
    pub(crate) fn resource(&mut self, wanted: ResourcePredicate<'_>) -> String {
        let name = wanted.name.map(|name| match wanted.listed {
            true => self.listed_name(name),
            false => self.resource_name(name),
        });
        let kinds: Vec<String> = wanted.kinds.iter().map(|kind| self.matches("type", kind)).collect();
        name.into_iter().chain(kinds).collect::<Vec<_>>().join(" AND ")
    }

    /// Events with such a resource.
    fn of_resource(&mut self, wanted: ResourcePredicate<'_>, using: IndexHint) -> String {
        let resources = format!("(SELECT id FROM resources WHERE {})", self.resource(wanted));
        let listed = if wanted.listed { " AND listed" } else { "" };
        let events = || plan::of_resources(wanted, self.stats).unwrap_or(0);
        if using == IndexHint::Forbid && events() > self.stats.events() / POPULAR {
            return format!(
                "EXISTS (SELECT 1 FROM event_resources er WHERE er.event = e.id AND er.resource IN {resources}{listed})"
            );
        }
        let plus = if using == IndexHint::Forbid { "+" } else { "" };
        format!("{plus}{OF_RESOURCE}resource IN {resources}{listed})")
    }

    fn path(&mut self, path: &str, matcher: &ValuePredicate) -> String {
        self.scans_records = true;
        let path = self.text(path);
        let comparisons = value_list::comparisons(matcher).into_iter();
        any(comparisons
            .map(|(operator, value)| format!("record_match(e.id, {path}, '{operator}', {})", self.text(&value)))
            .collect())
    }

    /// A value wherever an indexed field is exactly it.
    fn bare(&mut self, matcher: &ValuePredicate, using: IndexHint) -> String {
        let columns =
            ["event_id", "access_key_id", "issued_access_key_id", "user_name", "source_ip_address", "shared_event_id"];
        let long = matches!(matcher, ValuePredicate::Patterns(patterns) if length_of(patterns) == Length::Function);
        let of_column = |column: &&str| match fields::find(column).filter(|_| long) {
            Some(field) => self.event_column(field, matcher, using),
            None => self.matches(&using.of(column), matcher),
        };
        let mut parts: Vec<String> = columns.iter().map(of_column).collect();
        let identity: Vec<String> = ["arn", "principal_id", "role_name", "role_arn", "session_name"]
            .iter()
            .map(|column| self.matches(column, matcher))
            .collect();
        let identities = format!("(SELECT id FROM identities WHERE {})", identity.join(" OR "));
        parts.push(format!("{} IN {identities}", using.of("identity_id")));
        parts.push(self.of_resource(ResourcePredicate::by(Place::ResourceName, matcher), using));
        any(parts)
    }
}

/// Everything that is not known to be read-only, or the rest.
fn written(column: &str, flags: &[bool]) -> String {
    any(flags.iter().map(|flag| format!("{column} IS {}1", if *flag { "NOT " } else { "" })).collect())
}

/// Reports whether a term looks into records.
fn reads_records(node: &Node) -> bool {
    match &node.kind {
        NodeKind::All(nodes) | NodeKind::Any(nodes) => nodes.iter().any(reads_records),
        NodeKind::Not(inner) => reads_records(inner),
        NodeKind::Condition(test) => matches!(test, Condition::Text(_) | Condition::Path(..)),
    }
}

/// Conditions of which one has to hold.
fn any(mut parts: Vec<String>) -> String {
    match parts.len() {
        0 => "0".to_owned(),
        1 => parts.remove(0),
        _ => format!("({})", balanced(&parts, " OR ")),
    }
}

/// Many conditions as a balanced tree: SQLite bounds how deep an expression is, not how broad.
fn balanced(parts: &[String], with: &str) -> String {
    if parts.len() <= 100 {
        return parts.join(with);
    }
    let (left, right) = parts.split_at(parts.len() / 2);
    format!("({}){with}({})", balanced(left, with), balanced(right, with))
}
