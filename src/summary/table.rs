//! The reports of conversions and exports.

use std::fmt::Write as _;
use std::time::Duration;

use crate::escape::visible;
use crate::ingest::{ConvertReport, ExportReport, TableSummary};
use crate::number;
use crate::summary::import;
use crate::summary::report::{Report, TextTarget};

impl Report for ConvertReport {
    const NAME: &'static str = "the report of a conversion";
    const TEXT_TARGET: TextTarget = TextTarget::Notes;

    fn text(&self, _: bool) -> String {
        let rejects = self.rejects_file.as_ref().map(|file| visible(&file.display().to_string()).into_owned());
        let mut out = import::text_with(&self.read, rejects.as_deref().unwrap_or_default(), "--format json");
        add_table(&self.table, &mut out);
        out
    }
}

impl Report for ExportReport {
    const NAME: &'static str = "the report of an export";

    fn text(&self, _: bool) -> String {
        let mut out = String::new();
        add_table(&self.table, &mut out);
        let _ = writeln!(out, "in {}", number::duration(Duration::from_secs_f64(self.seconds.max(0.0))));
        out
    }
}

fn add_table(table: &TableSummary, out: &mut String) {
    let _ = writeln!(
        out,
        "{} in {}, {}, {}",
        number::counted(table.rows, "row"),
        number::counted(table.table_files, "Parquet file"),
        number::counted(table.partitions, "partition"),
        number::bytes(table.table_bytes)
    );
}
