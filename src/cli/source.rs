//! The source of a statement or a script: a file, or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::io_message::cannot_read;
use crate::session::SessionError;

/// The name of standard input in messages.
pub(super) const STDIN: &str = "standard input";

/// Opens a file, or standard input for `-`. Also returns its name in messages.
pub(super) fn open(path: &Path) -> Result<(Box<dyn Read>, String), SessionError> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(io::stdin()), STDIN.to_owned()));
    }
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => Ok((Box::new(file), name)),
        Err(error) => Err(Diagnostic::new(cannot_read(path, &error)).into()),
    }
}
