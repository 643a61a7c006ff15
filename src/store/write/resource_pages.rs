//! The rows of `resources` of a case in the making: they are kept until their counts are known, and then written once.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use rusqlite::Connection;

use crate::arn::last_part;
use crate::event::Resource;
use crate::store::bulk::bulk_error::{BulkError, BulkResult};
use crate::store::bulk::format::{put_integer, put_record, put_text};
use crate::store::bulk::output::Tree;
use crate::store::bulk::table::TableWriter;
use crate::store::rollup::counts::Sums;

/// The columns of the table. The last three are the counts.
const COLUMNS: [&str; 10] =
    ["id", "type", "name", "arn", "account_id", "aws_region", "arn_end", "events", "first_seen", "last_seen"];
const BUFFER: usize = 1 << 20;

/// Rows without their counts, in a temporary file: sizes, serial types and values of each.
pub(crate) struct ResourcePages {
    file: BufWriter<File>,
    rows: i64,
    header: Vec<u8>,
    body: Vec<u8>,
}

impl ResourcePages {
    /// Begins an empty table.
    pub(crate) fn new(connection: &Connection, folder: &Path) -> BulkResult<ResourcePages> {
        let mut select = connection.prepare("SELECT name FROM pragma_table_info('resources') ORDER BY cid")?;
        let names: Vec<String> = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        if names != COLUMNS {
            return Err(BulkError::NotCovered("the columns of resources"));
        }
        let file = BufWriter::with_capacity(BUFFER, tempfile::tempfile_in(folder)?);
        Ok(ResourcePages { file, rows: 0, header: Vec::new(), body: Vec::new() })
    }

    /// Adds a resource, and returns its id.
    pub(crate) fn push(&mut self, resource: &Resource) -> BulkResult<i64> {
        let (header, body) = (&mut self.header, &mut self.body);
        header.clear();
        body.clear();
        header.push(0);
        let arn_end = resource.arn.as_deref().map(last_part).filter(|end| *end != resource.name.as_str());
        for text in [
            resource.kind.as_deref(),
            Some(resource.name.as_str()),
            resource.arn.as_deref(),
            resource.account_id.as_deref(),
            resource.aws_region.as_deref(),
            arn_end,
        ] {
            put_optional(header, body, text);
        }
        for part in [&*header, body] {
            self.file.write_all(&(part.len() as u32).to_le_bytes())?;
            self.file.write_all(part)?;
        }
        self.rows += 1;
        Ok(self.rows)
    }

    /// Writes the table with its counts.
    pub(crate) fn finish(
        self,
        sums: &Sums,
        (folder, page_size): (&Path, usize),
        stop: &AtomicBool,
    ) -> BulkResult<Tree> {
        let ResourcePages { file, rows, mut header, mut body } = self;
        let mut file = file.into_inner().map_err(|error| error.into_error())?;
        file.rewind()?;
        let mut file = BufReader::with_capacity(BUFFER, file);
        let mut table = TableWriter::new(tempfile::tempfile_in(folder)?, page_size, stop);
        let mut record = Vec::new();
        for id in 1..=rows {
            for part in [&mut header, &mut body] {
                let mut size = [0; 4];
                file.read_exact(&mut size)?;
                part.resize(u32::from_le_bytes(size) as usize, 0);
                file.read_exact(part)?;
            }
            let seen = sums.resource(id);
            let (first, last) = seen.period();
            put_integer(&mut header, &mut body, seen.events.into());
            put_optional(&mut header, &mut body, first.as_deref());
            put_optional(&mut header, &mut body, last.as_deref());
            put_record(&mut record, &header, &body);
            table.push(id, &record)?;
        }
        table.finish()
    }
}

fn put_optional(header: &mut Vec<u8>, body: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => put_text(header, body, text.as_bytes()),
        None => header.push(0),
    }
}
