//! README and the pages of the guide: their commands are run, their generated parts are up to date, their links lead
//! somewhere, and `trailq guide` shows them.
//!
//! A block marked `console` has commands after `$ ` and the standard output of each. The commands of a page run in order
//! in a folder with a link to `testdata`; in a page with [`WITH_DELIVERY`] the folder has the delivery as `trailq.db`.
//! `UPDATE_GUIDE=1 cargo test --test it -- guide` writes the current output and the generated parts to the pages.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::common::program::{PROGRAM, TestEnv};
use crate::common::terminal::Terminal;
use trailq::detection;
use trailq::fields::FIELDS;
use trailq::guide;
use trailq::level::Level;
use trailq::saved::{Library, shipped_scripts};
use trailq::session::commands::COMMANDS;
use trailq::store::FUNCTIONS;

/// Marks a page whose commands need a case.
const WITH_DELIVERY: &str = "<!-- with the delivery -->";
/// The end of a generated part.
const GENERATED_END: &str = "<!-- end -->\n";
/// The beginning of the walk through an investigation.
const WALK: &str = "<!-- walk -->\n```text\n";
/// The size of a terminal on which every answer of the walk fits.
const WALK_SIZE: (u16, u16) = (200, 110);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Held while a test reads and updates pages, so that no update overwrites another.
static UPDATE: Mutex<()> = Mutex::new(());

/// Returns the paths of the pages of the guide.
fn pages() -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(root().join("src/guide")).sort_by_file_name();
    let paths = entries.into_iter().map(|entry| entry.unwrap().into_path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// Returns the paths of README, CONTRIBUTING and the pages of the guide.
fn documents() -> Vec<PathBuf> {
    let mut paths = pages();
    paths.extend(
        ["README.md", "CONTRIBUTING.md"].map(|name| root().join(name)).into_iter().filter(|path| path.exists()),
    );
    paths
}

/// Compares a document with its current text, or writes the text if `UPDATE_GUIDE` is set.
#[track_caller]
fn assert_current(path: &Path, written: &str, current: &str) {
    if std::env::var_os("UPDATE_GUIDE").is_none() {
        assert!(written == current, "{} is out of date:\n{}", path.display(), difference(written, current));
    } else if written != current {
        fs::write(path, current).unwrap();
    }
}

/// Returns the first lines in which two texts differ.
fn difference(written: &str, current: &str) -> String {
    let same = written.lines().zip(current.lines()).take_while(|(a, b)| a == b).count();
    let part = |text: &str| text.lines().skip(same).take(6).collect::<Vec<_>>().join("\n");
    format!("line {}\n{}\nis now\n{}", same + 1, part(written), part(current))
}

/// Runs a command of a page without a terminal, and returns its output.
fn run(folder: &Path, command: &str) -> String {
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", Path::new(PROGRAM).parent().unwrap().display()))
        .env("HOME", folder)
        .env("TRAILQ_USER", "tester")
        .output()
        .unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Returns a page with the current output of its commands.
fn rerun(page: &str) -> String {
    let test_env = if page.contains(WITH_DELIVERY) { TestEnv::with_delivery() } else { TestEnv::new() };
    let folder = test_env.scratch.folder.path();
    std::os::unix::fs::symlink(root().join("testdata"), folder.join("testdata")).unwrap();
    let mut current = String::new();
    let mut in_console = false;
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        current += line;
        current.push('\n');
        if line.starts_with("```") {
            in_console = line == "```console";
        }
        if !in_console {
            continue;
        }
        if let Some(command) = line.strip_prefix("$ ") {
            for printed in run(folder, command).lines() {
                current += printed.trim_end();
                current.push('\n');
            }
            while lines.peek().is_some_and(|next| !next.starts_with("$ ") && !next.starts_with("```")) {
                lines.next();
            }
        }
    }
    current
}

#[test]
fn commands_print_what_the_pages_show() {
    let _guard = UPDATE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut commands = 0;
    for path in documents() {
        let page = fs::read_to_string(&path).unwrap();
        let count = page.matches("\n$ ").count();
        if count > 0 {
            assert_current(&path, &page, &rerun(&page));
        }
        commands += count;
    }
    assert!(commands > 20, "the pages have commands");
}

#[test]
fn walks_show_what_the_screen_shows() {
    let _guard = UPDATE.lock().unwrap_or_else(PoisonError::into_inner);
    for page in ["tutorial.md", "walk.md"] {
        let path = root().join("src/guide").join(page);
        let page = fs::read_to_string(&path).unwrap();
        let (before, rest) = page.split_once(WALK).expect("the page has a walk");
        let (walk, after) = rest.split_once("```\n").unwrap();
        let test_env = TestEnv::with_delivery();
        let mut terminal = Terminal::open(&test_env, WALK_SIZE, &[]);
        let mut current = String::new();
        for line in walk.lines().filter_map(|line| line.strip_prefix("trailq> ")) {
            let screen = terminal.asks_anew(line);
            current += screen.trim_end_matches("trailq>").trim_end();
            current.push('\n');
        }
        terminal.leaves();
        assert_current(&path, &page, &format!("{before}{WALK}{current}```\n{after}"));
    }
}

#[test]
fn the_walk_counts_its_commands_and_ends_with_a_report() {
    let page = fs::read_to_string(root().join("src/guide/walk.md")).unwrap();
    let test_env = TestEnv::with_delivery();
    let typed: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("trailq> ")).collect();
    let shell = page.lines().filter(|line| line.starts_with("$ ") || line.starts_with("trailq report")).count();
    assert!(page.contains("Nine commands") && typed.len() == 7 && shell == 2, "{} and {shell}", typed.len());
    test_env.pipe(&[], (typed.join("\n") + "\n").as_bytes()).exits(0);
    test_env.scratch.write("summary.md", "An intruder used a leaked key.\n");
    let report = page.lines().find_map(|line| line.strip_prefix("trailq report ")).expect("the page writes a report");
    let arguments: Vec<&str> = std::iter::once("report").chain(report.split(' ')).collect();
    test_env.run(&arguments).exits(0);
    let written = fs::read_to_string(test_env.scratch.path("incident.html")).unwrap();
    for part in ["stolen", "none of our addresses", "E-001", "CreateAccessKey", "acme-trail"] {
        assert!(written.contains(part), "{part}");
    }
}

/// Returns a text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Returns the table of fields.
fn fields() -> String {
    let mut table = "| field | also | meaning | example |\n|---|---|---|---|\n".to_owned();
    for field in FIELDS {
        let aliases: Vec<String> = field.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        let (help, example) = (cell(field.help), cell(field.example));
        let _ = writeln!(table, "| `{}` | {} | {help} | `{example}` |", field.name, aliases.join(" "));
    }
    table
}

/// Returns the list of saved queries and scripts.
fn saved_queries() -> String {
    let mut library = Library::default();
    library.add_shipped();
    let mut list = String::new();
    let mut group = "";
    for query in library.all() {
        if group != query.group {
            let _ = write!(list, "\n### {}\n\n| query | level | answers |\n|---|---|---|\n", query.group);
            group = &query.group;
        }
        let level = query.header.level.map_or("", Level::name);
        let _ = writeln!(list, "| `{}` | {level} | {} |", query.name, cell(&query.header.title));
    }
    list += "\n### scripts\n\n| script | answers |\n|---|---|\n";
    for script in shipped_scripts() {
        let _ = writeln!(list, "| `{}` | {} |", script.name, cell(&script.header.title));
    }
    list + "\n"
}

/// Returns the table of single-call detections.
fn single_calls() -> String {
    let mut table = "| detection | level | finds | ATT&CK |\n|---|---|---|---|\n".to_owned();
    for rule in detection::calls() {
        let (level, title, techniques) = (rule.level.name(), cell(&rule.title), rule.attack.join(", "));
        let _ = writeln!(table, "| `{}` | {level} | {title} | {techniques} |", rule.id);
    }
    table
}

/// Returns the table of dot-commands.
fn dot_commands() -> String {
    let mut table = "| command | does |\n|---|---|\n".to_owned();
    for command in COMMANDS.iter() {
        let usage = format!("{} {}", command.name, command.arguments);
        let _ = writeln!(table, "| `{}` | {} |", cell(usage.trim_end()), cell(command.help));
    }
    table
}

/// Returns the table of SQL functions.
fn functions() -> String {
    let mut table = "| function | returns |\n|---|---|\n".to_owned();
    for function in FUNCTIONS {
        let call = format!("{}({})", function.name, function.arguments);
        let _ = writeln!(table, "| `{call}` | {} |", cell(function.help));
    }
    table
}

/// Returns the short help of a subcommand without the options of every command.
fn own_help(help: &str, global: &[&str]) -> String {
    let mut own = String::new();
    let mut skips = false;
    for line in help.lines() {
        let option = line.trim_start().split([' ', ',']).find(|word| word.starts_with("--"));
        let indent = line.len() - line.trim_start().len();
        if line.is_empty() || indent < 2 || line.trim_start().starts_with('-') {
            skips = line.trim_start().starts_with('-') && option.is_some_and(|option| global.contains(&option));
        }
        if !skips {
            own += line.trim_end();
            own.push('\n');
        }
    }
    own.replace("Options:\n\n", "")
}

/// Returns the help of trailq and its subcommands.
fn commands() -> String {
    let test_env = TestEnv::new();
    let help = |arguments: &[&str]| test_env.run(arguments).exits(0).out;
    let main = help(&["--help"]);
    let names = main.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let global: Vec<&str> = main
        .lines()
        .filter(|line| line.trim_start().starts_with('-'))
        .filter_map(|line| line.trim_start().split([' ', ',']).find(|word| word.starts_with("--")))
        .collect();
    let mut text = format!("\n## trailq\n\n```text\n{}\n```\n", main.trim_end());
    for name in names {
        let _ = write!(
            text,
            "\n## trailq {name}\n\n```text\n{}\n```\n",
            own_help(&help(&[name, "-h"]), &global).trim_end()
        );
    }
    text + "\n"
}

/// Returns the topics with links to their pages.
fn topics() -> String {
    let mut list = String::new();
    for page in guide::PAGES {
        let _ = writeln!(list, "- [{}](src/guide/{}.md): {}", page.topic, page.topic, page.title());
    }
    let internals = guide::INTERNALS.iter().map(|page| format!("[{0}](src/guide/internals/{0}.md)", page.topic));
    let _ = writeln!(list, "- For contributors: {}", internals.collect::<Vec<_>>().join(", "));
    list
}

/// A generated part: the page, the name of the part, and the function that generates it.
type GeneratedPart = (&'static str, &'static str, fn() -> String);

#[test]
fn generated_parts_are_current() {
    let _guard = UPDATE.lock().unwrap_or_else(PoisonError::into_inner);
    let parts: [GeneratedPart; 7] = [
        ("src/guide/fields.md", "fields", fields),
        ("src/guide/sql.md", "functions", functions),
        ("src/guide/saved-queries.md", "saved queries", saved_queries),
        ("src/guide/detections.md", "detections", single_calls),
        ("src/guide/repl.md", "dot-commands", dot_commands),
        ("src/guide/commands.md", "commands", commands),
        ("README.md", "topics", topics),
    ];
    for (name, part, generate) in parts {
        // The reference describes the program with all features.
        if part == "commands" && cfg!(not(all(feature = "plot", feature = "serve"))) {
            continue;
        }
        let path = root().join(name);
        let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let begin = format!("<!-- generated: {part} -->\n");
        let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("{name} lacks {begin}"));
        let (_, after) = rest.split_once(GENERATED_END).unwrap_or_else(|| panic!("{name} lacks {GENERATED_END}"));
        assert_current(&path, &page, &format!("{before}{begin}{}{GENERATED_END}{after}", generate()));
    }
}

#[test]
fn every_page_is_a_topic() {
    let test_env = TestEnv::new();
    let listed = test_env.run(&["guide"]).exits(0).out;
    for path in pages() {
        let topic = path.file_stem().unwrap().to_str().unwrap();
        assert!(listed.lines().any(|line| line.starts_with(&format!("  {topic} "))), "{topic} is not listed");
        let shown = test_env.run(&["guide", topic]).exits(0).out;
        assert!(shown == fs::read_to_string(&path).unwrap(), "{topic} is printed as it is");
    }
    assert_eq!(test_env.run(&["guide", "FIELDS"]).exits(0).out, test_env.run(&["guide", "fields"]).exits(0).out);
    test_env
        .run(&["guide", "tutorials"])
        .fails(2, &["the guide has no topic `tutorials`", "did you mean `trailq guide tutorial`?"]);
    test_env.run(&["guide", "svc-backup"]).fails(2, &["pages that mention it: tutorial"]);
    let mut command = test_env.command(&["--", "trailq", "guide", "lookup-l"]);
    let completed = command.env("TRAILQ_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", "2").output().unwrap();
    assert_eq!(String::from_utf8(completed.stdout).unwrap(), "lookup-language");
}

#[test]
fn links_lead_somewhere() {
    let link = regex::Regex::new(r"\]\(([^) #]+)(?:#[^)]*)?\)").unwrap();
    let mut found = 0;
    for path in documents() {
        let page = fs::read_to_string(&path).unwrap();
        for target in link.captures_iter(&page).map(|captures| captures[1].to_owned()) {
            if target.contains("://") || target.starts_with("file:") {
                continue;
            }
            assert!(path.parent().unwrap().join(&target).exists(), "{} links to {target}", path.display());
            found += 1;
        }
    }
    assert!(found > 10, "{found} links");
}
