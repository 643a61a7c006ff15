//! The stages of an import, each by itself, in events and bytes a second: `cargo bench --bench stages`.

#![allow(clippy::expect_used, reason = "a bench that cannot be set up ends")]

mod delivery;

use std::path::PathBuf;
use std::sync::LazyLock;

use delivery::files::write_many;
use delivery::{Delivery, Options};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use tempfile::TempDir;
use trailq::ingest::stages;

const EVENTS: u64 = 20_000;

/// A delivery, as text, as records and as files.
struct Sample {
    /// The records with commas between them.
    list: String,
    document: String,
    /// The position of each record in the list.
    records: Vec<std::ops::Range<usize>>,
    folder: TempDir,
}

impl Sample {
    fn texts(&self) -> Vec<&str> {
        self.records.iter().map(|range| &self.list[range.clone()]).collect()
    }

    fn paths(&self) -> Vec<PathBuf> {
        vec![self.folder.path().to_owned()]
    }
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    let options = Options { seed: 1, events: EVENTS, files: 10, from_day: 0, days: 7 };
    let delivery = Delivery::plan(&options);
    let mut list = String::new();
    let mut records = Vec::new();
    for file in 0..delivery.files.len() {
        for event in 0..delivery.files[file].events {
            if !list.is_empty() {
                list.push(',');
            }
            let start = list.len();
            delivery.record(file, event, &mut list);
            records.push(start..list.len());
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_many(&delivery, folder.path(), 2).expect("a delivery in it");
    Sample { document: format!(r#"{{"Records":[{list}]}}"#), list, records, folder }
});

fn main() {
    divan::main();
}

/// Counts what one run handles: events, and bytes of JSON.
fn counted<'a, 'b>(bencher: Bencher<'a, 'b>) -> Bencher<'a, 'b> {
    bencher.counter(ItemsCount::new(EVENTS)).counter(BytesCount::new(SAMPLE.list.len()))
}

#[divan::bench]
fn split(bencher: Bencher<'_, '_>) {
    counted(bencher).bench(|| assert_eq!(stages::split(SAMPLE.list.as_bytes()) as u64, EVENTS));
}

#[divan::bench]
fn parse(bencher: Bencher<'_, '_>) {
    counted(bencher).bench(|| assert_eq!(stages::parse(SAMPLE.document.as_bytes()) as u64, EVENTS));
}

#[divan::bench]
fn normalize(bencher: Bencher<'_, '_>) {
    let parsed = stages::parsed(&SAMPLE.texts()).expect("records");
    counted(bencher).bench_local(|| assert!(parsed.normalize() > 0));
}

#[divan::bench]
fn compress(bencher: Bencher<'_, '_>) {
    let texts = SAMPLE.texts();
    counted(bencher).bench(|| stages::compress(&texts).expect("blocks"));
}

/// All that a worker does, from the files on.
#[divan::bench]
fn read(bencher: Bencher<'_, '_>) {
    counted(bencher).bench(|| stages::read(&SAMPLE.paths()).map(drop).expect("files"));
}

/// All that the writer does, with and without what ends an import: counts and indexes.
#[divan::bench(args = [false, true], sample_count = 10)]
fn insert(bencher: Bencher<'_, '_>, finish: bool) {
    let case = tempfile::tempdir().expect("a temporary folder");
    let case = case.path().join("case.db");
    let inputs = || {
        for suffix in ["", "-journal"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", case.display()));
        }
        stages::read(&SAMPLE.paths()).expect("files")
    };
    counted(bencher).with_inputs(inputs).bench_local_values(|read| read.insert(&case, finish).expect("a case"));
}
