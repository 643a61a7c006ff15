//! `trailq report` and `.report`.

use std::fs;

use crate::common::program::TestEnv;
use crate::common::record;

const HOSTILE: &str =
    r#""userAgent":"x","requestParameters":{"userName":"<script>alert(1)</script>|`\u001b[31m\u202e"}"#;

/// A case with confirmed events: tags with a note, an attacker, and a verdict.
fn investigated() -> TestEnv {
    let test_env = TestEnv::with_delivery();
    let script = "name=CreateAccessKey outcome=ok | limit 1\n.tag 1 stolen \"made by the intruder\"\n\
                  .mark 1 attacker \"seen in the alert\"\n.mark address=203.0.113.77 suspect \"same night\"\n";
    test_env.pipe(&["script", "-"], script.as_bytes()).exits(0);
    test_env
}

fn written(test_env: &TestEnv, arguments: &[&str]) -> String {
    let out = test_env.scratch.path(arguments[0]);
    let mut all = vec!["report", out.to_str().unwrap()];
    all.extend(&arguments[1..]);
    test_env.run(&all).exits(0);
    fs::read_to_string(out).unwrap()
}

#[test]
fn a_report_has_its_parts_in_order() {
    let test_env = investigated();
    let report = written(&test_env, &["r.md"]);
    let titles: Vec<&str> = report.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(
        titles,
        [
            "Cover",
            "Summary",
            "Key facts",
            "Data read, copied, shared or deleted",
            "Confirmed events",
            "Subjects",
            "Limits",
            "Machine findings, not reviewed",
            "Method and custody",
            "Records of confirmed events",
        ]
    );
    assert!(report.contains("| E-001 |") && report.contains("tag stolen: made by the intruder"), "{report}");
    assert!(report.contains("created access key") && report.contains("| removed 2024-03-02T08:06:02Z |"), "{report}");
    assert!(report.contains("| attacker | key |") && report.contains("seen in the alert"), "{report}");
    assert!(report.contains("### E-001 ") && report.contains("\"eventName\": \"CreateAccessKey\""), "{report}");
    assert!(report.contains("found by rules and not reviewed"), "{report}");
    assert!(report.contains("Looked at: calls of dynamodb, ebs, ec2,"), "{report}");
    let digest = test_env.run(&["info", "--format", "json"]).exits(0).json()["event_digest"].clone();
    assert!(report.contains(digest.as_str().unwrap()), "{digest}: {report}");
    assert!(report.contains("no validation of the delivered files is stored in the case"), "{report}");
}

#[test]
fn without_a_summary_a_report_is_a_draft() {
    let test_env = investigated();
    assert!(written(&test_env, &["draft.md"]).contains("| status | draft |"));
    let summary = test_env.scratch.write("summary.md", "The intruder **made a key**.\n");
    let summary = summary.to_str().unwrap();
    let report = written(&test_env, &["draft2.md", "--summary", summary]);
    assert!(report.contains("| status | draft |") && report.contains("The intruder **made a key**."), "{report}");
    let report = written(&test_env, &["final.md", "--summary", summary, "--final", "--case-number", "IR-42"]);
    assert!(report.contains("| status | final |") && report.contains("| case number | IR-42 |"), "{report}");
    let refused = test_env.run(&["report", "x.md", "--final"]).exits(2);
    assert!(refused.err.contains("--summary"), "{}", refused.err);
}

#[test]
fn a_report_without_a_decision_says_so() {
    let report = written(&TestEnv::with_delivery(), &["r.md"]);
    assert!(report.contains("no event is confirmed and no actor is marked as an attacker"), "{report}");
    assert!(report.contains("no event is tagged, and no finding has the verdict true"), "{report}");
    assert!(report.contains("there is no confirmed event"), "{report}");
    assert!(report.contains("so no call was looked at") && !report.contains("no such call succeeded"), "{report}");
}

#[test]
fn a_verdict_confirms_the_events_of_its_finding() {
    let test_env = TestEnv::with_delivery();
    let hunted = test_env.run(&["hunt", "--format", "json"]).exits(0).json();
    let finding = hunted.as_array().unwrap().iter().find(|finding| !finding["event_id"].is_null()).unwrap().clone();
    test_env.pipe(&["script", "-"], b".hunt\n.verdict 1 true \"it was him\"\n").exits(0);
    let report = written(&test_env, &["r.md"]);
    assert!(report.contains("| E-001 |") && report.contains("finding "), "{finding}: {report}");
}

#[test]
fn a_filter_limits_a_report() {
    let test_env = investigated();
    let all = written(&test_env, &["all.md"]);
    let none = written(&test_env, &["none.md", "--where", "name=NoSuchCall"]);
    assert!(all.contains("| E-001 |") && !none.contains("| E-001 |"), "{none}");
    assert!(none.contains("| limited to | name=NoSuchCall |"), "{none}");
    let refused = test_env.run(&["report", "x.md", "--where", "nosuchfield=1"]).exits(2);
    assert!(refused.err.contains("nosuchfield"), "{}", refused.err);
    assert!(!test_env.scratch.path("x.md").exists());
}

#[test]
fn html_loads_nothing_and_its_policy_allows_its_own_parts_only() {
    use base64::Engine as _;
    use sha2::Digest as _;

    let test_env = investigated();
    let summary = test_env.scratch.write("s.md", "# A\n\n<img src=x onerror=alert(1)> [x](javascript:alert(1))\n");
    let report = written(&test_env, &["r.html", "--summary", summary.to_str().unwrap(), "--title", "a<b>&\"c"]);
    let hash = |text: &str| {
        let sum = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text));
        format!("sha256-{sum}")
    };
    let between = |start: &str, end: &str| report.split(start).nth(1).unwrap().split(end).next().unwrap();
    let policy = between("Content-Security-Policy\" content=\"", "\"").replace("&#39;", "'");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(policy.contains(&hash(between("<style>", "</style>"))), "{policy}");
    assert!(policy.contains(&hash(between("<script>", "</script>"))), "{policy}");
    assert!(!policy.contains("unsafe-inline"), "{policy}");
    assert_eq!(report.matches("<script").count(), 1, "{report}");
    for acting in [" style=\"", " onerror=", "<img", "javascript:alert", "<link", "src=\"http", "@import"] {
        assert!(!report.replace("&lt;img src=x onerror=alert(1)&gt;", "").contains(acting), "{acting}: {report}");
    }
    assert!(report.contains("<title>a&lt;b&gt;&amp;&quot;c</title>"), "{report}");
    assert!(report.contains("href=\"#E-001\"") && report.contains("<h3 id=\"E-001\">"), "{report}");
    assert!(report.contains("<svg viewBox=") && report.contains("<svg class=\"coverage\""), "{report}");
    let page = written(&test_env, &["coverage.md"]);
    assert!(page.contains("| coverage | ") && page.contains(" management events | "), "{page}");
}

#[test]
fn hostile_values_stay_text() {
    let test_env = TestEnv::new();
    test_env.scratch.import(&[test_env.scratch.write("in.json", record("a", HOSTILE))]);
    test_env.pipe(&["script", "-"], b"event-id=a\n.tag 1 tag \"<b>x</b>|\"\n").exits(0);
    let html = written(&test_env, &["r.html"]);
    assert!(!html.contains("<script>alert") && !html.contains("<b>x") && !html.contains('\u{202e}'), "{html}");
    assert!(html.contains("&lt;script&gt;alert(1)"), "{html}");
    // Quotes in a record act nowhere, and stay as they are.
    assert!(html.contains("  \"userName\": \"&lt;script&gt;alert(1)&lt;/script&gt;|"), "{html}");
    let markdown = written(&test_env, &["r.md"]);
    assert!(!markdown.contains('\u{1b}') && !markdown.contains('\u{202e}'), "{markdown}");
    assert!(markdown.contains("\\<b>x\\</b>\\|") || markdown.contains("\\<b>x"), "{markdown}");
}

#[test]
fn a_report_is_the_same_but_for_its_time() {
    let test_env = investigated();
    let of = |name: &str| {
        let report = written(&test_env, &[name]);
        report.lines().filter(|line| !line.starts_with("| written |")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(of("a.md"), of("b.md"));
}

#[test]
fn a_file_is_not_replaced_and_its_name_has_a_format() {
    let test_env = investigated();
    let out = test_env.scratch.write("r.html", "mine");
    let path = out.to_str().unwrap();
    let refused = test_env.run(&["report", path]).exits(2);
    assert!(refused.err.contains("--force"), "{}", refused.err);
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine");
    test_env.run(&["report", path, "--force"]).exits(0);
    assert!(fs::read_to_string(&out).unwrap().starts_with("<!DOCTYPE html>"));
    let refused = test_env.run(&["report", "r.pdf"]).exits(2);
    assert!(refused.err.contains("OUT.html, OUT.md, OUT.xlsx, OUT.csv or OUT.jsonl"), "{}", refused.err);
    let refused = test_env.run(&["report", "r.md", "--summary", "no-such.md"]).exits(2);
    assert!(refused.err.contains("cannot read the summary no-such.md"), "{}", refused.err);
    let large = test_env.scratch.write("large.md", "x".repeat((1 << 20) + 1));
    let refused = test_env.run(&["report", "r.md", "--summary", large.to_str().unwrap()]).exits(2);
    assert!(refused.err.contains("is larger than"), "{}", refused.err);
    let case = test_env.scratch.case();
    test_env.run(&["report", case.with_extension("md").to_str().unwrap()]).exits(0);
}

#[test]
fn the_dot_command_writes_the_same_report() {
    let test_env = investigated();
    let out = test_env.scratch.path("dot.md");
    test_env.pipe(&["script", "-"], format!(".report {}\n", out.display()).as_bytes()).exits(0);
    assert!(fs::read_to_string(&out).unwrap().contains("| E-001 |"));
    test_env.pipe(&["script", "-"], b".report\n").exits(2);
}

/// Returns the section of findings that were not reviewed, without the line that names the run.
fn findings_of(report: &str) -> String {
    let section = report.split("## Machine findings, not reviewed").nth(1).unwrap().split("\n## ").next().unwrap();
    section.lines().filter(|line| !line.starts_with("Found by")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_report_uses_the_newest_run_until_something_changes() {
    const KEPT: &str = "Found by the run of \\`trailq hunt\\` at ";
    const NEW: &str = "Found by a run for this report";
    let test_env = investigated();
    let fresh = written(&test_env, &["1.md"]);
    assert!(fresh.contains(NEW), "{fresh}");
    test_env.run(&["hunt", "--min-level", "high"]).exits(0);
    assert!(written(&test_env, &["2.md"]).contains(NEW));
    test_env.run(&["hunt", "--where", "outcome=ok"]).exits(0);
    assert!(written(&test_env, &["3.md"]).contains(NEW));
    test_env.run(&["hunt"]).exits(0);
    let kept = written(&test_env, &["4.md"]);
    assert!(kept.contains(KEPT), "{kept}");
    assert_eq!(findings_of(&kept), findings_of(&fresh));
    assert!(findings_of(&kept).contains("| medium |") || findings_of(&kept).contains("| high |"), "{kept}");
    assert!(written(&test_env, &["5.md", "--where", "outcome=ok"]).contains(NEW));

    // A verdict needs no new run, and its events are confirmed.
    let verdict = b".hunt\n.verdict 1 true \"seen\"\n";
    test_env.pipe(&["script", "-"], verdict).exits(0);
    let judged = written(&test_env, &["6.md"]);
    assert!(judged.contains("finding "), "{judged}");
    assert_ne!(findings_of(&judged), findings_of(&kept));

    test_env.run(&["hunt"]).exits(0);
    assert!(written(&test_env, &["7.md"]).contains(KEPT));
    let rule = b".ignore add deploys all \"user=nobody\" \"a test\"\n";
    test_env.pipe(&["script", "-"], rule).exits(0);
    assert!(written(&test_env, &["8.md"]).contains(NEW));
    test_env.run(&["hunt"]).exits(0);
    assert!(written(&test_env, &["9.md"]).contains(KEPT));
    test_env.scratch.import(&[test_env.scratch.write("in.json", record("another", r#""eventName":"X""#))]);
    assert!(written(&test_env, &["10.md"]).contains(NEW));
}

#[test]
fn a_run_of_someone_else_hides_nothing_from_a_report() {
    let test_env = investigated();
    test_env.run(&["hunt"]).exits(0);
    let before = written(&test_env, &["1.md"]);
    let connection = rusqlite::Connection::open(test_env.scratch.case()).unwrap();
    connection.execute_batch("DELETE FROM hunt_findings").unwrap();
    drop(connection);
    let after = written(&test_env, &["2.md"]);
    assert!(after.contains("Found by a run for this report"), "{after}");
    assert_eq!(findings_of(&after), findings_of(&before));
    test_env.run(&["hunt"]).exits(0);
    fs::remove_file(test_env.scratch.path(".local/state/trailq/accepted")).unwrap();
    assert!(written(&test_env, &["3.md"]).contains("Found by a run for this report"));
}

/// A case whose only event has texts that begin as formulas and markup do, tagged.
fn hostile() -> TestEnv {
    let test_env = TestEnv::new();
    let formula = r#""userAgent":"=HYPERLINK(\"http://evil\")","requestParameters":{"userName":"<b>&\u0001\u202e"}"#;
    test_env.scratch.import(&[test_env.scratch.write("in.json", record("a", formula))]);
    test_env
        .pipe(&["script", "-"], b"event-id=a\n.tag 1 =1+1 \"@SUM(A1), \\\"quoted\\\"\"\n.mark user=+cmd attacker\n")
        .exits(0);
    test_env
}

#[test]
fn a_timesketch_timeline_has_the_required_columns() {
    let test_env = investigated();
    let csv = written(&test_env, &["t.csv"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(columns[..6], ["datetime", "timestamp_desc", "message", "tag", "status", "confirmed_by"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| {
        rows[row].get(columns.iter().position(|column| column == name).unwrap()).unwrap().to_owned()
    };
    assert!(rows.len() > 1, "{csv}");
    let confirmed = (0..rows.len()).find(|row| cell(*row, "status") == "confirmed").unwrap();
    assert_eq!(cell(confirmed, "tag"), "[\"stolen\"]");
    assert_eq!(cell(confirmed, "confirmed_by"), "tag stolen: made by the intruder");
    assert!(cell(confirmed, "message").contains("created access key"), "{csv}");
    assert_eq!(cell(confirmed, "event_name"), "CreateAccessKey");
    assert!((0..rows.len()).any(|row| cell(row, "status") == "attacker" && cell(row, "tag") == "[]"), "{csv}");
    let times: Vec<String> = (0..rows.len()).map(|row| cell(row, "datetime")).collect();
    assert!(times.iter().all(|time| time.len() == 25 && time.ends_with("+00:00")), "{times:?}");
    assert!(times.is_sorted(), "{times:?}");

    let jsonl = written(&test_env, &["t.jsonl"]);
    let objects: Vec<serde_json::Value> = jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), rows.len());
    for (row, object) in objects.iter().enumerate() {
        let names: std::collections::BTreeSet<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, columns.iter().map(String::as_str).collect());
        assert_eq!(object["message"], cell(row, "message"));
        assert_eq!(object["tag"].to_string(), cell(row, "tag"));
    }
    let limited = written(&test_env, &["l.csv", "--where", "name=CreateAccessKey"]);
    assert!(limited.lines().count() < csv.lines().count(), "{limited}");
}

#[test]
fn events_without_a_time_are_counted_and_left_out_of_a_timeline() {
    let test_env = TestEnv::new();
    let timeless = r#"{"Records":[{"eventID":"a","eventName":"X","eventVersion":"1.08"}]}"#;
    test_env.scratch.import(&[test_env.scratch.write("in.json", timeless)]);
    test_env.pipe(&["script", "-"], b"event-id=a\n.tag 1 tag\n").exits(0);
    let out = test_env.run(&["report", "t.csv"]).exits(0);
    assert!(out.err.contains("left out, since a timeline needs times: 1 event without one"), "{}", out.err);
    assert_eq!(fs::read_to_string(test_env.scratch.path("t.csv")).unwrap().lines().count(), 1);
}

/// Returns the parts of a workbook, by name.
fn parts_of(path: &std::path::Path) -> std::collections::BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let parts = archive.len();
    let mut part = |at: usize| {
        let file = archive.by_index(at).unwrap();
        (String::from_utf8(file.name_raw().to_vec()).unwrap(), std::io::read_to_string(file).unwrap())
    };
    (0..parts).map(&mut part).collect()
}

#[test]
fn a_workbook_has_text_and_no_formula() {
    let test_env = hostile();
    test_env.run(&["report", "w.xlsx"]).exits(0);
    let parts = parts_of(&test_env.scratch.path("w.xlsx"));
    let workbook = &parts["xl/workbook.xml"];
    for sheet in ["Timeline", "Findings", "Subjects"] {
        assert!(workbook.contains(&format!("name=\"{sheet}\"")), "{workbook}");
    }
    let strings = &parts["xl/sharedStrings.xml"];
    for text in ["=HYPERLINK(", "=1+1", "@SUM(A1)", "+cmd", "&lt;b&gt;&amp;\\x01\\u{202e}", "CloudTrail event time"] {
        assert!(strings.contains(text), "{text}: {strings}");
    }
    for (name, part) in &parts {
        assert!(!part.contains("<f>") && !part.contains("<f "), "{name}: {part}");
        assert!(!name.contains("hyperlink") && !part.contains("TargetMode"), "{name}: {part}");
    }
    let sheet = &parts["xl/worksheets/sheet1.xml"];
    assert_eq!(sheet.matches("<row ").count(), 2, "{sheet}");
    let refused = test_env.run(&["report", "w.xlsx"]).exits(2);
    assert!(refused.err.contains("--force"), "{}", refused.err);
}

#[test]
fn a_workbook_has_the_findings_and_their_numbers() {
    let test_env = investigated();
    test_env.run(&["report", "w.xlsx"]).exits(0);
    let parts = parts_of(&test_env.scratch.path("w.xlsx"));
    let findings = &parts["xl/worksheets/sheet2.xml"];
    let page = findings_of(&written(&test_env, &["w.md"]));
    let listed = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).count();
    assert!(listed > 1, "{page}");
    assert_eq!(findings.matches("<row ").count(), listed, "{findings}");
    assert!(findings.contains("<c r=\"E2\"><v>"), "a number: {findings}");
    assert_eq!(parts["xl/worksheets/sheet3.xml"].matches("<row ").count(), 3);
}

#[test]
fn csv_of_a_timeline_is_inert_in_a_spreadsheet() {
    let csv = written(&hostile(), &["t.csv"]);
    assert!(csv.contains("\"'=HYPERLINK(") && !csv.contains(",=HYPERLINK") && !csv.contains('\u{1}'), "{csv}");
}
