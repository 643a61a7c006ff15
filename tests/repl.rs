//! The prompt, in a pseudo-terminal as a person has it, and without one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by a panic")]

mod common;

use common::program::{Desk, gzip};
use common::record;
use common::terminal::{PROMPT, Terminal};

/// A person at the prompt.
struct Person {
    terminal: Terminal,
}

impl Person {
    /// Opens the case of a desk.
    fn at(desk: &Desk) -> Person {
        Person { terminal: Terminal::open(desk, (100, 200), &[("PAGER", "cat")]) }
    }

    /// Waits for a text.
    #[track_caller]
    fn sees(&mut self, text: &str) {
        if text == PROMPT { self.terminal.until_prompt() } else { drop(self.terminal.sees(text)) }
    }

    /// Types keys.
    fn types(&mut self, keys: &str) {
        self.terminal.types(keys);
    }

    /// Types a line and waits for the prompt; gives the screen with everything since.
    #[track_caller]
    fn asks(&mut self, line: &str) -> String {
        self.terminal.asks(line)
    }

    /// The same on a clear screen.
    #[track_caller]
    fn asks_anew(&mut self, line: &str) -> String {
        self.terminal.asks_anew(line)
    }

    /// Leaves with Ctrl-D.
    #[track_caller]
    fn leaves(self) {
        self.terminal.leaves();
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
    for said in ["error: unknown field `evnt-name`", "  | ^^^^^^^^^\n", "did you mean `event-name`"] {
        assert!(mistake.contains(said), "{said}: {mistake}");
    }
    let mistake = person.asks("SELECT nowhere FROM events;");
    assert!(mistake.contains("no such column: nowhere") && mistake.contains("  |        ^^^^^^^\n"), "{mistake}");
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
    assert!(answer.contains("events") && answer.contains(&format!("\n    {logins}\n")), "{answer}");
    person.types(".ti\t");
    person.sees(".timer ");
    let answer = person.asks("on");
    assert!(answer.contains("time: …"), "{answer}");
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
    // Until the terminal is as the program found it, Ctrl-C would be a key of the line editor.
    std::thread::sleep(std::time::Duration::from_millis(300));
    person.types("\x03");
    person.sees("cancelled");
    person.sees(PROMPT);
    let answer = person.asks("SELECT 6 * 7 AS answer;");
    assert!(answer.contains("42"), "{answer}");
    person.types("SELECT 1\r");
    person.sees("...> ");
    person.types("\x03");
    person.sees(PROMPT);
    person.types("half a line");
    person.sees("half a line");
    person.types("\x03");
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
    let silent = person.asks_anew("SELECT 'first' || '-answer' AS a;");
    assert!(!silent.contains("first-answer"), "{silent}");
    assert!(read("the once").contains("first-answer"));
    let again = person.asks_anew("SELECT 'second' || '-answer' AS a;");
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
    let answer = person.asks_anew(".read inner.trailq");
    assert!(answer.contains("\na\n") && answer.contains("from the file"), "{answer}");
    person.types(".quit\r");
    person.terminal.ends();
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
    person.types("\r");
    person.sees("1 row (");
    person.sees(PROMPT);
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
