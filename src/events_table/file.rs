//! Files of the table: each is written under a temporary name and renamed when it is complete.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::TypePtr;

use crate::diagnostic::Diagnostic;
use crate::events_table::error::TableError;
use crate::events_table::gauge::Gauge;
use crate::events_table::limits::Limits;
use crate::events_table::row_group::RowGroup;
use crate::output_file::{Existing, Options, OutputFile};

/// The files of a partition.
pub(crate) struct PartitionFiles<'t> {
    layout: &'t FileLayout,
    limits: &'t Limits,
    gauge: &'t Gauge,
    /// The folder of the partition.
    folder: PathBuf,
    open: Option<(PathBuf, SerializedFileWriter<Counted>)>,
    group: Option<RowGroup>,
    /// Row groups of the open file.
    groups: usize,
    /// Files that are complete.
    pub(crate) files: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

/// The parts that files have in common.
pub(crate) struct FileLayout {
    pub(crate) schema: TypePtr,
    pub(crate) properties: WriterPropertiesPtr,
    /// The name of the content that is written.
    pub(crate) content: String,
}

impl<'t> PartitionFiles<'t> {
    pub(crate) fn new(layout: &'t FileLayout, limits: &'t Limits, gauge: &'t Gauge, folder: PathBuf) -> Self {
        PartitionFiles { layout, limits, gauge, folder, open: None, group: None, groups: 0, files: 0, bytes: 0 }
    }

    /// Returns the path of the next file.
    fn next_path(&self) -> PathBuf {
        let suffix = if self.files == 0 { String::new() } else { format!("-{}", self.files + 1) };
        self.folder.join(format!("part-{}{suffix}.parquet", self.layout.content))
    }

    /// Writes rows that lie one after the other, and follow those before.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&mut self, rows: &Bytes) -> Result<(), TableError> {
        if self.open.is_none() {
            let path = self.next_path();
            let options = Options { in_use: &[], existing: Existing::Replace, private: false };
            let out = OutputFile::create(&path, &options)?;
            let (schema, properties) = (self.layout.schema.clone(), self.layout.properties.clone());
            let writer = SerializedFileWriter::new(Counted { out, bytes: 0 }, schema, properties)
                .map_err(|error| of(&path, error))?;
            self.open = Some((path, writer));
        }
        let Some((path, writer)) = &self.open else { return Ok(()) };
        let new = || RowGroup::new(writer.schema_descr(), &self.layout.properties, self.gauge);
        let group = self.group.get_or_insert_with(new);
        group.write(rows).map_err(|error| of(path, error))?;
        if group.rows >= self.limits.group_rows || group.bytes() >= self.limits.group_bytes {
            self.end_group()?;
            if self.groups >= self.limits.file_groups {
                self.end_file()?;
            }
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), TableError> {
        let (Some(group), Some((path, writer))) = (self.group.take(), &mut self.open) else { return Ok(()) };
        let write = || -> Result<(), ParquetError> {
            let mut out = writer.next_row_group()?;
            for chunk in group.finish()? {
                out.append_column(&chunk.bytes, chunk.close)?;
            }
            out.close().map(drop)
        };
        write().map_err(|error| of(path, error))?;
        self.groups += 1;
        Ok(())
    }

    fn end_file(&mut self) -> Result<(), TableError> {
        let Some((path, writer)) = self.open.take() else { return Ok(()) };
        let Counted { out, bytes } = writer.into_inner().map_err(|error| of(&path, error))?;
        out.commit()?;
        self.bytes += bytes;
        self.files += 1;
        self.groups = 0;
        Ok(())
    }

    /// Completes the last file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn finish(&mut self) -> Result<(), TableError> {
        self.end_group()?;
        self.end_file()
    }
}

/// An output file with the bytes that were written to it.
struct Counted {
    out: OutputFile,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Returns the error of the library; one of the system is inside.
pub(crate) fn of(path: &Path, error: ParquetError) -> TableError {
    let reason = error.to_string();
    if let ParquetError::External(inner) = error
        && let Ok(inner) = inner.downcast::<io::Error>()
        && let Ok(mistake) = inner.downcast::<Diagnostic>()
    {
        return TableError::Output(Box::new(mistake));
    }
    TableError::Parquet { path: path.to_owned(), reason }
}
