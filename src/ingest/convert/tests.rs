//! A table against a naive oracle: rows in a list, sorted and freed of duplicates one by one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::dedup::{self, Resolution};
use crate::events_table::{Limits, PartitionBy};
use crate::ingest::convert::{ConvertOptions, convert_within};
use crate::ingest::report::NoProgress;

/// Limits at which a few rows make many runs, row groups and files.
const SMALL: Limits = Limits {
    sort_bytes: 3_000,
    block_bytes: 300,
    merged_runs: 2,
    batch_rows: 3,
    batch_bytes: 2_000,
    group_rows: 5,
    group_bytes: 100_000,
    file_groups: 2,
    writers: 2,
    partitions: 1_000,
};

/// A record of a small world, in which ids, times and contents are often the same.
fn record() -> impl Strategy<Value = Value> {
    (0..12_u8, 0..4_u8, 0..3_u8, 0..4_usize, 0..3_u8).prop_map(|(id, day, second, leaves, account)| {
        // All copies of most events have one time.
        let day = if id < 9 { id % 4 } else { day };
        let second = if id < 9 { id % 3 } else { second };
        let mut record = json!({
            "eventVersion": "1.08",
            "eventID": format!("id-{id}"),
            "eventName": "GetObject",
            "eventSource": "s3.amazonaws.com",
            "awsRegion": "eu-west-1",
            "recipientAccountId": format!("11112222333{account}"),
            "requestParameters": vec!["x"; leaves],
        });
        if day > 0 {
            record["eventTime"] = json!(format!("2024-03-0{day}T00:00:0{second}Z"));
        }
        record
    })
}

/// A row as far as the oracle knows it: the folder of its partition, its time, its id and its record.
type OracleRow = (String, Option<String>, String, String);

fn oracle(files: &[Vec<String>], by: PartitionBy) -> Vec<OracleRow> {
    let mut rows: Vec<OracleRow> = Vec::new();
    for text in files.iter().flatten() {
        let record: Value = serde_json::from_str(text).unwrap();
        let time = record["eventTime"].as_str().map(str::to_owned);
        let date = time.as_ref().map_or("__HIVE_DEFAULT_PARTITION__", |time| &time[..10]);
        let folder = match by {
            PartitionBy::Date => format!("event_date={date}"),
            PartitionBy::AccountRegionDate => {
                let account = record["recipientAccountId"].as_str().unwrap();
                format!("account={account}/region=eu-west-1/event_date={date}")
            }
        };
        let id = record["eventID"].as_str().unwrap().to_owned();
        let known = rows.iter_mut().find(|row| (&row.0, &row.1, &row.2) == (&folder, &time, &id));
        match known {
            Some(row) => {
                if let Resolution::TakeNew { .. } = dedup::compare(row.3.as_bytes(), text.as_bytes()) {
                    row.3.clone_from(text);
                }
            }
            None => rows.push((folder, time, id, text.clone())),
        }
    }
    rows.sort_by(|a, b| (&a.0, &a.1, &a.2).cmp(&(&b.0, &b.1, &b.2)));
    rows
}

/// Returns the files of a table by their paths in it.
fn table_files(table: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let found =
        walkdir::WalkDir::new(table).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    found.map(|entry| (entry.path().strip_prefix(table).unwrap().to_owned(), fs::read(entry.path()).unwrap())).collect()
}

/// Reads the rows of a table, in the order of its files.
fn rows_of(table: &Path) -> Vec<OracleRow> {
    // `part-HASH-2` comes after `part-HASH`.
    let mut files: Vec<PathBuf> = table_files(table).into_keys().collect();
    files.sort_by_key(|file| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let number: u32 = name.split('-').nth(2).map_or(1, |number| number.parse().unwrap());
        (file.parent().unwrap().to_owned(), number)
    });
    let mut rows = Vec::new();
    for file in files {
        let folder = file.parent().unwrap().to_str().unwrap().to_owned();
        let reader = SerializedFileReader::new(File::open(table.join(&file)).unwrap()).unwrap();
        let groups = reader.metadata().num_row_groups();
        assert!(groups <= SMALL.file_groups, "{groups} row groups");
        let names: Vec<String> =
            reader.metadata().file_metadata().schema().get_fields().iter().map(|f| f.name().to_owned()).collect();
        let place = |name: &str| names.iter().position(|other| other == name).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let text = |name: &str| row.get_string(place(name)).ok().cloned();
            rows.push((folder.clone(), text("event_time"), text("event_id").unwrap(), text("record").unwrap()));
        }
    }
    rows
}

fn write_files(folder: &Path, files: &[Vec<String>]) -> PathBuf {
    let input = folder.join("in");
    fs::create_dir(&input).unwrap();
    for (number, file) in files.iter().enumerate() {
        fs::write(input.join(format!("{number:03}.ndjson")), file.join("\n")).unwrap();
    }
    input
}

fn texts(files: Vec<Vec<Value>>) -> Vec<Vec<String>> {
    files.into_iter().map(|file| file.iter().map(Value::to_string).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_table_has_the_rows_of_a_naive_sort_for_any_number_of_workers(
        files in prop::collection::vec(prop::collection::vec(record(), 1..20), 1..6),
        by_date in any::<bool>(),
    ) {
        let by = if by_date { PartitionBy::Date } else { PartitionBy::AccountRegionDate };
        let files = texts(files);
        let scratch = tempfile::tempdir().unwrap();
        let input = write_files(scratch.path(), &files);
        let mut tables = Vec::new();
        for jobs in [1, 3] {
            let table = scratch.path().join(format!("table-{jobs}"));
            let options = ConvertOptions { by, jobs: Some(jobs), ..ConvertOptions::default() };
            let paths = [input.clone()];
            let (report, _) = convert_within(&paths, &table, &options, SMALL, &NoProgress).unwrap();
            let (counts, records) = (report.read.counts, files.iter().map(Vec::len).sum::<usize>() as u64);
            prop_assert_eq!(counts.read, records);
            prop_assert_eq!(counts.stored + counts.duplicate + counts.rejected, records);
            prop_assert_eq!(counts.stored, report.table.rows);
            prop_assert_eq!(rows_of(&table), oracle(&files, by));
            tables.push(table_files(&table));
        }
        prop_assert!(tables[0] == tables[1], "one and three workers write other bytes");
    }
}

#[test]
fn buffers_stay_within_their_limits_whatever_the_input() {
    let peak = |records: usize| {
        let files = (0..8).map(|file| {
            let record = |number: usize| {
                let at = file * records + number;
                json!({
                    "eventVersion": "1.08", "eventID": format!("{at:08x}"), "eventName": "PutObject",
                    "eventSource": "s3.amazonaws.com", "userAgent": format!("agent {}", at * 7919 % 1000),
                    "eventTime": format!("2024-03-{:02}T00:{:02}:{:02}Z", at % 5 + 1, at / 60 % 60, at % 60),
                    "requestParameters": {"key": format!("{:016x}", at as u64 * 0x9e37_79b9)},
                })
                .to_string()
            };
            (0..records).map(record).collect::<Vec<_>>()
        });
        let files: Vec<Vec<String>> = files.collect();
        let scratch = tempfile::tempdir().unwrap();
        let input = write_files(scratch.path(), &files);
        let limits = Limits {
            sort_bytes: 64 << 10,
            block_bytes: 1 << 10,
            merged_runs: 4,
            batch_rows: 64,
            batch_bytes: 32 << 10,
            group_rows: 256,
            group_bytes: 64 << 10,
            ..Limits::default()
        };
        let options = ConvertOptions { jobs: Some(2), ..ConvertOptions::default() };
        let table = scratch.path().join("table");
        let (report, shared) = convert_within(&[input], &table, &options, limits, &NoProgress).unwrap();
        assert_eq!(report.table.rows, 8 * records as u64);
        shared.gauge.peak()
    };
    // Sort buffers, the blocks of the runs of every level, and two row groups.
    let bound = (64 << 10) * 2 + 2 * 5 * 4 * (3 << 10) + 2 * ((64 << 10) + (32 << 10) * 2);
    let (few, many) = (peak(100), peak(2_000));
    assert!(many <= bound, "{many} bytes are held; at most {bound} were expected");
    assert!(many <= few * 3, "{many} bytes are held for 20 times the input of which {few} are held");
}

#[test]
fn too_many_partitions_end_a_conversion() {
    let files: Vec<Value> = (1..=9)
        .map(|day| json!({"eventVersion": "1.08", "eventID": "a", "eventTime": format!("2024-03-0{day}T00:00:00Z")}))
        .collect();
    let scratch = tempfile::tempdir().unwrap();
    let input = write_files(scratch.path(), &texts(vec![files]));
    let limits = Limits { partitions: 4, ..SMALL };
    let table = scratch.path().join("table");
    let done = convert_within(&[input], &table, &ConvertOptions::default(), limits, &NoProgress);
    let error = done.err().unwrap();
    assert_eq!(error.to_string(), "the events would be in more than 4 partitions");
    assert!(error.hint().unwrap().contains("--by date"));
    assert_eq!(table_files(&table).len(), 0);
}
