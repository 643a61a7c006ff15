//! Writes a redacted snapshot.

use std::fs;
use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::ingest;
use crate::output_file::{OutputError, leads_to_same};
use crate::redact::{KeyFile, Kind, LACKS, Redactor};
use crate::session::snapshot::{SnapshotRequest, unwritten};
use crate::session::{Session, SessionError};
use crate::store;
use crate::store::PrivateFolder;
use crate::store::snapshot;
use crate::store::snapshot::{SnapshotOptions, SnapshotSummary, Source};
use crate::terminal::progress::{Measure, ShownProgress};

impl Session {
    /// Writes a snapshot with these kinds of identifiers replaced. An unredacted snapshot, and a redacted case made from
    /// it, are written to an owner-only folder first, which is removed at the end.
    pub(crate) fn redacted(
        &mut self,
        source: Source,
        folder: &Path,
        request: &SnapshotRequest,
        wanted: &SnapshotOptions,
        kinds: &[Kind],
    ) -> Result<SnapshotSummary, SessionError> {
        let key = request.key.as_deref().map(|key| create_key(key, &self.path, &request.out)).transpose()?;
        let cannot = |error| {
            unwritten(&self.path, &request.out, store::CaseError::Io { path: request.out.clone(), source: error })
        };
        let work = PrivateFolder::beside(folder).map_err(cannot)?;
        let (plain, clean) = (work.path().join("plain.db"), work.path().join("redacted.db"));
        let case = source.name();
        let stage =
            SnapshotOptions { portable: false, full_text: false, private: true, made_by: None, ..wanted.clone() };
        let found = ingest::gather(source.path(), kinds)?;
        let full = |error| unwritten(&self.path, &request.out, error);
        let staged = snapshot::write(source, &plain, &stage).map_err(full)?;
        let progress = ShownProgress::new("redacting", Measure::Events, self.interrupter());
        work.create("redacted.db").map_err(cannot)?;
        let redactor = ingest::redact(&plain, &clean, found, &progress);
        progress.finish();
        let redactor = redactor.map_err(|error| match error {
            ingest::Error::Store(error) => unwritten(&self.path, &request.out, error),
            error => error.into(),
        })?;
        fs::remove_file(&plain).map_err(cannot)?;
        let redacted = redactor.kinds().iter().map(|kind| kind.name()).chain(LACKS).map(str::to_owned).collect();
        let last = SnapshotOptions {
            events: None,
            selection: wanted.selection.as_deref().map(|selection| redactor.code(selection)),
            without_notes: false,
            redacted,
            name: Some(redactor.text(&case)),
            made_by: wanted.made_by.as_deref().map(|who| redactor.text(who)),
            ..wanted.clone()
        };
        let source = Source::hold(&clean, work.path(), &mut || {})?;
        let made = write_with_key(source, &request.out, &last, key, &redactor);
        let mut made = made.map_err(|error| match error {
            WriteError::Snapshot(error) => unwritten(&self.path, &request.out, error),
            WriteError::Key(refused) => {
                Diagnostic::from(refused).note("no snapshot was written, because its key could not be").into()
            }
        })?;
        made.of = staged.of;
        if let Some(key) = &request.key {
            self.note(&format!("{} reverses the redaction: keep it apart from the snapshot", key.display()));
        }
        Ok(made)
    }
}

/// The failure of writing a snapshot and its key.
enum WriteError {
    Snapshot(store::CaseError),
    Key(OutputError),
}

impl From<store::CaseError> for WriteError {
    fn from(error: store::CaseError) -> WriteError {
        WriteError::Snapshot(error)
    }
}

/// Writes the snapshot and its key. The key is renamed into place first, because a snapshot without its key cannot be
/// reversed; it is removed if the snapshot then fails.
fn write_with_key(
    source: Source,
    out: &Path,
    wanted: &SnapshotOptions,
    mut key: Option<KeyFile>,
    redactor: &Redactor,
) -> Result<SnapshotSummary, WriteError> {
    let mut written = None;
    let made = snapshot::write_after(source, out, wanted, &mut |step| {
        let Some(key) = key.take() else { return Ok(()) };
        let path = key.is_regular().then(|| key.path().to_owned());
        key.write(redactor, &step.id).map_err(WriteError::Key)?;
        written = path;
        Ok(())
    });
    if let (Err(_), Some(path)) = (&made, written) {
        fs::remove_file(&path).map_err(|source| WriteError::Key(OutputError::System { path, source }))?;
    }
    made
}

/// Creates the file of the key, before the case is read.
fn create_key(path: &Path, case: &Path, out: &Path) -> Result<KeyFile, SessionError> {
    if leads_to_same(path, out) {
        let mistake = Diagnostic::new(format!("{} cannot be both the snapshot and its key", path.display()));
        return Err(mistake.hint("choose another name for the key").into());
    }
    KeyFile::create(path, &[case, out]).map_err(|refused| {
        let hint = matches!(refused, OutputError::Exists(_))
            .then_some("choose another name for the key: the file may be the only key of another snapshot");
        let mut mistake = Diagnostic::from(refused);
        mistake.hints.extend(hint.map(str::to_owned));
        mistake.into()
    })
}
