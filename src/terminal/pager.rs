//! Shows output that does not fit the screen in a pager, an external program. Keystrokes go to that program, so it is
//! started in a mode in which it can neither write files nor run programs.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use unicode_width::UnicodeWidthChar as _;

use crate::activity;
use crate::diagnostic::Diagnostic;
use crate::io_message::describe;

/// The programs to try if the environment names none.
const DEFAULT_PAGERS: [&str; 2] = ["less", "more"];
/// Variables that make every version of `less` safe: no programs, other files, log files or history file. Pagers that
/// run `less` pass them on.
const SAFE_VARIABLES: [(&str, &str); 2] = [("LESSSECURE", "1"), ("LESSHISTFILE", "-")];
/// Variables that would weaken the secure mode of `less`, or run a program on its input.
const UNSAFE_VARIABLES: [&str; 3] = ["LESSSECURE_ALLOW", "LESSOPEN", "LESSCLOSE"];
/// Options of `less` if the user has set none: pass colors, cut long lines instead of folding them, and leave the
/// output on the screen.
const LESS_OPTIONS: &str = "RSX";
/// The last line of the screen in `less`.
const LESS_PROMPT: &str = "?e(END) .q returns to trailq, h explains";
/// Options that make other pagers safe: restricted mode for `vim`, secure mode for `most`.
const SAFE_OPTIONS: [(&str, &[&str]); 4] =
    [("vim", &["-Z", "-m"]), ("view", &["-Z", "-m"]), ("vimdiff", &["-Z", "-m"]), ("most", &["+s"])];
/// Pagers without a safe mode, which run only the programs that variables name.
const PAGERS_BY_VARIABLES: [&str; 3] = ["more", "pg", "lv"];
/// The variables that name those programs, set to a program that does nothing.
const NO_PROGRAMS: [(&str, &str); 3] = [("SHELL", "/bin/false"), ("VISUAL", "/bin/false"), ("EDITOR", "/bin/false")];

/// The setting of `.pager`: when results are shown in a pager.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Paging {
    /// Never.
    #[default]
    Off,
    /// If they do not fit, in the default program.
    On,
    /// If they do not fit, in this program with its arguments.
    With(String),
}

impl Paging {
    /// Returns the setting as it is typed.
    pub(crate) fn name(&self) -> &str {
        match self {
            Paging::Off => "off",
            Paging::On => "on",
            Paging::With(command) => command,
        }
    }
}

/// A writer that buffers output until it exceeds the screen, then starts the pager.
pub(crate) struct PagedScreen {
    /// Rows and columns of the screen.
    size: (usize, usize),
    command: Vec<String>,
    buffer: Vec<u8>,
    /// Screen lines in `buffer`, and the columns used of the last.
    lines: usize,
    column: usize,
    /// True inside an escape sequence, which takes no column.
    escape: bool,
    pager: Option<(Child, ChildStdin)>,
    /// True if the user quit the pager before everything was written.
    left: bool,
}

impl PagedScreen {
    /// Returns a paged screen of this size, rows and columns; `None` if there is no pager.
    pub(crate) fn new(paging: &Paging, size: (usize, usize)) -> Option<PagedScreen> {
        let command = match paging {
            Paging::Off => return None,
            Paging::On => pager_of_environment()
                .or_else(|| DEFAULT_PAGERS.iter().find(|name| is_installed(name)).map(|name| (*name).to_owned()))?,
            Paging::With(command) => command.clone(),
        };
        let command: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        let (buffer, pager) = (Vec::new(), None);
        (!command.is_empty()).then_some(PagedScreen {
            size,
            command,
            buffer,
            lines: 0,
            column: 0,
            escape: false,
            pager,
            left: false,
        })
    }

    /// Adds the screen lines that bytes take.
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

    /// Starts the pager and passes it the buffered output.
    fn start(&mut self) -> io::Result<()> {
        let mut command = Command::new(&self.command[0]);
        command.stdin(Stdio::piped());
        // The screen is the pager's.
        activity::hide();
        make_safe(&mut command, &self.command[0], std::env::var("LESS").ok());
        command.args(&self.command[1..]);
        let mut child = command.spawn().map_err(|error| {
            let why = format!("cannot run the pager {}: {}", self.command[0], describe(&error));
            io::Error::new(error.kind(), Diagnostic::new(why).hint("`.pager off` turns paging off"))
        })?;
        if let Some(stdin) = child.stdin.take() {
            self.pager = Some((child, stdin));
        }
        let buffer = std::mem::take(&mut self.buffer);
        self.pass(&buffer)
    }

    /// Passes bytes to the pager; if the user quit it, the error is a closed pipe.
    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some((_, stdin)) = &mut self.pager else { return Ok(()) };
        let done = stdin.write_all(bytes).and_then(|()| stdin.flush());
        if done.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            self.left = true;
        }
        done
    }

    /// Ends the output: writes what is still buffered to `screen`, or waits for the pager to end. Returns true if the
    /// user quit it before everything was written.
    pub(crate) fn end(mut self, screen: &mut dyn Write) -> io::Result<bool> {
        let Some((mut child, stdin)) = self.pager.take() else {
            screen.write_all(&self.buffer)?;
            return Ok(false);
        };
        drop(stdin);
        child.wait()?;
        Ok(self.left)
    }
}

impl Write for PagedScreen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if self.pager.is_some() {
            self.pass(bytes)?;
            return Ok(bytes.len());
        }
        self.buffer.extend_from_slice(bytes);
        self.measure(bytes);
        // One line is for the prompt and one for the status.
        if self.lines + 2 > self.size.0 {
            self.start()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps a pager from writing files and running programs, and gives `less` a prompt that says how to quit. `options` are
/// those that the user has set for `less`: they come after trailq's own and take precedence.
fn make_safe(command: &mut Command, program: &str, options: Option<String>) {
    let name = Path::new(program).file_name().and_then(OsStr::to_str).unwrap_or_default();
    if let Some((_, safe)) = SAFE_OPTIONS.iter().find(|(known, _)| *known == name) {
        command.args(*safe);
    }
    if PAGERS_BY_VARIABLES.contains(&name) {
        command.envs(NO_PROGRAMS);
    }
    for variable in UNSAFE_VARIABLES {
        command.env_remove(variable);
    }
    command.envs(SAFE_VARIABLES);
    // `$` ends the text of a prompt. The short and the long prompts are set alike.
    let prompts: String = ["s", "m", "M"].map(|kind| format!("-P{kind}{LESS_PROMPT}$")).concat();
    command.env("LESS", format!("{prompts}{}", options.as_deref().unwrap_or(LESS_OPTIONS)));
}

/// Returns the pager that the environment names.
fn pager_of_environment() -> Option<String> {
    ["TRAILQ_PAGER", "PAGER"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
}

/// Reports whether `PATH` has a program of this name.
fn is_installed(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{PagedScreen, Paging, make_safe};

    fn page(rows: usize) -> PagedScreen {
        PagedScreen::new(&Paging::With("cat".to_owned()), (rows, 10)).unwrap()
    }

    #[test]
    fn output_that_fits_goes_to_the_screen() {
        assert!(PagedScreen::new(&Paging::Off, (24, 80)).is_none());
        let mut fits = page(5);
        fits.write_all("\x1b[1mabc\x1b[0m\ndef\n123456789é\n".as_bytes()).unwrap();
        assert!(fits.pager.is_none() && fits.lines == 3);
        let mut screen = Vec::new();
        assert!(!fits.end(&mut screen).unwrap());
        assert!(screen.ends_with("123456789é\n".as_bytes()));
    }

    #[test]
    fn output_that_does_not_fit_goes_to_the_pager() {
        let mut long = PagedScreen::new(&Paging::With("true".to_owned()), (4, 10)).unwrap();
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
        let mut lost = PagedScreen::new(&Paging::With("no-such-pager".to_owned()), (2, 10)).unwrap();
        let error = lost.write_all(b"1\n2\n").unwrap_err().to_string();
        assert_eq!(error, "cannot run the pager no-such-pager: there is no such file");
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
