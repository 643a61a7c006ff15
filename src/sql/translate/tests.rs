//! Statements whatever the values are.

use std::collections::BTreeMap;
use std::sync::Mutex;

use proptest::prelude::*;

use crate::query::{self, Environment, ResolvedLookup};
use crate::sql::translate::{DIALECTS, RowKind, Target};

struct Elsewhere;

impl Environment for Elsewhere {
    fn now(&self) -> i64 {
        1_709_251_200
    }

    fn newest_event(&self) -> Option<i64> {
        None
    }

    fn finds_newest_when_run(&self) -> bool {
        true
    }

    fn read_list(&self, _: &str) -> Result<String, String> {
        Err("there is no such file".to_owned())
    }
}

fn resolved(text: &str) -> ResolvedLookup {
    query::resolve(&query::parse(text).unwrap(), &Elsewhere).unwrap()
}

fn statement(engine: &str, text: &str) -> String {
    Target::new(engine).unwrap().statement(&resolved(text), RowKind::Rows).unwrap()
}

/// Returns the text of a statement outside of its literals and quoted names, by the rules of a dialect. `None` if one of
/// them does not end.
fn outside_of_literals(sql: &str, engine: &str) -> Option<String> {
    let mut outside = String::new();
    let mut characters = sql.chars();
    while let Some(mark) = characters.next() {
        if !matches!(mark, '\'' | '"' | '`') {
            outside.push(mark);
            continue;
        }
        let has_escapes = match engine {
            "clickhouse" => true,
            "spark" => mark != '`',
            _ => false,
        };
        // A mark that is written twice ends a literal and begins another, which comes to the same.
        loop {
            match characters.next()? {
                '\\' if has_escapes => drop(characters.next()),
                inner if inner == mark => break,
                _ => {}
            }
        }
        if !outside.ends_with('?') {
            outside.push('?');
        }
    }
    Some(outside)
}

/// Returns what is left of a statement without the ways to write characters that cannot be read.
fn without_characters(outside: &str) -> String {
    let pattern = regex::Regex::new(r"\((?:\?|chr\(\d+\))(?: \|\| (?:\?|chr\(\d+\)))*\)|U&\?").unwrap();
    pattern.replace_all(outside, "?").into_owned()
}

/// Returns what is outside of literals in the statement for a term with a value that is plain text.
fn harmless(engine: &'static str, term: &'static str) -> String {
    static KNOWN: Mutex<BTreeMap<(&str, &str), String>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap();
    let made = || {
        without_characters(&outside_of_literals(&statement(engine, &term.replace('V', "harmless")), engine).unwrap())
    };
    known.entry((engine, term)).or_insert_with(made).clone()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_value_ends_its_literal(
        value in "[a-z0-9'\"\\\\`$%_!{};/*\\-\u{1}\u{7f}\u{e9}\u{2028}\u{202e}\u{1f600}\n\r\t #?:@()|]{0,12}",
    ) {
        let typed: String = value
            .chars()
            .map(|c| if matches!(c, '"' | '\\' | '*') { format!("\\{c}") } else { c.to_string() })
            .collect();
        for dialect in DIALECTS {
            let engine = dialect.name();
            for term in ["user=V", "user=V,V", "user=\"V*\"", "file=V", "resource=V", "listed-type=V", "user=~V", "text=V", "text=~V"] {
                let filled = |value: &str| match term.contains('"') {
                    true => statement(engine, &term.replace('V', value)),
                    false => statement(engine, &term.replace('V', &format!("\"{value}\""))),
                };
                let sql = filled(&typed);
                prop_assert!(!(engine == "spark" && sql.contains("${")), "{}", sql);
                let outside = outside_of_literals(&sql, engine);
                prop_assert!(outside.is_some(), "{}: {}", engine, sql);
                let outside = without_characters(&outside.unwrap_or_default());
                prop_assert!(!outside.contains(|c: char| !c.is_ascii() || c == ';') && !outside.contains("--"), "{}: {}", engine, sql);
                if !term.starts_with("text") && !value.is_empty() {
                    // LIKE names its escape where a value needs it.
                    let plain = |outside: &str| outside.replace(" ESCAPE ?", "");
                    prop_assert_eq!(plain(&outside), plain(&harmless(engine, term)), "{} {}", engine, term);
                }
            }
        }
    }

    #[test]
    fn no_path_and_no_table_ends_its_name(key in "[a-z'\"\\\\`%;.\\-\u{e9} /~]{1,8}") {
        let quoted = key.replace('\\', "\\\\").replace('"', "\\\"");
        for dialect in DIALECTS {
            let engine = dialect.name();
            let lookup = resolved(&format!("request.\"{quoted}\"=x | count by request.\"{quoted}\""));
            let target = Target { table: format!("a.{key}"), ..Target::new(engine).unwrap() };
            // What cannot be written is refused.
            let Ok(sql) = target.statement(&lookup, RowKind::Rows) else { continue };
            let outside = outside_of_literals(&sql, engine);
            prop_assert!(outside.is_some(), "{}: {}", engine, sql);
            let outside = outside.unwrap_or_default();
            prop_assert!(!outside.contains(|c: char| !c.is_ascii() || c == ';'), "{}: {}", engine, sql);
        }
    }
}

#[test]
fn what_a_statement_looks_like() {
    insta::assert_snapshot!(
        DIALECTS
            .map(|dialect| {
                let lookup = "user=o'brien region=us-* not outcome=denied ip=10.0.0.0/8 last=1d request.a=x text=\"<b>\" \
                              | top 5 resource,request.k";
                format!("-- {}\n{}\n", dialect.name(), statement(dialect.name(), lookup))
            })
            .join("\n")
    );
}
