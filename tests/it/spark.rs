//! The programs of the guide for Spark, on a cluster of this machine: a master and two workers. Skipped, aloud, where the
//! engines or Java cannot be installed.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::program::{PROGRAM, TestEnv};
use crate::common::{Scratch, testdata};
use crate::delivery::generator::files::write_many;
use crate::delivery::generator::{Delivery, Options};
use crate::engines::{engines, has_java, run_script};
use trailq::guide;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/spark_cluster.py");

/// Writes trails that overlap: a generated one, another one that delivers some of its events later and in other files, and
/// the test data, which has an attack.
fn write_trails(folder: &Path) {
    let delivery = Delivery::plan(&Options { seed: 20, events: 3_000, files: 40, from_day: 0, days: 2 });
    let trail = folder.join("AWSLogs");
    write_many(&delivery, &trail, 2).unwrap();
    let mut text = String::new();
    for number in (0..40).step_by(5) {
        text.clear();
        delivery.text(number, &mut text);
        let mut file: Value = serde_json::from_str(&text).unwrap();
        let records = file["Records"].as_array_mut().unwrap();
        // An older content of an event has less.
        records[0].as_object_mut().unwrap().remove("userAgent");
        let name = format!("other-trail/2024/01/09/111122223333_CloudTrail_us-east-1_20240109T{number:02}00Z_x.json");
        fs::create_dir_all(folder.join("other-trail/2024/01/09")).unwrap();
        fs::write(folder.join(name), file.to_string()).unwrap();
    }
    for entry in walkdir::WalkDir::new(testdata("delivery")) {
        let entry = entry.unwrap();
        let target = folder.join("delivery").join(entry.path().strip_prefix(testdata("delivery")).unwrap());
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(&target).unwrap(),
            false => drop(fs::copy(entry.path(), &target).unwrap()),
        }
    }
}

#[test]
fn a_cluster_converts_trails_to_the_events_of_a_case_and_finds_an_attack() {
    let Some(python) = engines() else { return };
    if !has_java() {
        return;
    }
    let scratch = Scratch::new();
    let trail = fs::canonicalize(scratch.folder.path()).unwrap().join("trail");
    write_trails(&trail);
    let (trail, broken) = (trail.display().to_string(), testdata("broken").display().to_string());
    run_script(&python, Path::new("."), SCRIPT, &["check", PROGRAM, &trail, &broken]);
}

#[test]
fn the_programs_are_printed_as_they_are() {
    let test_env = TestEnv::new();
    for program in guide::PROGRAMS {
        assert_eq!(test_env.run(&["guide", program.topic]).exits(0).out, program.text());
    }
    let listed = test_env.run(&["guide"]).exits(0).out;
    assert!(listed.contains("spark_convert.py  Converts trail files to the table of `trailq convert`"), "{listed}");
    test_env.run(&["guide", "spark_sell.py"]).fails(2, &["no topic `spark_sell.py`"]);
}
