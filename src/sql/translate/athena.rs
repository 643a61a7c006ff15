//! Amazon Athena, engine version 3: Trino's SQL, and Hive's for tables.

use crate::sql::translate::dialect::{Column, ColumnType, quoted};
use crate::sql::translate::trino::Trino;

/// Amazon Athena.
pub(crate) const ATHENA: Trino = Trino {
    name: "athena",
    engine: "Athena engine version 3",
    max_statement_bytes: 262_144,
    create_table: create_external_table,
};

fn create_external_table(name: &str, columns: &[Column], partitions: &[&str], location: &str) -> String {
    let typed: Vec<String> =
        columns.iter().map(|column| format!("  `{}` {}", column.name, hive_type(column.kind))).collect();
    let partitioned: Vec<String> = partitions.iter().map(|partition| format!("`{partition}` string")).collect();
    let folder = location.trim_end_matches('/');
    // Hive's SQL, unlike Trino's, has backslash escapes.
    let literal = |text: &str| quoted(&text.replace('\\', "\\\\"), &[]);
    // Names in Hive's SQL are quoted by backticks.
    let name = name.replace('"', "`");
    let table = format!(
        "CREATE EXTERNAL TABLE {name} (\n{}\n)\nPARTITIONED BY ({})\nSTORED AS PARQUET\nLOCATION {}",
        typed.join(",\n"),
        partitioned.join(", "),
        literal(&format!("{folder}/")),
    );
    // Projection needs the values of every partition, or a query that names them: accounts are neither.
    if partitions.len() > 1 {
        return table;
    }
    format!(
        "{table}\nTBLPROPERTIES (\n  'projection.enabled' = 'true',\n  \
         'projection.event_date.type' = 'date',\n  'projection.event_date.format' = 'yyyy-MM-dd',\n  \
         'projection.event_date.range' = '2013-11-13,NOW',\n  \
         'storage.location.template' = {}\n)",
        literal(&format!("{folder}/event_date=${{event_date}}/")),
    )
}

/// Returns a type of a column in Hive's SQL, which is also one of Spark's.
pub(crate) fn hive_type(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Text => "string",
        ColumnType::Flag => "boolean",
        ColumnType::Long => "bigint",
        ColumnType::Int => "int",
        ColumnType::Resources => {
            "array<struct<type:string,name:string,arn:string,account_id:string,aws_region:string,listed:boolean>>"
        }
    }
}
