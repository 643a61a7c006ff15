//! Brief answers, and the report of the script `triage`.

use std::path::Path;
use std::process::Command;

use crate::common::program::TestEnv;
use crate::common::{Needs, corpus, skip};

const MARKDOWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/markdown.py");

/// The most lines of the report.
const MOST_LINES: usize = 200;

#[test]
fn brief_answers_have_a_title_and_few_rows() {
    let test_env = TestEnv::with_delivery();
    let script = b".brief 1\n.run caller-identity\n.run ransom-notes\n.run coverage gaps=1\n\
                   SELECT 1 AS a UNION ALL SELECT 2;\nSELECT 1 AS a WHERE 0;\n.brief off\nSELECT 3 AS b;\n";
    let ran = test_env.pipe(&["--format", "table", "--quiet"], script).exits(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[..2], ["", "Keys that asked who they are"], "{ran:?}");
    assert!(ran.out.contains("\n\nProtection of buckets and backups taken away: none\n\n"), "{ran:?}");
    assert!(lines.contains(&"What the case covers: account by account, hour by hour (gaps=1)"), "{ran:?}");
    assert!(ran.out.contains(" more: `.run coverage gaps=1`\n"), "{ran:?}");
    assert_eq!(lines[lines.len() - 8..], ["a", "─", "1", "and 1 more", "none", "b", "─", "3"], "{ran:?}");
    let ran = test_env.pipe(&["--format", "markdown", "--quiet"], script).exits(0);
    assert!(ran.out.starts_with("\n### Keys that asked who they are\n\n| "), "{ran:?}");
    assert!(ran.out.contains("\n\n- Protection of buckets and backups taken away: none\n"), "{ran:?}");
    assert!(ran.out.contains("| 1 |\n\nand 1 more\n\nnone\n"), "{ran:?}");
    // Programs get the whole answer, and nothing else.
    let csv = |script: &[u8]| test_env.pipe(&["--format", "csv", "--quiet"], script).exits(0).out;
    assert_eq!(csv(b".brief 1\n.run caller-identity\n"), csv(b".run caller-identity\n"));
    test_env.pipe(&[], b".brief few\n").fails(2, &["`few` is not a number of rows: write one, or `off`"]);
    test_env.pipe(&[], b".brief 5 many 2\n").fails(2, &["`many` is not a number of lines"]);
    test_env.pipe(&[], b".brief 5 20 x\n").fails(2, &["`x` is not a number of answers"]);
    test_env.pipe(&[], b".brief 5 20\n").fails(2, &[".brief needs ROWS [LINES ANSWERS]|off"]);
    test_env.pipe(&[], b".brief 5 20 1 1\n").fails(2, &[".brief"]);
    let three = "SELECT value AS a FROM json_each('[1,2,3,4,5,6,7,8,9]');\n".repeat(3);
    let shared =
        test_env.pipe(&["--format", "table", "--quiet"], format!(".brief 8 33 3\n{three}").as_bytes()).exits(0);
    let more: Vec<&str> = shared.out.lines().filter(|line| line.starts_with("and ")).collect();
    assert_eq!(more, ["and 1 more", "and 4 more", "and 4 more"], "{shared:?}");
}

/// Returns the report of a case.
fn report(test_env: &TestEnv, format: &str) -> String {
    let ran = test_env.run(&["--format", format, "--quiet", "run", "triage"]).exits(0);
    assert!(ran.out.lines().count() <= MOST_LINES, "{} lines: {}", ran.out.lines().count(), ran.out);
    ran.out
}

/// Returns cases to report on: the delivery, and the folders of the corpus if it is there.
fn cases() -> Vec<TestEnv> {
    let mut cases = vec![TestEnv::with_delivery()];
    let Some(corpus) = corpus() else { return cases };
    for folder in std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let test_env = TestEnv::new();
        test_env.run(&["import", folder.to_str().unwrap()]);
        cases.push(test_env);
    }
    cases
}

#[test]
fn a_triage_has_at_most_200_lines_and_each_table_a_title() {
    for test_env in cases() {
        let report = report(&test_env, "table");
        let lines: Vec<&str> = report.lines().collect();
        for at in (1..lines.len()).filter(|at| lines[*at].starts_with('─')) {
            let above = lines[at - 2];
            assert!(!above.is_empty() && !above.starts_with('─'), "line {at} has no title: {report}");
        }
        let expanded = self::report(&test_env, "expanded");
        assert!(expanded.contains("── 1 ─") && expanded.contains("Findings by actor"), "{expanded}");
    }
}

#[test]
fn a_triage_in_markdown_renders() {
    let made = match Command::new("python3").args([MARKDOWN, "prepare"]).output() {
        Ok(made) => made,
        Err(error) => return skip(Needs::Tool("python3"), format_args!("Markdown is rendered by python3: {error}")),
    };
    if !made.status.success() {
        assert_eq!(made.status.code(), Some(3), "{made:?}");
        return skip(Needs::Tool("markdown"), String::from_utf8_lossy(&made.stderr).trim());
    }
    let python = String::from_utf8(made.stdout).unwrap();
    let rendered = |file: &Path| Command::new(python.trim()).args([MARKDOWN, "check"]).arg(file).output().unwrap();
    for test_env in cases() {
        let file = test_env.scratch.write("triage.md", report(&test_env, "markdown"));
        let done = rendered(&file);
        assert!(done.status.success(), "{}{}", String::from_utf8_lossy(&done.stderr), report(&test_env, "markdown"));
    }
    // The check finds what it is for.
    let joined = TestEnv::new();
    let file = joined.scratch.write("joined.md", "| a |\n| --- |\n| 1 |\nand 3 more\n");
    assert!(!rendered(&file).status.success());
}
