//! DuckDB.

use crate::sql::translate::dialect::{ArrayEnd, Column, Dialect, ListOp, RegexSyntax, is_unprintable, quoted};

/// DuckDB.
pub(crate) struct DuckDb;

impl Dialect for DuckDb {
    fn name(&self) -> &'static str {
        "duckdb"
    }

    fn engine(&self) -> &'static str {
        "DuckDB 2.0"
    }

    fn literal(&self, text: &str) -> String {
        if !text.contains(is_unprintable) {
            return quoted(text, &[]);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(is_unprintable) {
            if at > 0 {
                parts.push(quoted(&rest[..at], &[]));
            }
            let Some(character) = rest[at..].chars().next() else { break };
            parts.push(format!("chr({})", u32::from(character)));
            rest = &rest[at + character.len_utf8()..];
        }
        if !rest.is_empty() {
            parts.push(quoted(rest, &[]));
        }
        format!("({})", parts.join(" || "))
    }

    fn identifier(&self, name: &str) -> Option<String> {
        Some(format!("\"{}\"", name.replace('"', "\"\"")))
    }

    fn regex_syntax(&self) -> RegexSyntax {
        RegexSyntax::Re2
    }

    fn matches(&self, text: &str, pattern: &str) -> String {
        format!("regexp_matches({text}, {pattern})")
    }

    fn replace_matches(&self, text: &str, pattern: &str, with: &str) -> String {
        format!("regexp_replace({text}, {pattern}, {with}, 'g')")
    }

    fn list(&self, list: &str, operation: ListOp<'_>) -> String {
        match operation {
            ListOp::Any(element, condition) => format!("len(list_filter({list}, lambda {element}: {condition})) > 0"),
            ListOp::Map(element, body) => format!("list_transform({list}, lambda {element}: {body})"),
            ListOp::Filter(element, condition) => format!("list_filter({list}, lambda {element}: {condition})"),
            ListOp::Distinct => format!("list_distinct({list})"),
            ListOp::Sorted => format!("list_sort({list})"),
            ListOp::Joined(between) => format!("array_to_string({list}, {between})"),
            ListOp::Length => format!("len({list})"),
            ListOp::At(place) => format!("({list})[{place}]"),
        }
    }

    fn unnest(&self, list: &str, alias: &str, _width: usize) -> String {
        format!("LEFT JOIN LATERAL (SELECT unnest({list}) AS {alias}_value) {alias} ON true")
    }

    fn json_values(&self, json: &str, keys: &[String], end: ArrayEnd) -> Result<String, String> {
        let mut values = format!("[TRY_CAST({json} AS JSON)]");
        for (at, key) in keys.iter().enumerate() {
            let value = format!("json_extract(x, {})", self.literal(&pointer(key)));
            values = if at + 1 == keys.len() && end == ArrayEnd::Whole {
                format!("list_transform({values}, lambda x: {value})")
            } else {
                format!(
                    "flatten(list_transform({values}, lambda x: CASE json_type({value}) WHEN 'ARRAY' \
                     THEN json_extract({value}, '$[*]') ELSE [{value}] END))"
                )
            };
        }
        Ok(format!("list_filter({values}, lambda x: json_type(x) <> 'NULL')"))
    }

    fn json_scalar(&self, value: &str) -> String {
        format!("CASE WHEN json_type({value}) IN ('OBJECT', 'ARRAY') THEN NULL ELSE {value} ->> '$' END")
    }

    fn json_raw(&self, value: &str) -> String {
        format!("CAST({value} AS VARCHAR)")
    }

    fn json_string(&self, text: &str) -> String {
        format!("CAST(to_json({text}) AS VARCHAR)")
    }

    fn number(&self, text: &str) -> String {
        format!("TRY_CAST({text} AS DOUBLE)")
    }

    fn time_text(&self, seconds: &str) -> String {
        format!("strftime(make_timestamp({seconds} * 1000000), '%Y-%m-%dT%H:%M:%SZ')")
    }

    fn unix_seconds(&self, text: &str) -> String {
        format!("CAST(epoch(TRY_CAST({text} AS TIMESTAMPTZ)) AS BIGINT)")
    }

    fn hexadecimal(&self, number: &str) -> String {
        format!("printf('%08x', {number})")
    }

    fn table(&self, name: &str, _columns: &[Column], partitions: &[&str], location: &str) -> String {
        let files = self.literal(&format!("{}/**/*.parquet", location.trim_end_matches('/')));
        let types: Vec<String> = partitions.iter().map(|partition| format!("'{partition}': VARCHAR")).collect();
        format!(
            "CREATE VIEW {name} AS\nSELECT *\nFROM read_parquet({files}, hive_partitioning = true, \
             hive_types = {{{}}})",
            types.join(", ")
        )
    }
}

/// Returns a key as a JSON pointer, which takes any key.
fn pointer(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}
