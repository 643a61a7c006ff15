//! The key file of a redaction: the secret and all pseudonyms.

use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use super::redactor::Redactor;
use crate::output_file::{Existing, Options, OutputError, OutputFile};

/// The key file, readable by its owner only. It is written under a temporary name and renamed when complete: a killed
/// run leaves nothing.
#[derive(Debug)]
pub(crate) struct KeyFile {
    file: OutputFile,
}

impl KeyFile {
    /// Creates the file before anything else is done. Only an empty file is replaced, as earlier versions left
    /// behind; `in_use` are databases that it must not be.
    pub(crate) fn create(path: &Path, in_use: &[&Path]) -> Result<KeyFile, OutputError> {
        let options = Options { in_use, existing: Existing::ReplaceEmpty, private: true };
        Ok(KeyFile { file: OutputFile::create(path, &options)? })
    }

    /// Returns its final path.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Reports whether it is a regular file, and not a device.
    pub(crate) fn is_regular(&self) -> bool {
        !self.file.is_through()
    }

    /// Writes the secret and all pseudonyms; `snapshot` is the id of the snapshot.
    pub(crate) fn write(mut self, redactor: &Redactor, snapshot: &str) -> Result<(), OutputError> {
        let values: Vec<_> = redactor
            .pseudonyms()
            .all()
            .into_iter()
            .map(|(kind, original, pseudonym)| json!({"kind": kind, "original": original, "pseudonym": pseudonym}))
            .collect();
        let key = json!({
            "snapshot": snapshot,
            "redacted": redactor.kinds().iter().map(|kind| kind.name()).collect::<Vec<_>>(),
            "secret": redactor.pseudonyms().secret(),
            "values": values,
        });
        let path = self.file.path().to_owned();
        let text = format!("{key:#}\n");
        self.file.write_all(text.as_bytes()).map_err(|source| OutputError::System { path, source })?;
        self.file.commit_durably()
    }
}
