//! After every kill of a writer, everyone who reads has an answer at once: a snapshot, a session that was open before, and
//! an endpoint that was running before.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use super::{EVENTS, RECORDS, TRAILS, interrupt};
use crate::common::program::{PROGRAM, TestEnv};
use crate::common::{check_case, content, lines};

/// How many writers are killed, unless `TRAILQ_KILLS` says otherwise.
const KILLS: u64 = 40;
/// Small files that a case has before others are imported.
const BEFORE: usize = 60;
/// The events of these.
const EVENTS_BEFORE: i64 = (BEFORE * RECORDS) as i64;
/// Notes and tags of one script.
const ANNOTATIONS: usize = 150;

/// A case with the first files, by which everything begins.
static BASE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let test_env = TestEnv::new();
    let files: Vec<String> =
        (0..BEFORE).map(|file| TRAILS.folder().join(format!("{file:04}.json.gz")).display().to_string()).collect();
    let arguments: Vec<&str> = ["-q", "import"].into_iter().chain(files.iter().map(String::as_str)).collect();
    test_env.run(&arguments).exits(0);
    std::fs::read(test_env.scratch.case()).unwrap()
});

/// A session that is asked by one line after another.
pub(super) struct Open {
    child: Child,
    input: ChildStdin,
    answers: BufReader<ChildStdout>,
    notes: Option<ChildStderr>,
}

impl Open {
    pub(super) fn start(test_env: &TestEnv) -> Open {
        let mut command = test_env.command(&["--format", "tsv"]);
        temporary(test_env, &mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let notes = child.stderr.take();
        Open { child, input, answers, notes }
    }

    /// The number of events.
    #[track_caller]
    pub(super) fn count(&mut self) -> i64 {
        self.input.write_all(b"| count\n").unwrap();
        let mut line = || {
            let mut line = String::new();
            self.answers.read_line(&mut line).unwrap();
            line.trim().to_owned()
        };
        let (head, count) = (line(), line());
        if head != "events" {
            let mut notes = String::new();
            let _ = self.notes.take().unwrap().read_to_string(&mut notes);
            panic!("no answer: {head:?} {count:?} {notes}");
        }
        count.parse().unwrap()
    }

    /// Ends it, and gives what it remarked.
    pub(super) fn end(mut self) -> String {
        self.input.write_all(b".quit\n").unwrap();
        let mut notes = String::new();
        self.notes.take().unwrap().read_to_string(&mut notes).unwrap();
        assert!(self.child.wait().unwrap().success(), "{notes}");
        notes
    }
}

/// A running endpoint.
pub(super) struct Served {
    child: Child,
    address: String,
}

impl Served {
    pub(super) fn start(test_env: &TestEnv) -> Served {
        let mut command = test_env.command(&["serve", "--port", "0"]);
        temporary(test_env, &mut command);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut notes = BufReader::new(child.stderr.take().unwrap());
        let mut greeting = String::new();
        while !greeting.contains("try: aws") {
            assert!(notes.read_line(&mut greeting).unwrap() > 0, "{greeting}");
        }
        let address = greeting.split("http://").nth(1).unwrap().split([';', ' ']).next().unwrap().to_owned();
        Served { child, address }
    }

    /// Reports whether the endpoint has an event.
    #[track_caller]
    pub(super) fn has(&self, event: &str) -> bool {
        let body = format!(r#"{{"LookupAttributes":[{{"AttributeKey":"EventId","AttributeValue":"{event}"}}]}}"#);
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Amz-Target: CloudTrail_20131101.LookupEvents\r\n\
             Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        answer.contains(&format!("\"EventId\":\"{event}\""))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // By a signal that lets it remove its copies.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// Lets a program have its temporary files in a folder of the test environment.
fn temporary(test_env: &TestEnv, command: &mut Command) {
    let folder = test_env.scratch.path("tmp");
    std::fs::create_dir_all(&folder).unwrap();
    command.env("TMPDIR", folder);
}

/// Something that writes.
#[derive(Debug, Clone, Copy)]
enum Writer {
    Import,
    Merge,
    Snapshot,
    Annotations,
}

impl Writer {
    const ALL: [Writer; 4] = [Writer::Import, Writer::Merge, Writer::Snapshot, Writer::Annotations];

    fn command(self, test_env: &TestEnv) -> Command {
        let (trails, other) = (TRAILS.folder(), TRAILS.scratch.case());
        let arguments = match self {
            Writer::Import => vec!["-q", "import", trails.to_str().unwrap()],
            Writer::Merge => vec!["-q", "merge", other.to_str().unwrap()],
            Writer::Snapshot => vec!["-q", "snapshot", "--portable", "killed.db"],
            Writer::Annotations => vec!["-q", "script", "notes.trailq"],
        };
        let mut command = test_env.command(&arguments);
        temporary(test_env, &mut command);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// A test_env with what it begins with.
    fn test_env(self) -> TestEnv {
        let test_env = TestEnv::new();
        test_env.scratch.write("trailq.db", &*BASE);
        if matches!(self, Writer::Annotations) {
            let lines = (0..ANNOTATIONS).map(|n| format!(".tag e-{n} seen\n.note number {n}\n"));
            test_env.scratch.write("notes.trailq", lines.collect::<String>());
        }
        test_env
    }

    /// How long it takes when nobody kills it.
    fn taken(self) -> Duration {
        let test_env = self.test_env();
        let mut command = self.command(&test_env);
        let started = Instant::now();
        assert!(command.status().unwrap().success(), "{self:?}");
        started.elapsed()
    }
}

/// Nothing is left but what is named: no copy, and nothing beside the case.
#[track_caller]
fn nothing_is_left(test_env: &TestEnv, what: &str) {
    let mut left: Vec<String> = std::fs::read_dir(test_env.scratch.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !matches!(name.as_str(), "trailq.db" | "tmp" | "s.db" | "notes.trailq" | "killed.db"))
        .collect();
    left.extend(std::fs::read_dir(test_env.scratch.path("tmp")).unwrap().map(|entry| format!("{:?}", entry.unwrap())));
    left.sort();
    assert_eq!(left, Vec::<String>::new(), "{what}");
}

/// A snapshot of the case, which is asked at once; gives its events.
#[track_caller]
fn snapshot(test_env: &TestEnv, what: &str) -> i64 {
    let mut command = test_env.command(&["-q", "snapshot", "--force", "s.db"]);
    temporary(test_env, &mut command);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    let snapshot = test_env.scratch.ask_at("s.db");
    snapshot.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap()
}

#[test]
fn after_every_kill_a_snapshot_an_open_session_and_an_endpoint_answer() {
    let kills = std::env::var("TRAILQ_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let (mut killed, mut parts, mut annotated) = ([0_u64; 4], 0, 0);
    let mut taken = Writer::ALL.map(Writer::taken);
    let mut attempts = 0..kills * 3;
    while killed.iter().sum::<u64>() < kills {
        let attempt = attempts.next().expect("most writers end before they are killed");
        let kill = killed.iter().sum::<u64>();
        let writer = Writer::ALL[kill as usize % 4];
        let test_env = writer.test_env();
        let mut open = Open::start(&test_env);
        let served = Served::start(&test_env);
        assert_eq!(open.count(), EVENTS_BEFORE);
        let mut child = writer.command(&test_env).spawn().unwrap();
        // A sequence that comes near every part of the time.
        let part = (attempt * 61 % 97) as u32;
        std::thread::sleep(taken[writer as usize] * part / 97);
        child.kill().unwrap();
        let ended = child.wait().unwrap().code().is_some();
        // What else the machine does changes: the time is what it was of late.
        let usual = &mut taken[writer as usize];
        *usual = if ended { *usual * 9 / 10 } else { *usual * 51 / 50 };
        if ended {
            continue;
        }
        killed[writer as usize] += 1;
        let what = format!("kill {kill}, {writer:?} after {part}/97");
        // Each is in turn the first to meet what is left.
        let mut counts = Vec::new();
        for turn in 0..3 {
            match (kill / 4 + turn) % 3 {
                0 => counts.push(snapshot(&test_env, &what)),
                1 => counts.push(open.count()),
                _ => assert!(served.has("e-7"), "{what}"),
            }
        }
        assert!(counts.iter().all(|count| *count == counts[0]), "{what}: {counts:?}");
        match writer {
            Writer::Import => assert!((EVENTS_BEFORE..=EVENTS).contains(&counts[0]), "{what}: {counts:?}"),
            Writer::Merge => assert!([EVENTS_BEFORE, EVENTS].contains(&counts[0]), "{what}: {counts:?}"),
            _ => assert_eq!(counts[0], EVENTS_BEFORE, "{what}"),
        }
        parts += u32::from(counts[0] != EVENTS_BEFORE && counts[0] != EVENTS);
        let last = format!("e-{}", EVENTS - 1);
        assert_eq!(served.has(&last), counts[0] == EVENTS, "{what}");
        open.end();
        drop(served);
        nothing_is_left(&test_env, &what);
        check_case(&test_env.scratch.case());
        assert_eq!(test_env.scratch.number("SELECT count(*) FROM events"), counts[0], "{what}");
        if matches!(writer, Writer::Annotations) {
            // Each is there as a whole, in the order of the script.
            let kept =
                lines(&test_env.scratch.ask(), "SELECT (SELECT count(*) FROM tags), (SELECT count(*) FROM notes)");
            let (tags, notes) = kept[0].split_once('|').unwrap();
            let (tags, notes): (usize, usize) = (tags.parse().unwrap(), notes.parse().unwrap());
            assert!(notes == tags || notes + 1 == tags, "{what}: {kept:?}");
            annotated += usize::from((1..ANNOTATIONS).contains(&notes));
        }
        if matches!(writer, Writer::Import | Writer::Merge) && kill % 8 < 2 {
            assert!(writer.command(&test_env).status().unwrap().success(), "{what}");
            check_case(&test_env.scratch.case());
            assert!(content(&test_env.scratch.case()) == TRAILS.content, "{what}: the content is another");
        }
    }
    eprintln!("{kills} kills: {killed:?} before the end; {parts} left a part of an import, {annotated} of the notes");
}

#[test]
fn an_open_session_and_an_endpoint_recover_from_a_hot_journal_by_themselves() {
    let test_env = TestEnv::new();
    test_env.scratch.write("trailq.db", std::fs::read(TRAILS.scratch.case()).unwrap());
    let mut open = Open::start(&test_env);
    let served = Served::start(&test_env);
    assert_eq!((open.count(), served.has("e-7")), (EVENTS, true));
    for turn in 0..2 {
        interrupt(&test_env);
        // Each is once the first.
        if turn == 0 {
            assert_eq!((open.count(), served.has("e-7")), (EVENTS, true));
        } else {
            assert_eq!((served.has("e-7"), open.count()), (true, EVENTS));
        }
        is_gone(&test_env.scratch.path("trailq.db-journal"));
    }
    assert!(!open.end().contains("note:"), "there is nothing to remark");
    assert!(content(&test_env.scratch.case()) == TRAILS.content);
}

/// What every other reader finds after a kill, once by the journal of an interrupted transaction.
#[test]
fn every_reader_rolls_a_hot_journal_back() {
    let other = TestEnv::new();
    other.scratch.write("trailq.db", &*BASE);
    let other = other.scratch.case();
    let other = other.to_str().unwrap();
    for arguments in [
        &["info"][..],
        &["lookup-events", "--max-items", "1"],
        &["snapshot", "--verify", "trailq.db"],
        &["snapshot", "s.db"],
        &["diff", "trailq.db", other],
        &["--db", "new.db", "merge", "trailq.db"],
        &["merge", other],
        &["run", "console-logins"],
        &["queries"],
        &["sql", "SELECT count(*) FROM events"],
    ] {
        let test_env = TestEnv::new();
        interrupt(&test_env);
        let ran = test_env.run(arguments);
        assert!(ran.code == Some(0), "{arguments:?}: {ran:?}");
        if arguments[1..].first() == Some(&"--verify") {
            // It looks at a copy, and leaves the file as it lies.
            assert!(ran.out.contains("journal"), "{ran:?}");
        } else {
            is_gone(&test_env.scratch.path("trailq.db-journal"));
        }
    }
}

#[track_caller]
fn is_gone(path: &Path) {
    assert!(!path.exists(), "{} is left by {PROGRAM}", path.display());
}
