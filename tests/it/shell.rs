//! Completions in shells, man pages, the lists of scripts and the help of commands.

use std::path::Path;
use std::process::Command;

use crate::common::program::{CommandOutput, PROGRAM, TestEnv};
use crate::common::{Needs, skip};

/// Candidates for the last of some words, as trailq gives them to a shell.
fn candidates(test_env: &TestEnv, words: &[&str]) -> Vec<String> {
    let index = (words.len() - 1).to_string();
    let mut command = test_env.command(&["--"]);
    command.args(words).env("TRAILQ_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", index).env("_CLAP_IFS", "\n");
    let ran = CommandOutput::of(command.output().unwrap()).exits(0);
    ran.out.lines().map(str::to_owned).collect()
}

/// The output of a shell script that has completed words, with trailq in `PATH`; `None` if there is no such shell.
fn in_shell(test_env: &TestEnv, shell: &'static str, script: &str) -> Option<String> {
    let path = format!("{}:/usr/bin:/bin", Path::new(PROGRAM).parent().unwrap().display());
    let mut command = Command::new(shell);
    test_env.make_hermetic(&mut command);
    let Ok(output) = command.env("PATH", path).args(["-c", script]).output() else {
        skip(Needs::Tool(shell), format_args!("there is no {shell}"));
        return None;
    };
    let ran = CommandOutput::of(output);
    assert_eq!(ran.err, "", "{shell}");
    Some(ran.out)
}

#[test]
fn names_are_candidates() {
    let test_env = TestEnv::new();
    test_env.scratch.write(
        ".config/trailq/queries/my-query.sql",
        "-- title: Mine\n-- about: Mine\n-- param: mine text: a value\n-- columns: a\nSELECT :mine AS a;\n",
    );
    assert_eq!(candidates(&test_env, &["trailq", "run", "console-logins-"]), ["console-logins-without-mfa"]);
    assert_eq!(candidates(&test_env, &["trailq", "run", "my-"]), ["my-query"]);
    assert_eq!(candidates(&test_env, &["trailq", "run", "my-query", "m"]), ["mine="]);
    assert_eq!(candidates(&test_env, &["trailq", "run", "console-logins", ""])[..2], ["since=", "until="]);
    assert_eq!(candidates(&test_env, &["trailq", "run", "leaked-key", "k"]), ["key="]);
    assert_eq!(candidates(&test_env, &["trailq", "script", "tria"]), ["triage"]);
    assert_eq!(candidates(&test_env, &["trailq", "queries", "linea"]), ["lineage"]);
    assert_eq!(candidates(&test_env, &["trailq", "lookup", "EventN"]), ["event-name="]);
    assert_eq!(candidates(&test_env, &["trailq", "lookup", "user=alice", "outcome=d"]), ["outcome=denied"]);
    let of_unknown = candidates(&test_env, &["trailq", "run", "no-such", ""]);
    assert!(of_unknown.iter().all(|option| option.starts_with("--")), "{of_unknown:?}");
    assert!(candidates(&test_env, &["trailq", "lookup", "zzz"]).is_empty());
    assert!(candidates(&test_env, &["trailq", "im"]).contains(&"import".to_owned()));
    assert!(candidates(&test_env, &["trailq", "snapshot", "--por"]).contains(&"--portable".to_owned()));
    // An unknown shell is an error, and no words are nothing to complete.
    let mut command = test_env.command(&["--", "trailq", "im"]);
    CommandOutput::of(command.env("TRAILQ_COMPLETE", "tcsh").output().unwrap()).exits(2);
    let mut command = test_env.command(&["info"]);
    assert_eq!(CommandOutput::of(command.env("TRAILQ_COMPLETE", "bash").output().unwrap()).exits(0).out, "");
}

#[test]
fn shells_complete_names() {
    let test_env = TestEnv::new();
    let bash = "source <(trailq completions bash); COMP_WORDS=(trailq run lineag); COMP_CWORD=2; COMP_TYPE=9; \
                _clap_complete_trailq trailq lineag run; echo \"${COMPREPLY[@]}\"";
    assert_eq!(in_shell(&test_env, "bash", bash).as_deref(), Some("lineage\n"));
    // The functions of the completion system print what they are given.
    let zsh = "compdef() { :; }; _describe() { print -l -- ${(P)3}; }; eval \"$(trailq completions zsh)\"; \
               words=(trailq run lineag); CURRENT=3; _clap_dynamic_completer_trailq";
    if let Some(out) = in_shell(&test_env, "zsh", zsh) {
        assert!(out.starts_with("lineage:"), "{out}");
    }
    let fish = "trailq completions fish | source; complete -C 'trailq run lineag'";
    if let Some(out) = in_shell(&test_env, "fish", fish) {
        assert!(out.starts_with("lineage\t"), "{out}");
    }
    for shell in ["elvish", "powershell"] {
        assert!(test_env.run(&["completions", shell]).exits(0).out.contains("--portable"));
    }
}

#[test]
fn every_command_has_a_man_page() {
    let test_env = TestEnv::new();
    let ran = test_env.run(&["man", "man/man1"]).exits(0);
    let mut pages: Vec<String> = std::fs::read_dir(test_env.scratch.path("man/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    assert_eq!(ran.err, format!("{} pages in man/man1\n", pages.len()));
    let main = test_env.run(&["--help"]).exits(0).out;
    let names = main.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for name in names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        assert!(pages.contains(&format!("trailq-{name}.1")), "{name}: {pages:?}");
    }
    let page = std::fs::read_to_string(test_env.scratch.path("man/man1/trailq-run.1")).unwrap();
    for part in [".TH trailq-run 1", ".SH NAME", "Run a saved query", "fail\\-on\\-rows", "trailq run lineage"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    test_env.run(&["man", "man/man1"]).fails(2, &["there is a file man/man1/trailq.1 already"]);
    test_env.run(&["man", "--force", "man/man1", "-q"]).exits(0);
    test_env.scratch.write("file", "");
    test_env.run(&["man", "file"]).fails(2, &["cannot make the folder file"]);
}

#[test]
fn scripts_are_listed_and_can_fail_on_rows() {
    let test_env = TestEnv::with_delivery();
    let rows = test_env.run(&["scripts", "--format", "csv"]).exits(0).out;
    assert!(rows.starts_with("name,title,parameters") && rows.contains("\nleaked-key,"), "{rows}");
    assert!(rows.contains(",key [since=") && rows.contains("\ntriage,"), "{rows}");
    let script = |text: &str| {
        test_env.scratch.write("checks.trailq", text);
        test_env.run(&["script", "checks.trailq", "--fail-on-rows"])
    };
    script("user=nobody\nSELECT 1 WHERE 0;\n.print done\n").exits(0);
    script("user=nobody\nuser=alice | limit 1\nuser=nobody\n").exits(1);
    script("usr=alice\n").fails(2, &["checks.trailq:1"]);
    test_env.run(&["script", "leaked-key", "key=AKIADEPLOYBOTEXAMPLE", "--fail-on-rows"]).exits(1);
}

#[test]
fn the_help_of_a_command_fits_a_screen() {
    let test_env = TestEnv::new();
    let main = test_env.run(&["--help"]).exits(0).out;
    let names = main.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let narrow = |arguments: &[&str]| {
        let output = test_env.command(arguments).env("COLUMNS", "80").output().unwrap();
        CommandOutput::of(output).exits(0).out
    };
    for name in names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        let help = narrow(&[name, "--help"]);
        assert!(help.lines().count() <= 40, "{name}: {} lines\n{help}", help.lines().count());
        assert!(!help.contains("  --color"), "{name}: {help}");
        assert!(help.contains("Global options (see `trailq -h`): --db"), "{name}: {help}");
        assert_eq!(narrow(&[name, "-h"]), help);
        let whole = narrow(&["help", name]);
        assert!(whole.contains("  --color") && whole.contains("  --geo"), "{name}: {whole}");
    }
    assert!(main.contains("  --color") && main.contains("  --db"), "{main}");
    let whole = test_env.run(&["help", "lookup-events"]).exits(0).out;
    assert!(whole.contains("--no-verify-ssl") && whole.contains("AccessKeyId"), "{whole}");
}
