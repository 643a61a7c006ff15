//! The key of a redaction: what stands for what, in a file of its own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::Redactor;

/// A file for the key, which nobody else can read. Until it is written it goes away with this.
pub struct KeyFile {
    path: PathBuf,
    file: Option<File>,
}

impl KeyFile {
    /// Makes the file.
    ///
    /// # Errors
    /// There is one of that name, or none can be made.
    pub fn create(path: &Path) -> io::Result<KeyFile> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        Ok(KeyFile { path: path.to_owned(), file: Some(options.open(path)?) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what was replaced by what, and the secret; `snapshot` is the id of the snapshot.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(mut self, redactor: &Redactor, snapshot: &str) -> io::Result<()> {
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
        if let Some(file) = &mut self.file {
            file.write_all(format!("{key:#}\n").as_bytes())?;
            file.sync_all()?;
        }
        self.file = None;
        Ok(())
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Without a snapshot there is nothing that it is the key of.
            let _ = fs::remove_file(&self.path);
        }
    }
}
