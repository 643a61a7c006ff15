//! A report in headless Chromium: on a desktop, on a phone and on paper.

use std::process::Command;

use serde_json::Value;

use crate::common::program::TestEnv;
use crate::common::{Needs, record, skip};

const BROWSER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser.py");
const MARKING: &str = "TLP:RED </style><b>\"x\"";
const HOSTILE: &str = r#""userAgent":"</script><script>alert(2)</script>","requestParameters":{"userName":"<img src=x onerror=alert(1)>","long":"LONG"}"#;

/// Opens a page. `None` without the browser.
fn opened(page: &std::path::Path) -> Option<Value> {
    let prepared = match Command::new("python3").args([BROWSER, "prepare"]).output() {
        Ok(prepared) => prepared,
        Err(error) => {
            skip(Needs::Tool("python3"), format_args!("the browser is driven by python3: {error}"));
            return None;
        }
    };
    if prepared.status.code() == Some(3) {
        skip(Needs::Tool("browser"), String::from_utf8_lossy(&prepared.stderr).trim());
        return None;
    }
    assert!(prepared.status.success(), "{prepared:?}");
    let python = String::from_utf8(prepared.stdout).unwrap();
    let mut command = Command::new(python.trim());
    command.args([BROWSER, "open"]).arg(page);
    // A folder for the pictures, for a person to look at.
    command.args(std::env::var_os("TRAILQ_PICTURES"));
    let opened = command.output().unwrap();
    assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
    Some(serde_json::from_slice(&opened.stdout).unwrap())
}

#[test]
fn hostile_markup_stays_text_and_every_page_is_marked() {
    let test_env = TestEnv::new();
    let long = "x".repeat(3_000);
    let records: Vec<String> = ["a", "b", "c"].iter().map(|id| record(id, &HOSTILE.replace("LONG", &long))).collect();
    test_env.scratch.import(&[test_env.scratch.write("in.json", records.join("\n"))]);
    let script = "event-id=a\n.tag 1 t \"<svg onload=alert(3)>\"\nevent-id=b\n.tag 1 t\nevent-id=c\n.tag 1 t\n";
    test_env.pipe(&["script", "-"], script.as_bytes()).exits(0);
    let summary = "# <script>alert(4)</script>\n\n[x](javascript:alert(5)) ![i](https://192.0.2.1/x.png)\n";
    test_env.scratch.write("summary.md", summary);
    test_env.run(&["report", "r.html", "--summary", "summary.md", "--title", "<h1>T", "--marking", MARKING]).exits(0);
    let Some(found) = opened(&test_env.scratch.path("r.html")) else { return };

    assert_eq!(found["console"], serde_json::json!([]), "no message, no dialog");
    let text = found["text"].as_str().unwrap();
    for shown in ["<img src=x onerror=alert(1)>", "<svg onload=alert(3)>", "<script>alert(4)</script>", MARKING] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let elements = &found["elements"];
    assert_eq!(elements["script"], 1, "{elements}");
    for none in ["img", "iframe", "[onerror]", "[onload]", "a[href^='javascript']"] {
        assert_eq!(elements[none], 0, "{none}: {elements}");
    }
    assert_eq!(found["sorted"], serde_json::json!(["ascending", "descending"]));
    // The policy is active.
    assert_eq!(found["injected"], false);
    assert!(found["refused"].to_string().contains("Content Security Policy"), "{}", found["refused"]);
    for screen in ["desktop", "phone", "paper"] {
        assert!(found["overflow"][screen].as_i64().unwrap() <= 0, "{}", found["overflow"]);
    }
    assert_ne!(found["background"]["light"], found["background"]["dark"]);

    let pages: Vec<&str> = found["pages"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(pages.len() > 2, "{}", pages.len());
    for (at, page) in (1..).zip(&pages) {
        assert!(page.matches("TLP:RED").count() >= 2, "page {at}: {page}");
        assert!(page.contains(&format!("{at} / {}", pages.len())), "page {at}: {page}");
    }
}

#[test]
fn a_report_of_a_delivery_fits_every_screen() {
    let test_env = TestEnv::with_delivery();
    test_env
        .pipe(
            &["script", "-"],
            b"name=CreateAccessKey outcome=ok\n.tag 1 stolen\n.mark 1 attacker\n| limit 60\n.tag 1-60 stolen\n",
        )
        .exits(0);
    test_env.run(&["report", "r.html"]).exits(0);
    let Some(found) = opened(&test_env.scratch.path("r.html")) else { return };
    assert_eq!(found["console"], serde_json::json!([]));
    assert_eq!(found["elements"]["svg"], 2, "a timeline and the coverage: {}", found["elements"]);
    for screen in ["desktop", "phone", "paper"] {
        assert!(found["overflow"][screen].as_i64().unwrap() <= 0, "{}", found["overflow"]);
    }
    let width = |column: &str| found["column_widths"][column].as_i64().unwrap();
    assert!(width("event") > width("event id") && width("event") > width("time"), "{}", found["column_widths"]);
    let pages: Vec<&str> = found["pages"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(pages.iter().all(|page| !page.trim().is_empty()), "an empty page");
    let words = |page: &str| page.split_whitespace().collect::<Vec<_>>().join(" ");
    let headed = pages.iter().filter(|page| words(page).contains("no. time event")).count();
    assert!(headed >= 3, "each page of a long table has its heading: {headed}");
}
