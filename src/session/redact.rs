//! A snapshot in which what identifies somebody is replaced.

use std::fs;
use std::path::Path;

use super::progress::Bar;
use super::snapshot::Snapshot;
use super::{Session, SessionError};
use crate::diagnostic::Diagnostic;
use crate::ingest;
use crate::redact::{KeyFile, Kind, Redactor};
use crate::store::snapshot::{self, Made, Source, Wanted};

/// What a redacted snapshot lacks beside what was replaced, as its provenance tells it.
const LACKS: [&str; 2] = ["bytes of rejects: dropped", "SHA-256 of files: keyed"];

impl Session {
    /// Writes a snapshot with these kinds replaced: a plain one first, in a folder that nobody else can read and that goes
    /// away, then one without, and of this the one that is asked for.
    pub(super) fn redacted(
        &mut self,
        source: Source,
        folder: &Path,
        asked: &Snapshot,
        wanted: &Wanted,
        kinds: &[Kind],
    ) -> Result<Made, SessionError> {
        let key = asked.key.as_deref().map(create_key).transpose()?;
        let name = asked.out.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let cannot = |error| Diagnostic::new(format!("{} cannot be written: {error}", asked.out.display()));
        let work =
            tempfile::Builder::new().prefix(&format!(".{name}-")).suffix(".part").tempdir_in(folder).map_err(cannot)?;
        let (plain, clean) = (work.path().join("plain.db"), work.path().join("redacted.db"));
        let case = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let stage = Wanted { portable: false, full_text: false, ..wanted.clone() };
        let found = ingest::gather(source.path(), kinds)?;
        let staged = snapshot::write(source, &plain, &stage)?;
        let bar = Bar::new(self.settings.progress && !self.settings.quiet, self.interrupter());
        let redactor = ingest::redact(&plain, &clean, found, &bar);
        bar.finish();
        let redactor = redactor?;
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
        let mut made = snapshot::write(source, &asked.out, &last)?;
        made.of = staged.of;
        if let Some(key) = key {
            self.write_key(key, &redactor, &made)?;
        }
        Ok(made)
    }

    fn write_key(&mut self, key: KeyFile, redactor: &Redactor, made: &Made) -> Result<(), SessionError> {
        let path = key.path().to_owned();
        key.write(redactor, &made.step.id).map_err(|error| {
            let mistake = Diagnostic::new(format!("the key could not be written to {}: {error}", path.display()));
            mistake.hint("the snapshot is whole, but nobody can reverse it; make another one where the key is wanted")
        })?;
        self.note(&format!("{} tells who is who: keep it apart from the snapshot", path.display()));
        Ok(())
    }
}

/// Makes the file for the key, before anything else is done.
fn create_key(path: &Path) -> Result<KeyFile, SessionError> {
    KeyFile::create(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            let mistake = Diagnostic::new(format!("there is a file {} already", path.display()));
            mistake.hint("take another name for the key: it may be the only one of another snapshot").into()
        }
        _ => Diagnostic::new(format!("the key cannot be written to {}: {error}", path.display())).into(),
    })
}
