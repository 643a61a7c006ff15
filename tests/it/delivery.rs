//! The generated deliveries that measurements use: the same for the same seed, whole, and imported without a loss.

#[path = "../bench/delivery/mod.rs"]
pub(crate) mod generator;

use std::collections::{BTreeSet, HashMap};

use crate::common::Scratch;
use generator::files::{write_many, write_one};
use generator::{Delivery, Options};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

/// Enough files that one is delivered again.
const FILES: usize = 70;
const EVENTS: u64 = 3_500;
/// XXH3-64 of the files of seed 7, one after the other.
const DIGEST: u64 = 10673507115944345304;

fn planned(seed: u64) -> Delivery {
    Delivery::plan(&Options { seed, events: EVENTS, files: FILES, from_day: 0, days: 30 })
}

fn text_of(delivery: &Delivery, file: usize) -> String {
    let mut text = String::new();
    delivery.text(file, &mut text);
    text
}

fn records(delivery: &Delivery) -> Vec<Value> {
    let files = (0..FILES).map(|file| serde_json::from_str::<Value>(&text_of(delivery, file)).unwrap());
    files.flat_map(|file| file["Records"].as_array().unwrap().clone()).collect()
}

#[test]
fn a_seed_gives_the_same_delivery_whichever_file_is_made_first() {
    let (one, other) = (planned(7), planned(7));
    let forwards: Vec<String> = (0..FILES).map(|file| text_of(&one, file)).collect();
    let mut backwards: Vec<String> = (0..FILES).rev().map(|file| text_of(&other, file)).collect();
    backwards.reverse();
    assert_eq!(forwards, backwards);
    assert!(one.files.iter().zip(&other.files).all(|(a, b)| a.path == b.path && a.events == b.events));
    assert_ne!(text_of(&planned(8), 0), forwards[0]);
}

#[test]
fn a_delivery_is_the_same_on_every_machine() {
    let delivery = planned(7);
    let whole: String = (0..FILES).map(|file| text_of(&delivery, file)).collect();
    // If this differs, the generator was changed, and earlier measurements are of another delivery. Put the new value
    // here. Measure again, or show as in `src/guide/performance.md` that the deliveries are comparable.
    assert_eq!(xxh3_64(whole.as_bytes()), DIGEST);
}

#[test]
fn a_delivery_is_whole_and_as_mixed_as_a_real_one() {
    let delivery = planned(7);
    assert_eq!(delivery.files.iter().map(|file| file.events).sum::<u64>(), EVENTS);
    assert!(delivery.files.iter().all(|file| file.events > 0));
    let sizes = delivery.files.iter().map(|file| file.events);
    assert!(sizes.clone().max().unwrap() > 10 * sizes.min().unwrap());
    let records = records(&delivery);
    assert_eq!(records.len() as u64, EVENTS);
    let distinct = |path: &str| {
        let values: BTreeSet<&str> = records.iter().filter_map(|record| record.pointer(path)?.as_str()).collect();
        values.len()
    };
    assert!(distinct("/eventSource") >= 30);
    assert!(distinct("/userIdentity/type") >= 5);
    assert!(distinct("/sourceIPAddress") >= 500);
    assert!(distinct("/userIdentity/accessKeyId") >= 500);
    let mut names: HashMap<&Value, u64> = HashMap::new();
    for record in &records {
        *names.entry(&record["eventName"]).or_default() += 1;
    }
    let rare = names.values().filter(|count| **count == 1).count();
    assert!(*names.values().max().unwrap() > EVENTS / 20 && rare > 20, "{rare} names occur once");
    let failed = records.iter().filter(|record| record.get("errorMessage").is_some()).count();
    assert!((0.04..0.12).contains(&(failed as f64 / records.len() as f64)), "{failed} failed");
}

#[test]
fn a_delivery_imports_without_a_loss_as_many_files_and_as_one() {
    let delivery = planned(7);
    let ids: BTreeSet<String> = records(&delivery).iter().map(|record| record["eventID"].to_string()).collect();
    assert!((ids.len() as u64) < EVENTS, "a real delivery has duplicates");
    let digests: Vec<String> = [true, false]
        .into_iter()
        .map(|many| {
            let scratch = Scratch::new();
            let path = scratch.path(if many { "many" } else { "one.json.gz" });
            let written = if many { write_many(&delivery, &path, 2) } else { write_one(&delivery, &path, 2) }.unwrap();
            assert!(written.json > 1_000 * EVENTS && written.gzip < written.json / 4);
            let report = scratch.import(&[path]);
            assert_eq!(report.files, if many { FILES as u64 } else { 1 });
            assert_eq!((report.counts.read, report.counts.rejected, report.counts.conflict), (EVENTS, 0, 0));
            assert_eq!(report.counts.stored, ids.len() as u64);
            assert_eq!(scratch.number("SELECT count(*) FROM field_problems"), 0);
            scratch.lines("SELECT event_id, event_time, event_name, user_name FROM events ORDER BY event_id").join("\n")
        })
        .collect();
    assert_eq!(digests[0], digests[1]);
}
