//! Spark SQL, and Databricks.

use std::fmt::Write as _;

use crate::sql::translate::athena::hive_type;
use crate::sql::translate::dialect::{ArrayEnd, Column, Dialect, ListFunctions, RegexSyntax, is_unprintable};

/// Spark SQL. VARIANT, which it reads records with, needs version 4.
pub(crate) struct Spark;

impl Dialect for Spark {
    fn name(&self) -> &'static str {
        "spark"
    }

    fn engine(&self) -> &'static str {
        "Spark 4"
    }

    fn literal(&self, text: &str) -> String {
        let mut literal = String::from("'");
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\\' | '\'' => literal.extend(['\\', character]),
                // Spark replaces `${name}` in the text of a statement, literals included, before it reads it.
                '$' if characters.peek() == Some(&'{') => literal.push_str("\\u0024"),
                c if is_unprintable(c) => {
                    let _ = write!(literal, "\\u{:04x}", u32::from(c));
                }
                c => literal.push(c),
            }
        }
        literal.push('\'');
        literal
    }

    fn identifier(&self, name: &str) -> Option<String> {
        // Names have no escape for `${`.
        let is_possible = !name.contains("${") && !name.contains(is_unprintable);
        is_possible.then(|| format!("`{}`", name.replace('`', "``")))
    }

    fn regex_syntax(&self) -> RegexSyntax {
        RegexSyntax::Java
    }

    fn matches(&self, text: &str, pattern: &str) -> String {
        format!("{text} RLIKE {pattern}")
    }

    fn array(&self, elements: &[String]) -> String {
        format!("array({})", elements.join(", "))
    }

    fn list_functions(&self) -> ListFunctions {
        ListFunctions { any: "exists", length: "size" }
    }

    fn unnest(&self, list: &str, alias: &str, _width: usize) -> String {
        format!("LATERAL VIEW OUTER explode({list}) {alias} AS {alias}_value")
    }

    fn json_values(&self, json: &str, keys: &[String], end: ArrayEnd) -> Result<String, String> {
        let mut values = format!("array(try_parse_json({json}))");
        for (at, key) in keys.iter().enumerate() {
            let mark = match (key.contains('"'), key.contains('\'')) {
                (false, _) => '"',
                (true, false) => '\'',
                (true, true) => return Err("a key with both \" and ' has no path in Spark".to_owned()),
            };
            let path = self.literal(&format!("$[{mark}{key}{mark}]"));
            values = if at + 1 == keys.len() && end == ArrayEnd::Whole {
                format!("transform({values}, x -> try_variant_get(x, {path}, 'variant'))")
            } else {
                format!(
                    "flatten(transform({values}, x -> coalesce(try_variant_get(x, {path}, 'array<variant>'), \
                     array(try_variant_get(x, {path}, 'variant')))))"
                )
            };
        }
        Ok(format!("filter({values}, x -> x IS NOT NULL AND NOT is_variant_null(x))"))
    }

    fn json_scalar(&self, value: &str) -> String {
        format!(
            "CASE WHEN schema_of_variant({value}) LIKE 'OBJECT%' OR schema_of_variant({value}) LIKE 'ARRAY%' THEN NULL \
             ELSE try_variant_get({value}, '$', 'string') END"
        )
    }

    fn json_raw(&self, value: &str) -> String {
        format!("to_json({value})")
    }

    fn json_string(&self, text: &str) -> String {
        // to_json takes no text by itself.
        format!("regexp_replace(to_json(array({text})), '^\\\\[|\\\\]$', '')")
    }

    fn number(&self, text: &str) -> String {
        format!("try_cast({text} AS DOUBLE)")
    }

    fn time_text(&self, seconds: &str) -> String {
        format!(
            "date_format(timestampadd(SECOND, {seconds}, TIMESTAMP_NTZ'1970-01-01 00:00:00'), \
             \"yyyy-MM-dd'T'HH:mm:ss'Z'\")"
        )
    }

    fn number_text(&self, number: &str) -> String {
        format!("CAST({number} AS STRING)")
    }

    fn unix_seconds(&self, text: &str) -> String {
        format!("unix_seconds(try_to_timestamp({text}))")
    }

    fn hexadecimal(&self, number: &str) -> String {
        format!("lpad(lower(hex({number})), 8, '0')")
    }

    fn table(&self, name: &str, columns: &[Column], partitions: &[&str], location: &str) -> String {
        let location = self.literal(location);
        if let [_] = partitions {
            return format!("CREATE TABLE {name}\nUSING parquet\nLOCATION {location}");
        }
        // Spark would find numbers in the folders of accounts.
        let columns: Vec<String> = columns
            .iter()
            .map(|column| format!("  `{}` {}", column.name, hive_type(column.kind)))
            .chain(partitions.iter().map(|partition| format!("  `{partition}` string")))
            .collect();
        let (columns, partitions) = (columns.join(",\n"), partitions.join(", "));
        format!(
            "CREATE TABLE {name} (\n{columns}\n)\nUSING parquet\nPARTITIONED BY ({partitions})\nLOCATION {location}"
        )
    }
}
