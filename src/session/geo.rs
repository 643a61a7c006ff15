//! Files about addresses in a session: which of them told something, and which queries need them.

use crate::diagnostic::Diagnostic;
use crate::geo::{Attribute, GeoError};
use crate::saved::SavedQuery;
use crate::session::Session;

/// Returns a mistake that an error of files about addresses is.
pub(super) fn mistake(error: &GeoError) -> Diagnostic {
    error.hint().into_iter().fold(Diagnostic::new(error.to_string()), Diagnostic::hint)
}

impl Session {
    /// Reports once the files about addresses that were asked.
    pub(super) fn report_geo_files(&mut self) {
        if self.reported_geo {
            return;
        }
        let Some(database) = self.settings.geo.used() else { return };
        let files: Vec<String> = database.files().iter().map(|file| file.description()).collect();
        self.reported_geo = true;
        for file in files {
            self.note(&format!("facts about addresses are from {file}"));
        }
    }

    /// Checks that the files about addresses have what a saved query needs.
    ///
    /// # Errors
    /// They have not, or cannot be read.
    pub(super) fn require_geo_files(&self, query: &SavedQuery) -> Result<(), Diagnostic> {
        for attribute in query.header.needs.iter().filter_map(|name| Attribute::of_name(name)) {
            self.settings.geo.with(attribute).map_err(|error| {
                let mistake = mistake(&error);
                Diagnostic { message: format!("cannot run `{}`: {}", query.name, mistake.message), ..mistake }
            })?;
        }
        Ok(())
    }
}
