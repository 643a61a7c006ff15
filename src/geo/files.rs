//! The files about addresses that the user gives.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::activity;
use crate::geo::database::GeoDatabase;
use crate::geo::error::GeoError;
use crate::geo::facts::Attribute;

/// Files about addresses, which are read when they are first needed.
#[derive(Debug, Default)]
pub struct GeoFiles {
    paths: Vec<PathBuf>,
    database: OnceLock<Result<GeoDatabase, GeoError>>,
}

impl GeoFiles {
    /// Returns the files at these paths. If several have an attribute of an address, the first is used.
    pub fn new(paths: Vec<PathBuf>) -> GeoFiles {
        GeoFiles { paths, database: OnceLock::new() }
    }

    /// Reports whether no file is given.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Returns the content of the files, which is read by the first call.
    ///
    /// # Errors
    /// A file cannot be read, is too large, or is neither a MaxMind DB file nor `ip-ranges.json`.
    pub fn database(&self) -> Result<&GeoDatabase, GeoError> {
        let read = || {
            let _step = activity::step("reading the files about addresses");
            GeoDatabase::read(&self.paths)
        };
        self.database.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Returns the content of the files if it was read.
    pub fn used(&self) -> Option<&GeoDatabase> {
        self.database.get()?.as_ref().ok()
    }

    /// Returns the content of the files, if one of them has an attribute.
    ///
    /// # Errors
    /// None has it, or as for [`GeoFiles::database`].
    pub fn with(&self, attribute: Attribute) -> Result<&GeoDatabase, GeoError> {
        if self.paths.is_empty() {
            return Err(GeoError::NoFile(attribute));
        }
        let database = self.database()?;
        if database.has(attribute) {
            return Ok(database);
        }
        Err(GeoError::NotInFiles { attribute, files: database.names() })
    }
}
