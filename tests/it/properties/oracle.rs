//! What a filter means, evaluated fact by fact from the words of the language's description.

use std::cmp::Ordering;
use std::net::IpAddr;

use jiff::Timestamp;
use regex::Regex;
use trailq::fields::{Kind, Place};

use super::facts::{At, ExpectedEvent, Resource};
use super::filters::{About, Filter, Like, NOW, Term, Test};

/// Reports whether an event matches a filter. `newest`: the time of the case's newest event.
pub fn matches(filter: &Filter, fact: &ExpectedEvent, newest: i64) -> bool {
    match filter {
        Filter::Not(inner) => !matches(inner, fact, newest),
        Filter::Any(parts) => parts.iter().any(|part| matches(part, fact, newest)),
        Filter::Term(term) => term_matches(term, fact, newest),
        Filter::All(parts) => {
            let asks = |part: &Filter, wanted: Place| match part {
                Filter::Term(Term { about: About::Field(field), negated: false, .. }) => field.place == wanted,
                _ => false,
            };
            let of = |wanted| parts.iter().filter(move |part| asks(part, wanted)).filter_map(term_of);
            // Name and type side by side are the same resource's.
            let kind_of =
                |resource: &Resource, place| of(place).all(|kind| resource.kind.iter().any(|k| test(&kind.test, k)));
            let one = |name: &Term| {
                let mut all = fact.resources.iter();
                all.any(|resource| names_resource(resource, &name.test) && kind_of(resource, Place::ResourceType))
            };
            let one_listed = |name: &Term| {
                let mut all = fact.listed();
                all.any(|resource| test(&name.test, &resource.spelling()) && kind_of(resource, Place::ListedType))
            };
            let paired = |part: &Filter| {
                (asks(part, Place::ResourceType) && of(Place::ResourceName).next().is_some())
                    || (asks(part, Place::ListedType) && of(Place::ListedName).next().is_some())
                    || asks(part, Place::ResourceName)
                    || asks(part, Place::ListedName)
            };
            of(Place::ResourceName).all(one)
                && of(Place::ListedName).all(one_listed)
                && parts.iter().filter(|part| !paired(part)).all(|part| matches(part, fact, newest))
        }
    }
}

fn term_of(filter: &Filter) -> Option<&Term> {
    match filter {
        Filter::Term(term) => Some(term),
        _ => None,
    }
}

fn term_matches(term: &Term, fact: &ExpectedEvent, newest: i64) -> bool {
    let found = match &term.about {
        About::Bare => bare(&term.test, fact),
        About::Path(keys) => at_path(&term.test, &fact.at(keys)),
        About::Field(field) => match (field.kind, field.place) {
            (_, Place::Record) => contains(&term.test, &fact.raw),
            (Kind::Time, _) => fact.time().is_some_and(|time| in_time(&term.test, time, newest)),
            (Kind::Flag, _) => match (&term.test, fact.flag(field.name)) {
                (Test::Like(_), flag) => flag.is_some(),
                (Test::Flag(wanted), Some(flag)) => wanted.contains(&flag),
                _ => false,
            },
            (Kind::Number, _) => match (&term.test, fact.number(field.name)) {
                (Test::Like(_), number) => number.is_some(),
                (Test::Number(operator, wanted), Some(number)) => {
                    wanted.iter().any(|wanted| compare(operator, &number, wanted))
                }
                _ => false,
            },
            (_, Place::ResourceName) => fact.resources.iter().any(|resource| names_resource(resource, &term.test)),
            (_, Place::File) => fact.texts(field.name).iter().any(|path| path_or_name(path, &term.test, &['/'])),
            (Kind::Source, _) => fact.texts(field.name).iter().any(|source| is_source(source, &term.test)),
            _ => fact.texts(field.name).iter().any(|value| test(&term.test, value)),
        },
    };
    found != term.negated
}

/// "event id, access key and issued key, user, session, role, ARN, principal, address, resource and shared id".
fn bare(asked: &Test, fact: &ExpectedEvent) -> bool {
    let fields =
        ["event-id", "key", "issued-key", "user", "session-name", "role", "arn", "principal", "ip", "shared-id"];
    fields.iter().flat_map(|field| fact.texts(field)).any(|value| test(asked, &value))
        || fact.resources.iter().any(|resource| names_resource(resource, asked))
}

/// "a name, an id or an ARN, and a name also the ARNs that end in it".
fn names_resource(resource: &Resource, asked: &Test) -> bool {
    test(asked, &resource.name) || resource.arn.iter().any(|arn| path_or_name(arn, asked, &['/', ':']))
}

/// A whole text, or for a value what follows a separator in it.
fn path_or_name(text: &str, asked: &Test, separators: &[char]) -> bool {
    let ends = text.char_indices().filter(|(_, c)| separators.contains(c)).map(|(at, _)| &text[at + 1..]);
    test(asked, text) || (matches!(asked, Test::Like(_)) && ends.into_iter().any(|end| test(asked, end)))
}

/// "`source=ec2` means `ec2.amazonaws.com`".
fn is_source(source: &str, asked: &Test) -> bool {
    let Test::Like(likes) = asked else { return test(asked, source) };
    likes.iter().any(|wanted| match wanted {
        Like::Exact(value) if !value.contains('.') && !value.is_empty() => source == format!("{value}.amazonaws.com"),
        Like::Wild(pieces) if !pieces.concat().contains('.') => {
            let mut long = pieces.clone();
            long.last_mut().unwrap().push_str(".amazonaws.com");
            like(wanted, source) || like(&Like::Wild(long), source)
        }
        other => like(other, source),
    })
}

/// A text against what is asked of texts.
fn test(asked: &Test, value: &str) -> bool {
    match asked {
        Test::Like(likes) => likes.iter().any(|wanted| like(wanted, value)),
        Test::Regex(expression) => Regex::new(expression).unwrap().is_match(value),
        Test::Compare(operator, wanted) => compare(operator, value, wanted.as_str()),
        other => panic!("{other:?} is not asked of texts"),
    }
}

fn compare<T: PartialOrd + ?Sized>(operator: &str, a: &T, b: &T) -> bool {
    match operator {
        "=" => a == b,
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        ">=" => a >= b,
        other => panic!("no operator {other}"),
    }
}

fn like(wanted: &Like, value: &str) -> bool {
    match wanted {
        Like::Present => true,
        Like::Exact(wanted) => value == wanted,
        Like::Wild(pieces) => wild(pieces, value),
        Like::Network(network, length) => value.parse().is_ok_and(|address| in_network(address, *network, *length)),
    }
}

/// The first piece begins the value, the last one ends it, and the others are between them in order.
fn wild(pieces: &[String], value: &str) -> bool {
    match pieces {
        [] => false,
        [only] => value == only,
        [first, rest @ ..] => value.strip_prefix(first.as_str()).is_some_and(|left| {
            (0..=left.len()).filter(|at| left.is_char_boundary(*at)).any(|at| wild(rest, &left[at..]))
        }),
    }
}

fn in_network(address: IpAddr, network: IpAddr, length: u32) -> bool {
    let bits = |bytes: &[u8]| -> Vec<bool> {
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect()
    };
    let (a, b) = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (bits(&a.octets()), bits(&b.octets())),
        (IpAddr::V6(a), IpAddr::V6(b)) => (bits(&a.octets()), bits(&b.octets())),
        _ => return false,
    };
    a[..length as usize] == b[..length as usize]
}

/// `*`, in quotes or not, is "present".
fn is_any(wanted: &Like) -> bool {
    match wanted {
        Like::Present => true,
        Like::Wild(pieces) => pieces.iter().all(String::is_empty),
        _ => false,
    }
}

fn at_path(asked: &Test, found: &[At]) -> bool {
    found.iter().any(|value| match (asked, value) {
        (Test::Like(likes), _) if likes.iter().any(is_any) => true,
        // An object is its JSON, and like nothing else.
        (Test::Like(likes), At::Object(json)) => {
            likes.iter().any(|wanted| matches!(wanted, Like::Exact(w) if w == json))
        }
        (_, At::Object(_)) => false,
        // Numbers compare as numbers.
        (Test::Compare(operator, wanted), value) => match (decimal(value.text()), decimal(wanted)) {
            (Some(a), Some(b)) => compare(operator, &in_order(&a, &b), &Ordering::Equal),
            _ => compare(operator, value.text(), wanted.as_str()),
        },
        (asked, At::Number(written)) => {
            let short = serde_json::Number::from_f64(written.parse().unwrap()).unwrap().to_string();
            let whole = written.bytes().all(|byte| byte.is_ascii_digit());
            let same = in_order(&decimal(written).unwrap(), &decimal(&short).unwrap()) == Ordering::Equal;
            test(asked, written) || (!whole && same && test(asked, &short))
        }
        (asked, At::Text(text)) => test(asked, text),
    })
}

/// A number written out: whether it is below zero, and its digits before and after the point.
fn decimal(text: &str) -> Option<(bool, String, String)> {
    text.parse::<f64>().ok()?;
    let (negative, text) = (text.starts_with('-'), text.trim_start_matches(['-', '+']));
    let (digits, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (mut whole, mut fraction) = (whole.to_owned(), fraction.to_owned());
    for _ in 0..power.parse::<i32>().ok()?.max(0) {
        whole.push(if fraction.is_empty() { '0' } else { fraction.remove(0) });
    }
    for _ in power.parse::<i32>().ok()?..0 {
        fraction.insert(0, whole.pop().unwrap_or('0'));
    }
    Some((negative, whole, fraction))
}

fn in_order(a: &(bool, String, String), b: &(bool, String, String)) -> Ordering {
    let (wide, long) = (a.1.len().max(b.1.len()), a.2.len().max(b.2.len()));
    let padded = |number: &(bool, String, String)| format!("{:0>wide$}{:0<long$}", number.1, number.2);
    let sign = |number: &(bool, String, String)| match padded(number).bytes().all(|digit| digit == b'0') {
        true => 0,
        false if number.0 => -1,
        false => 1,
    };
    let size = padded(a).cmp(&padded(b));
    sign(a).cmp(&sign(b)).then(if sign(a) < 0 { size.reverse() } else { size })
}

/// "searches the record with its JSON escapes decoded, with case".
fn contains(asked: &Test, raw: &str) -> bool {
    let Test::Contains(texts) = asked else { panic!("text takes texts") };
    let decoded = decoded(raw);
    texts.iter().any(|text| decoded.contains(text))
}

/// JSON with its escapes decoded.
pub fn decoded(raw: &str) -> String {
    let mut units: Vec<u16> = Vec::new();
    let mut characters = raw.chars();
    let mut buffer = [0; 2];
    while let Some(character) = characters.next() {
        let plain = match character {
            '\\' => match characters.next().unwrap() {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => {
                    let digits: String = characters.by_ref().take(4).collect();
                    units.push(u16::from_str_radix(&digits, 16).unwrap());
                    continue;
                }
                other => other,
            },
            other => other,
        };
        units.extend_from_slice(plain.encode_utf16(&mut buffer));
    }
    String::from_utf16(&units).unwrap()
}

/// A time as it is written with an offset from UTC, without that offset.
pub fn written(time: i64, offset: i64) -> String {
    Timestamp::from_second(time + offset).unwrap().strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// A part of a written time is the span of all times that begin with it.
fn in_time(asked: &Test, time: i64, newest: i64) -> bool {
    let part = |begin: &str, offset: i64| written(time, offset)[..begin.len()].to_owned();
    match asked {
        Test::Like(_) => true,
        Test::Time(operator, moments) => {
            moments.iter().any(|(begin, offset)| compare(operator, part(begin, *offset).as_str(), begin.as_str()))
        }
        Test::Since(begin, offset) => part(begin, *offset).as_str() >= begin.as_str(),
        Test::Until(begin, offset) => part(begin, *offset).as_str() <= begin.as_str(),
        Test::Last(seconds) => time >= newest - seconds && time <= newest,
        Test::Ago(seconds) => time >= NOW - seconds,
        other => panic!("{other:?} is not asked of times"),
    }
}
