//! Amazon Athena, engine version 3: Trino's SQL, and Hive's for tables.

use crate::sql::translate::dialect::{ArrayEnd, Column, ColumnType, Dialect, ListOp, RegexSyntax, quoted};
use crate::sql::translate::trino::Trino;

/// Amazon Athena.
pub(crate) struct Athena;

impl Dialect for Athena {
    fn name(&self) -> &'static str {
        "athena"
    }

    fn engine(&self) -> &'static str {
        "Athena engine version 3"
    }

    fn literal(&self, text: &str) -> String {
        Trino.literal(text)
    }

    fn identifier(&self, name: &str) -> Option<String> {
        Trino.identifier(name)
    }

    fn regex_syntax(&self) -> RegexSyntax {
        Trino.regex_syntax()
    }

    fn matches(&self, text: &str, pattern: &str) -> String {
        Trino.matches(text, pattern)
    }

    fn replace_matches(&self, text: &str, pattern: &str, with: &str) -> String {
        Trino.replace_matches(text, pattern, with)
    }

    fn contains(&self, text: &str, part: &str) -> String {
        Trino.contains(text, part)
    }

    fn array(&self, elements: &[String]) -> String {
        Trino.array(elements)
    }

    fn list(&self, list: &str, operation: ListOp<'_>) -> String {
        Trino.list(list, operation)
    }

    fn unnest(&self, list: &str, alias: &str, width: usize) -> String {
        Trino.unnest(list, alias, width)
    }

    fn json_values(&self, json: &str, keys: &[String], end: ArrayEnd) -> Result<String, String> {
        Trino.json_values(json, keys, end)
    }

    fn json_scalar(&self, value: &str) -> String {
        Trino.json_scalar(value)
    }

    fn json_raw(&self, value: &str) -> String {
        Trino.json_raw(value)
    }

    fn json_string(&self, text: &str) -> String {
        Trino.json_string(text)
    }

    fn number(&self, text: &str) -> String {
        Trino.number(text)
    }

    fn time_text(&self, seconds: &str) -> String {
        Trino.time_text(seconds)
    }

    fn unix_seconds(&self, text: &str) -> String {
        Trino.unix_seconds(text)
    }

    fn hexadecimal(&self, number: &str) -> String {
        Trino.hexadecimal(number)
    }

    fn aws_file(&self) -> Option<&'static str> {
        Trino.aws_file()
    }

    fn max_statement_bytes(&self) -> Option<usize> {
        Some(262_144)
    }

    fn table(&self, name: &str, columns: &[Column], location: &str) -> String {
        let typed: Vec<String> = columns.iter().map(|column| format!("  `{}` {}", column.name, kind(column))).collect();
        let folder = location.trim_end_matches('/');
        // Hive's SQL, unlike Trino's, has backslash escapes.
        let literal = |text: &str| quoted(&text.replace('\\', "\\\\"), &[]);
        // Names in Hive's SQL are quoted by backticks.
        let name = name.replace('"', "`");
        format!(
            "CREATE EXTERNAL TABLE {name} (\n{}\n)\nPARTITIONED BY (`event_date` string)\nSTORED AS PARQUET\n\
             LOCATION {}\nTBLPROPERTIES (\n  'projection.enabled' = 'true',\n  \
             'projection.event_date.type' = 'date',\n  'projection.event_date.format' = 'yyyy-MM-dd',\n  \
             'projection.event_date.range' = '2013-11-13,NOW',\n  \
             'storage.location.template' = {}\n)",
            typed.join(",\n"),
            literal(&format!("{folder}/")),
            literal(&format!("{folder}/event_date=${{event_date}}/")),
        )
    }

    fn default_location(&self) -> &'static str {
        "s3://BUCKET/events/"
    }
}

fn kind(column: &Column) -> &'static str {
    match column.kind {
        ColumnType::Text => "string",
        ColumnType::Flag => "boolean",
        ColumnType::Long => "bigint",
        ColumnType::Int => "int",
        ColumnType::Resources => {
            "array<struct<type:string,name:string,arn:string,account_id:string,aws_region:string,listed:boolean>>"
        }
    }
}
