//! Random filters: their text, and beside it what each term asks.

use proptest::prelude::*;
use std::sync::Arc;
use trailq::fields::{Field, Kind, Place};

use super::FILTERS;
use super::facts::ExpectedEvent;
use super::rng::Rng;

/// The clock of these tests.
pub const NOW: i64 = 1_709_380_800; // 2024-03-02T12:00:00Z

/// Paths into records of which some have something there.
pub const PATHS: &[&[&str]] = &[
    &["requestParameters", "bucketName"],
    &["requestParameters", "key"],
    &["requestParameters", "items", "name"],
    &["requestParameters", "items", "size"],
    &["requestParameters", "size"],
    &["requestParameters", "dotted.key"],
    &["requestParameters", "nested", "list"],
    &["requestParameters", "nested", "empty"],
    &["requestParameters", "nested", "object"],
    &["requestParameters", "number"],
    &["requestParameters", "flag"],
    &["requestParameters", "policy"],
    &["requestParameters"],
    &["responseElements", "_return"],
    &["resources", "ARN"],
    &["requestID"],
    &["customField", "inner"],
    &["userIdentity", "sessionContext", "attributes", "mfaAuthenticated"],
];

/// A part of a filter.
#[derive(Debug, Clone)]
pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Term(Term),
}

/// A term as it is written, and what it means.
#[derive(Debug, Clone)]
pub struct Term {
    pub text: String,
    pub about: About,
    pub test: Test,
    /// Written with `!=`.
    pub negated: bool,
}

/// What a term is about.
#[derive(Debug, Clone)]
pub enum About {
    Field(&'static Field),
    Path(Vec<String>),
    Bare,
}

/// What a term asks.
#[derive(Debug, Clone)]
pub enum Test {
    Like(Vec<Like>),
    Regex(String),
    Compare(&'static str, String),
    Flag(Vec<bool>),
    Number(&'static str, Vec<i64>),
    Contains(Vec<String>),
    /// A part of a time written so, and the offset from UTC in seconds: what begins with it is meant.
    Time(&'static str, Vec<(String, i64)>),
    Since(String, i64),
    Until(String, i64),
    /// Seconds before the newest event.
    Last(i64),
    /// Seconds before now.
    Ago(i64),
}

/// What a value is to be like.
#[derive(Debug, Clone)]
pub enum Like {
    Present,
    Exact(String),
    /// Texts with anything between them.
    Wild(Vec<String>),
    /// An address and the length of a prefix.
    Network(std::net::IpAddr, u32),
}

impl Filter {
    /// The filter as a lookup has it. `inner`: within a list of terms side by side.
    pub fn text(&self) -> String {
        self.written(false)
    }

    fn written(&self, inner: bool) -> String {
        let each = |parts: &[Filter], with: &str| {
            parts.iter().map(|part| part.written(with == " ")).collect::<Vec<_>>().join(with)
        };
        match self {
            Filter::Term(term) => term.text.clone(),
            Filter::Not(part) => match part.as_ref() {
                Filter::Term(term) => format!("not {}", term.text),
                group => format!("not ({})", group.written(false)),
            },
            Filter::All(parts) if inner => format!("({})", each(parts, " ")),
            Filter::All(parts) => each(parts, " "),
            Filter::Any(parts) if inner => format!("({})", each(parts, " or ")),
            // A group beside `or` needs its parentheses only where it is one of alternatives.
            Filter::Any(parts) => parts
                .iter()
                .map(|part| match part {
                    Filter::Any(_) => format!("({})", part.written(false)),
                    other => other.written(false),
                })
                .collect::<Vec<_>>()
                .join(" OR "),
        }
    }
}

/// Filters about these facts: trees that shrink, terms that do not.
pub fn filter(facts: Arc<Vec<ExpectedEvent>>) -> impl Strategy<Value = Filter> {
    let leaf = any::<u64>().no_shrink().prop_map(move |seed| Filter::Term(term(&facts, &mut Rng::new(seed), None)));
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::All),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Any),
            2 => inner.prop_map(|part| Filter::Not(Box::new(part))),
        ]
    })
}

/// A random term, of one field if that is given.
pub fn term(facts: &[ExpectedEvent], rng: &mut Rng, field: Option<&'static Field>) -> Term {
    if field.is_none() {
        match rng.below(12) {
            0 => return path_term(facts, rng),
            1 => return bare_term(facts, rng),
            2 => return bound_term(facts, rng),
            _ => {}
        }
    }
    // Resources come often, so that name and type are side by side.
    let resources = ["resource", "resource-type"];
    let field = field.unwrap_or_else(|| match rng.chance(20) {
        true => trailq::fields::find(rng.pick(&resources)).unwrap(),
        false => FILTERS[rng.below(FILTERS.len())],
    });
    let names: Vec<&str> = [field.name, field.column].into_iter().chain(field.aliases.iter().copied()).collect();
    let mut name = rng.pick(&names).to_owned();
    if rng.chance(20) {
        name = name.to_uppercase().replace('-', "_");
    }
    let equal = rng.pick(&["=", "=", "=", "!="]);
    let written = |values: &[String]| format!("{name}{equal}{}", values.join(","));
    let (text, test) = match (field.kind, field.place) {
        (_, Place::Record) => {
            let texts: Vec<String> = (0..1 + rng.below(2)).map(|_| excerpt(facts, rng)).collect();
            // A wildcard is a plain asterisk here.
            (written(&texts.iter().map(|text| quoted(text, rng)).collect::<Vec<_>>()), Test::Contains(texts))
        }
        (Kind::Time, _) => return time_term(facts, rng, field, &name),
        (Kind::Flag, _) if rng.chance(12) => (written(&["*".to_owned()]), Test::Like(vec![Like::Present])),
        (Kind::Flag, _) => {
            let flags: Vec<bool> = (0..1 + rng.below(5) / 4).map(|_| rng.chance(50)).collect();
            let words = flags.iter().map(|flag| {
                rng.pick(if *flag { &["true", "yes", "1", "True"] } else { &["false", "no", "0", "FALSE"] })
            });
            (written(&words.map(str::to_owned).collect::<Vec<_>>()), Test::Flag(flags))
        }
        (Kind::Number, _) if rng.chance(12) => (written(&["*".to_owned()]), Test::Like(vec![Like::Present])),
        (Kind::Number, _) => return number_term(facts, rng, field, &name),
        _ => return text_term(facts, rng, field, &name),
    };
    Term { text, about: About::Field(field), test, negated: equal == "!=" }
}

fn number_term(facts: &[ExpectedEvent], rng: &mut Rng, field: &'static Field, name: &str) -> Term {
    let operator = rng.pick(&["=", "!=", "<", "<=", ">", ">="]);
    let lists = matches!(operator, "=" | "!=");
    let count = if lists { 1 + rng.below(2) } else { 1 };
    let numbers: Vec<i64> =
        (0..count).map(|_| facts[rng.below(facts.len())].number(field.name).unwrap_or(10)).collect();
    let values: Vec<String> = numbers.iter().map(i64::to_string).collect();
    let text = format!("{name}{operator}{}", values.join(","));
    let meant = if operator == "!=" { "=" } else { operator };
    Term { text, about: About::Field(field), test: Test::Number(meant, numbers), negated: operator == "!=" }
}

fn text_term(facts: &[ExpectedEvent], rng: &mut Rng, field: &'static Field, name: &str) -> Term {
    let single =
        !matches!(field.place, Place::ResourceName | Place::ListedName | Place::Tag) && field.kind != Kind::Source;
    let about = About::Field(field);
    match rng.below(10) {
        0 => {
            let (text, expression) = regex(&value_of(facts, rng, field), rng);
            Term { text: format!("{name}~{text}"), about, test: Test::Regex(expression), negated: false }
        }
        1 if single => {
            let operator = rng.pick(&["<", "<=", ">", ">="]);
            let value = value_of(facts, rng, field);
            let text = format!("{name}{operator}{}", quoted(&value, rng));
            Term { text, about, test: Test::Compare(operator, value), negated: false }
        }
        _ => {
            let (texts, likes) = likes(facts, rng, Some(field));
            let equal = rng.pick(&["=", "=", " = ", "!="]);
            Term { text: format!("{name}{equal}{texts}"), about, test: Test::Like(likes), negated: equal == "!=" }
        }
    }
}

/// A list of values and what they ask.
fn likes(facts: &[ExpectedEvent], rng: &mut Rng, field: Option<&'static Field>) -> (String, Vec<Like>) {
    let count = if rng.chance(70) { 1 } else { 2 + rng.below(3) };
    let (mut texts, mut all) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let value = match field {
            Some(field) => value_of(facts, rng, field),
            None => bare_value(facts, rng),
        };
        let word = field.is_some_and(|field| matches!(field.kind, Kind::Word(_)));
        match rng.below(20) {
            0 if field.is_some() => (texts.push("*".to_owned()), all.push(Like::Present)),
            1 if field.is_some() && !word => {
                all.extend(LIST.map(|line| match line.split_once('*') {
                    Some((start, end)) => Like::Wild(vec![start.to_owned(), end.to_owned()]),
                    None => Like::Exact(line.to_owned()),
                }));
                texts.push("@list".to_owned());
                ((), ())
            }
            2..=6 => {
                let pieces = wild(&value, rng);
                let inner: Vec<String> = pieces.iter().map(|piece| escaped(piece, '"')).collect();
                let safe = pieces.iter().all(|piece| is_plain(piece)) && field.is_some();
                texts.push(match safe && rng.chance(60) {
                    true => pieces.join("*"),
                    false => format!("\"{}\"", inner.join("*")),
                });
                all.push(Like::Wild(pieces));
                ((), ())
            }
            7..=14 if field.is_some_and(|field| field.kind == Kind::Address) => {
                let network = rng.pick(&[
                    "10.0.0.0/8",
                    "10.1.0.0/16",
                    "203.0.113.77/32",
                    "2001:db8::/32",
                    "2001:db8:bad::/48",
                    "0.0.0.0/0",
                    "10.1.2.3/8",
                ]);
                let (address, length) = network.split_once('/').unwrap();
                (
                    texts.push(network.to_owned()),
                    all.push(Like::Network(address.parse().unwrap(), length.parse().unwrap())),
                )
            }
            _ => (texts.push(quoted(&value, rng)), all.push(Like::Exact(value))),
        };
    }
    let comma = rng.pick(&[",", ",", ", ", " , "]);
    (texts.join(comma), all)
}

/// The lines of the list that `@list` names.
pub const LIST: [&str; 4] = ["alice", "AKIA*", "say \"hi\"", "default"];

/// A value that an event has in a field, or one much like it.
fn value_of(facts: &[ExpectedEvent], rng: &mut Rng, field: &Field) -> String {
    let mut found = Vec::new();
    for _ in 0..8 {
        found = facts[rng.below(facts.len())].texts(field.name);
        if !found.is_empty() {
            break;
        }
    }
    let words = matches!(field.kind, Kind::Word(_));
    let value = match found.is_empty() {
        true => rng.pick(&["nothing", "alice", "a*b"]).to_owned(),
        false => found[rng.below(found.len())].clone(),
    };
    match rng.below(20) {
        _ if words => value,
        0 => value.to_lowercase(),
        1 => format!("{value}x"),
        2 => value.chars().skip(1).collect(),
        // The end of a path or an ARN.
        3..=8 if matches!(field.place, Place::ResourceName | Place::File) => {
            let at = value.rfind(['/', ':']).map_or(0, |at| at + 1);
            value[at..].to_owned()
        }
        9 | 10 if matches!(field.place, Place::ResourceName | Place::File) => {
            value.splitn(6, ['/', ':']).last().unwrap_or_default().to_owned()
        }
        3..=8 if field.kind == Kind::Source => value.split('.').next().unwrap_or_default().to_owned(),
        _ => value,
    }
}

/// A value cut into pieces, with any text between them.
fn wild(value: &str, rng: &mut Rng) -> Vec<String> {
    let characters: Vec<char> = value.chars().collect();
    let cut = |rng: &mut Rng| rng.below(characters.len() + 1);
    let (mut from, mut to) = (cut(rng), cut(rng));
    if from > to {
        std::mem::swap(&mut from, &mut to);
    }
    let text = |range: std::ops::Range<usize>| characters[range].iter().collect::<String>();
    match rng.below(4) {
        0 => vec![text(0..from), String::new()],
        1 => vec![String::new(), text(from..characters.len())],
        2 => vec![String::new(), text(from..to), String::new()],
        _ => vec![text(0..from), text(to..characters.len())],
    }
}

/// A regular expression as it is written, and as it is meant.
fn regex(value: &str, rng: &mut Rng) -> (String, String) {
    let piece = wild(value, rng).concat();
    let literal = regex::escape(&piece);
    let expression = match rng.below(5) {
        0 => format!("^{literal}"),
        1 => format!("{literal}$"),
        2 => format!("({literal}|nothing)"),
        3 => "[0-9]{2,}".to_owned(),
        _ => "^[^a-z ]".to_owned(),
    };
    // Escapes are the expression's own, all but that of the quote.
    let mut written = String::new();
    let mut characters = expression.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => written.extend([character].into_iter().chain(characters.next())),
            '"' => written.push_str("\\\""),
            other => written.push(other),
        }
    }
    (format!("\"{written}\""), expression)
}

/// Reports whether a value may be written without quotes anywhere.
fn is_plain(value: &str) -> bool {
    let keyword = matches!(value, "or" | "and" | "not");
    !keyword && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
}

/// The quoted form of a text.
fn escaped(value: &str, quote: char) -> String {
    let escape = |c: char| (c == quote || matches!(c, '\\' | '*')).then_some('\\').into_iter().chain([c]);
    value.chars().flat_map(escape).collect()
}

/// A value as it may be written: plain, with escapes, or in quotes of either kind.
pub fn quoted(value: &str, rng: &mut Rng) -> String {
    let bare = !matches!(value, "" | "or" | "and" | "not")
        && !value.starts_with(['\'', '@'])
        && !value.contains([',', '|', ')', '(']);
    let bare = bare && !value.chars().any(char::is_whitespace);
    match rng.below(4) {
        0 | 1 if is_plain(value) && !value.is_empty() => value.to_owned(),
        1 if bare => escaped(value, '"'),
        2 => format!("'{}'", escaped(value, '\'')),
        _ => format!("\"{}\"", escaped(value, '"')),
    }
}

/// A piece of a record's text, its escapes decoded.
fn excerpt(facts: &[ExpectedEvent], rng: &mut Rng) -> String {
    let decoded = super::oracle::decoded(&facts[rng.below(facts.len())].raw);
    let characters: Vec<char> = decoded.chars().collect();
    let start = rng.below(characters.len());
    let length = 1 + rng.below(25);
    let piece: String = characters.iter().skip(start).take(length).collect();
    match rng.below(8) {
        0 => piece.to_uppercase(),
        1 => rng
            .pick(&["*star*", "say \"hi\"", "naïve 😀", "😀", "ü", "\\", "\\ and \\\\", "line\nbreak", "0.0.0.0/0"])
            .to_owned(),
        _ => piece,
    }
}

/// A random term about a path.
pub fn path_term(facts: &[ExpectedEvent], rng: &mut Rng) -> Term {
    let keys: Vec<String> = PATHS[rng.below(PATHS.len())].iter().map(|key| (*key).to_owned()).collect();
    let name = path_text(&keys, rng);
    let found = (0..20).find_map(|_| facts[rng.below(facts.len())].at(&keys).into_iter().next());
    let value = found.map_or_else(|| "x".to_owned(), |found| found.text().to_owned());
    let about = About::Path(keys);
    match rng.below(6) {
        0 => Term { text: format!("{name}=*"), about, test: Test::Like(vec![Like::Present]), negated: false },
        1 => {
            let (text, expression) = regex(&value, rng);
            Term { text: format!("{name}~{text}"), about, test: Test::Regex(expression), negated: false }
        }
        2 => {
            let operator = rng.pick(&["<", "<=", ">", ">="]);
            let value = if rng.chance(40) { rng.pick(&["10", "9", "1.5", "100"]).to_owned() } else { value };
            let text = format!("{name}{operator}{}", quoted(&value, rng));
            Term { text, about, test: Test::Compare(operator, value), negated: false }
        }
        3 => {
            let pieces = wild(&value, rng);
            let inner: Vec<String> = pieces.iter().map(|piece| escaped(piece, '"')).collect();
            let text = format!("{name}=\"{}\"", inner.join("*"));
            Term { text, about, test: Test::Like(vec![Like::Wild(pieces)]), negated: false }
        }
        number => {
            let equal = if number == 4 { "=" } else { "!=" };
            let text = format!("{name}{equal}{},{}", quoted(&value, rng), quoted("other", rng));
            let likes = vec![Like::Exact(value), Like::Exact("other".to_owned())];
            Term { text, about, test: Test::Like(likes), negated: number != 4 }
        }
    }
}

/// A path as it may be written.
pub fn path_text(keys: &[String], rng: &mut Rng) -> String {
    let key = |key: &String| if key.contains('.') { format!("\"{key}\"") } else { key.clone() };
    let rest: Vec<String> = keys[1..].iter().map(key).collect();
    let first = match keys[0].as_str() {
        "requestParameters" if rng.chance(50) => "request".to_owned(),
        "responseElements" if rng.chance(50) => "response".to_owned(),
        "userIdentity" if rng.chance(30) => "USERIDENTITY".to_owned(),
        "customField" => "record.customField".to_owned(),
        other => other.to_owned(),
    };
    [first].into_iter().chain(rest).collect::<Vec<_>>().join(".")
}

fn bare_value(facts: &[ExpectedEvent], rng: &mut Rng) -> String {
    let fields = [
        "event-id",
        "key",
        "issued-key",
        "user",
        "session-name",
        "role",
        "arn",
        "principal",
        "ip",
        "resource",
        "shared-id",
        "region",
    ];
    let field = trailq::fields::find(rng.pick(&fields)).unwrap();
    value_of(facts, rng, field)
}

fn bare_term(facts: &[ExpectedEvent], rng: &mut Rng) -> Term {
    if rng.chance(70) {
        let value = bare_value(facts, rng);
        let plain = is_plain(&value) && value.contains(|c: char| c.is_ascii_digit());
        let text = if plain { value.clone() } else { format!("\"{}\"", escaped(&value, '"')) };
        return Term { text, about: About::Bare, test: Test::Like(vec![Like::Exact(value)]), negated: false };
    }
    let (text, likes) = likes(facts, rng, None);
    // In quotes from the beginning, since a plain word may be a keyword or a name.
    let text = format!("\"AKIADEPLOYBOTEXAMPLE\",{text}");
    let first = Like::Exact("AKIADEPLOYBOTEXAMPLE".to_owned());
    Term { text, about: About::Bare, test: Test::Like([first].into_iter().chain(likes).collect()), negated: false }
}

/// The first characters of an event's time, with an offset from UTC.
fn moment(facts: &[ExpectedEvent], rng: &mut Rng) -> (String, i64, String) {
    let time = facts[rng.below(facts.len())].time().unwrap_or(NOW) + [0, 0, 0, 1, -3600][rng.below(5)];
    let length = [4, 7, 10, 13, 16, 19][rng.below(6)];
    let offset = if length > 10 && rng.chance(25) { [3600, -19_800][rng.below(2)] } else { 0 };
    let begin = super::oracle::written(time, offset)[..length].to_owned();
    let suffix = match offset {
        3600 => rng.pick(&["+01:00", "+0100", "+01"]),
        -19_800 => "-05:30",
        _ if length > 10 => rng.pick(&["", "Z"]),
        _ => "",
    };
    let text = format!("{begin}{suffix}");
    (begin, offset, text)
}

fn time_term(facts: &[ExpectedEvent], rng: &mut Rng, field: &'static Field, name: &str) -> Term {
    let about = About::Field(field);
    if rng.chance(10) {
        return Term { text: format!("{name}=*"), about, test: Test::Like(vec![Like::Present]), negated: false };
    }
    let operator = rng.pick(&["=", "=", "!=", "<", "<=", ">", ">="]);
    let several = matches!(operator, "=" | "!=") && rng.chance(30);
    let moments: Vec<_> = (0..if several { 2 } else { 1 }).map(|_| moment(facts, rng)).collect();
    let values: Vec<&str> = moments.iter().map(|(_, _, text)| text.as_str()).collect();
    let text = format!("{name}{operator}{}", values.join(","));
    let meant = if operator == "!=" { "=" } else { operator };
    let test = Test::Time(meant, moments.iter().map(|(begin, offset, _)| (begin.clone(), *offset)).collect());
    Term { text, about, test, negated: operator == "!=" }
}

/// `since`, `until` and `last`.
fn bound_term(facts: &[ExpectedEvent], rng: &mut Rng) -> Term {
    let about = About::Field(trailq::fields::find("time").unwrap());
    let (begin, offset, text) = moment(facts, rng);
    let (number, (unit, seconds)) =
        (1 + rng.below(40) as i64, [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 604_800)][rng.below(5)]);
    let (text, test) = match rng.below(4) {
        0 => (format!("since={text}"), Test::Since(begin, offset)),
        1 => (format!("Until={text}"), Test::Until(begin, offset)),
        2 => (format!("last={number}{unit}"), Test::Last(number * seconds)),
        _ => (format!("since=now-{number}{unit}"), Test::Ago(number * seconds)),
    };
    Term { text, about, test, negated: false }
}
