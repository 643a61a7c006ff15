//! The editor, and programs that take an answer.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use insta::assert_snapshot;

use crate::common::program::TestEnv;
use crate::common::record;
use crate::common::terminal::Terminal;

/// An event with control characters in its record.
const HOSTILE: &str = r#"{"Records":[{"eventVersion":"1.09","eventTime":"2024-03-01T00:00:00Z","eventSource":"iam.amazonaws.com","eventName":"GetUser","awsRegion":"us-east-1","sourceIPAddress":"10.0.0.1","userAgent":"a\u001b[31mred vim: set x","eventID":"11111111-1111-4111-8111-111111111111","userIdentity":{"type":"IAMUser","userName":"mallory"}}]}"#;

/// Writes a program that is an editor, and returns its path.
fn editor(test_env: &TestEnv, script: &str) -> PathBuf {
    let path = test_env.scratch.write("editor.sh", format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_program_takes_an_answer() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (50, 110), &[("PAGER", "cat")]);
    for (line, shown) in [
        ("user=alice | fields event-name | limit 3 | !sed -n 2p", "\n{\"event_name\":\"RevokeSecurityGroupIngress\"}"),
        ("user=alice | count by event-name | !grep -c events", "\n40"),
        // No shell reads the arguments.
        ("user=alice | limit 1 | !echo $HOME; '*'", "\n$HOME; *"),
        ("user=nobody | !wc -l", "\n0"),
        ("user=alice | !head -n 0", "57 events"),
    ] {
        let screen = terminal.asks_anew(line);
        assert!(screen.contains(shown), "{line}: {screen}");
    }
    terminal.asks("event-name=CreateUser");
    let screen = terminal.asks_anew(".show 1 --raw | !grep -c 'eventName\":\"CreateUser'");
    assert!(screen.contains("\n1\n"), "{screen}");
    let screen = terminal.asks_anew(".last csv | !head -n 1");
    assert!(screen.contains("\nevent_time,event_name,") || screen.contains("\nevent_id,event_time,"), "{screen}");
    // The answers after it go to the screen again.
    assert!(terminal.asks_anew(".print here").contains("\nhere\n"));
    for (line, mistake) in [
        ("user=alice | !no-such-program", "error: cannot run no-such-program: there is no such file"),
        ("user=alice | !false", "error: false failed: exit status: 1"),
        ("user=alice | !", "error: missing program after `| !`"),
        ("user=alice | !jq '.x", "error: the quote `'` is not closed"),
        ("usr=alice | !touch made", "did you mean `user`?"),
        ("SELECT 1 | !touch made;", "unrecognized token"),
        (".note x | !touch made", "noted"),
    ] {
        let screen = terminal.asks_anew(line);
        assert!(screen.contains(mistake), "{line}: {screen}");
    }
    terminal.asks(".output rows.csv");
    let screen = terminal.asks_anew("user=alice | !touch made");
    assert!(screen.contains("answers go to a file, and this one to a program"), "{screen}");
    terminal.asks(".output");
    // What is handed over runs no program.
    test_env.scratch.write("script.trailq", "user=alice | !touch made\n");
    let screen = terminal.asks_anew(".read script.trailq");
    assert!(screen.contains("an answer is piped to a program at the prompt only"), "{screen}");
    assert!(!test_env.scratch.path("made").exists());
    terminal.asks("user=bob | !true");
    terminal.asks(".session session.trailq");
    let session = std::fs::read_to_string(test_env.scratch.path("session.trailq")).unwrap();
    assert!(session.lines().any(|line| line == "user=bob") && !session.contains("| !true"), "{session}");
    terminal.leaves();
}

#[test]
fn nothing_that_a_program_prints_acts_on_the_terminal() {
    let test_env = TestEnv::new();
    let file = test_env.scratch.write("hostile.json", HOSTILE);
    test_env.scratch.import(&[file]);
    let mut terminal = Terminal::open(&test_env, (30, 100), &[]);
    let screen = terminal.asks_anew("user=mallory | !printf '\\033[31mred\\n'");
    assert!(screen.contains("\\x1b[31mred"), "{screen}");
    terminal.asks(".mode csv");
    let screen = terminal.asks_anew("user=mallory | fields user-agent | !cat");
    assert!(screen.contains("a\\x1b[31mred"), "{screen}");
    assert!(!terminal.raw().contains("\x1b[31mred"));
    terminal.leaves();
}

#[test]
fn the_editor_has_the_last_input_which_is_seen_before_it_runs() {
    let test_env = TestEnv::with_delivery();
    let path = editor(&test_env, "echo \"$1 $(stat -c %a \"$2\")\" > seen; sed -i s/alice/bob/ \"$2\"");
    let command = format!("{} --wait", path.display());
    let mut terminal = Terminal::open(&test_env, (30, 100), &[("EDITOR", &command)]);
    let screen = terminal.asks_anew(".edit");
    assert!(screen.contains("error: there is no input to edit yet"), "{screen}");
    terminal.asks("user=alice | count");
    terminal.types("\x0c.edit\r");
    let screen = terminal.sees("trailq> user=bob | count");
    assert!(!screen.contains("1 row"), "{screen}");
    assert_eq!(std::fs::read_to_string(test_env.scratch.path("seen")).unwrap(), "--wait 600\n");
    let screen = terminal.asks("");
    assert!(screen.contains("events\n"), "{screen}");
    // It is the last input now.
    assert_eq!(
        std::fs::read_to_string(test_env.scratch.path("history")).unwrap().lines().last(),
        Some("user=bob | count")
    );
    // Several lines are one statement.
    editor(&test_env, "printf 'SELECT 1 AS one,\\n  2 AS two;\\n' > \"$2\"");
    terminal.types("\x0c.edit\r");
    terminal.sees("  2 AS two;");
    let screen = terminal.asks("");
    assert!(screen.contains("one  two"), "{screen}");
    for (script, answer) in [
        ("exit 3", "editor.sh failed: exit status: 3"),
        (": > \"$2\"", "nothing was saved"),
        ("printf '\\033[1m' > \"$2\"", "control or invisible characters"),
        ("printf '\\377' > \"$2\"", "what was saved is not UTF-8"),
        ("rm \"$2\"", "cannot read what was saved"),
    ] {
        editor(&test_env, script);
        let screen = terminal.asks_anew(".edit");
        assert!(screen.contains(answer), "{script}: {screen}");
    }
    terminal.leaves();
    let mut terminal = Terminal::open(&test_env, (30, 100), &[("VISUAL", "no-such-editor"), ("EDITOR", "true")]);
    terminal.asks("user=alice | count");
    let screen = terminal.asks_anew(".edit");
    assert!(screen.contains("cannot run the editor no-such-editor: there is no such file"), "{screen}");
    assert!(screen.contains("VISUAL or EDITOR names the editor"), "{screen}");
    terminal.leaves();
}

#[test]
fn the_editor_shows_a_record_without_changing_it() {
    let test_env = TestEnv::new();
    let file = test_env.scratch.write("hostile.json", HOSTILE);
    test_env.scratch.import(&[file]);
    let path =
        editor(&test_env, "stat -c '%a %n' \"$1\" > seen; stat -c %a \"$(dirname \"$1\")\" >> seen; cat \"$1\" > copy");
    let mut terminal = Terminal::open(&test_env, (30, 100), &[("VISUAL", path.to_str().unwrap())]);
    terminal.asks("user=mallory");
    terminal.asks_anew(".edit 1");
    let seen = std::fs::read_to_string(test_env.scratch.path("seen")).unwrap();
    let (mode, name) = seen.lines().next().unwrap().split_once(' ').unwrap();
    assert_eq!((mode, seen.lines().nth(1)), ("400", Some("700")), "{seen}");
    assert!(!std::path::Path::new(name).exists(), "the file goes with the editor");
    let copy = std::fs::read_to_string(test_env.scratch.path("copy")).unwrap();
    assert!(
        copy.contains("  \"eventName\": \"GetUser\",\n") && copy.contains(r"\u001b[31mred vim\u003a set x"),
        "{copy}"
    );
    for (line, mistake) in
        [(".edit 9", "there is no row 9"), (".edit x", "`x` is not a row"), (".edit 1 2", "no more arguments")]
    {
        let screen = terminal.asks_anew(line);
        assert!(screen.contains(mistake), "{line}: {screen}");
    }
    terminal.leaves();
}

#[test]
fn folding_says_how_many_lines_a_list_has_and_fills_the_screen() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (70, 130), &[]);
    let newest = terminal.asks_anew("since=2024-03-01");
    assert!(newest.contains("the newest 50 of "), "{newest}");
    // The terminal breaks the line.
    let joined = newest.replace('\n', "");
    assert!(joined.contains("`.fold` fills the screen, `| limit N` shows more"), "{newest}");
    let lines = newest.split(" lines (").next().and_then(|before| before.rsplit(' ').next()).unwrap();
    let folded = newest.lines().filter(|line| line.contains("  2024-") || line.contains("  2016-")).count();
    assert_eq!(lines.parse::<usize>().unwrap(), folded, "{newest}");
    let filled = terminal.asks_anew(".fold");
    let rows = filled.lines().filter(|line| line.contains("  2024-") || line.contains("  2016-")).count();
    assert!(rows > folded && rows <= 70 - 7, "{rows}\n{filled}");
    assert!(filled.contains(" events in ") || filled.contains(" events ("), "{filled}");
    assert!(!filled.contains("fills the screen"), "{filled}");
    // Where the list is as long as the screen, there is nothing to fill.
    let mut low = Terminal::open(&test_env, (30, 130), &[("PAGER", "cat")]);
    let screen = low.asks_anew("since=2024-03-01").replace('\n', "");
    assert!(screen.contains("; `| limit N` shows more") && !screen.contains("fills the screen"), "{screen}");
    low.leaves();
    for (line, mistake) in [
        ("since=2024-03-01 | top 3 event-name", "the last answer is not a list of the newest events"),
        ("SELECT 1;", "the last answer is not a list of the newest events"),
    ] {
        terminal.asks(line);
        let screen = terminal.asks_anew(".fold");
        assert!(screen.contains(mistake), "{screen}");
    }
    terminal.asks(".mode expanded");
    terminal.asks("since=2024-03-01 | limit 1");
    assert!(terminal.asks_anew(".fold").contains("only a table on a screen can be filled"));
    terminal.leaves();
}

#[test]
fn a_timeline_by_a_field_has_a_column_a_value() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (45, 110), &[]);
    let wide = terminal.asks_anew("since=2024-03-01T20:00 until=2024-03-02T02:00 | timeline 1h by user");
    assert_snapshot!("timeline_by_user", wide);
    // On a narrow screen, names that are cut differ.
    let mut narrow = Terminal::open(&test_env, (45, 60), &[]);
    let screen = narrow.asks_anew("since=2024-03-01T03:00 until=2024-03-01T12:00 | timeline 3h by resource");
    let header = screen.lines().find(|line| line.starts_with("event_time")).unwrap();
    let names: Vec<&str> = header.split_whitespace().collect();
    let different: std::collections::BTreeSet<&str> = names.iter().copied().collect();
    assert!(names.len() > 2 && different.len() == names.len() && header.contains('…'), "{screen}");
    narrow.leaves();
    // Other formats keep the rows.
    let csv = terminal.asks_anew(".last csv");
    assert!(csv.contains("2024-03-01T22:00:00Z,deploy-bot,24"), "{csv}");
    terminal.leaves();
}

#[test]
fn a_narrow_screen_keeps_the_columns_that_a_query_marks() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (45, 80), &[]);
    let screen = terminal.asks_anew(".run trails-stopped");
    let header = screen.lines().find(|line| line.contains("event_time")).unwrap();
    assert!(header.contains("outcome") && header.contains("trail"), "{screen}");
    assert!(!header.contains("aws_region"), "{screen}");
    terminal.leaves();
}

#[test]
fn policy_documents_are_unfolded_on_the_screen_and_nowhere_else() {
    let test_env = TestEnv::new();
    let policy = r#""requestParameters":{"policyDocument":"{\"Statement\":[{\"Effect\":\"Allow\"}]}"}"#;
    test_env.scratch.write("a.json", record("a", policy));
    test_env.run(&["import", "a.json"]).exits(0);
    let mut terminal = Terminal::open(&test_env, (50, 110), &[("PAGER", "cat")]);
    terminal.asks("event-id=a");
    let screen = terminal.asks_anew(".show 1");
    assert!(screen.contains("\"policyDocument\": (JSON in a string) {\n      \"Statement\": ["), "{screen}");
    let screen = terminal.asks_anew(".show 1 | !grep -c '\"policyDocument\": \"{'");
    assert!(screen.contains("\n1\n"), "{screen}");
    let screen = terminal.asks_anew(".show 1 --raw");
    assert!(!screen.contains("JSON in a string"), "{screen}");
}

#[test]
fn notes_about_a_record_and_a_chain_follow_them() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (90, 130), &[("PAGER", "cat")]);
    terminal.asks("event-name=StopLogging");
    let shown = terminal.asks_anew(".show 1");
    assert!(shown.find("\"tlsDetails\"").unwrap() < shown.find("note: high: Trail stopped").unwrap(), "{shown}");
    let chain = terminal.asks_anew(".chain 1");
    assert!(chain.find("<- row 1").unwrap() < chain.find("note: the events of this key").unwrap(), "{chain}");
    terminal.leaves();
}
