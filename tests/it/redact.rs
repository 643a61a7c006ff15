//! `trailq snapshot --redact`: nothing of what was replaced is left anywhere in the file, and what is left still tells who
//! did what.

mod edges;
mod forms;
mod search;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use std::sync::LazyLock;

use crate::common::program::TestEnv;
use crate::common::{check_case, corpus, lines, testdata};
use aho_corasick::AhoCorasick;
use regex::Regex;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::Value;
use trailq::store::Case;

/// What was replaced, by its kind.
type Originals = BTreeMap<&'static str, BTreeSet<String>>;

/// Names that are nobody's, and words that CloudTrail's own fields have too.
fn is_nobody(name: &str) -> bool {
    matches!(name, "root" | "HIDDEN_DUE_TO_SECURITY_REASONS" | "AWS Internal") || name.ends_with(".amazonaws.com")
}

/// Everything that columns and records of a case tell of whom.
fn originals(case: &Path) -> Originals {
    let connection = Connection::open(case).unwrap();
    let mut found = Originals::new();
    for (kind, sql) in [
        (
            "accounts",
            "SELECT recipient_account_id FROM events UNION SELECT account_id FROM identities UNION SELECT account_id FROM resources \
                      UNION SELECT account_id FROM files UNION SELECT aws_account_id FROM digests",
        ),
        ("keys", "SELECT access_key_id FROM events UNION SELECT issued_access_key_id FROM events"),
        ("ips", "SELECT source_ip_address FROM events"),
        (
            "users",
            "SELECT user_name FROM events UNION SELECT user_name FROM identities UNION SELECT session_name FROM identities \
                   UNION SELECT source_identity FROM events UNION SELECT role_name FROM identities",
        ),
        ("arns", "SELECT arn FROM identities UNION SELECT role_arn FROM identities UNION SELECT arn FROM resources"),
    ] {
        found.entry(kind).or_default().extend(lines(&connection, sql));
    }
    let opened = Case::open(case).unwrap();
    for id in lines(&connection, "SELECT id FROM events") {
        let record = opened.record(id.parse().unwrap()).unwrap().unwrap();
        walk(None, &serde_json::from_slice(&record).unwrap(), &mut found);
    }
    let account = |text: &String| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let address =
        |text: &String| text.parse::<IpAddr>().is_ok_and(|address| !address.is_loopback() && !address.is_unspecified());
    found.get_mut("accounts").unwrap().retain(account);
    found.get_mut("ips").unwrap().retain(address);
    found.get_mut("keys").unwrap().retain(|key| key.len() > 1);
    found.get_mut("users").unwrap().retain(|name| !is_nobody(name) && name.chars().any(char::is_alphanumeric));
    // AWS's own policies, and what names nothing, are nobody's.
    let named = |arn: &String| {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        parts.len() == 6
            && parts[4] != "aws"
            && (account(&parts[4].to_owned()) || parts[5].contains(char::is_alphanumeric))
    };
    found.get_mut("arns").unwrap().retain(|arn| arn.starts_with("arn:") && named(arn));
    found
}

/// What a record tells of whom, by the names of its fields and the shapes of its texts.
fn walk(key: Option<&str>, value: &Value, found: &mut Originals) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| walk(Some(key), value, found)),
        Value::Array(values) => values.iter().for_each(|value| walk(key, value, found)),
        Value::String(text) => {
            let mut add = |kind, text: &str| {
                found.entry(kind).or_default().insert(text.to_owned());
            };
            if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
                add("accounts", text);
            }
            if text.parse::<IpAddr>().is_ok() {
                add("ips", text);
            }
            if text.starts_with("arn:") && !text.contains(char::is_whitespace) {
                add("arns", text);
            }
            if let Some(key) = key {
                match key {
                    "accessKeyId" => add("keys", text),
                    "userName" | "roleSessionName" | "sourceIdentity" => add("users", text),
                    "principalId" => text.split_once(':').into_iter().for_each(|(_, session)| add("users", session)),
                    _ => {}
                }
            }
            if let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(text) {
                walk(None, &inner, found);
            }
        }
        _ => {}
    }
}

/// A text, and what it says where escapes and URL encoding are read.
fn readings(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    if text.contains('%') {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((first, behind)) = rest.split_first() {
            let code = behind.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
            match code.filter(|_| *first == b'%') {
                Some(byte) => {
                    bytes.push(byte);
                    rest = &behind[2..];
                }
                None => {
                    bytes.push(*first);
                    rest = behind;
                }
            }
        }
        all.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    all
}

/// Every text in a value, in whatever it is wrapped; keys too.
fn texts(value: &Value, top: bool, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                // CloudTrail's own words, which somebody may be called like, and ids that stay.
                let own = ["eventID", "eventId", "eventName", "eventSource", "eventTime", "awsRegion", "eventVersion"];
                if !top && key != "user" {
                    out.push(key.clone());
                } else if own.contains(&key.as_str()) {
                    continue;
                }
                texts(value, false, out);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, false, out)),
        Value::String(text) => {
            for reading in readings(text) {
                match serde_json::from_str::<Value>(&reading) {
                    Ok(inner @ (Value::Object(_) | Value::Array(_) | Value::String(_))) => texts(&inner, false, out),
                    _ => out.push(reading),
                }
            }
        }
        Value::Number(number) => out.push(number.to_string()),
        _ => {}
    }
}

/// Looks for originals as whole tokens.
struct Search {
    words: Vec<(&'static str, String)>,
    finder: AhoCorasick,
}

impl Search {
    fn new(originals: &Originals, kinds: &[&str]) -> Search {
        let words: Vec<(&'static str, String)> = originals
            .iter()
            .filter(|(kind, _)| kinds.contains(kind))
            .flat_map(|(kind, words)| words.iter().map(|word| (*kind, word.clone())))
            .collect();
        let finder = AhoCorasick::new(words.iter().map(|(_, word)| word)).unwrap();
        Search { words, finder }
    }

    fn look(&self, place: &str, bytes: &[u8], found: &mut BTreeSet<String>) {
        for hit in self.finder.find_overlapping_iter(bytes) {
            let (kind, word) = &self.words[hit.pattern().as_usize()];
            let ends = |byte: Option<&u8>| {
                byte.is_none_or(|byte| match *kind {
                    // An account occurs in a name too.
                    "accounts" => !byte.is_ascii_digit(),
                    _ => !byte.is_ascii_alphanumeric() && *byte < 0x80,
                })
            };
            let before = hit.start().checked_sub(1).and_then(|at| bytes.get(at));
            if ends(before) && ends(bytes.get(hit.end())) {
                let around = &bytes[hit.start().saturating_sub(40)..bytes.len().min(hit.end() + 40)];
                found.insert(format!("{kind} {word} in {place}: {}", String::from_utf8_lossy(around)));
            }
        }
    }
}

/// A text without AWS's own words: types of resources, and what kind of thing an ARN names.
fn without_aws(text: &str) -> String {
    static OWN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"AWS::\w+(::\w+)*|(arn:[a-z-]*:[a-z0-9-]*:[a-z0-9*-]*:[0-9*]*:)[a-z-]+[/:]").unwrap()
    });
    OWN.replace_all(text, "$2").into_owned()
}

/// Columns whose values are CloudTrail's own words, or ids and times that stay.
const OWN: &[&str] = &[
    "event_id",
    "event_name",
    "event_source",
    "outcome",
    "attribute",
    "type",
    "format",
    "sha256",
    "hash_value",
    "id",
    "origin",
    "sql",
    "tbl_name",
];

/// Every place where an original occurs in a snapshot.
fn leaks(snapshot: &Path, search: &Search) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let connection = Connection::open(snapshot).unwrap();
    for table in lines(
        &connection,
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'records_fts%'",
    ) {
        let mut select = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<String> = select.column_names().map(str::to_owned).collect();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for (at, column) in columns.iter().enumerate() {
                let own = OWN.contains(&column.as_str())
                    || (table == "attribute_values" && column == "value" && {
                        let attribute: String = row.get("attribute").unwrap();
                        OWN.contains(&attribute.as_str())
                    });
                if own {
                    continue;
                }
                if let ValueRef::Text(text) | ValueRef::Blob(text) = row.get_ref(at).unwrap() {
                    if matches!(column.as_str(), "record") {
                        let mut all = Vec::new();
                        texts(&serde_json::from_slice(text).unwrap(), true, &mut all);
                        all.iter().for_each(|text| search.look(&table, without_aws(text).as_bytes(), &mut found));
                    } else {
                        for reading in readings(&String::from_utf8_lossy(text)) {
                            search.look(&format!("{table}.{column}"), without_aws(&reading).as_bytes(), &mut found);
                        }
                    }
                }
            }
        }
    }
    let case = Case::open(snapshot).unwrap();
    for id in lines(&connection, "SELECT id FROM events") {
        let record = case.record(id.parse().unwrap()).unwrap().unwrap();
        let mut all = Vec::new();
        texts(&serde_json::from_slice(&record).unwrap(), true, &mut all);
        all.iter().for_each(|text| search.look("a record", without_aws(text).as_bytes(), &mut found));
    }
    found
}

/// Puts originals into everything that somebody may note.
fn note(case: &Path) {
    Connection::open(case).unwrap().execute_batch(
        "INSERT INTO tags (event_id, tag, note, created_at, created_by) SELECT event_id, 'by-alice', 'alice from 203.0.113.50, 111122223333', \
             '2024-05-01T00:00:00Z', 'alice' FROM events WHERE event_name = 'ConsoleLogin'; \
         INSERT INTO tags (event_id, tag, note, created_at, created_by) SELECT event_id, 'odd', NULL, '2024-05-01T00:00:00Z', 'x' \
             FROM events WHERE event_id GLOB 'content-*'; \
         INSERT INTO notes (text, created_at, created_by) VALUES ('arn:aws:iam::111122223333:user/alice used AKIA0000ALICEEXAMPLE', '2024-05-01T00:00:00Z', 'alice'); \
         INSERT INTO saved_queries (name, text, created_at, created_by) VALUES ('alice', '-- title: Hers\n-- about: What alice did, for a test.\n-- columns: event_id\n\nSELECT event_id FROM events WHERE user_name = ''alice'' AND recipient_account_id = ''111122223333'';\n', '2024-05-01T00:00:00Z', 'alice'); \
         INSERT INTO noise_rules (name, filter, created_at, created_by) VALUES ('alice', 'user=alice ip=203.0.113.50', '2024-05-01T00:00:00Z', 'alice'); \
         INSERT INTO subjects (kind, value, mark, why, created_at, created_by) VALUES \
             ('key', 'AKIA0000ALICEEXAMPLE', 'attacker', 'alice at 203.0.113.50', '2024-05-01T00:00:00Z', 'alice'), \
             ('principal', 'arn:aws:iam::111122223333:user/alice', 'suspect', NULL, '2024-05-01T00:00:00Z', 'alice'), \
             ('address', '203.0.113.50', 'mine', NULL, '2024-05-01T00:00:00Z', 'alice'), \
             ('account', '111122223333', 'cleared', NULL, '2024-05-01T00:00:00Z', 'alice'); \
         INSERT INTO verdicts (rule, principal, account, verdict, why, created_at, created_by) VALUES ('by-alice', \
             'arn:aws:iam::111122223333:user/alice', '111122223333', 'true', 'alice', '2024-05-01T00:00:00Z', 'alice'); \
         INSERT INTO ignore_rules (name, title, rules, filter, reason, created_at, created_by) VALUES ('alice', 'Of alice', \
             '[\"by-alice\"]', 'user=alice ip=203.0.113.50', 'alice', '2024-05-01T00:00:00Z', 'alice'); \
         INSERT INTO hunt_runs (run_at, run_by, trailq_version, scope, rules, rules_sha256, ignored) VALUES \
             ('2024-05-01T00:00:00Z', 'alice', '0.1.0', 'user=alice', 1, 'ab', '[\"alice\"]'); \
         INSERT INTO hunt_rules VALUES ('by-alice', 'Of alice', 'high', 'sigma', 'alice', 'user=alice', 3); \
         INSERT INTO hunt_findings SELECT 'by-alice', 'arn:aws:iam::111122223333:user/alice', '111122223333', 'alice', \
             'high', 3, 0, NULL, NULL, min(event_id) FROM events; \
         INSERT INTO hunt_events SELECT 'by-alice', event_id FROM events WHERE user_name = 'alice'",
    ).unwrap();
}

const ALL: &str = "accounts,keys,ips,users,arns";

#[test]
fn no_replaced_value_remains_in_a_redacted_snapshot() {
    let test_env = TestEnv::new();
    let folders = ["delivery", "shapes", "broken"].map(|folder| testdata(folder).to_str().unwrap().to_owned());
    test_env.run(&["import", &folders[0], &folders[1], &folders[2]]).exits(1);
    note(&test_env.scratch.case());
    let originals = originals(&test_env.scratch.case());
    for (kind, least) in [("accounts", 3), ("keys", 20), ("ips", 10), ("users", 20), ("arns", 30)] {
        assert!(originals[kind].len() >= least, "{kind}: {:?}", originals[kind]);
    }
    for (name, more) in [
        ("whole.db", &[][..]),
        ("some.db", &["--where", "user=alice or event-name=ConsoleLogin"]),
        ("plain.db", &["--portable", "--fts"]),
    ] {
        let key = format!("{name}.key");
        let arguments = [&["snapshot", name, "--redact", ALL, "--redact-key", &key], more].concat();
        let ran = test_env.run(&arguments).exits(0);
        assert!(ran.err.contains("keep it apart"), "{ran:?}");
        let snapshot = test_env.scratch.path(name);
        if name != "plain.db" {
            check_case(&snapshot);
        }
        let search = Search::new(&originals, &["accounts", "keys", "ips", "users", "arns"]);
        let mut found = leaks(&snapshot, &search);
        // Somebody is called as a field of lookups is.
        found.retain(|hit| {
            ![
                "hunt_rules.filter",
                "hunt_runs.scope",
                "ignore_rules.filter",
                "noise_rules.filter",
                "provenance.selection",
                "saved_queries.text",
            ]
            .iter()
            .any(|code| hit.starts_with(&format!("users user in {code}")))
        });
        assert!(found.is_empty(), "{name}: {} leaks: {:#?}", found.len(), found.iter().take(20).collect::<Vec<_>>());
        // The bytes of the file, whatever they are: but for short names, which any bytes may spell.
        let mut long = originals.clone();
        long.get_mut("users").unwrap().retain(|name| name.len() > 4 && !name.eq_ignore_ascii_case("autoscaling"));
        let mut found = BTreeSet::new();
        Search::new(&long, &["accounts", "keys", "ips", "users", "arns"]).look(
            "the file",
            &std::fs::read(&snapshot).unwrap(),
            &mut found,
        );
        // Event ids and request ids stay, and end in twelve digits.
        found.retain(|hit| !(hit.starts_with("accounts") && hit.contains("-0000-")));
        assert!(found.is_empty(), "{name}: {} leaks: {:#?}", found.len(), found.iter().take(20).collect::<Vec<_>>());
        test_env.run(&["snapshot", "--verify", name]).exits(0);
        let left: Vec<_> = std::fs::read_dir(test_env.scratch.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().contains(".part")), "{left:?}");
    }
}

#[test]
fn real_trail_files_are_redacted_without_a_rest() {
    let Some(corpus) = corpus() else { return };
    let test_env = TestEnv::new();
    test_env.run(&["import", corpus.to_str().unwrap()]);
    let seeds = corpus.join("../seed-events");
    if seeds.is_dir() {
        test_env.run(&["import", seeds.to_str().unwrap()]);
    }
    let originals = originals(&test_env.scratch.case());
    test_env.run(&["snapshot", "out.db", "--redact", ALL]).exits(0);
    let snapshot = test_env.scratch.path("out.db");
    check_case(&snapshot);
    let search = Search::new(&originals, &["accounts", "keys", "ips", "users", "arns"]);
    let found = leaks(&snapshot, &search);
    assert!(found.is_empty(), "{} leaks: {:#?}", found.len(), found.iter().take(40).collect::<Vec<_>>());
}

#[test]
fn redacted_answers_equal_the_originals_except_for_names() {
    let test_env = TestEnv::with_delivery();
    note(&test_env.scratch.case());
    test_env.run(&["snapshot", "out.db", "--redact", ALL, "--redact-key", "out.key"]).exits(0);
    let key: Value = serde_json::from_slice(&std::fs::read(test_env.scratch.path("out.key")).unwrap()).unwrap();
    let values: Vec<(String, String, String)> = key["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| ["kind", "original", "pseudonym"].map(|name| value[name].as_str().unwrap().to_owned()).into())
        .collect();
    let pseudonyms: BTreeSet<&String> = values.iter().map(|(_, _, pseudonym)| pseudonym).collect();
    assert_eq!(pseudonyms.len(), values.len(), "different ones have different ones");
    let by_original: BTreeMap<(&str, &str), &str> = values
        .iter()
        .map(|(kind, original, pseudonym)| ((kind.as_str(), original.as_str()), pseudonym.as_str()))
        .collect();
    // Counts by actor, account and address are the same.
    for (kind, column) in
        [("account", "recipient_account_id"), ("key", "access_key_id"), ("address", "source_ip_address")]
    {
        let sql = format!("SELECT {column}, count(*) FROM events WHERE {column} IS NOT NULL GROUP BY 1");
        let there: BTreeMap<String, String> = lines(&test_env.scratch.ask_at("out.db"), &sql)
            .iter()
            .map(|line| {
                let (a, b) = line.rsplit_once('|').unwrap();
                (a.to_owned(), b.to_owned())
            })
            .collect();
        for line in test_env.scratch.lines(&sql) {
            let (original, count) = line.rsplit_once('|').unwrap();
            let now = by_original.get(&(kind, original)).copied().unwrap_or(original);
            assert_eq!(there.get(now).map(String::as_str), Some(count), "{original} is {now}");
        }
    }
    let same = "SELECT event_id, event_time, event_name, event_source, aws_region, outcome, error_code, user_name IS NULL FROM events WHERE event_id NOT GLOB 'content-*' ORDER BY 1";
    assert_eq!(test_env.scratch.lines(same), lines(&test_env.scratch.ask_at("out.db"), same));
    for table in [
        "events",
        "identities",
        "resources",
        "event_resources",
        "files",
        "conflicts",
        "digest_files",
        "tags",
        "notes",
        "saved_queries",
        "noise_rules",
        "subjects",
        "verdicts",
        "ignore_rules",
    ] {
        let count = format!("SELECT count(*) FROM {table}");
        assert_eq!(test_env.scratch.lines(&count), lines(&test_env.scratch.ask_at("out.db"), &count), "{table}");
    }
    for table in ["hunt_runs", "hunt_rules", "hunt_findings", "hunt_events"] {
        let count = format!("SELECT count(*) FROM {table}");
        assert_ne!(test_env.scratch.lines(&count), ["0"], "{table}");
        assert_eq!(lines(&test_env.scratch.ask_at("out.db"), &count), ["0"], "{table}");
    }
    let alice = by_original[&("name", "alice")];
    let ran = test_env.run(&["--db", "out.db", "lookup", &format!("user={alice} | count")]).exits(0);
    assert_eq!(ran.out, test_env.run(&["lookup", "user=alice | count"]).exits(0).out);
    let noted = lines(&test_env.scratch.ask_at("out.db"), "SELECT text || ' by ' || created_by FROM notes").remove(0);
    assert_eq!(
        noted,
        format!(
            "arn:aws:iam::{}:user/{alice} used {} by {alice}",
            by_original[&("account", "111122223333")],
            by_original[&("key", "AKIA0000ALICEEXAMPLE")]
        )
    );
    // Marks and verdicts are of the pseudonyms, and their own words stay.
    let arn = format!("arn:aws:iam::{}:user/{alice}", by_original[&("account", "111122223333")]);
    let marked = lines(&test_env.scratch.ask_at("out.db"), "SELECT kind, mark, value FROM subjects ORDER BY 1");
    let marked_key = by_original[&("key", "AKIA0000ALICEEXAMPLE")];
    let (account, address) = (by_original[&("account", "111122223333")], by_original[&("address", "203.0.113.50")]);
    assert_eq!(
        marked,
        [
            format!("account|cleared|{account}"),
            format!("address|mine|{address}"),
            format!("key|attacker|{marked_key}"),
            format!("principal|suspect|{arn}")
        ]
    );
    let verdicts = lines(&test_env.scratch.ask_at("out.db"), "SELECT principal, verdict FROM verdicts");
    assert_eq!(verdicts, [format!("{arn}|true")]);
    test_env.run(&["--db", "out.db", "run", alice, "--fail-on-rows"]).exits(1);
    let info = test_env.run(&["--db", "out.db", "info"]).exits(0).out;
    assert!(
        info.contains("redacted: accounts, keys, ips, users, arns, bytes of rejects: dropped, SHA-256 of files: keyed"),
        "{info}"
    );
    // The key is its owner's only, and occurs nowhere in the snapshot.
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        assert_eq!(std::fs::metadata(test_env.scratch.path("out.key")).unwrap().mode() & 0o777, 0o600);
    }
    let bytes = std::fs::read(test_env.scratch.path("out.db")).unwrap();
    let secret = key["secret"].as_str().unwrap();
    assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    let id = lines(&test_env.scratch.ask_at("out.db"), "SELECT id FROM provenance ORDER BY step DESC LIMIT 1");
    assert_eq!(id, [key["snapshot"].as_str().unwrap()]);
    // Another redaction has other names.
    test_env.run(&["snapshot", "again.db", "--redact", ALL]).exits(0);
    assert_ne!(
        lines(&test_env.scratch.ask_at("again.db"), "SELECT DISTINCT user_name FROM events"),
        lines(&test_env.scratch.ask_at("out.db"), "SELECT DISTINCT user_name FROM events")
    );
    test_env.run(&["--db", "new.db", "merge", "out.db", "again.db"]).fails(2, &["is redacted", "in another way"]);
    test_env.run(&["--db", "new.db", "merge", "out.db"]).exits(0);
    test_env.run(&["--db", "trailq.db", "merge", "out.db"]).fails(2, &["out.db is redacted, and trailq.db is not"]);
}

#[test]
fn the_key_file_is_complete_or_absent() {
    let test_env = TestEnv::with_delivery();
    let redacted = |out: &str, key: &str| test_env.run(&["snapshot", out, "--redact", "users", "--redact-key", key]);
    // An empty file, as a killed run of an earlier version left it, is not a key.
    test_env.scratch.write("empty.key", "");
    redacted("a.db", "empty.key").exits(0);
    let key: Value = serde_json::from_slice(&std::fs::read(test_env.scratch.path("empty.key")).unwrap()).unwrap();
    assert!(key["values"].as_array().is_some_and(|values| !values.is_empty()), "{key}");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(test_env.scratch.path("empty.key")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    redacted("b.db", "empty.key").fails(2, &["there is a file empty.key already"]);
    assert!(!test_env.scratch.path("b.db").exists());
    // Without its key there is no snapshot.
    redacted("b.db", "/dev/full")
        .fails(2, &["no space left to write /dev/full", "no snapshot was written, because its key could not be"]);
    assert!(!test_env.scratch.path("b.db").exists());
    redacted("b.db", "/dev/null").exits(0);
    // A run that is killed leaves nothing under the name, and the next one is not blocked.
    for delay in [5, 20, 40, 80, 160] {
        let arguments = ["snapshot", "killed.db", "--redact", "users", "--redact-key", "killed.key"];
        let mut child = test_env.command(&arguments).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay));
        let _ = child.kill();
        child.wait().unwrap();
        for name in ["killed.key", "killed.db"] {
            let path = test_env.scratch.path(name);
            assert!(std::fs::read(&path).map_or(true, |bytes| !bytes.is_empty()), "{name} is empty");
            let _ = std::fs::remove_file(path);
        }
    }
    redacted("killed.db", "killed.key").exits(0);
}

#[test]
fn only_what_is_named_is_replaced() {
    let test_env = TestEnv::with_delivery();
    let events = |case: &str, column: &str| {
        lines(&test_env.scratch.ask_at(case), &format!("SELECT DISTINCT {column} FROM events ORDER BY 1"))
    };
    for (kinds, changed, same) in [
        ("ips", &["source_ip_address"][..], &["user_name", "recipient_account_id", "access_key_id"][..]),
        ("users", &["user_name"], &["source_ip_address", "recipient_account_id", "access_key_id"]),
        ("keys", &["access_key_id"], &["source_ip_address", "recipient_account_id", "user_name"]),
        ("accounts", &["access_key_id", "recipient_account_id"], &["source_ip_address", "user_name"]),
    ] {
        test_env.run(&["snapshot", "out.db", "--force", "--redact", kinds]).exits(0);
        changed
            .iter()
            .for_each(|column| assert_ne!(events("out.db", column), events("trailq.db", column), "{kinds} {column}"));
        same.iter()
            .for_each(|column| assert_eq!(events("out.db", column), events("trailq.db", column), "{kinds} {column}"));
    }
}

#[test]
fn unredactable_input_is_reported() {
    let test_env = TestEnv::with_delivery();
    test_env.run(&["snapshot", "out.db", "--redact", "names"]).fails(2, &["names", "accounts, keys, ips, users, arns"]);
    test_env.run(&["snapshot", "out.db", "--redact-key", "k"]).fails(2, &["--redact"]);
    test_env.scratch.write("there.key", "another one");
    test_env
        .run(&["snapshot", "out.db", "--redact", "ips", "--redact-key", "there.key"])
        .fails(2, &["there is a file there.key already", "the file may be the only key"]);
    assert_eq!(std::fs::read(test_env.scratch.path("there.key")).unwrap(), b"another one");
    test_env
        .run(&["snapshot", "out.db", "--redact", "ips", "--redact-key", "no/where.key"])
        .fails(2, &["the folder no does not exist"]);
    test_env
        .run(&["snapshot", "out.db", "--where", "user=nobody", "--redact", "ips", "--redact-key", "k"])
        .fails(2, &["no event matches"]);
    assert!(!test_env.scratch.path("k").exists() && !test_env.scratch.path("out.db").exists());
    test_env.scratch.write("out.db", "there");
    test_env
        .run(&["snapshot", "out.db", "--redact", "ips", "--redact-key", "k"])
        .fails(2, &["there is a file out.db already"]);
    test_env
        .run(&["snapshot", "no/where.db", "--redact", "ips", "--redact-key", "k"])
        .fails(2, &["the folder no does not exist"]);
    assert!(!test_env.scratch.path("k").exists(), "a key of nothing is taken away");
    for (key, says) in [
        ("trailq.db", "trailq.db is the open case"),
        ("out.db", "out.db cannot be both the snapshot and its key"),
        ("./out.db", "cannot be both the snapshot and its key"),
        ("new.db-journal", "new.db-journal belongs to the database new.db"),
        (".", ". is a folder"),
    ] {
        let out = if key.starts_with("new") { "new.db" } else { "out.db" };
        test_env.run(&["snapshot", out, "--force", "--redact", "ips", "--redact-key", key]).fails(2, &[says]);
    }
    assert_eq!(std::fs::read(test_env.scratch.path("out.db")).unwrap(), b"there");
    // A selection is told without the names in it.
    test_env.run(&["snapshot", "some.db", "--where", "user=alice", "--redact", "users"]).exits(0);
    let told =
        lines(&test_env.scratch.ask_at("some.db"), "SELECT selection FROM provenance ORDER BY step DESC LIMIT 1")
            .remove(0);
    assert!(told.starts_with("--where user=x") && !told.contains("alice"), "{told}");
}
