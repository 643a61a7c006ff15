//! The files that the ledger has before a run.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::file_names;

/// The contents of files that were read to their end.
pub(crate) struct KnownFiles {
    /// By the name of the file.
    contents: HashMap<String, Vec<KnownContent>>,
    /// The bytes of all files.
    pub(crate) bytes: u64,
    /// True if every earlier run came to its end.
    pub(crate) is_finished: bool,
    /// The rejects of earlier runs.
    pub(crate) rejects: u64,
}

/// One content of a file.
struct KnownContent {
    bytes: u64,
    modified: Option<i64>,
    sha256: String,
}

impl KnownFiles {
    pub(crate) fn load(connection: &Connection) -> rusqlite::Result<KnownFiles> {
        // A member of an archive is read with the archive, and an ignored file each time: a later trailq may read it.
        let mut select = connection.prepare(
            "SELECT path, bytes, modified, sha256 FROM files \
             WHERE partial IS NULL AND sha256 <> '' AND container_id IS NULL",
        )?;
        let mut rows = select.query([])?;
        let mut files: HashMap<String, Vec<KnownContent>> = HashMap::new();
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            let content = KnownContent { bytes: row.get(1)?, modified: row.get(2)?, sha256: row.get(3)? };
            let name = file_names::plain(row.get_ref(0)?.as_str()?, &content.sha256);
            bytes += content.bytes;
            match files.get_mut(name) {
                Some(contents) => contents.push(content),
                None => drop(files.insert(name.to_owned(), vec![content])),
            }
        }
        let unfinished = "SELECT count(*) FROM imports WHERE finished_at IS NULL";
        let is_finished = connection.query_row(unfinished, [], |row| row.get::<_, i64>(0))? == 0;
        let rejects = connection.query_row("SELECT count(*) FROM rejects", [], |row| row.get(0))?;
        Ok(KnownFiles { contents: files, bytes, is_finished, rejects })
    }

    /// Reports whether the ledger has a file with this size and modification time.
    pub(crate) fn is_unchanged(&self, name: &str, bytes: u64, modified: Option<i64>) -> bool {
        modified.is_some() && self.of_size(name, bytes).any(|content| content.modified == modified)
    }

    /// Returns the SHA-256 of the contents of a file that have this size.
    pub(crate) fn sha256s(&self, name: &str, bytes: u64) -> Vec<String> {
        self.of_size(name, bytes).map(|content| content.sha256.clone()).collect()
    }

    fn of_size(&self, name: &str, bytes: u64) -> impl Iterator<Item = &KnownContent> {
        self.contents.get(name).into_iter().flatten().filter(move |content| content.bytes == bytes)
    }
}
