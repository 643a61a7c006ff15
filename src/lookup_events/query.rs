//! A validated request, and its translation to the lookup language.

use std::fmt::Write as _;

use super::error::{ErrorKind, RequestError};
use super::request::{Attribute, AttributeKey, Request};
use super::token::{self, Position};
use crate::coverage::{self, EARLY_DATA_EVENTS, Scope};
use crate::diagnostic::Span;
use crate::query::ast::{Comparison, Expression, ExpressionKind, LookupAst, Name, Operator, Part, Value};
use crate::time;

/// The limits that apply to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// Those of AWS: one attribute a request, pages of at most 50.
    Aws,
    /// Several attributes, and no pages unless requested.
    Free,
}

/// The largest and the default number of events of a page at AWS.
pub(crate) const PAGE: u64 = 50;
/// The largest number of characters of a value, counted as AWS does.
const MAX_VALUE_LENGTH: usize = 2000;

/// The selection of `EventCategory`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Category {
    /// Management events, the default.
    Management,
    Insight,
    /// All events of the case.
    All,
}

/// The attributes of Insight lookups.
const OF_INSIGHT: [AttributeKey; 3] = [AttributeKey::EventId, AttributeKey::EventName, AttributeKey::EventSource];

/// A validated request.
#[derive(Debug, Clone)]
pub struct Query {
    attributes: Vec<Attribute>,
    start: Option<i64>,
    end: Option<i64>,
    category: Category,
    region: Option<String>,
    /// The largest number of events of the answer.
    pub(super) most: Option<u64>,
    /// The end of the previous page.
    pub(super) after: Option<Position>,
}

impl Query {
    /// Reports whether the request has a period.
    pub(crate) fn has_period(&self) -> bool {
        self.start.or(self.end).is_some()
    }

    /// Returns the events that the request is about.
    pub(crate) fn scope(&self) -> Scope {
        let categories = match self.category {
            Category::Management => vec![coverage::Category::Management],
            Category::Insight => vec![coverage::Category::Insight],
            Category::All => coverage::Category::ALL.to_vec(),
        };
        let regions = self.region.as_ref().map(|region| vec![region.clone()]);
        Scope { regions, categories, from: self.start, to: self.end, ..Scope::default() }
    }
}

impl Request {
    /// Validates the request by these rules.
    ///
    /// # Errors
    /// A value violates the rules; the error has AWS's name.
    pub(crate) fn check(self, rules: Rules) -> Result<Query, RequestError> {
        let category = category(self.category.as_deref())?;
        check_attributes(&self.attributes, category, rules)?;
        check_period(self.start, self.end)?;
        let most = most(self.max_results, rules)?;
        let mut query = Query {
            attributes: self.attributes,
            start: self.start,
            end: self.end,
            category,
            region: self.region,
            most,
            after: None,
        };
        if let Some(token) = self.next_token {
            let message = "NextToken is not one that an answer to this very request gave: the attributes, the times \
                           and the category have to be the same";
            let position = token::read(&query.asked(), &token);
            query.after = Some(position.ok_or_else(|| RequestError::new(ErrorKind::NextToken, message))?);
        }
        Ok(query)
    }
}

fn category(name: Option<&str>) -> Result<Category, RequestError> {
    match name {
        None | Some("management") => Ok(Category::Management),
        Some("insight") => Ok(Category::Insight),
        Some("all") => Ok(Category::All),
        Some(other) => {
            let message = format!(
                "EventCategory is `insight`, or `all` for every event of the case; without one, management events are \
                 answered. `{other}` is neither"
            );
            Err(RequestError::new(ErrorKind::EventCategory, message))
        }
    }
}

fn check_attributes(attributes: &[Attribute], category: Category, rules: Rules) -> Result<(), RequestError> {
    let wrong = |message: String| Err(RequestError::new(ErrorKind::LookupAttributes, message));
    if rules == Rules::Aws && attributes.len() > 1 {
        return wrong(format!(
            "LookupAttributes takes one attribute, as at AWS, not {}; `trailq lookup-events` takes several",
            attributes.len()
        ));
    }
    for Attribute { key, value } in attributes {
        let name = key.name();
        // AWS counts these twice.
        let counted = value.chars().map(|c| if matches!(c, '_' | ' ' | ',' | '\n') { 2 } else { 1 }).sum::<usize>();
        if counted == 0 {
            return wrong(format!("the AttributeValue of {name} is empty"));
        }
        if counted > MAX_VALUE_LENGTH {
            return wrong(format!(
                "the AttributeValue of {name} counts {counted} characters, and {MAX_VALUE_LENGTH} is the most (`_`, `,`, \
                 a blank and a line break count twice)"
            ));
        }
        if *key == AttributeKey::ReadOnly && !matches!(value.as_str(), "true" | "false") {
            return wrong(format!("ReadOnly is true or false, not `{value}`"));
        }
        if category == Category::Insight && !OF_INSIGHT.contains(key) {
            let names = OF_INSIGHT.map(AttributeKey::name).join(", ");
            return wrong(format!("Insight events are looked up by {names}, not by {name}"));
        }
    }
    Ok(())
}

fn check_period(start: Option<i64>, end: Option<i64>) -> Result<(), RequestError> {
    let wrong = |message: String| Err(RequestError::new(ErrorKind::TimeRange, message));
    for (name, bound) in [("StartTime", start), ("EndTime", end)] {
        if bound.is_some_and(|bound| !time::is_writable(bound)) {
            return wrong(format!("{name} is a time of the years 0000 to 9999"));
        }
    }
    match (start, end) {
        (Some(start), Some(end)) if start > end => {
            wrong(format!("StartTime {} is after EndTime {}", time::format(start), time::format(end)))
        }
        _ => Ok(()),
    }
}

fn most(max_results: Option<i64>, rules: Rules) -> Result<Option<u64>, RequestError> {
    let range = match rules {
        Rules::Aws => 1..=PAGE,
        Rules::Free => 1..=i64::MAX as u64,
    };
    let Some(given) = max_results else { return Ok((rules == Rules::Aws).then_some(PAGE)) };
    match u64::try_from(given).ok().filter(|most| range.contains(most)) {
        Some(most) => Ok(Some(most)),
        None => {
            let range = if rules == Rules::Aws { "from 1 to 50" } else { "1 or more" };
            let message = format!("MaxResults is {range}, not {given}");
            Err(RequestError::new(ErrorKind::MaxResults, message))
        }
    }
}

impl Query {
    /// Returns the request as a text that a token is bound to. The size of a page is not part of it.
    pub(super) fn asked(&self) -> String {
        let mut text = format!("{:?} {:?} {:?}", self.category, self.start, self.end);
        for Attribute { key, value } in &self.attributes {
            let _ = write!(text, " {}={value:?}", key.name());
        }
        if let Some(region) = &self.region {
            let _ = write!(text, " region={region:?}");
        }
        text
    }

    /// Reports whether [`Query::lookup`] omits events without a time that belong to the answer: they are a lookup
    /// of their own, since a page is found by the index on time.
    pub(super) fn leaves_out_without_time(&self) -> bool {
        let by_time = self.after.as_ref().map_or(self.most.is_some(), |position| position.time.is_some());
        by_time && self.start.is_none() && self.end.is_none()
    }

    /// Returns the request, from its position on, in the lookup language.
    pub(super) fn lookup(&self) -> LookupAst {
        let mut terms = self.terms();
        let later_id = |event_id: &str| compare("event-id", Operator::Greater, event_id);
        match &self.after {
            None if self.most.is_some() => terms.push(present("time")),
            None => {}
            Some(Position { time: Some(time), event_id }) => {
                let time = time::format(*time);
                // The first of these finds the place in the index.
                terms.push(compare("time", Operator::LessOrEqual, &time));
                let same_second = all(vec![compare("time", Operator::Equal, &time), later_id(event_id)]);
                terms.push(any(vec![compare("time", Operator::Less, &time), same_second]));
            }
            Some(Position { time: None, event_id }) => terms.extend([not(present("time")), later_id(event_id)]),
        }
        listing(terms)
    }

    /// Returns the lookup of the events without a time, which come last.
    pub(super) fn lookup_without_time(&self) -> LookupAst {
        let mut terms = self.terms();
        terms.push(not(present("time")));
        listing(terms)
    }

    fn terms(&self) -> Vec<Expression> {
        let mut terms: Vec<Expression> = Vec::new();
        for Attribute { key, value } in &self.attributes {
            match (key, field_of(*key)) {
                // The language reads `ec2` as `ec2.amazonaws.com`; Event history takes whole values only.
                (AttributeKey::EventSource, field) if !value.contains('.') => {
                    terms.extend([Operator::GreaterOrEqual, Operator::LessOrEqual].map(|op| compare(field, op, value)));
                }
                (_, field) => terms.push(compare(field, Operator::Equal, value)),
            }
        }
        terms.extend(self.region.as_ref().map(|region| compare("region", Operator::Equal, region)));
        terms.extend(self.start.map(|start| compare("since", Operator::Equal, &time::format(start))));
        terms.extend(self.end.map(|end| compare("until", Operator::Equal, &time::format(end))));
        match self.category {
            Category::All => {}
            Category::Insight => terms.push(compare("category", Operator::Equal, "Insight")),
            Category::Management => terms.push(is_management()),
        }
        terms
    }
}

/// Returns the field of an attribute.
fn field_of(key: AttributeKey) -> &'static str {
    match key {
        AttributeKey::EventId => "event-id",
        AttributeKey::EventName => "event-name",
        AttributeKey::ReadOnly => "read-only",
        AttributeKey::Username => "user",
        AttributeKey::ResourceType => "listed-type",
        AttributeKey::ResourceName => "listed-resource",
        AttributeKey::EventSource => "event-source",
        AttributeKey::AccessKeyId => "key",
    }
}

/// Matches management events: those that say so, and those without a category that are not data events.
fn is_management() -> Expression {
    let early = EARLY_DATA_EVENTS.map(|(source, names)| {
        let names = expression(ExpressionKind::Compare(comparison("event-name", Operator::Equal, names)));
        all(vec![not(present("management-event")), compare("event-source", Operator::Equal, source), names])
    });
    let data = [compare("management-event", Operator::Equal, "false")].into_iter().chain(early).collect();
    let uncategorized = all(vec![not(present("category")), not(any(data))]);
    any(vec![compare("category", Operator::Equal, "Management"), uncategorized])
}

/// Returns a lookup with the columns of an entry, in the order in which `answer` reads them.
fn listing(terms: Vec<Expression>) -> LookupAst {
    let columns = ["event-id", "event-name", "read-only", "key", "time", "event-source", "user"];
    let stage = crate::query::ast::Stage {
        span: Span::default(),
        kind: crate::query::ast::StageKind::Fields(columns.iter().map(|field| name(field)).collect()),
    };
    let filter = if terms.is_empty() { None } else { Some(all(terms)) };
    LookupAst { text: String::new(), filter, stages: vec![stage] }
}

fn expression(kind: ExpressionKind) -> Expression {
    Expression { span: Span::default(), kind }
}

fn all(parts: Vec<Expression>) -> Expression {
    expression(ExpressionKind::All(parts))
}

fn any(parts: Vec<Expression>) -> Expression {
    expression(ExpressionKind::Any(parts))
}

fn not(part: Expression) -> Expression {
    expression(ExpressionKind::Not(Box::new(part)))
}

fn name(field: &str) -> Name {
    Name { span: Span::default(), segments: vec![field.to_owned()] }
}

fn value(parts: Vec<Part>) -> Value {
    Value { span: Span::default(), parts, from_file: false }
}

fn comparison(field: &str, operator: Operator, values: &[&str]) -> Comparison {
    let values = values.iter().map(|text| value(vec![Part::Text((*text).to_owned())])).collect();
    Comparison { name: name(field), operator, operator_span: Span::default(), values }
}

/// Returns `FIELD OPERATOR "TEXT"`. Nothing in the text is a wildcard.
fn compare(field: &str, operator: Operator, text: &str) -> Expression {
    expression(ExpressionKind::Compare(comparison(field, operator, &[text])))
}

/// Returns `FIELD=*`.
fn present(field: &str) -> Expression {
    let values = vec![value(vec![Part::Any])];
    let comparison = Comparison { values, ..comparison(field, Operator::Equal, &[]) };
    expression(ExpressionKind::Compare(comparison))
}

#[cfg(test)]
mod tests {
    use super::super::token;
    use super::{Attribute, AttributeKey, ErrorKind, Position, Request, Rules};

    fn by(key: AttributeKey, value: &str) -> Request {
        Request { attributes: vec![Attribute { key, value: value.to_owned() }], ..Request::default() }
    }

    #[test]
    fn what_the_rules_forbid_has_aws_s_name() {
        let two = Request {
            attributes: [by(AttributeKey::Username, "a"), by(AttributeKey::EventName, "b")]
                .into_iter()
                .flat_map(|request| request.attributes)
                .collect(),
            ..Request::default()
        };
        let page = |most| Request { max_results: Some(most), ..Request::default() };
        let category = |name: &str| Request { category: Some(name.to_owned()), ..Request::default() };
        let insight = Request { category: Some("insight".to_owned()), ..by(AttributeKey::Username, "a") };
        let period = |start, end| Request { start: Some(start), end: Some(end), ..Request::default() };
        for (request, rules, kind) in [
            (two.clone(), Rules::Aws, ErrorKind::LookupAttributes),
            (by(AttributeKey::EventName, ""), Rules::Free, ErrorKind::LookupAttributes),
            (by(AttributeKey::EventName, &"_".repeat(1001)), Rules::Aws, ErrorKind::LookupAttributes),
            (by(AttributeKey::ReadOnly, "True"), Rules::Aws, ErrorKind::LookupAttributes),
            (insight, Rules::Free, ErrorKind::LookupAttributes),
            (page(0), Rules::Aws, ErrorKind::MaxResults),
            (page(51), Rules::Aws, ErrorKind::MaxResults),
            (page(-1), Rules::Free, ErrorKind::MaxResults),
            (category("data"), Rules::Free, ErrorKind::EventCategory),
            (period(2, 1), Rules::Free, ErrorKind::TimeRange),
            (period(0, i64::MAX), Rules::Aws, ErrorKind::TimeRange),
        ] {
            assert_eq!(request.clone().check(rules).unwrap_err().kind, kind, "{request:?}");
        }
        for (request, rules, most) in [
            (two, Rules::Free, None),
            (Request::default(), Rules::Aws, Some(50)),
            (page(50), Rules::Aws, Some(50)),
            (page(51), Rules::Free, Some(51)),
            (period(1, 1), Rules::Aws, Some(50)),
            (by(AttributeKey::EventName, &"_".repeat(1000)), Rules::Aws, Some(50)),
            (category("all"), Rules::Aws, Some(50)),
        ] {
            assert_eq!(request.clone().check(rules).unwrap().most, most, "{request:?}");
        }
    }

    #[test]
    fn a_token_is_bound_to_all_but_the_size_of_the_page() {
        let request = by(AttributeKey::Username, "alice");
        let asked = request.clone().check(Rules::Aws).unwrap().asked();
        let position = Position { time: Some(7), event_id: "e".to_owned() };
        let token = Some(token::write(&asked, &position));
        let again = Request { next_token: token.clone(), max_results: Some(3), ..request.clone() };
        assert_eq!(again.check(Rules::Free).unwrap().after, Some(position));
        for other in [
            Request { next_token: token.clone(), ..by(AttributeKey::Username, "bob") },
            Request { next_token: token.clone(), ..by(AttributeKey::EventName, "alice") },
            Request { next_token: token.clone(), start: Some(0), ..request.clone() },
            Request { next_token: token.clone(), region: Some("us-east-1".to_owned()), ..request.clone() },
            Request { next_token: token.clone(), category: Some("all".to_owned()), ..request.clone() },
            Request { next_token: Some("x".to_owned()), ..request },
        ] {
            assert_eq!(other.check(Rules::Aws).unwrap_err().kind, ErrorKind::NextToken);
        }
    }
}
