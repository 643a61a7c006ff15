//! The errors of writing a table.

use std::io;
use std::path::PathBuf;

use crate::diagnostic::Diagnostic;
use crate::io_message;
use crate::output_file::OutputError;

/// The reason why a table is not written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A temporary file cannot be written or read.
    #[error("cannot use a temporary file in {}: {}", folder.display(), io_message::describe(source))]
    Spill {
        /// The folder of the temporary files.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A folder of the table cannot be made.
    #[error("cannot make the folder {}: {}", path.display(), io_message::describe(source))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file of the table cannot be written.
    #[error("{}", .0.message)]
    Output(Box<Diagnostic>),
    /// The rows are spread over too many partitions.
    #[error("the events would be in more than {limit} partitions")]
    Partitions {
        /// The largest number of partitions.
        limit: usize,
    },
    /// The Parquet library refused rows.
    #[error("cannot write {}: {reason}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The library's words.
        reason: String,
    },
    /// The user cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl TableError {
    /// Returns what to do about the error.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            TableError::Spill { source, .. } | TableError::Folder { source, .. } => {
                io_message::advice(source).map(str::to_owned)
            }
            TableError::Output(mistake) => mistake.hints.first().cloned(),
            TableError::Partitions { .. } => {
                Some("convert fewer files at once, or partition by date only: `--by date`".to_owned())
            }
            TableError::Parquet { .. } => Some("please report this".to_owned()),
            TableError::Cancelled => None,
        }
    }
}

impl From<OutputError> for TableError {
    fn from(error: OutputError) -> TableError {
        TableError::Output(Box::new(error.into()))
    }
}
