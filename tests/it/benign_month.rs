//! The month of ordinary administration in `testdata/benign-month`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use walkdir::WalkDir;

use crate::common::program::TestEnv;
use crate::common::{Needs, skip, testdata};

/// Returns the text of each file of a delivery, by its path within it.
fn texts(folder: &Path) -> BTreeMap<PathBuf, String> {
    let files = WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    let text = |path: &Path| {
        let mut text = String::new();
        GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        text
    };
    files.map(|file| (file.path().strip_prefix(folder).unwrap().to_owned(), text(file.path()))).collect()
}

#[test]
fn the_benign_month_is_what_its_script_writes() {
    let test_env = TestEnv::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/make_benign_month.py");
    let out = test_env.scratch.path("month");
    match Command::new("python3").arg(script).arg(&out).output() {
        Ok(made) => assert!(made.status.success(), "{made:?}"),
        Err(error) => return skip(Needs::Tool("python3"), format_args!("the month is written by python3: {error}")),
    }
    let (made, stored) = (texts(&out), texts(&testdata("benign-month")));
    assert_eq!(made.len(), 60);
    let differs: Vec<&PathBuf> = made.keys().filter(|path| made.get(*path) != stored.get(*path)).collect();
    assert!(differs.is_empty() && made.len() == stored.len(), "run tests/make_benign_month.py: {differs:?}");
}

#[test]
fn the_benign_month_is_a_month_of_two_accounts() {
    let test_env = TestEnv::new();
    test_env.run(&["import", testdata("benign-month").to_str().unwrap()]).exits(0);
    let sql = "SELECT count(*) AS events, count(DISTINCT recipient_account_id) AS accounts, \
               count(DISTINCT substr(event_time, 1, 10)) AS days, sum(outcome = 'denied') AS denied FROM events";
    let ran = test_env.run(&["sql", "--format", "tsv", sql]).exits(0);
    assert_eq!(ran.out, "events\taccounts\tdays\tdenied\n4721\t2\t30\t3\n");
}
