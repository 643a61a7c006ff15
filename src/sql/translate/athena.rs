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

fn create_external_table(name: &str, columns: &[Column], location: &str) -> String {
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
