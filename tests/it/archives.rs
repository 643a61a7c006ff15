//! Archives and compression around records: every member is read, rejected or listed with the reason.

use std::io::{Cursor, Write as _};

use trailq::ingest::Report;

use crate::common::{Scratch, check_case, record};

const DELIVERED: &str = "111122223333_CloudTrail_us-east-1_20240301T0905Z_AbCdEfGhIjKlMn01.json.gz";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 1).unwrap()
}

/// The header of a tar member.
fn header(name: &[u8], kind: u8, size: u64) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name);
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    sign(&mut block);
    block
}

/// Writes the checksum of a tar header.
fn sign(block: &mut [u8]) {
    block[148..156].copy_from_slice(b"        ");
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
    block[154] = 0;
}

/// A tar member of a kind.
fn entry(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = header(name.as_bytes(), kind, content.len() as u64);
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// A tar archive of files.
pub(crate) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes: Vec<u8> = members.iter().flat_map(|(name, content)| entry(name, b'0', content)).collect();
    bytes.extend([0; 1024]);
    bytes
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in members {
        writer.start_file(*name, stored).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn import(content: impl AsRef<[u8]>) -> (Scratch, Report) {
    let scratch = Scratch::new();
    scratch.write("in/some.bin", content);
    let report = scratch.import(&[scratch.path("in")]);
    (scratch, report)
}

/// The ignored members, each with the reason.
fn ignored(report: &Report) -> Vec<(&str, &str)> {
    let split = |file: &'_ str| file.find('!').map_or(0, |at| at + 1);
    report.ignored.iter().map(|line| (&line.file[split(&line.file)..], line.reason.as_str())).collect()
}

/// The members of an archive that were rejected, with the reason.
const REJECTED_MEMBERS: &str = "SELECT substr(path, instr(path, '!') + 1), r.reason FROM rejects r \
     JOIN files f ON f.id = r.file_id ORDER BY r.id";

#[test]
fn every_compression_is_taken_off() {
    let content = format!("{}\n{}\n", record("a", ""), record("b", ""));
    for (what, pack) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("bzip2", bzip2), ("xz", xz), ("zstd", zstd)] {
        let packed = pack(content.as_bytes());
        for content in [packed.clone(), pack(&gzip(content.as_bytes())), [packed.clone(), pack(b"\n")].concat()] {
            let (_, report) = import(content);
            assert_eq!((report.counts.stored, report.counts.rejected), (2, 0), "{what}: {:?}", report.rejects);
        }
        for cut in (30..packed.len()).step_by(11) {
            let (_, report) = import(&packed[..cut]);
            assert_eq!(report.counts.rejected, 1, "{what} cut at {cut}: {report:?}");
        }
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0x55;
        let (_, report) = import(damaged);
        assert!(report.counts.stored <= 2, "{what}: {report:?}");
        let (_, report) = import(pack(&[b"[".as_slice(), &vec![b' '; 300 << 20]].concat()));
        assert_eq!(report.counts.rejected, 1, "{what}: {report:?}");
        assert!(report.rejects[0].reason.contains("400 times"), "{what}: {:?}", report.rejects);
    }
}

#[test]
fn tar_archives_are_read_and_what_is_not_read_is_listed() {
    let long = format!("{}/z.json", "folder".repeat(40));
    let pax = |path: &str| {
        let length = path.len() + 10;
        format!("{length} path={path}\n").into_bytes()
    };
    let (a, b, c) = (record("a", ""), record("b", ""), gzip(record("c", "").as_bytes()));
    let archive = [
        entry("AWSLogs/", b'5', b""),
        entry("AWSLogs/a.json", b'0', a.as_bytes()),
        entry("notes.txt", b'0', b"hello"),
        entry("././@LongLink", b'L', format!("{long}\0").as_bytes()),
        entry("cut", b'0', b.as_bytes()),
        entry("PaxHeaders/x", b'x', &pax(&long.replace('z', "y"))),
        entry("cut", b'0', &c),
        entry("link.json", b'2', b""),
        entry("hard.json", b'1', b""),
        entry("sparse.json", b'S', record("s", "").as_bytes()),
        entry("PaxHeaders/s", b'x', b"22 GNU.sparse.major=1\n"),
        entry("sparse2.json", b'0', record("s", "").as_bytes()),
        entry("fifo", b'6', b""),
        entry(&format!("x/{DELIVERED}"), b'0', b"<Error><Code>NoSuchKey</Code></Error>"),
        vec![0; 1024],
    ]
    .concat();
    for content in [archive.clone(), gzip(&archive), xz(&archive)] {
        let (scratch, report) = import(content);
        assert_eq!((report.files, report.counts.stored, report.counts.rejected), (1, 3, 1), "{:?}", report.rejects);
        let reject = ("is an error page, <Code>NoSuchKey</Code>", format!("x/{DELIVERED}"));
        assert_eq!(scratch.lines(REJECTED_MEMBERS), [format!("{}|{}", reject.1, reject.0)]);
        assert_eq!(report.ignored_members, 6);
        let sparse = "is a sparse file in an archive; unpack it first";
        let link = "is a link in an archive; links are not followed";
        assert_eq!(
            ignored(&report),
            [
                ("notes.txt", "is neither JSON nor a CSV download, and no archive or compressed file of them"),
                ("link.json", link),
                ("hard.json", link),
                ("sparse.json", sparse),
                ("sparse2.json", sparse),
                ("fifo", "is a device or a pipe in an archive"),
            ]
        );
    }
}

#[test]
fn archives_in_archives_are_read_four_deep() {
    let trail = record("a", "");
    let inner = tar(&[("deep.json", trail.as_bytes()), ("note.txt", b"hello")]);
    let three = zip(&[("3.tar.gz", &gzip(&inner))]);
    let two = tar(&[("2.zip", &three)]);
    let (_, report) = import(zip(&[("1.tar", &two)]));
    assert_eq!((report.counts.stored, report.counts.rejected), (1, 0), "{:?}", report.rejects);
    assert_eq!(ignored(&report)[0].0, "1.tar!2.zip!3.tar.gz!note.txt");
    let five = tar(&[("1.zip", &zip(&[("1.tar", &two)])), ("b.json", record("b", "").as_bytes())]);
    let (scratch, report) = import(five);
    assert_eq!((report.counts.stored, report.counts.rejected), (1, 1));
    assert_eq!(scratch.lines(REJECTED_MEMBERS), ["1.zip!1.tar!2.zip!3.tar.gz|is an archive nested more than 4 deep"]);
}

#[test]
fn damaged_and_hostile_tar_archives_are_told() {
    let (a, b) = (record("a", ""), record("b", ""));
    let whole = tar(&[("a.json", a.as_bytes()), ("b.json", b.as_bytes())]);
    for cut in (1..whole.len() - 1024).step_by(97) {
        let (_, report) = import(&whole[..cut]);
        // The end of the last member may lack its padding.
        assert!(report.counts.rejected >= u64::from(cut > 512 && cut % 512 != 0), "{cut}: {report:?}");
        assert!(report.counts.stored <= 2, "{cut}");
    }
    let first = entry("a.json", b'0', a.as_bytes());
    let mut wrong_sum = header(b"b.json", b'0', 0);
    wrong_sum[0] = b'c';
    for (what, rest, reason) in [
        ("checksum", wrong_sum, "damaged tar archive"),
        ("endless name", header(b"n", b'L', 0o777_7777_7777), "damaged tar archive"),
        ("huge member", header(b"h.json", b'0', 0o777_7777_7777), "ends early"),
        (
            "pax of nonsense",
            [entry("p", b'x', b"99999 path=x\n\xff"), entry("b.json", b'0', b.as_bytes())].concat(),
            "",
        ),
    ] {
        let (_, report) = import([first.clone(), rest].concat());
        assert!(report.counts.stored >= 1, "{what}: {report:?}");
        let told = report.rejects.iter().any(|reject| reject.reason.contains(reason));
        assert!(told || reason.is_empty(), "{what}: {:?}", report.rejects);
    }
}

#[test]
fn members_of_one_name_and_content_have_rows_of_their_own() {
    let (a, b) = (record("a", ""), record("b", ""));
    let broken = br#"{"Records":[{"eventID":"x",]}"#;
    let (cut_a, cut_b) = (gzip(a.as_bytes()), gzip(b.as_bytes()));
    let members: Vec<(&str, &[u8])> = vec![
        ("a.json", a.as_bytes()),
        ("notes.txt", b"hello"),
        ("a.json", a.as_bytes()),
        ("a.json", b.as_bytes()),
        ("broken.json", broken),
        ("notes.txt", b"another"),
        ("a.json", a.as_bytes()),
        ("broken.json", broken),
        ("cut.json.gz", &cut_a[..20]),
        ("cut.json.gz", &cut_b[..20]),
    ];
    let (scratch, report) = import(tar(&members));
    let sql = "SELECT substr(path, instr(path, '!') + 1), status, read, stored, duplicate, rejected FROM files \
               WHERE container_id IS NOT NULL ORDER BY path";
    let found = scratch.lines(sql);
    assert_eq!(found.len(), members.len(), "{found:?}");
    let rows_of = |name: &str| found.iter().filter(|row| row.starts_with(name)).map(String::as_str).collect::<Vec<_>>();
    let earlier = format!("a.json#sha256:{}|read|1|1|0|0", &sha256(a.as_bytes())[..16]);
    assert_eq!(
        rows_of("a.json"),
        ["a.json|read|1|1|0|0", "a.json#copy:2|read|1|0|1|0", "a.json#copy:3|read|1|0|1|0", &earlier]
    );
    assert_eq!(rows_of("broken.json"), ["broken.json|rejected|1|0|0|1", "broken.json#copy:2|rejected|1|0|0|1"]);
    assert_eq!(rows_of("notes.txt"), ["notes.txt|ignored|0|0|0|0", "notes.txt#copy:2|ignored|0|0|0|0"]);
    assert_eq!(rows_of("cut.json.gz").len(), 2);
    let sums = "SELECT sum(read), sum(stored), sum(duplicate), sum(rejected) FROM files";
    let counts = &report.counts;
    let expected = format!("{}|{}|{}|{}", counts.read, counts.stored, counts.duplicate, counts.rejected);
    assert_eq!(scratch.lines(sums), [expected]);
    check_case(&scratch.case());
    // Read again in a grown archive, the rows stay.
    let grown = tar(&[&members[..], &[("z.json", record("z", "").as_bytes())]].concat());
    scratch.write("in/some.bin", grown);
    scratch.import(&[scratch.path("in")]);
    let again = scratch.lines(sql);
    assert_eq!(again.len(), members.len() + 1, "{again:?}");
    assert_eq!(rows_of("a.json"), again.iter().filter(|row| row.starts_with("a.json")).collect::<Vec<_>>());
    check_case(&scratch.case());
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn tar_archives_of_version_7_are_read() {
    let (a, b) = (record("a", ""), record("b", ""));
    let mut archive = Vec::new();
    for (name, content) in [("logs/", ""), ("logs/a.json", &a), ("logs/b.json", &b), ("logs/x.txt", "hello")] {
        let mut member = entry(name, 0, content.as_bytes());
        member[257..265].fill(0);
        sign(&mut member[..512]);
        archive.extend(member);
    }
    archive.extend([0; 1024]);
    for content in [archive.clone(), gzip(&archive)] {
        let (scratch, report) = import(content);
        assert_eq!((report.counts.stored, report.counts.rejected), (2, 0), "{:?}", report.rejects);
        let reason = "is neither JSON nor a CSV download, and no archive or compressed file of them";
        assert_eq!(ignored(&report), [("logs/x.txt", reason)]);
        assert_eq!(scratch.lines("SELECT format FROM files WHERE container_id IS NULL"), ["tar"]);
    }
}

#[test]
fn zip_members_are_read_or_listed() {
    let text = record("a", "");
    let lines = format!("2024-03-01T09:00:00Z {}\n", record("b", ""));
    let (_, report) = import(zip(&[
        ("x/good.json", text.as_bytes()),
        ("x/export.txt", lines.as_bytes()),
        ("x/flow.log", b"2 111122223333 eni-1 10.0.0.1 10.0.0.2 443 49152 6 10 840 1 2 ACCEPT OK\n"),
        ("x/bad.json", br#"{"Records":[{"eventName":"Q" "x"}]}"#),
    ]));
    assert_eq!((report.counts.stored, report.counts.rejected, report.ignored_members), (2, 1, 1));
    assert_eq!(ignored(&report), [("x/flow.log", "is a VPC flow log")]);
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("link.json", "good.json", zip::write::SimpleFileOptions::default()).unwrap();
    let (_, report) = import(writer.finish().unwrap().into_inner());
    assert_eq!(ignored(&report)[0], ("link.json", "is a link in an archive; links are not followed"));
    assert_eq!((report.ignored_files, report.ignored_members), (1, 1), "the archive and its member");
}

#[test]
fn many_members_are_all_accounted_for() {
    let members: Vec<(String, String)> = (0..3_000)
        .map(|number| match number % 3 {
            0 => (format!("{number}.txt"), "hello".to_owned()),
            1 => (format!("{number}.json"), record(&format!("e{number}"), "")),
            _ => (format!("{number}.json"), r#"{"Records":[{]}"#.to_owned()),
        })
        .collect();
    let members: Vec<(&str, &[u8])> =
        members.iter().map(|(name, content)| (name.as_str(), content.as_bytes())).collect();
    for archive in [gzip(&tar(&members)), zip(&members)] {
        let (_, report) = import(archive);
        let counts = (report.counts.stored, report.counts.rejected, report.ignored_members);
        assert_eq!(counts, (1_000, 1_000, 1_000));
        assert_eq!(report.ignored.len(), 1_000);
    }
}
