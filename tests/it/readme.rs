//! README's commands are run, and what they print is what README says.

//!
//! A block marked `console` holds commands behind `$ ` and what each prints on standard output. They run one after the
//! other in one folder in which `testdata` lies, so that a later command finds the case of an earlier one.
//! `UPDATE_README=1 cargo test --test readme` writes down what they print now.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::program::Desk;
use crate::common::terminal::Terminal;
use trailq::fields::FIELDS;
use trailq::session::commands::COMMANDS;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// Runs one command as README's reader would, without a terminal.
fn run(folder: &Path, command: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_trailq")).parent().unwrap();
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", binary.display()))
        .env("HOME", folder)
        .output()
        .unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// README with what its commands print now.
fn rerun(readme: &str, folder: &Path) -> String {
    let mut written = String::new();
    let mut in_console = false;
    let mut lines = readme.lines().peekable();
    while let Some(line) = lines.next() {
        written += line;
        written.push('\n');
        if line.starts_with("```") {
            in_console = line == "```console";
        }
        if !in_console {
            continue;
        }
        if let Some(command) = line.strip_prefix("$ ") {
            for printed in run(folder, command).lines() {
                written += printed.trim_end();
                written.push('\n');
            }
            while lines.peek().is_some_and(|next| !next.starts_with("$ ") && !next.starts_with("```")) {
                lines.next();
            }
        }
    }
    written
}

#[test]
fn the_commands_print_what_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    std::os::unix::fs::symlink(testdata, folder.path().join("testdata")).unwrap();
    let readme = fs::read_to_string(README).unwrap();
    assert!(readme.contains("```console\n$ "), "README has no commands");
    let written = rerun(&readme, folder.path());
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(README, written).unwrap();
    } else {
        assert_eq!(readme, written);
    }
}

/// The beginning of the walk through an investigation.
const WALK: &str = "<!-- walk -->\n```text\n";
/// A terminal on which every answer of the walk fits.
const WALK_SIZE: (u16, u16) = (200, 110);

#[test]
fn the_walk_shows_what_the_screen_shows() {
    let readme = fs::read_to_string(README).unwrap();
    let (before, rest) = readme.split_once(WALK).expect("README has a walk");
    let (walk, after) = rest.split_once("```\n").unwrap();
    let desk = Desk::with_delivery();
    let mut terminal = Terminal::open(&desk, WALK_SIZE, &[]);
    let mut walked = String::new();
    for line in walk.lines().filter_map(|line| line.strip_prefix("trailq> ")) {
        let screen = terminal.asks_anew(line);
        walked += screen.trim_end_matches("trailq>").trim_end();
        walked.push('\n');
    }
    terminal.leaves();
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(README, format!("{before}{WALK}{walked}```\n{after}")).unwrap();
    } else {
        assert_eq!(walk, walked);
    }
}

#[test]
fn every_command_is_named() {
    let readme = fs::read_to_string(README).unwrap();
    for command in COMMANDS.iter() {
        assert!(readme.contains(&format!("`{}", command.name)), "README does not name {}", command.name);
    }
}

#[test]
fn the_table_of_fields_is_the_catalogue() {
    let readme = fs::read_to_string(README).unwrap();
    for field in FIELDS {
        let aliases: Vec<String> = field.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        let row = format!("| `{}` | {} | {} | `{}` |", field.name, aliases.join(" "), field.help, field.example);
        assert!(readme.contains(&row), "README's table of fields lacks:\n{row}");
    }
}
