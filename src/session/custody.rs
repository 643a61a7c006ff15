//! Shows the chain of custody of the case, and prints the manifest of its source files.

use crate::diagnostic::Diagnostic;
use crate::escape;
use crate::render::Format;
use crate::session::{Answer, Session, SessionError};
use crate::store::snapshot;
use crate::summary::Report as _;
use crate::summary::custody::{CustodyReport, checksum_line, manifest_line, omissions};

impl Session {
    /// Prints the chain of custody of the case.
    ///
    /// # Errors
    /// The case cannot be read, or the format has no such report.
    pub fn custody(&mut self) -> Result<Answer, SessionError> {
        self.in_one_state(|session| {
            let form = CustodyReport::form(session.settings.format)?;
            let case = session.case()?;
            case.require_own()?;
            let report = CustodyReport { path: case.path().display().to_string(), custody: case.custody()? };
            session.write_report(&report, form)?;
            Ok(Answer::default())
        })
    }

    /// Prints the SHA-256 of the source files and of the case as `sha256sum -c` reads them, and among the notes what
    /// cannot be in it.
    ///
    /// # Errors
    /// The case cannot be read, or a format is set.
    pub fn manifest(&mut self) -> Result<Answer, SessionError> {
        if let Some(format) = self.settings.format.filter(|format| *format != Format::Table) {
            let mistake = Diagnostic::new(format!("the manifest has no format {format}"));
            return Err(mistake.hint("leave out --format, or use `trailq info --custody --format json`").into());
        }
        let sources = self.in_one_state(|session| -> Result<_, SessionError> {
            let case = session.case()?;
            case.require_own()?;
            Ok(case.custody()?.sources)
        })?;
        self.close();
        let hash = snapshot::hash_file(&self.path)?;
        let mut lines: Vec<Vec<u8>> = sources.iter().filter_map(manifest_line).collect();
        let path = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        lines.push(checksum_line(&hash, path.as_os_str().as_encoded_bytes()));
        let target = self.output.target(&self.settings.style);
        for line in lines {
            // A terminal shows control characters of a name escaped: what is checked is in a file or a pipe.
            if target.style.width.is_some() {
                writeln!(target.out, "{}", escape::visible(&String::from_utf8_lossy(&line)))?;
            } else {
                target.out.write_all(&line)?;
                target.out.write_all(b"\n")?;
            }
        }
        for note in omissions(&sources) {
            self.note(&note);
        }
        self.note("the hash of the case changes when it is written: by an import, a note or a tag");
        Ok(Answer::default())
    }
}
