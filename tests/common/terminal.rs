//! A person at a terminal of a certain size: keys go in, and what the screen shows is read as text.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rexpect::process::PtyProcess;
use rustix::termios::Winsize;

use super::program::{PROGRAM, TestEnv};
use super::screenshot;

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the screen has to be still before it is read.
const STILL: Duration = Duration::from_millis(120);
/// How often the screen is looked at.
const TICK: Duration = Duration::from_millis(10);
/// The prompt, as the screen shows it.
pub const PROMPT: &str = "trailq>";

/// What the program has written, as a terminal shows it.
struct Seen {
    parser: vt100::Parser,
    /// When something was written last.
    last: Instant,
    bytes: usize,
    raw: Vec<u8>,
}

/// A terminal with trailq in it.
pub struct Terminal {
    process: PtyProcess,
    keys: File,
    seen: Arc<Mutex<Seen>>,
}

impl Terminal {
    /// Opens the case of a test environment on a terminal of the given size, with additional environment variables.
    pub fn open(test_env: &TestEnv, (rows, columns): (u16, u16), environment: &[(&str, &str)]) -> Terminal {
        let mut command = Terminal::command(test_env);
        command
            .env("NO_COLOR", "1")
            .env("TRAILQ_USER", "tester")
            .env("TRAILQ_HISTORY", test_env.scratch.path("history"))
            .envs(environment.iter().copied());
        Terminal::run(command, (rows, columns))
    }

    /// The program in the folder of a test environment, with no other environment than a terminal has.
    pub fn command(test_env: &TestEnv) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", test_env.scratch.folder.path())
            .env("TERM", "xterm")
            .env("LANG", "C.UTF-8")
            .current_dir(test_env.scratch.folder.path());
        command
    }

    /// Runs a command on a terminal and waits for the prompt.
    pub fn run(command: Command, (rows, columns): (u16, u16)) -> Terminal {
        let process = PtyProcess::new(command).unwrap();
        let keys = process.get_file_handle().unwrap();
        let mut output = process.get_file_handle().unwrap();
        let parser = vt100::Parser::new(whole(rows), whole(columns), 0);
        let seen = Arc::new(Mutex::new(Seen { parser, last: Instant::now(), bytes: 0, raw: Vec::new() }));
        let writer = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end of the program is an error of the terminal.
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                let mut seen = writer.lock().unwrap();
                seen.parser.process(&buffer[..read]);
                seen.raw.extend_from_slice(&buffer[..read]);
                seen.bytes += read;
                seen.last = Instant::now();
            }
        });
        let mut terminal = Terminal { process, keys, seen };
        terminal.resize(rows, columns);
        terminal.until_prompt();
        terminal
    }

    /// Changes the size of the screen, and tells the program so.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&self.keys, size).unwrap();
        self.seen.lock().unwrap().parser.screen_mut().set_size(whole(rows), whole(columns));
    }

    /// Types keys.
    pub fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Types a line, and waits until it is answered; gives the screen.
    #[track_caller]
    pub fn asks(&mut self, line: &str) -> String {
        let before = self.seen.lock().unwrap().bytes;
        self.types(line);
        self.types("\r");
        self.until(&format!("the answer to {line}"), |seen, at_prompt| seen.bytes > before && at_prompt);
        self.screen()
    }

    /// Clears the screen, then asks.
    #[track_caller]
    pub fn asks_anew(&mut self, line: &str) -> String {
        self.types("\x0c");
        self.until_prompt();
        self.asks(line)
    }

    /// Waits for a text anywhere on the screen; gives the screen.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> String {
        self.until(text, |seen, _| seen.parser.screen().contents().contains(text));
        self.screen()
    }

    /// Waits for a text on a screen that does not get still.
    #[track_caller]
    pub fn appears(&self, text: &str) {
        let started = Instant::now();
        while !self.seen.lock().unwrap().parser.screen().contents().contains(text) {
            assert!(started.elapsed() < PATIENCE, "{text} does not appear:\n{}", self.screen());
            std::thread::sleep(TICK);
        }
    }

    /// Waits until the screen is still, with the cursor after the prompt.
    #[track_caller]
    pub fn until_prompt(&mut self) {
        self.until("the prompt", |_, at_prompt| at_prompt);
    }

    /// Waits until something holds of the screen, and the screen is still.
    #[track_caller]
    fn until(&self, what: &str, holds: impl Fn(&Seen, bool) -> bool) {
        let started = Instant::now();
        loop {
            {
                let seen = self.seen.lock().unwrap();
                let screen = seen.parser.screen();
                let (row, column) = screen.cursor_position();
                let line = screen.rows(0, screen.size().1.get()).nth(usize::from(row)).unwrap_or_default();
                // A suggestion may follow the cursor.
                let at_prompt = line.starts_with(PROMPT) && usize::from(column) == PROMPT.len() + 1;
                if holds(&seen, at_prompt) && seen.last.elapsed() > STILL {
                    return;
                }
                assert!(started.elapsed() < PATIENCE, "{what} is not seen:\n{}", screen.contents());
            }
            std::thread::sleep(TICK);
        }
    }

    /// What the screen shows, with the lengths of time that differ from run to run as `… ms`.
    pub fn screen(&self) -> String {
        let seen = self.seen.lock().unwrap();
        let screen = seen.parser.screen();
        let lines: Vec<String> = screen.rows(0, screen.size().1.get()).map(|line| timeless(line.trim_end())).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Renders what the screen shows as an SVG picture.
    pub fn picture(&self, title: &str) -> String {
        screenshot::svg(self.seen.lock().unwrap().parser.screen(), title)
    }

    /// Everything that was written, as bytes.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap().raw).into_owned()
    }

    /// Leaves with Ctrl-D.
    #[track_caller]
    pub fn leaves(mut self) {
        self.types("\x04");
        self.ends();
    }

    /// Waits until the program has ended well.
    #[track_caller]
    pub fn ends(self) {
        let started = Instant::now();
        let ended = loop {
            if let Some(status) = self.process.status().filter(|status| format!("{status:?}") != "StillAlive") {
                break format!("{status:?}");
            }
            assert!(started.elapsed() < PATIENCE, "the program does not end:\n{}", self.screen());
            std::thread::sleep(TICK);
        };
        assert!(ended.starts_with("Exited(") && ended.ends_with(", 0)"), "{ended}");
    }
}

fn whole(number: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(number).unwrap()
}

/// A line with the durations of answers replaced by `… ms`.
pub fn timeless(line: &str) -> String {
    duration("").replace_all(line, "… ms").into_owned()
}

/// A line of a status without the duration.
pub fn without_duration(line: &str) -> String {
    duration(", ").replace_all(line, "").into_owned()
}

/// The pattern of a duration and of the text before it.
fn duration(start: &str) -> regex::Regex {
    regex::Regex::new(&format!(r"{start}\d+(\.\d+)? (ms|s)\b")).unwrap()
}
