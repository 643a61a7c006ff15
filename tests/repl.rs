//! The prompt, in a pseudo-terminal as a person has it, and without one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by a panic")]

mod common;

use std::process::Command;

use common::program::{Desk, PROGRAM, gzip};
use common::record;
use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};

/// The prompt.
const PROMPT: &str = "trailq> ";

/// A person at the prompt.
struct Person {
    terminal: PtySession,
}

impl Person {
    /// Opens the case of a desk.
    fn at(desk: &Desk) -> Person {
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", desk.scratch.folder.path())
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .env("LANG", "C.UTF-8")
            .env("COLUMNS", "200")
            .env("TRAILQ_HISTORY", desk.scratch.path("history"))
            .current_dir(desk.scratch.folder.path());
        let options = Options::new().timeout_ms(Some(20_000)).strip_ansi_escape_codes(true);
        let mut person = Person { terminal: spawn_with_options(command, options).unwrap() };
        person.sees("; .help explains");
        person.sees(PROMPT);
        person
    }

    /// Waits for a text; gives what came before it.
    #[track_caller]
    fn sees(&mut self, text: &str) -> String {
        self.terminal.exp_string(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
    }

    /// Types keys.
    fn types(&mut self, keys: &str) {
        self.terminal.send(keys).unwrap();
        self.terminal.flush().unwrap();
    }

    /// Types a line and waits for the prompt; gives everything until then, the line's echo too.
    #[track_caller]
    fn asks(&mut self, line: &str) -> String {
        self.types(line);
        self.types("\r");
        // The echo ends with the line break; after it the prompt can only be a new one.
        let echo = self.sees("\n");
        let answer = self.sees(PROMPT);
        format!("{echo}\n{answer}")
    }

    /// Leaves with Ctrl-D.
    #[track_caller]
    fn leaves(mut self) {
        self.terminal.send_control('d').unwrap();
        self.terminal.exp_eof().unwrap();
        let ended = format!("{:?}", self.terminal.process().wait().unwrap());
        assert!(ended.starts_with("Exited(") && ended.ends_with(", 0)"), "{ended}");
    }
}

#[test]
fn lookups_records_and_sql_are_answered() {
    let desk = Desk::with_delivery();
    let mut person = Person::at(&desk);
    let answer = person.asks("event-name=CreateUser");
    assert!(answer.contains("2024-03-01T22:58:14Z") && answer.contains("1 event (all times, "), "{answer}");
    let shown = person.asks(".show 1");
    assert!(shown.contains("\"eventID\": \"63351e45-a833-4630-abf2-a991cc0b83a6\""), "{shown}");
    person.types("SELECT 40 + 2\r");
    person.sees("...> ");
    let answer = person.asks("AS answer;");
    assert!(answer.contains("answer") && answer.contains("42") && answer.contains("1 row ("), "{answer}");
    let mistake = person.asks("evnt-name=CreateUser");
    for said in ["error: unknown field `evnt-name`", "  | ^^^^^^^^^\r\n", "did you mean `event-name`"] {
        assert!(mistake.contains(said), "{said}: {mistake}");
    }
    let mistake = person.asks("SELECT nowhere FROM events;");
    assert!(mistake.contains("no such column: nowhere") && mistake.contains("  |        ^^^^^^^\r\n"), "{mistake}");
    let refused = person.asks("DELETE FROM events;");
    assert!(refused.contains("SQL on a case only looks"), "{refused}");
    person.asks(".mode json");
    let answer = person.asks("event-name=CreateUser | count");
    assert!(answer.contains("{\"events\":1}"), "{answer}");
    person.leaves();
}

#[test]
fn tab_completes_a_value() {
    let desk = Desk::with_delivery();
    let mut person = Person::at(&desk);
    person.types("event-name=Con\t");
    person.sees("event-name=ConsoleLogin");
    // A space after the value, if none was put in, and the rest of the lookup.
    let answer = person.asks(" | count");
    let logins = desk.scratch.number("SELECT count(*) FROM events WHERE event_name = 'ConsoleLogin'");
    assert!(answer.contains("events") && answer.contains(&format!(" {logins}\r\n")), "{answer}");
    person.types(".ti\t");
    person.sees(".timer ");
    let answer = person.asks("on");
    assert!(answer.contains("time: 0."), "{answer}");
    person.leaves();
}

#[test]
fn a_saved_query_is_completed_and_run() {
    let desk = Desk::with_delivery();
    let mut person = Person::at(&desk);
    person.types(".run trails-st\t");
    person.sees(".run trails-stopped ");
    person.types("si\t");
    person.sees("since=");
    let answer = person.asks("2024-03-01");
    assert!(answer.contains("StopLogging") && answer.contains("2 rows (since 2024-03-01T00:00:00Z, "), "{answer}");
    let record = person.asks(".show 1");
    assert!(record.contains("\"eventName\": \"StopLogging\""), "{record}");
    let mistake = person.asks(".run lineage");
    assert!(mistake.contains("`lineage` needs a value for `key`"), "{mistake}");
    let listed = person.asks(".queries spraying");
    assert!(listed.contains("password-spraying"), "{listed}");
    person.leaves();
}

#[test]
fn ctrl_c_cancels_what_runs_and_then_the_line() {
    let desk = Desk::with_delivery();
    let mut person = Person::at(&desk);
    let endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c;";
    person.types(endless);
    person.types("\r");
    person.sees("\n");
    // Until the terminal is as the program found it, Ctrl-C would be a key of the line editor.
    std::thread::sleep(std::time::Duration::from_millis(300));
    person.terminal.send_control('c').unwrap();
    person.sees("cancelled");
    person.sees(PROMPT);
    let answer = person.asks("SELECT 6 * 7 AS answer;");
    assert!(answer.contains("42"), "{answer}");
    person.types("SELECT 1\r");
    person.sees("...> ");
    person.terminal.send_control('c').unwrap();
    person.sees(PROMPT);
    person.types("half a line");
    person.sees("half a line");
    person.terminal.send_control('c').unwrap();
    person.sees(PROMPT);
    let answer = person.asks("event-name=CreateUser | count");
    assert!(answer.contains("1 row (all times, "), "{answer}");
    person.leaves();
}

#[test]
fn answers_go_to_files_and_inputs_come_from_them() {
    let desk = Desk::with_delivery();
    let read = |name: &str| std::fs::read_to_string(desk.scratch.path(name)).unwrap();
    desk.scratch.write("more.json.gz", gzip(record("new-1", "").as_bytes()));
    desk.scratch.write("inner.trailq", ".mode csv\nSELECT 'from the file' AS a;\n");
    let mut person = Person::at(&desk);
    person.asks(".once 'the once'");
    let silent = person.asks("SELECT 'first' || '-answer' AS a;");
    assert!(!silent.contains("first-answer"), "{silent}");
    assert!(read("the once").contains("first-answer"));
    let again = person.asks("SELECT 'second' || '-answer' AS a;");
    assert!(again.contains("second-answer"), "{again}");
    person.asks(".output all");
    person.asks("| count");
    person.asks("user=alice");
    person.asks(".output");
    let all = read("all");
    assert!(all.starts_with("events\n") && all.contains("360") && all.lines().count() == 3 + 2 + 57, "{all}");
    let report = person.asks(".import more.json.gz");
    assert!(report.contains("1 file: 1 record read, 1 stored, 0 duplicate, 0 rejected"), "{report}");
    let answer = person.asks("new-1");
    assert!(answer.contains("1 event (all times, "), "{answer}");
    let answer = person.asks(".read inner.trailq");
    assert!(answer.contains("\na\r") && answer.contains("from the file"), "{answer}");
    person.types(".quit\r");
    person.terminal.exp_eof().unwrap();
    common::check_case(&desk.scratch.case());
}

#[test]
fn the_history_is_kept() {
    let desk = Desk::with_delivery();
    let mut person = Person::at(&desk);
    person.asks("SELECT 'remembered' AS a;");
    person.leaves();
    assert!(std::fs::read_to_string(desk.scratch.path("history")).unwrap().contains("remembered"));
    let mut person = Person::at(&desk);
    person.types("\x1b[A");
    person.sees("SELECT 'remembered' AS a;");
    let answer = person.asks("");
    assert!(answer.contains("1 row ("), "{answer}");
    person.leaves();
}

#[test]
fn without_a_terminal_the_first_error_ends_it() {
    let desk = Desk::with_delivery();
    let ran = desk.pipe(&["--format", "tsv"], b"event-name=CreateUser | count\n\n.print two\nSELECT\n 3 AS n;\n");
    let ran = ran.exits(0);
    assert_eq!(ran.out, "events\n1\ntwo\nn\n3\n");
    assert!(!ran.err.contains(PROMPT) && !ran.err.contains('\x1b'), "{ran:?}");
    let ran = desk.pipe(&["trailq.db"], b".print one\nevnt-name=x\n.print two\n");
    let ran = ran.fails(2, &["error: unknown field `evnt-name`\n", "--> standard input:2\n  | evnt-name=x\n"]);
    assert_eq!(ran.out, "one\n");
    desk.pipe(&[], b"SELECT 1;\n\nSELECT\n  nowhere FROM events;\n").fails(2, &["--> standard input:4\n"]);
    desk.pipe(&[], b".import nowhere\n").fails(2, &["nowhere: there is no such file or folder", "standard input:1\n"]);
    assert_eq!(desk.pipe(&[], b".print a\n.quit\n.nonsense\n").exits(0).out, "a\n");
    desk.scratch.write("bad.json", "{\"Records\":[{},7]}");
    desk.pipe(&["-q"], b".import bad.json\n").exits(1);
    desk.pipe(&[], b"").exits(0);
}
