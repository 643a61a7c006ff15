//! The stored inputs of the fuzz targets: each is replayed, and every target has some.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use trailq::fuzzing::TARGETS;

#[test]
fn stored_inputs_break_no_parser() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let folders: BTreeSet<String> =
        fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(folders, TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect());
    for (name, target) in TARGETS {
        let files = fs::read_dir(corpus.join(name)).unwrap().map(|entry| entry.unwrap().path());
        let files: Vec<_> = files.collect();
        assert!(files.len() >= 10, "{name} has {} inputs", files.len());
        for file in files {
            let bytes = fs::read(&file).unwrap();
            let replayed = std::panic::catch_unwind(|| target(&bytes));
            assert!(replayed.is_ok(), "{} breaks {name}", file.display());
        }
    }
}

#[cfg(feature = "parquet")]
#[test]
fn damaged_parquet_files_are_rejected_without_a_message_of_the_library() {
    let test_env = crate::common::program::TestEnv::new();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/parquet");
    for file in fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()) {
        let name = format!("{}.parquet", file.file_name().unwrap().to_str().unwrap());
        test_env.scratch.write(&format!("files/{name}"), fs::read(&file).unwrap());
    }
    let ran = test_env.run(&["import", "files"]).exits(1);
    assert!(!ran.err.contains("panicked"), "{ran:?}");
    let reason = "SELECT r.reason FROM rejects r JOIN files f ON f.id = r.file_id \
                  WHERE f.path LIKE '%dictionary-ends-early.parquet'";
    let caught = "is damaged in a way that the Parquet library does not expect";
    assert_eq!(test_env.scratch.lines(reason), [caught]);
}
