//! A program that an answer is piped to. It is started without a shell. What it writes goes to the screen with control
//! characters escaped, since it may contain text of records.

use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded, select};

use crate::escape::visible_lines;

/// The size of what is passed on at once, in bytes.
const CHUNK_BYTES: usize = 32 << 10;
/// The number of chunks that wait on either side of the program.
const MAX_CHUNKS: usize = 8;

/// A running program.
pub(crate) struct Filter {
    child: Child,
    /// Takes its standard input; `None` after the program has closed it.
    input: Option<Sender<Vec<u8>>>,
    /// Gives its output and errors; `None` after the reader of the screen has left.
    output: Option<Receiver<Vec<u8>>>,
    /// Input that is not passed on yet.
    buffer: Vec<u8>,
    /// The beginning of a character whose rest is not read yet.
    partial: Vec<u8>,
}

/// The end of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilterEnd {
    /// The failure, if its exit status is one.
    pub(crate) failure: Option<String>,
    /// True if not everything was passed on, because the program or the reader of the screen did not want it.
    pub(crate) left: bool,
}

impl Filter {
    /// Starts a program with its arguments.
    ///
    /// # Errors
    /// The program does not exist, or cannot be run.
    pub(crate) fn start(program: &str, arguments: &[String]) -> io::Result<Filter> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (input, chunks) = bounded::<Vec<u8>>(MAX_CHUNKS);
        let (writer, output) = bounded(MAX_CHUNKS);
        if let Some(mut stdin) = child.stdin.take() {
            // The end of the thread drops the channel, which ends the answer.
            thread::spawn(move || chunks.iter().try_for_each(|chunk| stdin.write_all(&chunk)));
        }
        child.stdout.take().into_iter().for_each(|stdout| read_into(stdout, writer.clone()));
        child.stderr.take().into_iter().for_each(|stderr| read_into(stderr, writer.clone()));
        Ok(Filter { child, input: Some(input), output: Some(output), buffer: Vec::new(), partial: Vec::new() })
    }

    /// Passes bytes to the program, and what it has written to the screen.
    ///
    /// # Errors
    /// The program has closed its input, or the reader of the screen has left: a broken pipe.
    pub(crate) fn write(&mut self, bytes: &[u8], screen: &mut dyn Write) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() < CHUNK_BYTES { Ok(()) } else { self.pass(screen) }
    }

    /// Passes the buffer to the program.
    fn pass(&mut self, screen: &mut dyn Write) -> io::Result<()> {
        while !self.buffer.is_empty() {
            let (Some(input), Some(output)) = (&self.input, &self.output) else {
                return Err(io::ErrorKind::BrokenPipe.into());
            };
            let written = select! {
                send(input, std::mem::take(&mut self.buffer)) -> sent => {
                    if sent.is_err() {
                        self.input = None;
                    }
                    continue;
                }
                recv(output) -> chunk => chunk,
            };
            match written {
                Ok(chunk) => self.show(&chunk, screen)?,
                // Its output is closed: it reads no longer, or it needs no screen.
                Err(_) => {
                    let chunk = std::mem::take(&mut self.buffer);
                    if input.send(chunk).is_err() {
                        self.input = None;
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes output of the program to the screen.
    fn show(&mut self, chunk: &[u8], screen: &mut dyn Write) -> io::Result<()> {
        self.partial.extend_from_slice(chunk);
        let complete = complete_length(&self.partial);
        let text = String::from_utf8_lossy(&self.partial[..complete]).into_owned();
        self.partial.drain(..complete);
        let shown = screen.write_all(visible_lines(&text).as_bytes());
        if shown.is_err() {
            self.output = None;
        }
        shown
    }

    /// Ends the input, passes the rest of the output to the screen, and waits for the program.
    ///
    /// # Errors
    /// The screen cannot be written.
    pub(crate) fn end(mut self, screen: &mut dyn Write) -> io::Result<FilterEnd> {
        let mut shown = self.pass(screen);
        let mut left = self.input.is_none() || self.output.is_none();
        self.input = None;
        while let Some(chunk) = self.output.as_ref().and_then(|output| output.recv().ok()) {
            shown = self.show(&chunk, screen);
        }
        if shown.is_ok() && !self.partial.is_empty() {
            shown = screen.write_all("\u{fffd}".as_bytes());
        }
        let status = self.child.wait()?;
        match shown {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => left = true,
            shown => shown?,
        }
        // A reader that has left ends the program too.
        let failure = (!status.success() && self.output.is_some()).then(|| status.to_string());
        Ok(FilterEnd { failure, left })
    }
}

/// Reads a stream to its end, chunk by chunk.
fn read_into(mut stream: impl Read + Send + 'static, chunks: Sender<Vec<u8>>) {
    thread::spawn(move || {
        let mut buffer = vec![0; CHUNK_BYTES];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            if chunks.send(buffer[..length].to_vec()).is_err() {
                return;
            }
        }
    });
}

/// Returns the length of the bytes without an incomplete character at their end.
fn complete_length(bytes: &[u8]) -> usize {
    let start = bytes.len().saturating_sub(3);
    for at in (start..bytes.len()).rev() {
        let length = match bytes[at] {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => 1,
        };
        return if at + length > bytes.len() { at } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{Filter, FilterEnd, complete_length};

    /// The output of a program for an input that is written in pieces, and its end.
    fn piped(program: &str, arguments: &[&str], input: &[u8]) -> (String, FilterEnd) {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut filter = Filter::start(program, &arguments).unwrap();
        let mut screen = Vec::new();
        for piece in input.chunks(1_000) {
            match filter.write(piece, &mut screen) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
                written => written.unwrap(),
            }
        }
        let end = filter.end(&mut screen).unwrap();
        (String::from_utf8(screen).unwrap(), end)
    }

    #[test]
    fn much_input_and_output_passes_in_its_order() {
        let input: String = (0..200_000).map(|number| format!("{number} é\n")).collect();
        let (out, end) = piped("cat", &[], input.as_bytes());
        assert!(out == input, "{} of {} bytes", out.len(), input.len());
        assert_eq!(end, FilterEnd { failure: None, left: false });
    }

    #[test]
    fn nothing_that_a_program_writes_acts_on_the_terminal() {
        let (out, _) = piped("cat", &[], b"a\x1b[31m\tb\xe2\x80\xaec\xff\n\xe2\x80");
        assert_eq!(out, "a\\x1b[31m\tb\\u{202e}c\u{fffd}\n\u{fffd}");
    }

    #[test]
    fn a_program_that_stops_reading_ends_the_answer() {
        let input = "line\n".repeat(1_000_000);
        let (out, end) = piped("head", &["-n", "2"], input.as_bytes());
        assert_eq!(out, "line\nline\n");
        assert!(end.failure.is_none() && end.left);
    }

    #[test]
    fn arguments_reach_no_shell_and_a_failure_is_reported() {
        assert_eq!(piped("echo", &["$HOME;", "*", "a b"], b"").0, "$HOME; * a b\n");
        let (out, end) = piped("ls", &["/no/such/file"], b"");
        assert!(out.contains("/no/such/file") && end.failure.unwrap().starts_with("exit status: "), "{out}");
        assert!(Filter::start("no-such-program", &[]).is_err());
    }

    #[test]
    fn a_character_is_not_cut() {
        for (bytes, length) in [(&b"a"[..], 1), (b"", 0), ("é".as_bytes(), 2), (b"a\xc3", 1), (b"\xf0\x9f\x98", 0)] {
            assert_eq!(complete_length(bytes), length, "{bytes:?}");
        }
        assert_eq!(complete_length(b"a\x80\x80\x80\x80"), 5);
        assert_eq!(complete_length("a\u{1f600}".as_bytes()), 5);
    }
}
