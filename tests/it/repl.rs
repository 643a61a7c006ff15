//! The prompt, in a pseudo-terminal as a repl has it, and without one.

use crate::common;
use crate::common::program::{TestEnv, gzip};
use crate::common::record;
use crate::common::terminal::{PROMPT, Terminal};
use crate::common::{Needs, skip};

/// A repl at the prompt.
struct ReplDriver {
    terminal: Terminal,
}

impl ReplDriver {
    /// Opens the case of a test environment.
    fn at(test_env: &TestEnv) -> ReplDriver {
        ReplDriver { terminal: Terminal::open(test_env, (100, 200), &[("PAGER", "cat")]) }
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
    let test_env = TestEnv::with_delivery();
    let mut repl = ReplDriver::at(&test_env);
    let answer = repl.asks("event-name=CreateUser");
    assert!(answer.contains("2024-03-01T22:58:14Z") && answer.contains("1 event (all times, "), "{answer}");
    let shown = repl.asks(".show 1");
    assert!(shown.contains("\"eventID\": \"63351e45-a833-4630-abf2-a991cc0b83a6\""), "{shown}");
    repl.types("SELECT 40 + 2\r");
    repl.sees("...> ");
    let answer = repl.asks("AS answer;");
    assert!(answer.contains("answer") && answer.contains("42") && answer.contains("1 row ("), "{answer}");
    let mistake = repl.asks("evnt-name=CreateUser");
    for said in ["error: unknown field `evnt-name`", "  | ^^^^^^^^^\n", "did you mean `event-name`"] {
        assert!(mistake.contains(said), "{said}: {mistake}");
    }
    let mistake = repl.asks("SELECT nowhere FROM events;");
    assert!(mistake.contains("no such column: nowhere") && mistake.contains("  |        ^^^^^^^\n"), "{mistake}");
    let refused = repl.asks("DELETE FROM events;");
    assert!(refused.contains("SQL on a case is read-only"), "{refused}");
    repl.asks(".mode json");
    let answer = repl.asks("event-name=CreateUser | count");
    assert!(answer.contains("{\"events\":1}"), "{answer}");
    repl.leaves();
}

#[test]
fn tab_completes_a_value() {
    let test_env = TestEnv::with_delivery();
    let mut repl = ReplDriver::at(&test_env);
    repl.types("event-name=Con\t");
    repl.sees("event-name=ConsoleLogin");
    // A space after the value, if none was put in, and the rest of the lookup.
    let answer = repl.asks(" | count");
    let logins = test_env.scratch.number("SELECT count(*) FROM events WHERE event_name = 'ConsoleLogin'");
    assert!(answer.contains("events") && answer.contains(&format!("\n    {logins}\n")), "{answer}");
    repl.types(".ti\t");
    repl.sees(".timer ");
    let answer = repl.asks("on");
    assert!(answer.contains("time: …"), "{answer}");
    repl.leaves();
}

#[test]
fn lines_of_other_shells_do_what_they_mean() {
    let test_env = TestEnv::with_delivery();
    let mut repl = ReplDriver::at(&test_env);
    assert!(repl.asks_anew("help").contains("A line is a lookup, SQL or a command"));
    assert!(repl.asks_anew("?").contains(".show N [--raw]"));
    assert!(repl.asks_anew("show tables;").contains("event_history\n"));
    assert!(repl.asks_anew("desc identities").contains("CREATE TABLE identities"));
    let rows = repl.asks_anew("FROM identities WHERE user_name = 'alice'");
    assert!(rows.contains("SELECT * FROM identities WHERE user_name = 'alice' LIMIT 50;"), "{rows}");
    assert!(rows.contains("user/alice"), "{rows}");
    let advice = repl.asks_anew("history");
    assert!(advice.contains("Ctrl-R searches the history") && advice.contains("\"history\""), "{advice}");
    // In quotes, and beside other terms, they are values as any other.
    let quoted = repl.asks_anew("\"exit\"");
    assert!(quoted.contains("no event has exactly `exit` in an indexed field"), "{quoted}");
    assert!(!quoted.contains(".quit"), "{quoted}");
    assert!(repl.asks_anew("exit user=alice").contains("no events match"));
    repl.types("clear\r");
    repl.sees(PROMPT);
    repl.types("exit\r");
    repl.terminal.ends();
}

#[test]
fn a_saved_query_is_completed_and_run() {
    let test_env = TestEnv::with_delivery();
    let mut repl = ReplDriver::at(&test_env);
    repl.types(".run trails-st\t");
    repl.sees(".run trails-stopped ");
    repl.types("si\t");
    repl.sees("since=");
    let answer = repl.asks("2024-03-01");
    assert!(answer.contains("StopLogging") && answer.contains("2 rows (since 2024-03-01T00:00:00Z, "), "{answer}");
    let record = repl.asks(".show 1");
    assert!(record.contains("\"eventName\": \"StopLogging\""), "{record}");
    let mistake = repl.asks(".run lineage");
    assert!(mistake.contains("`lineage` needs a value for `key`"), "{mistake}");
    let listed = repl.asks(".queries spraying");
    assert!(listed.contains("password-spraying"), "{listed}");
    repl.leaves();
}

#[test]
fn ctrl_c_cancels_what_runs_and_then_the_line() {
    let test_env = TestEnv::with_delivery();
    let mut repl = ReplDriver::at(&test_env);
    let endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c;";
    repl.types(endless);
    repl.types("\r");
    // Until the terminal is as the program found it, Ctrl-C would be a key of the line editor.
    std::thread::sleep(std::time::Duration::from_millis(300));
    repl.types("\x03");
    repl.sees("cancelled");
    repl.sees(PROMPT);
    let answer = repl.asks("SELECT 6 * 7 AS answer;");
    assert!(answer.contains("42"), "{answer}");
    repl.types("SELECT 1\r");
    repl.sees("...> ");
    repl.types("\x03");
    repl.sees(PROMPT);
    repl.types("half a line");
    repl.sees("half a line");
    repl.types("\x03");
    repl.sees(PROMPT);
    let answer = repl.asks("event-name=CreateUser | count");
    assert!(answer.contains("1 row (all times, "), "{answer}");
    repl.leaves();
}

#[test]
fn answers_go_to_files_and_inputs_come_from_them() {
    let test_env = TestEnv::with_delivery();
    let read = |name: &str| std::fs::read_to_string(test_env.scratch.path(name)).unwrap();
    test_env.scratch.write("more.json.gz", gzip(record("new-1", "").as_bytes()));
    test_env.scratch.write("inner.trailq", ".mode csv\nSELECT 'from the file' AS a;\n");
    let mut repl = ReplDriver::at(&test_env);
    repl.asks(".once 'the once'");
    let silent = repl.asks_anew("SELECT 'first' || '-answer' AS a;");
    assert!(!silent.contains("first-answer"), "{silent}");
    assert!(read("the once").contains("first-answer"));
    let again = repl.asks_anew("SELECT 'second' || '-answer' AS a;");
    assert!(again.contains("second-answer"), "{again}");
    repl.asks(".output all");
    repl.asks("| count");
    repl.asks("user=alice");
    repl.asks(".output");
    let all = read("all");
    assert!(all.starts_with("events\n") && all.contains("360") && all.lines().count() == 3 + 2 + 57, "{all}");
    let report = repl.asks(".import more.json.gz");
    assert!(report.contains("1 file: 1 record read, 1 stored, 0 duplicate, 0 rejected"), "{report}");
    let answer = repl.asks("new-1");
    assert!(answer.contains("1 event (all times, "), "{answer}");
    let answer = repl.asks_anew(".read inner.trailq");
    assert!(answer.contains("\na\n") && answer.contains("from the file"), "{answer}");
    repl.types(".quit\r");
    repl.terminal.ends();
    common::check_case(&test_env.scratch.case());
}

#[test]
fn the_history_is_kept() {
    let test_env = TestEnv::with_delivery();
    let mut repl = ReplDriver::at(&test_env);
    repl.asks("SELECT 'remembered' AS a;");
    repl.leaves();
    assert!(std::fs::read_to_string(test_env.scratch.path("history")).unwrap().contains("remembered"));
    let mut repl = ReplDriver::at(&test_env);
    repl.types("\x1b[A");
    repl.sees("SELECT 'remembered' AS a;");
    repl.types("\r");
    repl.sees("1 row (");
    repl.sees(PROMPT);
    repl.leaves();
}

#[test]
fn without_a_terminal_the_first_error_ends_it() {
    let test_env = TestEnv::with_delivery();
    let ran = test_env.pipe(&["--format", "tsv"], b"event-name=CreateUser | count\n\n.print two\nSELECT\n 3 AS n;\n");
    let ran = ran.exits(0);
    assert_eq!(ran.out, "events\n1\ntwo\nn\n3\n");
    assert!(!ran.err.contains(PROMPT) && !ran.err.contains('\x1b'), "{ran:?}");
    let ran = test_env.pipe(&["trailq.db"], b".print one\nevnt-name=x\n.print two\n");
    let ran = ran.fails(2, &["error: unknown field `evnt-name`\n", "--> standard input:2\n  | evnt-name=x\n"]);
    assert_eq!(ran.out, "one\n");
    test_env.pipe(&[], b"SELECT 1;\n\nSELECT\n  nowhere FROM events;\n").fails(2, &["--> standard input:4\n"]);
    test_env
        .pipe(&[], b".import nowhere\n")
        .fails(2, &["nowhere: there is no such file or folder", "standard input:1\n"]);
    assert_eq!(test_env.pipe(&[], b".print a\n.quit\n.nonsense\n").exits(0).out, "a\n");
    test_env.scratch.write("bad.json", "{\"Records\":[{},7]}");
    test_env.pipe(&["-q"], b".import bad.json\n").exits(1);
    test_env.pipe(&[], b"").exits(0);
}

/// The names in the folder of a test environment.
fn names(test_env: &TestEnv) -> Vec<String> {
    let entries = std::fs::read_dir(test_env.scratch.folder.path()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn the_pager_executes_and_writes_nothing_that_is_typed() {
    if std::process::Command::new("less").arg("--version").output().is_err() {
        skip(Needs::Tool("less"), "there is no less");
        return;
    }
    let pagers: [&[(&str, &str)]; 4] = [
        &[],
        &[("PAGER", "less -i")],
        &[("TRAILQ_PAGER", "env X=1 less"), ("LESS", "-R -X"), ("LESSSECURE_ALLOW", "shell,pipe,edit,logfile")],
        &[("PAGER", "/bin/false"), ("LESSOPEN", "|touch made-by-lessopen")],
    ];
    for environment in pagers {
        let test_env = TestEnv::with_delivery();
        let editor = test_env.scratch.write("editor.sh", "#!/bin/sh\ntouch made-by-editor\n");
        common::program::chmod(&editor, 0o755);
        let before = names(&test_env);
        let editor = editor.to_string_lossy().into_owned();
        let environment = [environment, &[("EDITOR", &*editor), ("VISUAL", &*editor)]].concat();
        let mut terminal = Terminal::open(&test_env, (20, 100), &environment);
        if environment.contains(&("PAGER", "/bin/false")) {
            terminal.asks(".pager less");
        }
        terminal.types("user=deploy-bot\r");
        let shown = terminal.sees("q returns to trailq");
        assert!(shown.contains("2024-03-01T22:59:30Z"), "{shown}");
        for typed in [
            "user=x | touch made-by-lookup\r",
            "| touch made-by-pipe\r",
            "|^touch made-by-mark\r",
            "!touch made-by-shell\r",
            "#touch made-by-prompted-shell\r",
            "s made-by-save\r",
            "smade-by-s\r",
            "-omade-by-o\r",
            "-Omade-by-O\r",
            ":e made-by-e\r",
            "v",
            "/deploy\r",
        ] {
            terminal.types(typed);
            std::thread::sleep(std::time::Duration::from_millis(100));
            assert!(!terminal.screen().contains("trailq>"), "{typed:?} left the pager:\n{}", terminal.screen());
        }
        terminal.types("\r");
        // What was typed may have led to the pager's help, which `q` leaves first.
        for _ in 0..4 {
            std::thread::sleep(std::time::Duration::from_millis(300));
            if terminal.screen().contains(PROMPT) {
                break;
            }
            terminal.types("q");
        }
        terminal.until_prompt();
        let answer = terminal.asks_anew("event-name=CreateUser | count");
        assert!(answer.contains("1 row ("), "{answer}");
        terminal.leaves();
        let left: Vec<String> = names(&test_env).into_iter().filter(|name| name != "history").collect();
        assert_eq!(left, before, "{environment:?}");
    }
}

#[test]
fn a_pager_without_a_safe_mode_finds_no_shell_to_run() {
    let util_linux = std::process::Command::new("more").arg("--version").output();
    if !util_linux.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("util-linux")) {
        skip(Needs::Tool("more"), "there is no more of util-linux");
        return;
    }
    let test_env = TestEnv::with_delivery();
    let editor = test_env.scratch.write("editor.sh", "#!/bin/sh\ntouch made-by-editor\n");
    common::program::chmod(&editor, 0o755);
    let editor = editor.to_string_lossy().into_owned();
    let before = names(&test_env);
    let mut terminal =
        Terminal::open(&test_env, (20, 100), &[("PAGER", "more"), ("SHELL", "/bin/sh"), ("VISUAL", &editor)]);
    terminal.types("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c LIMIT 9000) SELECT x FROM c;\r");
    terminal.sees("--More--");
    for typed in ["!touch made-by-shell\r", ":!touch made-by-shell\r", "v"] {
        terminal.types(typed);
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    // Where the pager has ended already, these are keys of the prompt.
    terminal.types("q");
    std::thread::sleep(std::time::Duration::from_millis(300));
    terminal.types("\x15");
    terminal.until_prompt();
    terminal.leaves();
    let left: Vec<String> = names(&test_env).into_iter().filter(|name| name != "history").collect();
    assert_eq!(left, before);
}

#[test]
fn the_open_case_is_neither_written_nor_offered() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("trailq-rows.csv", "mine");
    test_env.scratch.write("trailq.db-wal", "");
    let before = std::fs::read(test_env.scratch.case()).unwrap();
    let mut repl = ReplDriver { terminal: Terminal::open(&test_env, (40, 100), &[("PAGER", "cat")]) };
    let refused = repl.asks_anew(".once trailq.db");
    for said in
        ["error: trailq.db is the open case", "no database is replaced, not even with --force", "`.once trailq.csv`"]
    {
        assert!(refused.contains(said), "{refused}");
    }
    // One key takes the corrected line over.
    repl.sees("trailq> .once trailq.csv   (→ takes it)");
    repl.types("\x1b[C\r");
    repl.sees(PROMPT);
    repl.asks("| count");
    assert_eq!(std::fs::read_to_string(test_env.scratch.path("trailq.csv")).unwrap(), "events\r\n360\r\n");
    let refused = repl.asks_anew(".once trailq-rows.csv");
    assert!(refused.contains("there is a file trailq-rows.csv already"), "{refused}");
    repl.sees("trailq> .once --force trailq-rows.csv   (→ takes it)");
    repl.types("\x15");
    // What waits for an answer says so, and goes on waiting.
    repl.asks(".once waits.csv");
    let mistake = repl.asks_anew("usr=alice");
    assert!(mistake.contains("waits.csv waits for the next answer"), "{mistake}");
    repl.types("\x1b[C | count\r");
    repl.sees("user=alice | count");
    repl.sees(PROMPT);
    assert_eq!(std::fs::read_to_string(test_env.scratch.path("waits.csv")).unwrap(), "events\r\n57\r\n");
    for command in [".once", ".output", ".session", ".plot", ".snapshot", ".once --force"] {
        repl.types("\x0c");
        repl.sees(PROMPT);
        repl.types(&format!("{command} t\t\t"));
        let offered = repl.terminal.sees("trailq-rows.csv");
        assert!(!offered.contains("trailq.db"), "{offered}");
        repl.types("\x05\x15");
    }
    repl.types(".once --f\t");
    repl.sees("trailq> .once --force");
    repl.types("\x05\x15");
    repl.sees(PROMPT);
    repl.leaves();
    assert_eq!(std::fs::read(test_env.scratch.case()).unwrap(), before);
}

#[test]
fn a_correction_keeps_the_whole_command() {
    let test_env = TestEnv::with_delivery();
    let mut repl = ReplDriver { terminal: Terminal::open(&test_env, (40, 120), &[("PAGER", "cat")]) };
    repl.asks("event-name=CreateUser");
    for (line, corrected) in [
        (".noise add x usr=1", ".noise add x user=1"),
        (".noise add x 'usr=1 or ip=::1'", ".noise add x user=1 or ip=::1"),
        (".filter usr=alice", ".filter user=alice"),
        (".filter write=true | cuont by user", ".filter write=true | count by user"),
        (".explain usr=alice", ".explain user=alice"),
        (".explain SELECT event_nam FROM events;", ".explain SELECT event_name FROM events;"),
        (".snapshot out.db usr=alice", ".snapshot out.db user=alice"),
        (".snapshot --force out.db usr=alice", ".snapshot --force out.db user=alice"),
        (".schema evnts", ".schema events"),
        (".help evnt-name", ".help event-name"),
        (".mode tabel", ".mode table"),
        (".shwo 1 --raw", ".show 1 --raw"),
    ] {
        let screen = repl.asks_anew(line);
        assert!(screen.contains(&format!("trailq> {corrected}   (→ takes it)")), "{line}:\n{screen}");
    }
    // A script's line is put right in the script.
    test_env.scratch.write("s.trailq", "usr=alice\n");
    let screen = repl.asks_anew(".read s.trailq");
    assert!(screen.contains("--> s.trailq:1") && !screen.contains("takes it"), "{screen}");
    for (line, says) in [
        (".clear", "Ctrl-L clears the screen"),
        (".editor", "`.edit` opens the last input"),
        (".history", "Ctrl-R"),
        (".export", "`.once FILE.csv`"),
    ] {
        let screen = repl.asks_anew(line);
        assert!(screen.contains(says) && !screen.contains("did you mean"), "{line}:\n{screen}");
    }
    repl.asks(".param set other 1");
    for line in ["user=${evt}", "SELECT :evt;"] {
        let screen = repl.asks_anew(line);
        assert!(screen.contains("set it with `.param set evt VALUE`"), "{screen}");
    }
    let screen = repl.asks_anew(".run mass-deletions since=2030");
    assert!(screen.contains("mass-deletions: 0 rows ("), "{screen}");
    repl.leaves();
    assert!(!test_env.scratch.path("out.db").exists());
}

#[test]
fn only_the_prompt_runs_programs() {
    let test_env = TestEnv::with_delivery();
    let refused = "an answer is piped to a program at the prompt only";
    let line = "user=alice | !touch made";
    test_env
        .run(&["lookup", line])
        .fails(2, &[refused, "hint: elsewhere the shell pipes: trailq lookup ... | PROGRAM"]);
    test_env.run(&["lookup", "--explain", line]).fails(2, &[refused]);
    test_env.run(&["hunt", "--where", line]).fails(2, &[refused]);
    test_env.run(&["snapshot", "copy.db", "--where", line]).fails(2, &[refused]);
    for script in [
        line,
        ".noise add x user=alice | !touch made",
        ".filter user=alice | !touch made",
        ".explain user=alice | !touch made",
    ] {
        test_env.pipe(&["script", "-"], script.as_bytes()).fails(2, &["error: "]);
    }
    test_env.pipe(&[], line.as_bytes()).fails(2, &[refused]);
    test_env.pipe(&[], b"user=alice\n.show 1 | !touch made").fails(2, &["`|` is neither a row nor `--raw`"]);
    test_env.pipe(&[], b"user=alice\n.edit").fails(2, &["`.edit` works at the prompt only"]);
    assert!(!test_env.scratch.path("made").exists());
}
