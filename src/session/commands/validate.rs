//! `.validate`: digest files, and what of a delivery is valid, altered or missing.

use std::path::PathBuf;

use crate::session::commands::command::{Arguments, Command, Completes};
use crate::session::validate::ValidateRequest;
use crate::session::{Answer, Session, SessionError};

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    arguments: "[PATH...] [--public-keys FILE] [--since T] [--until T] [--strict] [--keep]",
    examples: &[".validate", ".validate ./AWSLogs --public-keys keys.json", ".validate --since 2024-03-01 --keep"],
    completes: Completes::Files,
    ..Command::new(".validate", "check digest files: what is valid, altered or missing", run_validate)
}];

fn run_validate(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    let mut request = ValidateRequest::default();
    let mut words = arguments.words.iter();
    while let Some((word, span)) = words.next() {
        let mut value = || -> Result<String, SessionError> {
            let none = || arguments.mistake(*span, format!("`{word}` needs a value"));
            words.next().ok_or_else(none).and_then(|(value, _)| session.filled(value))
        };
        match word.as_str() {
            "--public-keys" => request.public_keys.push(PathBuf::from(value()?)),
            "--since" => request.since = Some(value()?),
            "--until" => request.until = Some(value()?),
            "--strict" => request.strict = true,
            "--keep" => request.keep = true,
            option if option.starts_with("--") => {
                return Err(arguments.mistake(*span, format!("`{option}` is not an option of .validate")));
            }
            path => request.paths.push(PathBuf::from(path)),
        }
    }
    session.validate(&request)
}
