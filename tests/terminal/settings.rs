//! The settings file at the prompt.

use crate::common::program::TestEnv;
use crate::common::terminal::Terminal;

/// The program on a terminal with colors, in a folder with the delivery and a settings file.
fn open(settings: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (TestEnv, Terminal) {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write(".config/trailq/config.toml", settings);
    let mut command = Terminal::command(&test_env);
    command.args(arguments).envs(environment.iter().copied());
    let terminal = Terminal::run(command, (40, 100));
    (test_env, terminal)
}

#[test]
fn the_prompt_has_the_settings_of_the_file() {
    let (_test_env, mut terminal) =
        open("format = 'expanded'\ntime-zone = '+09:00'\npager = 'less -RS'\nprompt = 'trailq> '\n", &[], &[]);
    let screen = terminal.asks_anew("user=alice | fields time | limit 1");
    assert!(screen.contains("event_time") && screen.contains("+09:00"), "{screen}");
    let screen = terminal.asks_anew(".settings");
    for line in ["mode: expanded", "tz: +09", "pager: less -RS"] {
        assert!(screen.contains(line), "{line}: {screen}");
    }
    assert!(terminal.raw().contains("\x1b[1mtrailq> \x1b[0m"), "{:?}", terminal.raw());
    terminal.leaves();
}

#[test]
fn flags_and_the_environment_beat_the_file() {
    let settings = "format = 'csv'\ntheme = 'none'\npager = 'most'\n";
    let flags = ["--format", "json", "--color", "always"];
    let (_test_env, mut terminal) = open(settings, &flags, &[("TRAILQ_PAGER", "more -d")]);
    let screen = terminal.asks_anew(".settings");
    assert!(screen.contains("mode: json") && screen.contains("pager: more -d"), "{screen}");
    assert!(terminal.raw().contains("\x1b[1mtrailq> "), "{:?}", terminal.raw());
    terminal.leaves();
    let (_test_env, mut terminal) = open(settings, &[], &[]);
    terminal.asks("user=alice | limit 1");
    let raw = terminal.raw();
    assert!(!raw.contains("\x1b[1m") && !raw.contains("\x1b[2m"), "{raw:?}");
    terminal.leaves();
}

#[test]
fn a_mistake_is_reported_before_the_prompt() {
    let (_test_env, mut terminal) = open("edit-mode = 'vim'\nprompt = 'trailq> '\n", &[], &[("NO_COLOR", "1")]);
    let screen = terminal.screen();
    for line in ["warning: invalid value `vim`: expected emacs, vi", "config.toml:1", "= hint: did you mean `vi`?"] {
        assert!(screen.contains(line), "{line}: {screen}");
    }
    let screen = terminal.asks_anew("user=alice | count");
    assert!(screen.contains("1 row"), "{screen}");
    terminal.leaves();
}

#[test]
fn vi_keys_move_and_delete() {
    let (_test_env, mut terminal) = open("edit-mode = 'vi'\n", &[], &[("NO_COLOR", "1")]);
    // Escape leaves the insert mode, `0` goes to the start of the line and `dw` deletes a word.
    terminal.types("nonsense .print kept");
    terminal.sees("nonsense .print kept");
    terminal.types("\x1b");
    terminal.types("0");
    terminal.types("dw");
    terminal.sees("trailq> .print kept");
    let screen = terminal.asks("");
    assert!(screen.contains("\nkept"), "{screen}");
    // Escape in front of Ctrl-D would leave the insert mode.
    terminal.asks(".print more");
    terminal.leaves();
}

#[test]
fn the_history_has_the_size_of_the_file() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write(".config/trailq/config.toml", "history-size = 2\n");
    for _ in 0..2 {
        let mut terminal = Terminal::open(&test_env, (20, 80), &[]);
        for number in 1..=4 {
            terminal.asks(&format!(".print {number}"));
        }
        terminal.leaves();
    }
    Terminal::open(&test_env, (20, 80), &[]).leaves();
    let history = std::fs::read_to_string(test_env.scratch.path("history")).unwrap();
    assert_eq!(history, "#V2\n.print 3\n.print 4\n");
}
