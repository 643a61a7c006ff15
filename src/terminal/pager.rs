//! Shows an answer that does not fit the screen in a pager: another program, which gets what is written to it. Whoever
//! goes on typing types into that program, so that it is kept from writing files and running programs.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use unicode_width::UnicodeWidthChar as _;

use crate::diagnostic::Diagnostic;
use crate::io_message::describe;

/// Programs that are tried where none is named.
const USUAL: [&str; 2] = ["less", "more"];
/// What makes `less` safe, whatever its version: no programs, no other files, no log files, and no history file. Other
/// pagers pass it on to the `less` that they run.
const SAFE: [(&str, &str); 2] = [("LESSSECURE", "1"), ("LESSHISTFILE", "-")];
/// What would allow a safe `less` some of it again, or lets it run a program on what it shows.
const UNSAFE: [&str; 3] = ["LESSSECURE_ALLOW", "LESSOPEN", "LESSCLOSE"];
/// Options of `less` where the user has set none: colors pass, long lines are cut and not folded, and the answer stays
/// on the screen.
const OPTIONS: &str = "RSX";
/// What `less` shows on its last line.
const PROMPT: &str = "?e(END) .q returns to trailq, h explains";
/// Options that make other pagers safe: `vim` runs no programs and writes no file, `most` is in its secure mode.
const SAFE_OPTIONS: [(&str, &[&str]); 4] =
    [("vim", &["-Z", "-m"]), ("view", &["-Z", "-m"]), ("vimdiff", &["-Z", "-m"]), ("most", &["+s"])];
/// Pagers that have no safe mode, but run programs only by these variables.
const BY_VARIABLES: [&str; 3] = ["more", "pg", "lv"];
/// What such a pager would run, and a program that does nothing.
const NOTHING_TO_RUN: [(&str, &str); 3] = [("SHELL", "/bin/false"), ("VISUAL", "/bin/false"), ("EDITOR", "/bin/false")];

/// When answers are shown in a pager.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Paging {
    /// Never.
    #[default]
    Off,
    /// Where they do not fit, in the usual program.
    On,
    /// Where they do not fit, in this program with its arguments.
    With(String),
}

/// A screen that holds back what is written until it is known whether it fits.
pub(crate) struct Page {
    /// Rows and columns of the screen.
    size: (usize, usize),
    command: Vec<String>,
    held: Vec<u8>,
    /// Screen lines in `held`, and the columns taken of the last.
    lines: usize,
    column: usize,
    /// True if an escape sequence is being written, which takes no column.
    escape: bool,
    pager: Option<(Child, ChildStdin)>,
    /// True if there was a pager and the reader left it.
    left: bool,
}

impl Page {
    /// A page on a screen of so many rows and columns; `None` where there is no pager.
    pub(crate) fn new(paging: &Paging, size: (usize, usize)) -> Option<Page> {
        let command = match paging {
            Paging::Off => return None,
            Paging::On => {
                named().or_else(|| USUAL.iter().find(|name| is_there(name)).map(|name| (*name).to_owned()))?
            }
            Paging::With(command) => command.clone(),
        };
        let command: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        let (held, pager) = (Vec::new(), None);
        (!command.is_empty()).then_some(Page {
            size,
            command,
            held,
            lines: 0,
            column: 0,
            escape: false,
            pager,
            left: false,
        })
    }

    /// Counts the lines that bytes take on the screen.
    fn measure(&mut self, bytes: &[u8]) {
        for c in String::from_utf8_lossy(bytes).chars() {
            match c {
                '\n' => {
                    self.lines += 1;
                    self.column = 0;
                }
                '\x1b' => self.escape = true,
                _ if self.escape => self.escape = !c.is_ascii_alphabetic(),
                c => {
                    self.column += c.width().unwrap_or(0);
                    if self.column > self.size.1 {
                        self.lines += 1;
                        self.column = c.width().unwrap_or(0);
                    }
                }
            }
        }
    }

    /// Starts the pager, which gets what was held back.
    fn start(&mut self) -> io::Result<()> {
        let mut command = Command::new(&self.command[0]);
        command.stdin(Stdio::piped());
        make_safe(&mut command, &self.command[0], std::env::var("LESS").ok());
        command.args(&self.command[1..]);
        let mut child = command.spawn().map_err(|error| {
            let why = format!("the pager {} cannot be run: {}", self.command[0], describe(&error));
            io::Error::new(error.kind(), Diagnostic::new(why).hint("`.pager off` shows answers without one"))
        })?;
        if let Some(stdin) = child.stdin.take() {
            self.pager = Some((child, stdin));
        }
        let held = std::mem::take(&mut self.held);
        self.pass(&held)
    }

    /// Passes bytes on to the pager; a reader who has left is told as a closed pipe.
    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some((_, stdin)) = &mut self.pager else { return Ok(()) };
        let done = stdin.write_all(bytes).and_then(|()| stdin.flush());
        if done.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            self.left = true;
        }
        done
    }

    /// Ends the page: what was held back goes to `screen`, or the reader is waited for. Tells whether they left before
    /// everything was written.
    pub(crate) fn end(mut self, screen: &mut dyn Write) -> io::Result<bool> {
        let Some((mut child, stdin)) = self.pager.take() else {
            screen.write_all(&self.held)?;
            return Ok(false);
        };
        drop(stdin);
        child.wait()?;
        Ok(self.left)
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if self.pager.is_some() {
            self.pass(bytes)?;
            return Ok(bytes.len());
        }
        self.held.extend_from_slice(bytes);
        self.measure(bytes);
        // One line is the prompt's, and one that of the status.
        if self.lines + 2 > self.size.0 {
            self.start()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps a pager from writing files and running programs, and lets `less` say how to leave it. `options` are those that
/// the user has set for `less`, which come after trailq's own and win.
fn make_safe(command: &mut Command, program: &str, options: Option<String>) {
    let name = Path::new(program).file_name().and_then(OsStr::to_str).unwrap_or_default();
    if let Some((_, safe)) = SAFE_OPTIONS.iter().find(|(known, _)| *known == name) {
        command.args(*safe);
    }
    if BY_VARIABLES.contains(&name) {
        command.envs(NOTHING_TO_RUN);
    }
    for variable in UNSAFE {
        command.env_remove(variable);
    }
    command.envs(SAFE);
    // `$` ends the text of a prompt. It is the same whether the user's options ask for the short one or a longer one.
    let prompts: String = ["s", "m", "M"].map(|kind| format!("-P{kind}{PROMPT}$")).concat();
    command.env("LESS", format!("{prompts}{}", options.as_deref().unwrap_or(OPTIONS)));
}

/// The pager that the environment names.
fn named() -> Option<String> {
    ["TRAILQ_PAGER", "PAGER"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
}

/// Reports whether there is a program of this name.
fn is_there(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{Page, Paging, make_safe};

    fn page(rows: usize) -> Page {
        Page::new(&Paging::With("cat".to_owned()), (rows, 10)).unwrap()
    }

    #[test]
    fn what_fits_goes_to_the_screen() {
        assert!(Page::new(&Paging::Off, (24, 80)).is_none());
        let mut fits = page(5);
        fits.write_all("\x1b[1mabc\x1b[0m\ndef\n123456789é\n".as_bytes()).unwrap();
        assert!(fits.pager.is_none() && fits.lines == 3);
        let mut screen = Vec::new();
        assert!(!fits.end(&mut screen).unwrap());
        assert!(screen.ends_with("123456789é\n".as_bytes()));
    }

    #[test]
    fn what_does_not_fit_goes_to_the_pager() {
        let mut long = Page::new(&Paging::With("true".to_owned()), (4, 10)).unwrap();
        // A line that is longer than the screen takes two.
        let mut written = Ok(());
        for _ in 0..10_000 {
            written = long.write_all(b"12345678901\n");
            if written.is_err() {
                break;
            }
        }
        assert_eq!(written.unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
        assert!(long.end(&mut Vec::new()).unwrap(), "the reader has left");
        let mut lost = Page::new(&Paging::With("no-such-pager".to_owned()), (2, 10)).unwrap();
        let told = lost.write_all(b"1\n2\n").unwrap_err().to_string();
        assert_eq!(told, "the pager no-such-pager cannot be run: there is no such file");
    }

    #[test]
    fn every_pager_is_started_in_its_safe_mode() {
        for (program, options) in [
            ("less", None),
            ("/usr/bin/less", Some("-P mine$ -R")),
            ("env", Some("")),
            ("view", None),
            ("most", None),
            ("/bin/more", None),
        ] {
            let mut command = std::process::Command::new(program);
            make_safe(&mut command, program, options.map(str::to_owned));
            let set = |name: &str| {
                let found = command.get_envs().find(|(known, _)| *known == name);
                found.and_then(|(_, value)| value).and_then(|value| value.to_str()).map(str::to_owned)
            };
            assert_eq!(set("LESSSECURE").as_deref(), Some("1"), "{program}");
            assert_eq!(set("LESSHISTFILE").as_deref(), Some("-"), "{program}");
            assert!(command.get_envs().any(|(name, value)| name == "LESSSECURE_ALLOW" && value.is_none()));
            let less = set("LESS").unwrap();
            assert!(less.contains("q returns to trailq") && less.ends_with(options.unwrap_or("RSX")), "{less}");
            let safe: Vec<_> = command.get_args().filter_map(|option| option.to_str()).collect();
            assert_eq!(
                safe.join(" "),
                if program == "view" {
                    "-Z -m"
                } else if program == "most" {
                    "+s"
                } else {
                    ""
                }
            );
            assert_eq!(set("SHELL").is_some_and(|shell| shell == "/bin/false"), program == "/bin/more");
        }
    }
}
