//! Files about addresses in a session: those that told something.

use crate::session::Session;

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
}
