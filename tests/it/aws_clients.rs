//! The real AWS CLI and boto3 against `trailq serve`: `aws_clients.py` installs them in an environment of their own and
//! holds what they get against `trailq lookup-events`. Skipped, aloud, where they cannot be installed.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::common::program::{PROGRAM, TestEnv};
use crate::common::{Needs, Scratch, corpus, skip, testdata};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/aws_clients.py");

/// The python that has the clients.
pub(crate) fn clients() -> Option<String> {
    let made = match Command::new("python3").args([SCRIPT, "prepare"]).output() {
        Ok(made) => made,
        Err(error) => {
            skip(Needs::Tool("python3"), format_args!("the AWS clients need python3: {error}"));
            return None;
        }
    };
    if !made.status.success() {
        assert_eq!(made.status.code(), Some(3), "{made:?}");
        skip(Needs::Tool("aws-clients"), String::from_utf8_lossy(&made.stderr).trim());
        return None;
    }
    Some(String::from_utf8(made.stdout).unwrap().trim().to_owned())
}

/// Ends with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves a case and lets the clients ask.
fn check(python: &str, case: &Path) {
    let test_env = TestEnv::new();
    let case = case.to_str().unwrap();
    let mut child = test_env.command(&["--db", case, "serve", "--port", "0"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut notes = BufReader::new(child.stderr.take().unwrap());
    let served = Served(child);
    let mut greeting = String::new();
    while !greeting.contains("try: aws") {
        assert!(notes.read_line(&mut greeting).unwrap() > 0, "{greeting}");
    }
    let url = greeting.split_whitespace().find(|word| word.starts_with("http://")).unwrap().trim_end_matches(';');
    let done = Command::new(python).args([SCRIPT, "check", url, PROGRAM, case]).output().unwrap();
    drop(served);
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}{err}");
    eprint!("{out}");
}

#[test]
fn the_aws_cli_and_boto3_get_what_lookup_events_prints() {
    let Some(python) = clients() else { return };
    let delivery = Scratch::new();
    delivery.import(&[testdata("delivery")]);
    check(&python, &delivery.case());
    let Some(corpus) = corpus() else { return };
    let real = Scratch::new();
    real.import(&[corpus]);
    check(&python, &real.case());
}
