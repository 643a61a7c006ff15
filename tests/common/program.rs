//! The built program, run without anything of the machine's own settings.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use super::{Needs, Scratch, skip, testdata};

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_trailq");

/// The delivery as a case, imported once.
static DELIVERY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let scratch = Scratch::new();
    scratch.import(&[testdata("delivery")]);
    std::fs::read(scratch.case()).unwrap()
});

/// What a run of the program left.
#[derive(Debug)]
pub struct CommandOutput {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl CommandOutput {
    /// Of a process that has ended.
    pub fn of(output: Output) -> CommandOutput {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        CommandOutput { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> CommandOutput {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// It ended with this code, and says so on standard error.
    #[track_caller]
    pub fn fails(self, code: i32, says: &[&str]) -> CommandOutput {
        let ran = self.exits(code);
        for said in says {
            assert!(ran.err.contains(said), "{said:?} is not said: {ran:?}");
        }
        assert!(!ran.err.contains("panicked"), "{ran:?}");
        ran
    }

    /// Its rows as the JSON that they are.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A folder to run the program in, which is its home too.
pub struct TestEnv {
    pub scratch: Scratch,
}

/// Takes the columns of later schemas from `files`. One of them is a foreign key, which ALTER TABLE does not drop.
const FILES_OF_SCHEMA_7: &str = "PRAGMA writable_schema = ON; \
     UPDATE sqlite_schema SET sql = substr(sql, 1, instr(sql, ', container_id') - 1) || ') STRICT' WHERE name = 'files'; \
     PRAGMA writable_schema = RESET;";

impl TestEnv {
    /// An empty folder.
    pub fn new() -> TestEnv {
        TestEnv { scratch: Scratch::new() }
    }

    /// A folder with the delivery as `trailq.db`.
    pub fn with_delivery() -> TestEnv {
        let test_env = TestEnv::new();
        test_env.scratch.write("trailq.db", &*DELIVERY);
        test_env
    }

    /// The same, as the first trailq made it: without places for what is kept but tags.
    pub fn with_older_delivery() -> TestEnv {
        let test_env = TestEnv::with_delivery();
        test_env.make_older(1);
        test_env
    }

    /// Makes the case one of schema version 1 or 3.
    pub fn make_older(&self, version: u32) {
        let context = "DROP VIEW organization_accounts; DROP VIEW leads; DROP VIEW iam_rights; DROP VIEW iam_keys; \
                       DROP TABLE accounts; DROP TABLE people; DROP TABLE lead_versions; DROP TABLE iam_principals; \
                       DROP TABLE iam_credentials;";
        let findings = "DROP TABLE event_digests; DROP TABLE case_details; \
                        ALTER TABLE imports DROP COLUMN imported_by; ALTER TABLE imports DROP COLUMN folder; \
                        DROP TABLE subjects; DROP TABLE verdicts; DROP TABLE ignore_rules; DROP TABLE hunt_runs; \
                        DROP TABLE hunt_rules; DROP TABLE hunt_findings; DROP TABLE hunt_events;";
        let proof = "DROP TABLE validation_findings; DROP TABLE validations; DROP TABLE public_keys; \
                     DROP TABLE digest_signatures; DROP TABLE trail_statuses; DROP TABLE bucket_objects; \
                     ALTER TABLE digests DROP COLUMN previous_digest_s3_bucket; \
                     ALTER TABLE digests DROP COLUMN previous_digest_hash_algorithm; \
                     ALTER TABLE digests DROP COLUMN previous_digest_signature; \
                     ALTER TABLE digests DROP COLUMN public_key_fingerprint; \
                     ALTER TABLE digests DROP COLUMN signature_algorithm; \
                     ALTER TABLE digest_files DROP COLUMN hash_algorithm;";
        let notes = match version {
            1 => "DROP TABLE saved_queries; DROP TABLE notes; DROP TABLE noise_rules;",
            3 => {
                "ALTER TABLE notes DROP COLUMN origin; ALTER TABLE saved_queries DROP COLUMN origin; \
                 ALTER TABLE noise_rules DROP COLUMN origin;"
            }
            other => panic!("version {other}"),
        };
        let connection = rusqlite::Connection::open(self.scratch.case()).unwrap();
        connection
            .execute_batch(&format!(
                "{context} {findings} {proof} {notes} DELETE FROM attribute_values \
                 WHERE attribute IN ('role_name', 'identity_type', 'identity_account_id', 'resource_type'); \
                 DROP TABLE provenance_digests; DROP TABLE provenance_parents; DROP TABLE provenance; \
                 DROP TABLE replaced_rows; DROP TABLE hourly_regions; {FILES_OF_SCHEMA_7} \
                 ALTER TABLE imports DROP COLUMN rules; \
                 ALTER TABLE imports DROP COLUMN ids; ALTER TABLE event_resources DROP COLUMN role; \
                 ALTER TABLE files DROP COLUMN partial; ALTER TABLE tags DROP COLUMN origin; \
                 PRAGMA user_version = {version}"
            ))
            .unwrap();
    }

    /// Makes a command hermetic, in this folder.
    pub fn make_hermetic(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.scratch.folder.path())
            .current_dir(self.scratch.folder.path())
            .stdin(Stdio::null());
    }

    /// The program with arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        self.make_hermetic(&mut command);
        command.args(arguments);
        command
    }

    /// Runs the program.
    pub fn run(&self, arguments: &[&str]) -> CommandOutput {
        CommandOutput::of(self.command(arguments).output().unwrap())
    }

    /// Runs the program with something on standard input.
    pub fn pipe(&self, arguments: &[&str], input: &[u8]) -> CommandOutput {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        // The program may end before it has read everything.
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        CommandOutput::of(output)
    }

    /// Runs the program, reads the first line of its rows, and goes away, as `head -1` does.
    pub fn head(&self, arguments: &[&str]) -> CommandOutput {
        let mut child = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut first = [0; 1];
        stdout.read_exact(&mut first).unwrap();
        drop(stdout);
        CommandOutput::of(child.wait_with_output().unwrap())
    }
}

/// Reports whether the tests run as root, to whom nothing is forbidden.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// Lets a command run as somebody to whom things can be forbidden; `false`, said aloud, where that is not possible.
pub fn as_nobody(test_env: &TestEnv) -> bool {
    if !is_root() {
        return true;
    }
    let mut probe = test_env.command(&["--version"]);
    drop_privileges(&mut probe);
    if probe.output().is_ok_and(|output| output.status.success()) {
        return true;
    }
    skip(Needs::Privilege, format_args!("root is forbidden nothing, and no other user can run {PROGRAM}"));
    false
}

/// Where the tests run as root, the command runs as nobody.
pub fn drop_privileges(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    if is_root() {
        command.uid(65534).gid(65534);
    }
}

/// Sets the mode of a file or folder.
pub fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The path beside a case with its journal.
pub fn journal(case: &Path) -> PathBuf {
    let mut path = case.as_os_str().to_owned();
    path.push("-journal");
    PathBuf::from(path)
}

/// Bytes compressed as gzip.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
