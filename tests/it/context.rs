//! Documents about accounts, people and rights, and findings of GuardDuty.

use std::fs;

use serde_json::{Value, json};

use crate::common::program::TestEnv;
use crate::common::{check_case, record};

/// The answer of `aws organizations list-accounts` with these ids and names.
fn accounts(named: &[(&str, &str)]) -> String {
    let account = |(id, name): &(&str, &str)| json!({"Id": id, "Name": name, "Status": "ACTIVE"});
    json!({"Accounts": named.iter().map(account).collect::<Vec<Value>>()}).to_string()
}

/// A case with an event of 111122223333 and one of 444455556666, and these accounts.
fn with_accounts(named: &[(&str, &str)]) -> TestEnv {
    let test_env = TestEnv::new();
    test_env.scratch.write("a.json", record("e1", ""));
    test_env.scratch.write("b.json", record("e2", "").replace("111122223333", "444455556666"));
    test_env.scratch.write("accounts.json", accounts(named));
    test_env.run(&["import", "a.json", "b.json", "accounts.json"]).exits(0);
    test_env
}

fn events(test_env: &TestEnv, lookup: &str) -> Value {
    let ran = test_env.run(&["--format", "json", "lookup", &format!("{lookup} | sort event-id | fields event-id")]);
    ran.exits(0).json().as_array().unwrap().iter().map(|row| row["event_id"].clone()).collect()
}

#[test]
fn a_name_of_an_account_means_its_id() {
    let test_env = with_accounts(&[("111122223333", "prod"), ("444455556666", "dev")]);
    for (lookup, expected) in [
        ("account=prod", json!(["e1"])),
        ("account=prod,dev", json!(["e1", "e2"])),
        ("account=prod,444455556666", json!(["e1", "e2"])),
        ("account!=prod", json!(["e2"])),
        ("not account=prod", json!(["e2"])),
        ("recipient=~PROD", json!(["e1"])),
        ("account=1111*", json!(["e1"])),
        ("identity-account=prod", json!([])),
    ] {
        assert_eq!(events(&test_env, lookup), expected, "{lookup}");
    }
    check_case(&test_env.scratch.case());
}

#[test]
fn ambiguous_and_unknown_names_of_accounts_are_mistakes() {
    let test_env = with_accounts(&[("111122223333", "twin"), ("444455556666", "twin"), ("777788889999", "sandbox")]);
    let lookup = |lookup: &str| test_env.run(&["lookup", lookup]);
    lookup("account=twin").fails(2, &["2 accounts are named `twin`: 111122223333, 444455556666", "write the id"]);
    lookup("account=sandbx").fails(2, &["no account is named `sandbx`", "did you mean `sandbox`?"]);
    lookup("account=zzz").fails(2, &["no account is named `zzz`", "the names are twin, sandbox; an id has 12 digits"]);
    // Without any names, and for a value that events have, a lookup means what it says.
    let plain = TestEnv::new();
    plain.scratch.write("a.json", record("e1", ""));
    plain.run(&["import", "a.json"]).exits(0);
    assert_eq!(events(&plain, "account=zzz"), json!([]));
    plain.scratch.write("accounts.json", accounts(&[("777788889999", "sandbox")]));
    plain.scratch.write("b.json", record("e2", "").replace("111122223333", "account-1"));
    plain.run(&["import", "b.json", "accounts.json"]).exits(0);
    assert_eq!(events(&plain, "account=account-1"), json!(["e2"]));
}

#[test]
fn accounts_are_named_in_tables_and_in_the_summary_of_the_case() {
    let test_env = with_accounts(&[("111122223333", "prod")]);
    let table = test_env.run(&["lookup", "| count by account"]).exits(0).out;
    assert!(table.contains("111122223333 (prod)") && table.contains("\n444455556666 "), "{table}");
    let csv = test_env.run(&["--format", "csv", "lookup", "| count by account"]).exits(0).out;
    assert!(csv.contains("111122223333,1"), "{csv}");
    let info = test_env.run(&["info"]).exits(0).out;
    assert!(info.contains("accounts    111122223333 (prod)  1\n"), "{info}");
    let info = test_env.run(&["--format", "json", "info"]).exits(0).json();
    assert_eq!(info["accounts"][0], json!({"value": "111122223333", "name": "prod", "events": 1}));
    assert_eq!(info["accounts"][1]["name"], Value::Null);
}

#[test]
fn a_broken_account_is_rejected_and_its_neighbors_are_read() {
    let test_env = TestEnv::new();
    test_env.scratch.write("accounts.json", r#"{"Accounts":[{"Id":"111122223333","Name":"prod"},{"Id":"1"}]}"#);
    test_env.scratch.write("accounts.csv", "id,name\n444455556666,dev\nx,y\n");
    test_env.run(&["import", "accounts.json", "accounts.csv"]).fails(
        1,
        &["2 accounts of organizations", "is not an account of AWS Organizations", "`x` is not the id of an account"],
    );
    let status = "SELECT format || ' ' || status || ' ' || rejected FROM files ORDER BY path";
    assert_eq!(test_env.scratch.lines(status), ["accounts read 1", "accounts read 1"]);
    // Other CSV files with such headings are not accounts.
    test_env.scratch.write("in/other.csv", "id,name\n1x,alice\n");
    let other = test_env.run(&["import", "in"]).exits(0);
    assert!(other.err.contains("1 file ignored"), "{other:?}");
    check_case(&test_env.scratch.case());
}

#[test]
fn the_account_that_was_named_last_counts_in_any_order_of_import() {
    for order in [["old.csv", "new.csv"], ["new.csv", "old.csv"]] {
        let test_env = TestEnv::new();
        let old = test_env.scratch.write("old.csv", "id,name\n111122223333,zeta\n");
        test_env.scratch.write("new.csv", "id,name\n111122223333,alpha\n");
        let before = std::time::SystemTime::now() - std::time::Duration::from_secs(3_600);
        fs::File::options().write(true).open(&old).unwrap().set_modified(before).unwrap();
        for file in order {
            test_env.run(&["import", file]).exits(0);
        }
        assert_eq!(test_env.scratch.lines("SELECT name FROM organization_accounts"), ["alpha"], "{order:?}");
    }
}

#[test]
fn merges_and_whole_snapshots_have_the_documents_and_others_do_not() {
    let test_env = with_accounts(&[("111122223333", "prod")]);
    let count = |db: &str| crate::common::lines(&test_env.scratch.ask_at(db), "SELECT count(*) FROM accounts");
    test_env.run(&["snapshot", "whole.db"]).exits(0);
    test_env.run(&["snapshot", "part.db", "--where", "account=prod"]).exits(0);
    test_env.run(&["snapshot", "redacted.db", "--redact", "accounts"]).exits(0);
    assert_eq!([count("whole.db"), count("part.db"), count("redacted.db")].concat(), ["1", "0", "0"]);
    for snapshot in ["whole.db", "part.db", "redacted.db"] {
        test_env.run(&["snapshot", "--verify", snapshot]).exits(0);
    }
    test_env.scratch.write("c.json", record("e3", ""));
    test_env.run(&["--db", "other.db", "import", "c.json"]).exits(0);
    test_env.run(&["--db", "other.db", "merge", "whole.db"]).exits(0);
    test_env.run(&["--db", "other.db", "merge", "trailq.db"]).exits(0);
    assert_eq!(count("other.db"), ["1"]);
    check_case(&test_env.scratch.path("other.db"));
}
