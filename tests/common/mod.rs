//! What the tests share: cases in temporary folders, questions in plain SQL, and the ledger's sum, which every import
//! in every test is held to.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by a panic")]

pub mod digests;
pub mod geo;
pub mod program;
pub mod screenshot;
pub mod skip;
pub mod terminal;

use std::path::{Path, PathBuf};

use rusqlite::Connection;
pub use skip::{Needs, skip};
use tempfile::TempDir;
use trailq::ingest::{NoProgress, Options, Report, import};

/// The project's own test data.
pub fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(path)
}

/// Real trail files beside the project, where they are.
pub fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if path.is_dir() {
        return Some(path);
    }
    skip(Needs::Shared, format_args!("there is no {}", path.display()));
    None
}

/// A case in a folder of its own, which goes with it.
pub struct Scratch {
    pub folder: TempDir,
}

impl Scratch {
    pub fn new() -> Scratch {
        Scratch { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn case(&self) -> PathBuf {
        self.path("trailq.db")
    }

    /// Writes a file and gives its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Imports with two workers, and checks the ledger.
    pub fn import(&self, paths: &[impl AsRef<Path>]) -> Report {
        self.import_with(paths, &Options { jobs: Some(2), ..Options::default() })
    }

    pub fn import_with(&self, paths: &[impl AsRef<Path>], options: &Options) -> Report {
        let paths: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
        let report = import(&self.case(), &paths, options, &NoProgress).unwrap();
        check_sums(&report, &self.case());
        report
    }

    pub fn ask(&self) -> Connection {
        Connection::open(self.case()).unwrap()
    }

    pub fn ask_at(&self, name: &str) -> Connection {
        Connection::open(self.path(name)).unwrap()
    }

    /// One number.
    pub fn number(&self, sql: &str) -> i64 {
        self.ask().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Rows as lines of cells separated by `|`.
    pub fn lines(&self, sql: &str) -> Vec<String> {
        lines(&self.ask(), sql)
    }
}

/// Rows as lines of cells separated by `|`, NULL as `-`.
pub fn lines(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement
        .query_map([], |row| {
            let cells: Vec<String> = (0..columns)
                .map(|index| match row.get_ref(index).unwrap() {
                    rusqlite::types::ValueRef::Null => "-".to_owned(),
                    rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                    rusqlite::types::ValueRef::Real(number) => number.to_string(),
                    rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
                        String::from_utf8_lossy(bytes).into_owned()
                    }
                })
                .collect();
            Ok(cells.join("|"))
        })
        .unwrap();
    rows.map(Result::unwrap).collect()
}

/// `read = stored + duplicate + rejected`, in the report and for each file of the ledger; what the files stored is
/// what there is; the case is one sound file; and the counts kept are those of the events.
pub fn check_sums(report: &Report, case: &Path) {
    let counts = &report.counts;
    assert_eq!(counts.read, counts.stored + counts.duplicate + counts.rejected, "{report:?}");
    assert!(counts.conflict + counts.replaced <= counts.duplicate, "{report:?}");
    check_case(case);
}

/// What must hold of every case that is at rest.
pub fn check_case(case: &Path) {
    for suffix in ["-journal", "-wal", "-shm"] {
        let mut beside = case.as_os_str().to_owned();
        beside.push(suffix);
        assert!(!Path::new(&beside).exists(), "{} is left behind", beside.display());
    }
    let checks = trailq::store::snapshot::verify(case, None).unwrap();
    let digest = checks.iter().find(|check| check.what == "event digest").unwrap();
    assert_ne!(digest.sound, Some(false), "{digest:?}");
    let connection = Connection::open(case).unwrap();
    let empty = |sql: &str| assert_eq!(lines(&connection, sql), Vec::<String>::new(), "{sql}");
    assert_eq!(lines(&connection, "PRAGMA integrity_check"), ["ok"]);
    empty("PRAGMA foreign_key_check");
    empty(
        "SELECT id FROM record_blocks WHERE (SELECT count(*) FROM record_groups \
         WHERE record_blocks.id BETWEEN first_block AND last_block) <> 1",
    );
    empty(
        "SELECT g.id FROM record_groups g JOIN events e ON e.id >= g.first_block \
         AND e.id < ifnull((SELECT first_block FROM record_groups WHERE id = g.id + 1), e.id + 1) \
         WHERE e.time < g.first_time OR e.time > g.last_time OR (e.time IS NOT NULL AND g.first_time IS NULL)",
    );
    empty("SELECT path FROM files WHERE read <> stored + duplicate + rejected");
    empty("SELECT 1 WHERE (SELECT ifnull(sum(stored), 0) FROM files) <> (SELECT count(*) FROM events)");
    empty("SELECT path FROM files f WHERE rejected <> (SELECT count(*) FROM rejects WHERE file_id = f.id)");
    for (table, column) in
        [("identities", "identity_id"), ("user_agents", "user_agent_id"), ("error_messages", "error_message_id")]
    {
        empty(&format!(
            "SELECT id, events, first_seen, last_seen FROM {table} EXCEPT \
             SELECT {column}, count(*), min(event_time), max(event_time) FROM events GROUP BY {column}"
        ));
    }
    empty(
        "SELECT id, events, first_seen, last_seen FROM resources EXCEPT SELECT resource, count(*), min(event_time), \
         max(event_time) FROM event_resources JOIN events ON events.id = event GROUP BY resource",
    );
    for column in ["event_name", "user_name", "source_ip_address", "error_code", "outcome", "aws_region"] {
        let kept =
            format!("SELECT value, events, first_seen, last_seen FROM attribute_values WHERE attribute = '{column}'");
        let counted = format!(
            "SELECT {column}, count(*), min(event_time), max(event_time) FROM events WHERE {column} IS NOT NULL \
             GROUP BY {column}"
        );
        empty(&format!("{kept} EXCEPT {counted}"));
        empty(&format!("{counted} EXCEPT {kept}"));
    }
    let hour = "unixepoch(strftime('%Y-%m-%dT%H:00:00Z', event_time))";
    for (kept, name, column) in [("hourly_counts", "facet", "facet_id"), ("hourly_regions", "aws_region", "aws_region")]
    {
        let kept = format!("SELECT hour, {name}, events FROM {kept}");
        let counted =
            format!("SELECT {hour}, {column}, count(*) FROM events WHERE event_time IS NOT NULL GROUP BY 1, 2");
        empty(&format!("{kept} EXCEPT {counted}"));
        empty(&format!("{counted} EXCEPT {kept}"));
    }
    for (attribute, column, of) in [
        ("role_name", "role_name", "identities"),
        ("identity_type", "type", "identities"),
        ("identity_account_id", "account_id", "identities"),
        ("resource_type", "type", "resources"),
    ] {
        let kept = format!(
            "SELECT value, events, first_seen, last_seen FROM attribute_values WHERE attribute = '{attribute}'"
        );
        let counted = format!(
            "SELECT {column}, sum(events), min(first_seen), max(last_seen) FROM {of} WHERE {column} IS NOT NULL \
             GROUP BY {column}"
        );
        empty(&format!("{kept} EXCEPT {counted}"));
        empty(&format!("{counted} EXCEPT {kept}"));
    }
}

/// Everything in a case that a user can see, without row ids and times of the import: equal for equal cases.
pub fn content(case: &Path) -> Vec<String> {
    let connection = Connection::open(case).unwrap();
    let mut all = Vec::new();
    for sql in [
        "SELECT event_id, event_time, event_source, event_name, aws_region, source_ip_address, user_name, \
         access_key_id, error_code, outcome, read_only, event_type, event_category, user_agent, error_message, \
         identity_type, identity_arn, role_name, resources, file FROM event_history ORDER BY event_id",
        "SELECT type, name, arn, account_id, aws_region, events, first_seen, last_seen FROM resources \
         ORDER BY type, name, arn, account_id, aws_region",
        "SELECT type, user_name, arn, account_id, principal_id, role_name, role_arn, session_name, identity_provider, \
         on_behalf_of, invoked_by, events, first_seen, last_seen FROM identities \
         ORDER BY type, arn, principal_id, account_id, user_name, invoked_by, on_behalf_of",
        "SELECT * FROM attribute_values ORDER BY attribute, value",
        "SELECT text, events, first_seen, last_seen FROM user_agents ORDER BY text",
        "SELECT path, sha256, bytes, format, account_id, region, delivered_at, read, stored, duplicate, rejected, \
         conflict, replaced FROM files ORDER BY path",
        "SELECT path, member, position, line, rejects.reason, length, rejects.sha256 FROM rejects \
         JOIN files ON files.id = file_id ORDER BY path, position, rejects.reason",
        "SELECT event_id, path, conflicts.sha256, record FROM conflicts JOIN files ON files.id = file_id \
         ORDER BY event_id, conflicts.sha256",
        "SELECT digest_s3_object, path FROM digests JOIN files ON files.id = file_id ORDER BY digest_s3_object",
    ] {
        all.push(format!("-- {sql}"));
        all.extend(lines(&connection, sql));
    }
    all
}

/// Stores one decision of each kind in a case, and a run of `trailq hunt` with one finding.
pub fn decide(connection: &rusqlite::Connection, at: &str, who: &str) {
    connection
        .execute_batch(&format!(
            "INSERT INTO subjects (kind, value, mark, why, created_at, created_by) VALUES ('address', '203.0.113.50', \
             'attacker', 'seen in the report', '{at}', '{who}'); \
             INSERT INTO verdicts (rule, principal, account, verdict, why, created_at, created_by) VALUES \
             ('trail-stopped', 'arn:aws:iam::111122223333:user/alice', '111122223333', 'true', NULL, '{at}', '{who}'); \
             INSERT INTO ignore_rules (name, title, rules, filter, reason, created_at, created_by) VALUES ('deploys', \
             'Deployments', '[\"trail-stopped\"]', 'user=deploy', 'the pipeline', '{at}', '{who}'); \
             INSERT INTO hunt_runs (run_at, run_by, trailq_version, scope, rules, rules_sha256, ignored) VALUES ('{at}', \
             '{who}', '0.1.0', NULL, 1, 'ab12', NULL); \
             INSERT INTO hunt_rules VALUES ('trail-stopped', 'Trail stopped', 'high', 'query', NULL, NULL, 1); \
             INSERT INTO hunt_findings VALUES ('trail-stopped', 'arn:aws:iam::111122223333:user/alice', '111122223333', \
             'alice', 'high', 1, 0, '{at}', '{at}', NULL); \
             INSERT INTO hunt_events VALUES ('trail-stopped', 'e-1')"
        ))
        .unwrap();
}

/// A small record of its own id and time, with additional fields after these.
pub fn record(id: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(",{more}") };
    format!(
        r#"{{"eventVersion":"1.08","eventID":"{id}","eventTime":"2024-03-01T09:00:00Z","eventName":"RunInstances","eventSource":"ec2.amazonaws.com","awsRegion":"us-east-1","recipientAccountId":"111122223333"{more}}}"#
    )
}
