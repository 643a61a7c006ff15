//! The REPL on a terminal: whole screens of fixed size, as text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by a panic")]

mod common;
#[path = "terminal/desk.rs"]
mod desk;
#[path = "terminal/settings.rs"]
mod settings;

use std::time::Duration;

use common::program::TestEnv;
use common::record;
use common::terminal::Terminal;
use insta::assert_snapshot;

#[test]
fn a_list_fits_every_screen() {
    let test_env = TestEnv::with_delivery();
    for columns in [40, 80, 120, 200] {
        let mut terminal = Terminal::open(&test_env, (60, columns), &[]);
        let screen = terminal.asks_anew("user=svc-backup");
        assert!(screen.lines().all(|line| line.chars().count() <= usize::from(columns)), "{screen}");
        assert!(!screen.contains("── 1 "), "the rows are not expanded:\n{screen}");
        // Where a wrapped line breaks depends on the digits of the time that the answer took.
        let index = "index events_by_user_name";
        let joined = (1..index.len()).fold(screen, |screen, at| {
            let (before, after) = index.split_at(at);
            screen.replace(&format!("{before}\n{after}"), index)
        });
        assert_snapshot!(format!("list_at_{columns}"), joined);
        terminal.leaves();
    }
    let mut terminal = Terminal::open(&test_env, (60, 80), &[("LANG", "C")]);
    let screen = terminal.asks_anew("user=svc-backup");
    // The mark for a length of time is the test's own.
    assert!(screen.replace("… ms", "").is_ascii(), "{screen}");
    assert_snapshot!("list_in_ascii", screen);
    terminal.leaves();
}

#[test]
fn bursts_are_folded_and_opened() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (45, 110), &[]);
    let folded = terminal.asks_anew("user=maintenance-2");
    assert_snapshot!("folded", folded);
    let row = folded.lines().find(|line| line.contains("×6 in")).expect("a folded row");
    assert!(row.contains("11-16") && row.contains("GetObject"), "{row}");
    let opened = terminal.asks_anew(".open 12");
    assert_snapshot!("opened", opened);
    assert!(terminal.asks_anew(".open 1").contains("error: row 1 is not folded"));
    terminal.asks(".fold off");
    assert!(!terminal.asks_anew("user=maintenance-2").contains('×'));
    terminal.leaves();
}

#[test]
fn moves_lead_from_row_to_row_and_back() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (45, 110), &[]);
    terminal.asks("event-name=CreateAccessKey");
    let who = terminal.asks_anew(".who 1 2m");
    assert!(who.contains("lookup: arn=") && who.contains("since=2024-03-01T22:56:40Z"), "{who}");
    assert_snapshot!("who", who);
    let key = terminal.asks_anew(".key 1");
    assert!(key.contains("lookup: key=AKIADEPLOYBOTEXAMPLE"), "{key}");
    let near = terminal.asks_anew(".near 1");
    assert!(near.contains("lookup: (ip=") && near.contains(" or key="), "{near}");
    terminal.asks("event-name=CreateUser");
    let resource = terminal.asks_anew(".resource 1 2");
    assert!(resource.contains("lookup: resource=") && resource.contains("takes the K-th"), "{resource}");
    let narrowed = terminal.asks_anew(".filter write=true | count by event-name");
    assert!(narrowed.contains("write=true | count by event-name"), "{narrowed}");
    assert!(narrowed.contains('█'), "{narrowed}");
    let back = terminal.asks_anew(".back");
    assert!(back.contains("lookup: resource="), "{back}");
    let diff = terminal.asks_anew(".diff 1 2");
    assert!(diff.contains("paths differ") && diff.contains("eventID"), "{diff}");
    for (line, mistake) in [
        (".who 99", "there is no row 99"),
        (".near x", "`x` is not a row of the last answer"),
        (".near 1 soon", "invalid duration `soon`: expected a number and one of s, m, h, d, w (for example 36h)"),
        (".resource 1 9", "and not 9"),
        (".zoom sideways", ".zoom needs in [N]|out"),
        (".diff 1", ".diff needs N M"),
        (".open 1", "is not folded"),
    ] {
        let screen = terminal.asks_anew(line);
        assert!(screen.contains(mistake), "{line}: {screen}");
    }
    terminal.leaves();
}

#[test]
fn charts_are_drawn_and_zoomed() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (70, 100), &[("PAGER", "cat")]);
    assert_snapshot!("timeline", terminal.asks_anew("outcome=denied since=2024-03-01 | timeline 1h"));
    let zoomed = terminal.asks_anew(".zoom in");
    assert!(zoomed.contains("since=2024-03-01T22:00:00Z until=2024-03-01T22:59:59Z | timeline"), "{zoomed}");
    let out = terminal.asks_anew(".zoom out");
    assert!(out.contains("since=2024-03-01T20:30:00Z until=2024-03-02T00:29:59Z | timeline"), "{out}");
    assert_snapshot!("top", terminal.asks_anew("since=2024-03-01 | top 5 user"));
    assert_snapshot!("count", terminal.asks_anew("| count by outcome"));
    let screen = terminal.asks_anew(".plot 'out come.svg'");
    if cfg!(feature = "plot") {
        let picture = std::fs::read_to_string(test_env.scratch.path("out come.svg")).unwrap();
        assert!(picture.starts_with("<svg ") && picture.contains("denied"), "{picture}");
    } else {
        assert!(screen.contains("trailq was built without the feature plot"), "{screen}");
        assert!(!test_env.scratch.path("out come.svg").exists());
    }
    terminal.asks("user=alice");
    assert!(terminal.asks_anew(".plot x.svg").contains("is neither a timeline, a count nor a coverage"));
    terminal.leaves();
    let mut terminal = Terminal::open(&test_env, (40, 100), &[("LANG", "C")]);
    let screen = terminal.asks_anew("since=2024-03-01 | top 3 user");
    assert!(screen.replace("… ms", "").is_ascii() && screen.contains('#'), "{screen}");
    terminal.leaves();
    // A course is drawn in less room, and never cut.
    let mut terminal = Terminal::open(&test_env, (40, 40), &[]);
    let narrow = terminal.asks_anew("since=2024-03-01 | top 3 user");
    assert_snapshot!("top_at_40", narrow.lines().take(6).collect::<Vec<_>>().join("\n"));
    // Nobody looks at what goes to a file.
    terminal.asks(".once counts");
    terminal.asks("| count by outcome");
    let counts = std::fs::read_to_string(test_env.scratch.path("counts")).unwrap();
    assert_eq!(counts.lines().nth(2), Some("ok          322"), "{counts}");
    terminal.leaves();
}

#[test]
fn what_was_found_is_kept_with_the_case() {
    let test_env = TestEnv::with_delivery();
    let before = common::content(&test_env.scratch.case());
    let mut terminal = Terminal::open(&test_env, (40, 120), &[]);
    terminal.asks("event-name=CreateUser,CreateAccessKey user=deploy-bot");
    let tagged = terminal.asks_anew(".tag 1-2 intruder 'made by the leaked key'");
    assert!(tagged.contains("2 events tagged; tag=intruder finds them"), "{tagged}");
    assert!(terminal.asks_anew(".tag 1 intruder").contains("0 events tagged, 1 had it already"));
    assert!(terminal.asks_anew("tag=intruder").contains("2 events ("));
    terminal.asks(".save by-intruder");
    assert!(terminal.asks_anew(".queries intruder").contains("by-intruder"));
    assert!(terminal.asks_anew(".run by-intruder").contains("CreateUser"));
    assert!(terminal.asks_anew(".unsave nothing").contains("no query `nothing` is saved"));
    assert!(terminal.asks_anew(".save By_Intruder").contains("is not a name of a query"));
    terminal.asks(".note \"the key is in the build logs\"");
    terminal.asks(".untag 1 intruder");
    assert!(terminal.asks_anew("tag=intruder").contains("1 event ("));
    let notes = terminal.asks_anew(".notes");
    assert!(notes.contains("tester") && notes.contains("the key is in the build logs"), "{notes}");
    terminal.asks(".session walk.trailq");
    terminal.leaves();
    let kept = test_env.scratch.lines("SELECT tag, note, created_by, created_at LIKE '20%Z' FROM tags");
    assert_eq!(kept, ["intruder|made by the leaked key|tester|1"]);
    let saved = test_env.scratch.lines("SELECT name, created_by, text LIKE '%tag%' FROM saved_queries");
    assert_eq!(saved, ["by-intruder|tester|1"]);
    assert_eq!(common::content(&test_env.scratch.case()), before, "what was imported is as it was");
    common::check_case(&test_env.scratch.case());
    let script = std::fs::read_to_string(test_env.scratch.path("walk.trailq")).unwrap();
    assert!(script.contains("\ntag=intruder\n") && !script.contains(".tag 1-2"), "{script}");
    let ran = test_env.run(&["run", "by-intruder", "--format", "csv"]).exits(0);
    assert!(ran.out.contains("CreateAccessKey") || ran.out.contains("CreateUser"), "{ran:?}");
    let replayed = test_env.run(&["script", "walk.trailq"]).exits(0);
    assert!(replayed.out.contains("CreateUser"), "{replayed:?}");
}

#[test]
fn hidden_noise_is_counted() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (40, 120), &[]);
    let all = test_env.scratch.number("SELECT count(*) FROM events WHERE user_name = 'dana'");
    let reads = test_env.scratch.number(
        "SELECT count(*) FROM events WHERE user_name = 'dana' AND read_only = 1 AND outcome = 'ok' \
         AND (event_name LIKE 'Describe%' OR event_name LIKE 'List%' OR event_name LIKE 'Get%')",
    );
    assert!(terminal.asks_anew("user=dana | count").contains(&all.to_string()));
    terminal.asks(".noise on reads");
    let quiet = terminal.asks_anew("user=dana");
    assert!(quiet.contains(&format!("{reads} events hidden by the noise rules reads")), "{quiet}");
    terminal.asks(".noise add deploys 'user=deploy-bot or user=nobody'");
    assert!(terminal.asks_anew(".noise add bad 'user=x | count'").contains("a noise rule is a filter"));
    assert!(terminal.asks_anew(".noise on raeds").contains("did you mean `reads`?"));
    assert!(terminal.asks_anew(".noise").contains("user=deploy-bot or user=nobody"));
    terminal.asks(".noise off");
    assert!(!terminal.asks_anew("user=dana").contains("hidden by"));
    terminal.leaves();
    assert_eq!(test_env.scratch.lines("SELECT name, created_by FROM noise_rules"), ["deploys|tester"]);
}

#[test]
fn answers_are_looked_at_again_and_otherwise() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (50, 120), &[("TZ", "Europe/Berlin")]);
    terminal.asks("event-name=CreateUser");
    assert!(terminal.asks_anew(".last csv").contains("2024-03-01T22:58:14Z,CreateUser,deploy-bot"));
    assert!(terminal.asks_anew(".last expanded").contains("event_name         CreateUser"));
    assert!(terminal.asks_anew(".last records").contains("{\"eventVersion\""));
    assert!(terminal.asks_anew("event-name=CreateUser \\G").contains("── 1 ──"));
    terminal.leaves();
    let mut terminal = Terminal::open(&test_env, (50, 120), &[("TZ", "Europe/Berlin")]);
    assert!(terminal.asks_anew("SELECT 41 AS it\\G").contains("it  41"));
    let local = terminal.asks_anew(".tz LOCAL");
    assert!(local.contains("Europe/Berlin; what is typed without an offset stays UTC"), "{local}");
    let zoned = terminal.asks_anew("event-name=CreateUser since=2024-03-01T22:58:14 until=2024-03-01T22:58:14");
    assert!(zoned.contains("2024-03-01T23:58:14+01:00"), "{zoned}");
    terminal.asks(".age newest");
    assert!(terminal.asks_anew("event-name=CreateUser").contains("  22h 30m  "));
    assert!(terminal.asks_anew(".tz Nowhere/City").contains("no zone `Nowhere/City`"));
    terminal.leaves();
}

#[test]
fn sqlite_s_commands_work_or_say_what_to_use() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (50, 120), &[]);
    terminal.asks(".headers off");
    assert!(!terminal.asks_anew("SELECT 5 AS five;").contains("five\n"));
    terminal.asks(".headers on");
    terminal.asks(".nullvalue NULL!");
    assert!(terminal.asks_anew("SELECT NULL AS x;").contains("NULL!"));
    terminal.asks(".width 4");
    assert!(terminal.asks_anew("SELECT 'abcdefghij' AS x;").contains("abc…"));
    terminal.asks(".width");
    terminal.asks(".param set who deploy-bot");
    assert!(terminal.asks_anew("SELECT count(*) AS n FROM events WHERE user_name = :who;").contains("30"));
    assert!(terminal.asks_anew("user=${who} | count").contains("30"));
    assert!(terminal.asks_anew(".parameter list").contains("deploy-bot"));
    terminal.asks(".eqp on");
    assert!(terminal.asks_anew("user=alice | count").contains("plan: SEARCH e USING"));
    terminal.asks(".eqp off");
    assert!(terminal.asks_anew(".indexes identities").contains("identities_by_arn"));
    assert!(terminal.asks_anew(".databases").contains("trailq.db r/o"));
    terminal.asks(".echo on");
    assert!(terminal.asks_anew(".print x").contains(".print x\n.print x\nx"));
    terminal.asks(".echo off");
    assert!(terminal.asks_anew(".mode column").contains("use `.mode table`"));
    assert!(terminal.asks_anew(".dump").contains("a case is one file: copy it"));
    assert!(terminal.asks_anew(".settings").contains("pager: on"));
    terminal.leaves();
}

#[test]
fn a_mistake_is_put_right_by_one_key() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (30, 100), &[]);
    terminal.types("evnt-name=CreateUser\r");
    let offered = terminal.sees("trailq> event-name=CreateUser   (→ takes it)");
    assert!(offered.contains("unknown field `evnt-name`"), "{offered}");
    terminal.types("\x1b[C\r");
    terminal.sees("1 event (all times");
    terminal.until_prompt();
    terminal.types("user=alcie\r");
    terminal.sees("trailq> user=alice   (→ takes it)");
    terminal.types("\x1b[C | count\r");
    terminal.sees("user=alice | count");
    terminal.until_prompt();
    terminal.types("since=2024-03-01 22:58\r");
    terminal.sees("trailq> since=\"2024-03-01 22:58\"   (→ takes it)");
    terminal.types("\x1b[C event-name=CreateUser\r");
    terminal.sees("1 event (since 2024-03-01T22:58:00Z");
    terminal.until_prompt();
    // An address is not put in the place of another.
    let other = terminal.asks_anew("ip=203.0.113.78");
    assert!(other.contains("no event has `ip=203.0.113.78`") && !other.contains("takes it"), "{other}");
    terminal.types(".shwo 1\r");
    terminal.sees("trailq> .show 1   (→ takes it)");
    terminal.types("\x15SELECT nothing FROM events;\x15");
    terminal.leaves();
}

#[test]
fn what_is_typed_is_explained_and_completed() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (30, 100), &[]);
    terminal.types("event-name=Crea\t\t");
    let screen = terminal.sees("CreateAccessKey  (");
    assert!(screen.contains("event-name: the API action"), "{screen}");
    assert!(screen.contains(", last 2024-"), "{screen}");
    terminal.types("\x05\x15");
    terminal.types("=acme-cus\t");
    terminal.sees("resource=acme-customer-data");
    terminal.types("\x05\x15SELECT role_n\t");
    terminal.sees("SELECT role_name");
    terminal.types("\x05\x15SELECT i. FROM identities i;");
    terminal.types("\x1b[1~");
    for _ in 0..9 {
        terminal.types("\x1b[C");
    }
    terminal.types("on_b\t");
    terminal.sees("SELECT i.on_behalf_of FROM identities i;");
    terminal.types("\x05\x15.tz LO\t");
    terminal.sees(".tz LOCAL");
    terminal.types("\x05\x15");
    terminal.types("x");
    terminal.sees("trailq> x");
    terminal.types("\x05\x15");
    terminal.leaves();
}

#[test]
fn the_meaning_is_that_of_the_word_at_the_cursor() {
    let test_env = TestEnv::with_delivery();
    for columns in [40, 100] {
        let mut terminal = Terminal::open(&test_env, (8, columns), &[]);
        // At the bottom of the screen, where the line below has to be made first.
        for _ in 0..8 {
            terminal.types("\r");
        }
        terminal.types("user=alice event-name=Con");
        terminal.sees("event-name: the API action");
        terminal.types("\x1b[1~");
        let at_start = terminal.sees("  user: ");
        assert!(!at_start.contains("the API action"), "{at_start}");
        assert_snapshot!(format!("meaning_at_{columns}"), at_start);
        terminal.types(&"\x1b[C".repeat(12));
        terminal.sees("event-name: the API action");
        terminal.types(&"\x1b[D".repeat(3));
        assert!(!terminal.sees("  user: ").contains("the API action"));
        // What was typed stays as it was typed, without the meaning.
        terminal.types("\r");
        let answered = terminal.sees("the case covers");
        assert!(!answered.contains("  user: "), "{answered}");
        terminal.until_prompt();
        terminal.types("\x0cregion\x1b[D");
        terminal.sees("  region: ");
        terminal.types("\x1b[C\t\t");
        let listed = terminal.sees("region!=");
        assert_snapshot!(format!("candidates_below_the_line_at_{columns}"), listed);
        terminal.types("\x05\x15");
        terminal.leaves();
    }
}

#[test]
fn ctrl_c_stops_a_sort_that_would_take_minutes() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (20, 100), &[]);
    let numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 90000000)";
    for try_after in [300, 700, 1_100, 1_600, 2_300] {
        terminal.types(&format!("\x0c{numbers} SELECT x * 7919 % 1000003 || 'x', count(*) FROM c GROUP BY 1;\r"));
        std::thread::sleep(Duration::from_millis(try_after));
        terminal.types("\x03");
        terminal.sees("cancelled");
        terminal.until_prompt();
    }
    terminal.leaves();
}

#[test]
fn ctrl_c_leaves_a_whole_snapshot_or_none() {
    let test_env = TestEnv::new();
    let records = (0..30_000).map(|number| record(&format!("e{number}"), ""));
    test_env.scratch.write("many.jsonl", records.collect::<Vec<_>>().join("\n"));
    test_env.run(&["import", "many.jsonl"]).exits(0);
    let mut terminal = Terminal::open(&test_env, (20, 100), &[]);
    let mut stopped = 0;
    for (number, try_after) in [0, 10, 50, 100, 300, 600].into_iter().enumerate() {
        let name = format!("copy-{number}.db");
        terminal.types(&format!("\x0c.snapshot {name}\r"));
        terminal.appears(&name);
        std::thread::sleep(Duration::from_millis(try_after));
        terminal.types("\x03");
        terminal.until_prompt();
        let file = test_env.scratch.path(&name);
        if file.exists() {
            test_env.run(&["snapshot", "--verify", &name]).exits(0);
        } else {
            assert!(terminal.sees("cancelled").contains("cancelled"));
            stopped += 1;
        }
    }
    assert!(stopped > 0, "no snapshot was stopped");
    terminal.leaves();
    let names = std::fs::read_dir(test_env.scratch.folder.path()).unwrap();
    let names: Vec<String> = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    let is_left = |name: &&String| name.contains(".tmp") || name.contains("snapshot");
    assert_eq!(names.iter().find(is_left), None, "{names:?}");
}

#[test]
fn a_long_statement_shows_how_to_stop_it_and_leaves_no_line() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (20, 100), &[]);
    let numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)";
    terminal.types(&format!("{numbers} SELECT count(*) FROM c;\r"));
    terminal.appears("running SQL, for 1 s; Ctrl-C stops");
    terminal.types("\x03");
    let screen = terminal.sees("cancelled");
    assert!(!screen.contains("Ctrl-C stops"), "{screen}");
    terminal.until_prompt();
    terminal.leaves();
}

#[test]
fn what_is_kept_brings_an_older_case_up_to_date() {
    let keeps: [&[&str]; 5] = [
        &[".tag 1 intruder"],
        &[".note seen"],
        &[".save it", ".run it"],
        &[".noise add mine user=dana"],
        &[".tag 1-2 intruder", ".untag 1 intruder", "tag=intruder"],
    ];
    for lines in keeps {
        let test_env = TestEnv::with_older_delivery();
        let mut terminal = Terminal::open(&test_env, (40, 120), &[]);
        terminal.asks("event-name=CreateUser,CreateAccessKey user=deploy-bot");
        assert_eq!(test_env.scratch.lines("PRAGMA user_version"), ["1"], "looking changes nothing");
        let kept = terminal.asks_anew(lines[0]);
        assert!(kept.contains("note: an older trailq made the case: it is brought up to date"), "{kept}");
        for line in &lines[1..] {
            let screen = terminal.asks_anew(line);
            assert!(!screen.contains("error:") && !screen.contains("older"), "{screen}");
            assert!(*line == ".untag 1 intruder" || screen.contains("CreateUser"), "{screen}");
        }
        terminal.leaves();
        common::check_case(&test_env.scratch.case());
    }
    // So does the command line, and what cannot be written says so.
    let test_env = TestEnv::with_older_delivery();
    test_env.scratch.write("mine.sql", "-- title: Mine\n-- about: One.\n-- columns: one\nSELECT 1 AS one\n");
    let saved = test_env.run(&["queries", "--save", "mine.sql"]).exits(0);
    assert!(saved.err.contains("note: an older trailq made the case: it is brought up to date"), "{saved:?}");
    assert!(test_env.run(&["run", "mine"]).exits(0).out.contains('1'));
    test_env.run(&["queries", "--delete", "mine"]).exits(0);
    test_env.run(&["run", "mine"]).fails(2, &["there is no saved query `mine`"]);
    test_env.run(&["--db", "none.db", "queries", "--save", "mine.sql"]).fails(2, &["there is no case at none.db"]);
}

#[test]
fn wide_characters_keep_the_columns() {
    let test_env = TestEnv::new();
    let users = ["漢字太郎", "山田花子さん長い名前の利用者です", "ünï-çödé", "plain"];
    let identity = |user: &str| format!(r#""userIdentity":{{"type":"IAMUser","userName":"{user}"}}"#);
    let records: Vec<String> =
        users.iter().enumerate().map(|(n, user)| record(&format!("e-{n}"), &identity(user))).collect();
    test_env.scratch.write("t.json", records.join("\n"));
    test_env.run(&["import", "t.json"]).exits(0);
    let mut terminal = Terminal::open(&test_env, (30, 60), &[]);
    assert_snapshot!("wide_characters", terminal.asks_anew("event-name=RunInstances"));
    terminal.types("\x0cuser=漢\t");
    terminal.sees("trailq> user=漢字太郎");
    // The cursor moves by characters, and not by columns.
    terminal.types("\x1b[D\x1b[D12");
    terminal.sees("trailq> user=漢字12太郎");
    terminal.types("\x05\x15");
    terminal.leaves();
}

#[test]
fn what_does_not_fit_is_paged_and_left() {
    let test_env = TestEnv::with_delivery();
    let pager = test_env.scratch.write("pager.sh", "#!/bin/sh\nhead -3\necho END OF PAGE\n");
    common::program::chmod(&pager, 0o755);
    let pager = pager.to_string_lossy().into_owned();
    let mut terminal = Terminal::open(&test_env, (20, 100), &[("PAGER", &pager)]);
    let paged = terminal.asks_anew("user=deploy-bot");
    assert!(paged.contains("END OF PAGE") && paged.contains("30 events in 26 lines ("), "{paged}");
    // A reader who leaves has had enough of the answer and not of the session.
    let left = terminal.asks_anew("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT x FROM c;");
    assert!(left.contains("END OF PAGE"), "{left}");
    let fits = terminal.asks_anew("event-name=CreateUser");
    assert!(!fits.contains("END OF PAGE"), "{fits}");
    terminal.resize(60, 100);
    let fits = terminal.asks_anew("user=deploy-bot");
    assert!(!fits.contains("END OF PAGE"), "{fits}");
    terminal.resize(20, 60);
    terminal.asks(".pager off");
    let narrow = terminal.asks_anew("user=deploy-bot");
    assert!(!narrow.contains("END OF PAGE"), "{narrow}");
    assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
    terminal.leaves();
}

#[test]
fn ctrl_c_stops_a_query_while_the_pager_is_open() {
    let test_env = TestEnv::with_delivery();
    // Reads everything, as `less` does at the end of an answer, and says when it has all.
    let pager = test_env.scratch.write("pager.sh", "#!/bin/sh\ntrap '' INT\nwc -l\necho ALL READ\n");
    common::program::chmod(&pager, 0o755);
    let pager = pager.to_string_lossy().into_owned();
    let mut terminal = Terminal::open(&test_env, (20, 100), &[("PAGER", &pager)]);
    terminal.types("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT x FROM c;\r");
    std::thread::sleep(Duration::from_millis(1_500));
    terminal.types("\x03");
    terminal.sees("cancelled");
    terminal.until_prompt();
    assert!(terminal.asks_anew("event-name=CreateUser | count").contains("1 row ("));
    terminal.leaves();
}

#[test]
fn the_history_is_searched_and_holds_nothing_twice() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (30, 100), &[]);
    for line in ["user=alice | count", "user=dana | count", "user=alice | count"] {
        terminal.asks(line);
    }
    terminal.leaves();
    let history = std::fs::read_to_string(test_env.scratch.path("history")).unwrap();
    assert!(history.ends_with("user=dana | count\nuser=alice | count\n"), "{history}");
    let mut terminal = Terminal::open(&test_env, (30, 100), &[]);
    terminal.types("\x12dana");
    terminal.sees("user=dana | count");
    terminal.types("\r");
    terminal.until_prompt();
    terminal.leaves();
    let history = std::fs::read_to_string(test_env.scratch.path("history")).unwrap();
    assert_eq!(history.lines().filter(|line| line.contains("dana")).count(), 2, "{history}");
    // An entry that is twice in the file is there once after the next start.
    Terminal::open(&test_env, (30, 100), &[]).leaves();
    let history = std::fs::read_to_string(test_env.scratch.path("history")).unwrap();
    assert!(history.ends_with("user=alice | count\nuser=dana | count\n"), "{history}");
}

#[test]
fn pastes_other_scripts_and_dumb_terminals_behave() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (30, 100), &[]);
    let lines: String = (0..500).map(|n| format!("SELECT {n} AS pasted;\r")).collect();
    terminal.types(&format!("\x1b[200~{lines}\x1b[201~\r"));
    terminal.sees("   499");
    terminal.until_prompt();
    let screen = terminal.asks_anew("user=\"漢字 ünï\" | count");
    assert!(screen.contains("user=\"漢字 ünï\""), "{screen}");
    terminal.types("\x15");
    terminal.leaves();
    let mut terminal = Terminal::open(&test_env, (30, 100), &[("TERM", "dumb")]);
    let screen = terminal.asks("event-name=CreateUser | count");
    assert!(screen.contains("1 row (") && !terminal.raw().contains('\x1b'), "{screen}");
    terminal.leaves();
    let mut terminal = Terminal::open(&test_env, (30, 100), &[("NO_COLOR", "")]);
    terminal.asks("event-name=CreateUser");
    assert!(terminal.raw().contains("\x1b[33mCreateUser\x1b[0m"), "a write call is marked");
    terminal.leaves();
}

/// `INSTA_UPDATE=always` writes the picture of README anew, as it does snapshots.
#[test]
fn the_picture_shows_what_the_program_shows() {
    let test_env = TestEnv::with_delivery();
    let mut terminal = Terminal::open(&test_env, (44, 112), &[("NO_COLOR", ""), ("TERM", "xterm-256color")]);
    terminal.asks_anew("since=2024-03-01 | top 5 user");
    for line in ["user=deploy-bot since=2024-03-01T22:50", ".who 1 1m"] {
        terminal.asks(line);
    }
    terminal.types("key=AKIASVCBACKUPEXAMPLE write=true");
    terminal.sees("write: true");
    let picture = terminal.picture("trailq");
    terminal.types("\x05\x15");
    terminal.leaves();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/guide/repl.svg");
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        std::fs::write(path, &picture).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == picture, "{path} is out of date: INSTA_UPDATE=always writes it anew");
}

#[test]
fn a_cancelled_import_leaves_a_sound_case() {
    let test_env = TestEnv::with_delivery();
    for file in 0..40 {
        let records: Vec<String> = (0..5_000).map(|n| record(&format!("{file}-{n}"), "")).collect();
        test_env.scratch.write(&format!("many/{file:02}.json"), format!("{{\"Records\":[{}]}}", records.join(",")));
    }
    let mut terminal = Terminal::open(&test_env, (30, 100), &[]);
    terminal.types(".import many\r");
    std::thread::sleep(Duration::from_millis(700));
    terminal.types("\x03");
    let screen = terminal.sees("cancelled");
    assert!(screen.contains("run the same import again to continue"), "{screen}");
    terminal.until_prompt();
    terminal.asks("| count");
    assert!(terminal.asks_anew(".import many").contains("rejected"));
    assert!(terminal.asks_anew("event-name=RunInstances account=111122223333 | count").contains("row ("));
    terminal.leaves();
    common::check_case(&test_env.scratch.case());
    assert_eq!(test_env.scratch.number("SELECT count(*) FROM events"), 360 + 200_000);
}
