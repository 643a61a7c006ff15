//! Terms with long lists: values that events have, and many that none has.

use std::net::IpAddr;

use trailq::fields::{Field, Kind, Place};

use super::facts::ExpectedEvent;
use super::filters::{About, Like, NOW, PATHS, Term, Test, path_text, quoted};
use super::rng::Rng;

/// A term with a list of the given number of values.
pub fn long_term(facts: &[ExpectedEvent], rng: &mut Rng, about: About, length: usize) -> Term {
    let name = match &about {
        About::Field(field) => field.name.to_owned(),
        About::Path(keys) => path_text(keys, rng),
        About::Bare => String::new(),
    };
    let negated = !name.is_empty() && rng.chance(30);
    let (texts, test) = match &about {
        About::Field(field) if field.place == Place::Record => {
            let texts: Vec<String> = (0..length)
                .map(|number| if number == 7 { excerpt(facts, rng) } else { format!("no text {number}") })
                .collect();
            (texts.clone(), Test::Contains(texts))
        }
        About::Field(field) if field.kind == Kind::Number => {
            let some = facts[rng.below(facts.len())].number(field.name).unwrap_or(10);
            let numbers: Vec<i64> = (0..length as i64).map(|n| if n == 3 { some } else { 5_000_000 + n }).collect();
            (numbers.iter().map(i64::to_string).collect(), Test::Number("=", numbers))
        }
        About::Field(field) if field.kind == Kind::Flag => {
            let flags = vec![rng.chance(50); length];
            (flags.iter().map(bool::to_string).collect(), Test::Flag(flags))
        }
        About::Field(field) if field.kind == Kind::Time => {
            let some = facts[rng.below(facts.len())].time().unwrap_or(NOW);
            let moments: Vec<(String, i64)> = (0..length as i64)
                .map(|n| (super::oracle::written(if n == 5 { some } else { NOW + 7 * n }, 0), 0))
                .collect();
            (moments.iter().map(|(text, _)| format!("{text}Z")).collect(), Test::Time("=", moments))
        }
        About::Field(field) if matches!(field.kind, Kind::Word(_)) => {
            let value = facts[rng.below(facts.len())].texts(field.name)[0].clone();
            return term(name, negated, about, vec![value.clone(); length], Test::Like(vec![Like::Exact(value)]));
        }
        _ => {
            let likes = likes(facts, rng, &about, length);
            (likes.iter().map(|like| written(like, rng)).collect(), Test::Like(likes))
        }
    };
    term(name, negated, about, texts, test)
}

fn term(name: String, negated: bool, about: About, texts: Vec<String>, test: Test) -> Term {
    let operator = if name.is_empty() {
        ""
    } else if negated {
        "!="
    } else {
        "="
    };
    let texts = match &about {
        About::Field(field) if field.place == Place::Record => {
            texts.iter().map(|text| quoted(text, &mut Rng::new(2))).collect()
        }
        _ => texts,
    };
    Term { text: format!("{name}{operator}{}", texts.join(",")), about, test, negated }
}

/// Exact values alone, or mixed with wildcards, and with networks where the field has them.
fn likes(facts: &[ExpectedEvent], rng: &mut Rng, about: &About, length: usize) -> Vec<Like> {
    let mixed = !matches!(about, About::Bare) && rng.chance(60);
    let networks = matches!(about, About::Field(Field { kind: Kind::Address, .. })) && rng.chance(60);
    (0..length)
        .map(|number| {
            let value = match number % 97 {
                0 => value_of(facts, rng, about),
                _ => format!("none-{}-{number}", rng.below(9)),
            };
            let characters: Vec<char> = value.chars().collect();
            let (half, end) = (characters.len() / 2, characters.len());
            let text = |range: std::ops::Range<usize>| characters[range].iter().collect::<String>();
            match number % 5 {
                1 | 2 if networks => {
                    let address = IpAddr::from([10, (number % 256) as u8, (number / 256) as u8, 0]);
                    Like::Network(address, 24 + (number % 9) as u32)
                }
                0 if mixed && half > 2 => Like::Wild(vec![text(0..half), String::new()]),
                1 if mixed && half > 2 => Like::Wild(vec![String::new(), text(half..end)]),
                2 if mixed && half > 2 => Like::Wild(vec![text(0..2), text(half..end - 1), String::new()]),
                3 if mixed && half > 2 => Like::Wild(vec![String::new(), text(1..half), String::new()]),
                _ => Like::Exact(value),
            }
        })
        .collect()
}

fn value_of(facts: &[ExpectedEvent], rng: &mut Rng, about: &About) -> String {
    let fields = ["event-id", "key", "user", "arn", "ip", "resource", "role"];
    let found = |rng: &mut Rng| {
        let fact = &facts[rng.below(facts.len())];
        match about {
            About::Field(field) => fact.texts(field.name),
            About::Path(keys) => fact.at(keys).iter().map(|value| value.text().to_owned()).collect(),
            About::Bare => fact.texts(rng.pick(&fields)),
        }
    };
    let all = (0..20).map(|_| found(rng)).find(|all| !all.is_empty()).unwrap_or_else(|| vec!["alice".to_owned()]);
    let value = all[rng.below(all.len())].clone();
    let short = matches!(about, About::Field(Field { place: Place::ResourceName | Place::File, .. }) | About::Bare);
    let end = value.rfind(['/', ':']).map_or(0, |at| at + 1);
    if short && rng.chance(50) { value[end..].to_owned() } else { value }
}

fn excerpt(facts: &[ExpectedEvent], rng: &mut Rng) -> String {
    facts[rng.below(facts.len())].id()
}

fn written(like: &Like, rng: &mut Rng) -> String {
    match like {
        Like::Exact(value) => quoted(value, rng),
        Like::Network(address, bits) => format!("{address}/{bits}"),
        Like::Wild(pieces) => {
            let escaped = |piece: &String| piece.replace('\\', "\\\\").replace('"', "\\\"").replace('*', "\\*");
            format!("\"{}\"", pieces.iter().map(escaped).collect::<Vec<_>>().join("*"))
        }
        Like::Present => "*".to_owned(),
    }
}

/// A path of those that records have.
pub fn some_path(rng: &mut Rng) -> About {
    About::Path(PATHS[rng.below(PATHS.len())].iter().map(|key| (*key).to_owned()).collect())
}
