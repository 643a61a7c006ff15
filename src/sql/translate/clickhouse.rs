//! ClickHouse.

use std::fmt::Write as _;

use crate::sql::translate::dialect::{ArrayEnd, Column, ColumnType, Dialect, ListOp, RegexSyntax, is_unprintable};

/// ClickHouse.
pub(crate) struct ClickHouse;

/// Returns a text between two marks, with ClickHouse's escapes.
fn escaped(text: &str, mark: char) -> String {
    let mut literal = String::from(mark);
    for character in text.chars() {
        match character {
            '\\' => literal.push_str("\\\\"),
            c if c == mark => literal.extend(['\\', c]),
            c if c.is_ascii() && is_unprintable(c) => {
                let _ = write!(literal, "\\x{:02x}", u32::from(c));
            }
            // Of other characters each byte is written.
            c if is_unprintable(c) => {
                let mut buffer = [0; 4];
                for byte in c.encode_utf8(&mut buffer).bytes() {
                    let _ = write!(literal, "\\x{byte:02x}");
                }
            }
            c => literal.push(c),
        }
    }
    literal.push(mark);
    literal
}

impl Dialect for ClickHouse {
    fn name(&self) -> &'static str {
        "clickhouse"
    }

    fn engine(&self) -> &'static str {
        "ClickHouse 26"
    }

    fn literal(&self, text: &str) -> String {
        escaped(text, '\'')
    }

    fn identifier(&self, name: &str) -> Option<String> {
        Some(escaped(name, '`'))
    }

    fn regex_syntax(&self) -> RegexSyntax {
        RegexSyntax::Re2
    }

    fn matches(&self, text: &str, pattern: &str) -> String {
        format!("match({text}, {pattern})")
    }

    fn replace_matches(&self, text: &str, pattern: &str, with: &str) -> String {
        format!("replaceRegexpAll({text}, {pattern}, {with})")
    }

    fn contains(&self, text: &str, part: &str) -> String {
        format!("position({text}, {part}) > 0")
    }

    fn list(&self, list: &str, operation: ListOp<'_>) -> String {
        match operation {
            ListOp::Any(element, condition) => format!("arrayExists({element} -> {condition}, {list})"),
            ListOp::Map(element, body) => format!("arrayMap({element} -> {body}, {list})"),
            ListOp::Filter(element, condition) => format!("arrayFilter({element} -> {condition}, {list})"),
            ListOp::Distinct => format!("arrayDistinct({list})"),
            ListOp::Sorted => format!("arraySort({list})"),
            ListOp::Joined(between) => format!("arrayStringConcat({list}, {between})"),
            ListOp::Length => format!("length({list})"),
            ListOp::At(place) => format!("({list})[{place}]"),
        }
    }

    fn unnest(&self, list: &str, alias: &str, width: usize) -> String {
        let (kind, none) = match width {
            0 => ("Array(Nullable(String))", "[NULL]".to_owned()),
            width => ("Array(Array(Nullable(String)))", format!("[[{}]]", vec!["NULL"; width].join(", "))),
        };
        format!("ARRAY JOIN if(empty({list}), CAST({none}, '{kind}'), CAST({list}, '{kind}')) AS {alias}_value")
    }

    fn json_values(&self, json: &str, keys: &[String], end: ArrayEnd) -> Result<String, String> {
        let mut values = format!("[coalesce({json}, '')]");
        for (at, key) in keys.iter().enumerate() {
            let key = self.literal(key);
            values = if at + 1 == keys.len() && end == ArrayEnd::Whole {
                format!("arrayMap(x -> JSONExtractRaw(x, {key}), {values})")
            } else {
                format!(
                    "arrayFlatten(arrayMap(x -> if(JSONType(x, {key}) = 'Array', JSONExtractArrayRaw(x, {key}), \
                     [JSONExtractRaw(x, {key})]), {values}))"
                )
            };
        }
        Ok(format!("arrayFilter(x -> x NOT IN ('', 'null'), {values})"))
    }

    fn json_scalar(&self, value: &str) -> String {
        format!(
            "multiIf(startsWith({value}, '\"'), toNullable(JSONExtractString({value})), \
             startsWith({value}, '{{') OR startsWith({value}, '['), NULL, {value})"
        )
    }

    fn json_raw(&self, value: &str) -> String {
        value.to_owned()
    }

    fn json_string(&self, text: &str) -> String {
        format!("replaceAll(toJSONString(assumeNotNull({text})), '\\\\/', '/')")
    }

    fn number(&self, text: &str) -> String {
        format!("toFloat64OrNull({text})")
    }

    fn time_text(&self, seconds: &str) -> String {
        format!("formatDateTime(toDateTime64({seconds}, 0, 'UTC'), '%Y-%m-%dT%H:%i:%SZ', 'UTC')")
    }

    fn number_text(&self, number: &str) -> String {
        format!("toString({number})")
    }

    fn max_statement_bytes(&self) -> Option<usize> {
        Some(262_144)
    }

    fn unix_seconds(&self, text: &str) -> String {
        format!("toUnixTimestamp(parseDateTimeBestEffortOrNull({text}, 'UTC'))")
    }

    fn hexadecimal(&self, number: &str) -> String {
        format!("lower(leftPad(hex({number}), 8, '0'))")
    }

    fn without_aws_table(&self) -> Option<&'static str> {
        Some("ClickHouse does not read AWS's table, which is one of Hive's")
    }

    fn table(&self, name: &str, columns: &[Column], partitions: &[&str], location: &str) -> String {
        let typed: Vec<String> = columns
            .iter()
            .map(|column| {
                let kind = match column.kind {
                    ColumnType::Text => "Nullable(String)",
                    ColumnType::Flag => "Nullable(Bool)",
                    ColumnType::Long => "Nullable(Int64)",
                    ColumnType::Int => "Nullable(Int32)",
                    ColumnType::Resources => {
                        "Array(Tuple(type Nullable(String), name Nullable(String), arn Nullable(String), \
                         account_id Nullable(String), aws_region Nullable(String), listed Nullable(Bool)))"
                    }
                };
                format!("{} {kind}", column.name)
            })
            .chain(partitions.iter().map(|partition| format!("{partition} Nullable(String)")))
            .collect();
        let files = self.literal(&format!("{}/**/*.parquet", location.trim_end_matches('/')));
        format!(
            "CREATE VIEW {name} AS\nSELECT *\nFROM file({files}, 'Parquet', {})\n\
             SETTINGS use_hive_partitioning = 1",
            self.literal(&typed.join(", "))
        )
    }
}
