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
