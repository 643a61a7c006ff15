//! The rejects of a conversion as NDJSON, as the table `rejects` of a case has them.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::events_table::TableError;
use crate::ledger::Reject;
use crate::output_file::{Existing, Options, OutputFile};

/// A line of the file.
#[derive(Serialize)]
struct Line<'r> {
    /// The file, and after `!` the member of an archive. The name of this key tells an import what the file is.
    rejected_from: &'r str,
    /// Byte offset in the decompressed file.
    position: u64,
    /// Line there, from 1.
    line: u64,
    reason: &'r str,
    /// The first 64 KiB, if they are text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'r str>,
    /// The first 64 KiB in base64, if they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    /// Length of the whole in bytes.
    length: u64,
    /// SHA-256 of the whole, in hexadecimal.
    sha256: &'r str,
}

/// The rejects, in a temporary file until the name of the file is known.
pub(crate) struct RejectFile(BufWriter<File>);

impl RejectFile {
    /// Creates the temporary file.
    pub(crate) fn create(folder: &Path) -> io::Result<RejectFile> {
        Ok(RejectFile(BufWriter::new(tempfile::tempfile_in(folder)?)))
    }

    /// Adds a reject.
    pub(crate) fn push(&mut self, name: &str, reject: &Reject) -> io::Result<()> {
        let text = std::str::from_utf8(&reject.bytes).ok();
        let line = Line {
            rejected_from: name,
            position: reject.position,
            line: reject.line,
            reason: &reject.reason,
            text,
            base64: text.is_none().then(|| STANDARD.encode(&reject.bytes)),
            length: reject.length,
            sha256: &reject.sha256,
        };
        serde_json::to_writer(&mut self.0, &line)?;
        self.0.write_all(b"\n")
    }

    /// Writes the file in a folder, and returns its path.
    pub(crate) fn write(self, folder: &Path, content: &str) -> Result<PathBuf, TableError> {
        let made = std::fs::create_dir_all(folder);
        made.map_err(|source| TableError::Folder { path: folder.to_owned(), source })?;
        let path = folder.join(format!("part-{content}.ndjson"));
        let options = Options { in_use: &[], existing: Existing::Replace, private: false };
        let mut out = OutputFile::create(&path, &options)?;
        let copy = || -> io::Result<()> {
            let mut spooled = self.0.into_inner().map_err(io::IntoInnerError::into_error)?;
            spooled.rewind()?;
            io::copy(&mut spooled, &mut out).map(drop)
        };
        copy().map_err(|source| TableError::Spill { folder: folder.to_owned(), source })?;
        out.commit()?;
        Ok(path)
    }
}
