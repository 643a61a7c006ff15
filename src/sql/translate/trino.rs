//! Trino.

use crate::sql::translate::dialect::{ArrayEnd, Column, ColumnType, Dialect, RegexSyntax, is_unprintable, quoted};

/// Trino.
pub(crate) const TRINO: Trino = Trino { name: "trino", engine: "Trino", max_statement_bytes: 1_000_000, create_table };

/// An engine with Trino's SQL for queries.
pub(crate) struct Trino {
    /// The name that `--for` takes.
    pub(crate) name: &'static str,
    /// The name of the engine, with its version.
    pub(crate) engine: &'static str,
    /// The largest number of bytes of a statement.
    pub(crate) max_statement_bytes: usize,
    /// Returns the statement that makes a table of this name over the files at a place.
    pub(crate) create_table: fn(name: &str, columns: &[Column], partitions: &[&str], location: &str) -> String,
}

impl Dialect for Trino {
    fn name(&self) -> &'static str {
        self.name
    }

    fn engine(&self) -> &'static str {
        self.engine
    }

    fn literal(&self, text: &str) -> String {
        literal(text)
    }

    fn identifier(&self, name: &str) -> Option<String> {
        (!name.contains(is_unprintable)).then(|| format!("\"{}\"", name.replace('"', "\"\"")))
    }

    fn regex_syntax(&self) -> RegexSyntax {
        RegexSyntax::Trino
    }

    fn matches(&self, text: &str, pattern: &str) -> String {
        format!("regexp_like({text}, {pattern})")
    }

    fn contains(&self, text: &str, part: &str) -> String {
        format!("strpos({text}, {part}) > 0")
    }

    fn array(&self, elements: &[String]) -> String {
        format!("ARRAY[{}]", elements.join(", "))
    }

    fn unnest(&self, list: &str, alias: &str, _width: usize) -> String {
        format!("LEFT JOIN UNNEST({list}) AS {alias} ({alias}_value) ON TRUE")
    }

    fn json_values(&self, json: &str, keys: &[String], end: ArrayEnd) -> Result<String, String> {
        if keys.iter().any(|key| key.contains(is_unprintable)) {
            return Err("a key with control characters has no path".to_owned());
        }
        let steps: String = keys.iter().map(|key| format!(".\"{}\"", key.replace('"', "\"\""))).collect();
        let last = if end == ArrayEnd::Elements { "[*]" } else { "" };
        let path = self.literal(&format!("lax ${steps}{last}"));
        let found = format!(
            "json_query({json}, {path} WITH UNCONDITIONAL ARRAY WRAPPER EMPTY ARRAY ON EMPTY EMPTY ARRAY ON ERROR)"
        );
        // A record that is NULL has no values.
        let values = format!("CAST(json_parse(coalesce({found}, '[]')) AS array(json))");
        Ok(format!("filter({values}, x -> json_format(x) <> 'null')"))
    }

    fn json_scalar(&self, value: &str) -> String {
        format!("json_extract_scalar({value}, '$')")
    }

    fn json_raw(&self, value: &str) -> String {
        format!("json_format({value})")
    }

    fn json_string(&self, text: &str) -> String {
        format!("json_format(CAST({text} AS json))")
    }

    fn number(&self, text: &str) -> String {
        format!("TRY_CAST({text} AS double)")
    }

    fn time_text(&self, seconds: &str) -> String {
        format!("date_format(from_unixtime({seconds}) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%i:%sZ')")
    }

    fn unix_seconds(&self, text: &str) -> String {
        format!("CAST(to_unixtime(TRY(from_iso8601_timestamp({text}))) AS bigint)")
    }

    fn hexadecimal(&self, number: &str) -> String {
        format!("lpad(to_base({number}, 16), 8, '0')")
    }

    fn aws_file(&self) -> Option<&'static str> {
        Some("c.\"$path\"")
    }

    fn max_statement_bytes(&self) -> Option<usize> {
        Some(self.max_statement_bytes)
    }

    fn table(&self, name: &str, columns: &[Column], partitions: &[&str], location: &str) -> String {
        (self.create_table)(name, columns, partitions, location)
    }

    fn default_location(&self) -> &'static str {
        "s3://BUCKET/events/"
    }
}

fn literal(text: &str) -> String {
    if !text.contains(is_unprintable) {
        return quoted(text, &[]);
    }
    let escaped: String = quoted(text, &['\\'])
        .chars()
        .map(|c| if is_unprintable(c) { format!("\\{:04x}", u32::from(c)) } else { c.to_string() })
        .collect();
    format!("U&{escaped}")
}

fn create_table(name: &str, columns: &[Column], partitions: &[&str], location: &str) -> String {
    let typed: Vec<String> = columns
        .iter()
        .map(|column| format!("  {} {}", column.name, kind(column)))
        .chain(partitions.iter().map(|partition| format!("  {partition} varchar")))
        .collect();
    format!(
        "CREATE TABLE {name} (\n{}\n)\nWITH (\n  format = 'PARQUET',\n  \
         partitioned_by = ARRAY['{}'],\n  external_location = {}\n)",
        typed.join(",\n"),
        partitions.join("', '"),
        literal(location)
    )
}

fn kind(column: &Column) -> &'static str {
    match column.kind {
        ColumnType::Text => "varchar",
        ColumnType::Flag => "boolean",
        ColumnType::Long => "bigint",
        ColumnType::Int => "integer",
        ColumnType::Resources => {
            "array(row(type varchar, name varchar, arn varchar, account_id varchar, aws_region varchar, listed boolean))"
        }
    }
}
