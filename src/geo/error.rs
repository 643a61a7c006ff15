//! Errors of files about addresses.

use std::path::PathBuf;

use crate::geo::facts::Attribute;

/// The reason why an attribute of addresses is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeoError {
    /// A file cannot be read, or is broken.
    #[error("cannot use the file about addresses {}: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// No file was given.
    #[error("`{}` needs a file about addresses, and none is given", _0.name())]
    NoFile(Attribute),
    /// The files have other attributes.
    #[error("`{}` is in none of the files about addresses: {files}", attribute.name())]
    NotInFiles {
        /// The attribute.
        attribute: Attribute,
        /// The names of the files.
        files: String,
    },
}

impl GeoError {
    /// Returns what to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            GeoError::Unusable { .. } => None,
            GeoError::NoFile(attribute) | GeoError::NotInFiles { attribute, .. } => {
                Some(format!("give one with --geo FILE: {}", attribute.usual_files()))
            }
        }
    }
}
