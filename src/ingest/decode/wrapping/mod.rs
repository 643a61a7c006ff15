//! The wrappings of records, each a file. They are tried in this order; a new one is a line here.

mod context_rows;
mod csv_records;
mod csv_rows;
mod documents;
mod log_lines;
#[cfg(feature = "parquet")]
mod parquet_records;
mod reject_list;
mod text_rows;

use crate::ingest::decode::content::Wrapping;

const WRAPPINGS: &[&dyn Wrapping] = &[
    #[cfg(feature = "parquet")]
    &parquet_records::ParquetRecords,
    &reject_list::RejectList,
    &text_rows::TextRows,
    &documents::Documents,
    &csv_records::CsvRecords,
    &csv_rows::CsvRows,
    &context_rows::ContextRows,
    &log_lines::LogLines,
];

/// Finds the wrapping of content by its first bytes.
pub(crate) fn find(head: &[u8]) -> Option<&'static dyn Wrapping> {
    WRAPPINGS.iter().copied().find(|wrapping| wrapping.recognize(head))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn ordinary_text_is_in_no_wrapping() {
        for head in
            ["", " \n", "hello, world\n", "a,b\n1,2\n", "2024-03-01T09:00:00Z started\n", "<html>", "\"a\",\"b\"\n"]
        {
            assert!(find(head.as_bytes()).is_none(), "{head}");
        }
    }
}
