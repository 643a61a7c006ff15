//! Opens a text in the user's editor. The editor is started without a shell, on a file in a folder that only its owner
//! can read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use crate::activity;
use crate::diagnostic::Diagnostic;
use crate::io_message::describe;

/// Variables that name the editor, the first that is set.
const VARIABLES: [&str; 2] = ["VISUAL", "EDITOR"];
/// The editor if the environment names none.
const DEFAULT_EDITOR: &str = "vi";
/// Maximum size of what is saved, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Opens a text in the editor, and returns what was saved. `name` is the file's name, whose extension tells the editor the
/// language.
///
/// # Errors
/// The editor cannot be run or fails, or what it saved is not a text.
pub(crate) fn edit(text: &str, name: &str) -> Result<String, Diagnostic> {
    in_editor(text, name, 0o600, |path| {
        let mut saved = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut saved));
        read.map_err(|error| Diagnostic::new(format!("cannot read what was saved: {}", describe(&error))))?;
        if saved.len() as u64 > MAX_BYTES {
            return Err(Diagnostic::new("what was saved is larger than 1 MiB"));
        }
        String::from_utf8(saved).map_err(|_| Diagnostic::new("what was saved is not UTF-8"))
    })
}

/// Opens a text in the editor for reading.
///
/// # Errors
/// The editor cannot be run or fails.
pub(crate) fn view(text: &str, name: &str) -> Result<(), Diagnostic> {
    in_editor(text, name, 0o400, |_| Ok(()))
}

/// Writes a file, runs the editor on it, and calls `read` with its path.
fn in_editor<T>(
    text: &str,
    name: &str,
    mode: u32,
    read: impl FnOnce(&Path) -> Result<T, Diagnostic>,
) -> Result<T, Diagnostic> {
    // Editors write backups beside the file.
    let folder = private_folder().map_err(|error| unwritten(&error))?;
    let path = folder.path().join(name);
    write(&path, text, mode).map_err(|error| unwritten(&error))?;
    let editor = VARIABLES.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()));
    let editor = editor.unwrap_or_else(|| DEFAULT_EDITOR.to_owned());
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or(DEFAULT_EDITOR);
    // The screen is the editor's.
    activity::hide();
    let advice = "VISUAL or EDITOR names the editor";
    let status = Command::new(program).args(words).arg(&path).status().map_err(|error| {
        Diagnostic::new(format!("cannot run the editor {program}: {}", describe(&error))).hint(advice)
    })?;
    if !status.success() {
        return Err(Diagnostic::new(format!("the editor {program} failed: {status}")).hint(advice));
    }
    read(&path)
}

fn unwritten(error: &io::Error) -> Diagnostic {
    Diagnostic::new(format!("cannot write the file for the editor: {}", describe(error)))
}

/// Makes a folder that only its owner can enter.
fn private_folder() -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("trailq-edit-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir()
}

/// Writes a new file with this mode.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    Ok(())
}
