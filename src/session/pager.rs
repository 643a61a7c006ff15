//! Shows an answer that does not fit the screen in a pager: another program, which gets what is written to it.

use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use unicode_width::UnicodeWidthChar as _;

/// Programs that are tried where none is named.
const USUAL: [&str; 2] = ["less", "more"];

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
pub(super) struct Page {
    /// Rows and columns of the screen.
    size: (usize, usize),
    command: Vec<String>,
    held: Vec<u8>,
    /// Screen lines in `held`, and the columns taken of the last.
    lines: usize,
    column: usize,
    /// Whether an escape sequence is being written, which takes no column.
    escape: bool,
    pager: Option<(Child, ChildStdin)>,
    /// Whether there was a pager and the reader left it.
    left: bool,
}

impl Page {
    /// A page on a screen of so many rows and columns; `None` where there is no pager.
    pub(super) fn new(paging: &Paging, size: (usize, usize)) -> Option<Page> {
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
        command.args(&self.command[1..]).stdin(Stdio::piped());
        if std::env::var_os("LESS").is_none() {
            // Colours pass, long lines are cut and not folded, and the answer stays on the screen.
            command.env("LESS", "RSX");
        }
        let mut child = command.spawn().map_err(|error| {
            io::Error::new(error.kind(), format!("the pager {} cannot be run: {error}", self.command[0]))
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
    pub(super) fn end(mut self, screen: &mut dyn Write) -> io::Result<bool> {
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

/// The pager that the environment names.
fn named() -> Option<String> {
    ["TRAILQ_PAGER", "PAGER"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
}

/// Whether there is a program of this name.
fn is_there(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{Page, Paging};

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
        assert!(lost.write_all(b"1\n2\n").unwrap_err().to_string().contains("no-such-pager cannot be run"));
    }
}
