//! Endless tables and indexes: in a crafted file, a few pages that point to each other multiply into more rows than can
//! be read in a lifetime.

use std::fs;
use std::path::Path;

use crate::common::program::TestEnv;
use crate::common::{lines, record};
use crate::handed_over::within;

/// Makes a table endless: each interior page points to the same child page 400 times, on six levels.
fn make_endless(path: &Path, table: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let root: usize =
        lines(&connection, &format!("SELECT rootpage FROM sqlite_schema WHERE name = '{table}'"))[0].parse().unwrap();
    drop(connection);
    const PAGE: usize = 4096;
    let mut bytes = fs::read(path).unwrap();
    let leaf = bytes.len() / PAGE + 1;
    let first = bytes[(root - 1) * PAGE..root * PAGE].to_vec();
    bytes.extend_from_slice(&first);
    let interior = |child: usize| {
        let mut page = vec![0; PAGE];
        let (cells, size) = (400, 5);
        let content = PAGE - cells * size;
        page[0] = 5;
        page[3..5].copy_from_slice(&(cells as u16).to_be_bytes());
        page[5..7].copy_from_slice(&(content as u16).to_be_bytes());
        page[8..12].copy_from_slice(&(child as u32).to_be_bytes());
        for cell in 0..cells {
            let at = content + cell * size;
            page[12 + 2 * cell..14 + 2 * cell].copy_from_slice(&(at as u16).to_be_bytes());
            page[at..at + 4].copy_from_slice(&(child as u32).to_be_bytes());
            page[at + 4] = 1;
        }
        page
    };
    for level in 0..6 {
        bytes.extend_from_slice(&interior(leaf + level));
    }
    let last = bytes.len() / PAGE;
    bytes[(root - 1) * PAGE..root * PAGE].copy_from_slice(&interior(last));
    bytes[28..32].copy_from_slice(&(last as u32).to_be_bytes());
    fs::write(path, bytes).unwrap();
}

#[test]
fn endless_tables_are_reported() {
    // A small addition reads no rows but those that it names, a large one reads all.
    for (table, records) in [("facets", 1), ("identities", 2_000), ("resources", 2_000)] {
        let test_env = TestEnv::with_delivery();
        make_endless(&test_env.scratch.case(), table);
        let more: Vec<String> = (0..records).map(|number| record(&format!("more-{number}"), "")).collect();
        let more = test_env.scratch.write("more.json", more.join("\n"));
        let ran = within(&test_env, &["import", more.to_str().unwrap()]);
        assert!(ran.code == Some(2) && ran.err.contains("trailq.db is damaged: "), "{table}: {ran:?}");
    }
    for table in ["resources", "rejects"] {
        let test_env = TestEnv::with_delivery();
        make_endless(&test_env.scratch.case(), table);
        let ran = within(&test_env, &["info"]);
        assert!(matches!(ran.code, Some(0 | 2)) && !ran.err.contains("panicked"), "{table}: {ran:?}");
    }
    for table in ["events", "tags"] {
        let test_env = TestEnv::with_delivery();
        make_endless(&test_env.scratch.case(), table);
        let ran = within(&test_env, &["--format", "tsv", "snapshot", "--verify", "trailq.db"]);
        assert!(ran.code == Some(1) && ran.out.contains("structure\tWRONG"), "{table}: {ran:?}");
        let ran = within(&test_env, &["--db", "new.db", "merge", "trailq.db"]);
        assert!(ran.code == Some(2) && ran.err.contains("is damaged"), "{table}: {ran:?}");
    }
}

/// Makes an index endless: each of its pages points to the same page below many times, and every entry has the same text
/// and the same number.
fn make_endless_index(path: &Path, index: &str, text: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let root = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{index}'");
    let root: usize = lines(&connection, &root)[0].parse().unwrap();
    drop(connection);
    const PAGE: usize = 4096;
    let mut bytes = fs::read(path).unwrap();
    // The text, and twice the integer 1.
    let mut entry = vec![4, 13 + 2 * text.len() as u8, 9, 9];
    entry.extend_from_slice(text.as_bytes());
    entry.insert(0, entry.len() as u8);
    let page = |child: Option<usize>| {
        let mut page = vec![0; PAGE];
        let (header, pointer) = child.map_or((8, Vec::new()), |child| (12, (child as u32).to_be_bytes().to_vec()));
        let cell = [&pointer[..], &entry].concat();
        let cells = 100;
        let content = PAGE - cells * cell.len();
        page[0] = if child.is_some() { 2 } else { 10 };
        page[3..5].copy_from_slice(&(cells as u16).to_be_bytes());
        page[5..7].copy_from_slice(&(content as u16).to_be_bytes());
        page[8..8 + pointer.len()].copy_from_slice(&pointer);
        for number in 0..cells {
            let at = content + number * cell.len();
            page[header + 2 * number..header + 2 * number + 2].copy_from_slice(&(at as u16).to_be_bytes());
            page[at..at + cell.len()].copy_from_slice(&cell);
        }
        page
    };
    let leaf = bytes.len() / PAGE + 1;
    bytes.extend(page(None));
    (0..6).for_each(|level| bytes.extend(page(Some(leaf + level))));
    let last = bytes.len() / PAGE;
    bytes[(root - 1) * PAGE..root * PAGE].copy_from_slice(&page(Some(last)));
    bytes[28..32].copy_from_slice(&(last as u32).to_be_bytes());
    fs::write(path, bytes).unwrap();
}

#[test]
fn endless_indexes_are_reported() {
    let identity = r#""userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/a","principalId":"none"}"#;
    let resource = r#""resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::trail-copies"}]"#;
    let indexes =
        [("identities_by_arn", "arn:aws:iam::1:user/a", identity), ("resources_by_name", "trail-copies", resource)];
    for (index, text, names_it) in indexes {
        let test_env = TestEnv::with_delivery();
        make_endless_index(&test_env.scratch.case(), index, text);
        let more = test_env.scratch.write("more.json", record("more", names_it));
        let ran = within(&test_env, &["import", more.to_str().unwrap()]);
        let reason = format!("trailq.db is damaged: the index `{index}` has more entries than a case of this size");
        assert!(ran.code == Some(2) && ran.err.contains(&reason), "{index}: {ran:?}");
    }
}
