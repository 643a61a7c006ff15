//! A snapshot in which what identifies somebody is replaced.

use std::fs;
use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::ingest;
use crate::output_file::{OutputError, leads_to_same};
use crate::redact::{KeyFile, Kind, LACKS, Redactor};
use crate::session::snapshot::{Snapshot, unwritten};
use crate::session::{Session, SessionError};
use crate::store;
use crate::store::private_folder::PrivateFolder;
use crate::store::transfer::snapshot;
use crate::store::transfer::snapshot::{Made, Source, Wanted};
use crate::terminal::progress::Bar;

impl Session {
    /// Writes a snapshot with these kinds replaced: a plain one first, in a folder that nobody else can read and that goes
    /// away, then one without, and of this the one that is asked for.
    pub(crate) fn redacted(
        &mut self,
        source: Source,
        folder: &Path,
        asked: &Snapshot,
        wanted: &Wanted,
        kinds: &[Kind],
    ) -> Result<Made, SessionError> {
        let key = asked.key.as_deref().map(|key| create_key(key, &self.path, &asked.out)).transpose()?;
        let cannot =
            |error| unwritten(&self.path, &asked.out, store::Error::Io { path: asked.out.clone(), source: error });
        let work = PrivateFolder::beside(folder).map_err(cannot)?;
        let (plain, clean) = (work.path().join("plain.db"), work.path().join("redacted.db"));
        let case = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let stage = Wanted { portable: false, full_text: false, private: true, ..wanted.clone() };
        let found = ingest::gather(source.path(), kinds)?;
        let full = |error| unwritten(&self.path, &asked.out, error);
        let staged = snapshot::write(source, &plain, &stage).map_err(full)?;
        let bar = Bar::new(self.settings.progress && !self.settings.quiet, self.interrupter());
        work.create("redacted.db").map_err(cannot)?;
        let redactor = ingest::redact(&plain, &clean, found, &bar);
        bar.finish();
        let redactor = redactor.map_err(|error| match error {
            ingest::Error::Store(error) => unwritten(&self.path, &asked.out, error),
            error => error.into(),
        })?;
        fs::remove_file(&plain).map_err(cannot)?;
        let told = redactor.kinds().iter().map(|kind| kind.name()).chain(LACKS).map(str::to_owned).collect();
        let last = Wanted {
            events: None,
            selection: wanted.selection.as_deref().map(|selection| redactor.code(selection)),
            without_notes: false,
            redacted: told,
            name: Some(redactor.text(&case)),
            ..wanted.clone()
        };
        let source = Source::hold(&clean, work.path(), &mut || {})?;
        let made = write_with_key(source, &asked.out, &last, key, &redactor);
        let mut made = made.map_err(|error| match error {
            Unmade::Snapshot(error) => unwritten(&self.path, &asked.out, error),
            Unmade::Key(refused) => {
                Diagnostic::from(refused).note("no snapshot was written, because its key could not be").into()
            }
        })?;
        made.of = staged.of;
        if let Some(key) = &asked.key {
            self.note(&format!("{} reverses the redaction: keep it apart from the snapshot", key.display()));
        }
        Ok(made)
    }
}

/// Why there is no redacted snapshot.
enum Unmade {
    Snapshot(store::Error),
    Key(OutputError),
}

impl From<store::Error> for Unmade {
    fn from(error: store::Error) -> Unmade {
        Unmade::Snapshot(error)
    }
}

/// Writes the snapshot and its key. The key has its name first: without it nobody can reverse the snapshot, and without
/// the snapshot it is taken away again.
fn write_with_key(
    source: Source,
    out: &Path,
    wanted: &Wanted,
    mut key: Option<KeyFile>,
    redactor: &Redactor,
) -> Result<Made, Unmade> {
    let mut written = None;
    let made = snapshot::write_after(source, out, wanted, &mut |step| {
        let Some(key) = key.take() else { return Ok(()) };
        let path = key.is_regular().then(|| key.path().to_owned());
        key.write(redactor, &step.id).map_err(Unmade::Key)?;
        written = path;
        Ok(())
    });
    if let (Err(_), Some(path)) = (&made, written) {
        fs::remove_file(&path).map_err(|source| Unmade::Key(OutputError::System { path, source }))?;
    }
    made
}

/// Begins the file for the key, before anything else is done.
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
