//! `trailq diff`: what one case holds and another does not.

use crate::common::program::TestEnv;
use crate::common::{record, testdata};
use serde_json::json;

/// Two cases: A has the events 1 to 3, B has 2 with another content, 3 in another layout, and 4.
fn two() -> TestEnv {
    let test_env = TestEnv::new();
    let user = |name: &str| format!(r#""userIdentity":{{"type":"IAMUser","userName":"{name}"}}"#);
    let bucket = |name: &str| format!(r#"{},"requestParameters":{{"instanceId":"{name}"}}"#, user("alice"));
    let a = [record("e-1", &bucket("i-1")), record("e-2", &user("alice")), record("e-3", &user("alice"))];
    let laid_out = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&a[2]).unwrap()).unwrap();
    let b = [record("e-2", &user("bob")), laid_out, record("e-4", &user("alice"))];
    test_env.scratch.write("a.json", a.join("\n"));
    test_env.scratch.write("b.json", b.join("\n"));
    test_env.run(&["--db", "a.db", "import", "a.json"]).exits(0);
    test_env.run(&["--db", "b.db", "import", "b.json"]).exits(0);
    test_env
}

#[test]
fn what_differs_is_counted() {
    let test_env = two();
    let ran = test_env.run(&["--format", "json", "diff", "a.db", "b.db"]).exits(0);
    let counts = json!([
        {"kind": "events", "only_in_a": 1, "only_in_b": 1, "in_both": 2, "differ": 1},
        {"kind": "identities", "only_in_a": 0, "only_in_b": 1, "in_both": 1, "differ": 0},
        {"kind": "resources", "only_in_a": 1, "only_in_b": 0, "in_both": 0, "differ": 0},
    ]);
    assert_eq!(ran.json(), counts);
    assert!(ran.err.contains("A is a.db, B is b.db"), "{ran:?}");
    test_env.run(&["diff", "a.db", "b.db", "--fail-on-rows"]).exits(1);
    test_env.run(&["diff", "a.db", "b.db", "--rows", "--fail-on-rows"]).exits(1);
}

#[test]
fn what_differs_is_listed() {
    let test_env = two();
    let ran = test_env.run(&["--format", "csv", "diff", "--rows", "a.db", "b.db"]).exits(0);
    assert_eq!(
        ran.out.lines().collect::<Vec<_>>(),
        [
            "kind,in,time,type,name,account_id,aws_region,events,differs",
            "event,A,2024-03-01T09:00:00Z,RunInstances,e-1,111122223333,us-east-1,,",
            "event,B,2024-03-01T09:00:00Z,RunInstances,e-4,111122223333,us-east-1,,",
            "event,both,2024-03-01T09:00:00Z,RunInstances,e-2,111122223333,us-east-1,,userIdentity.userName",
            "identity,B,2024-03-01T09:00:00Z,IAMUser,bob,,,1,",
            "resource,A,2024-03-01T09:00:00Z,AWS::EC2::Instance,i-1,111122223333,us-east-1,1,",
        ]
    );
    let table = test_env.run(&["diff", "--rows", "a.db", "b.db"]).exits(0).out;
    assert!(table.contains("userIdentity.userName"), "{table}");
    assert_eq!(test_env.run(&["--quiet", "diff", "a.db", "b.db"]).exits(0).err, "");
}

#[test]
fn a_case_does_not_differ_from_its_copy_or_from_another_import_of_the_same() {
    let test_env = TestEnv::with_delivery();
    std::fs::copy(test_env.scratch.case(), test_env.scratch.path("copy.db")).unwrap();
    let delivery = testdata("delivery");
    test_env.run(&["--db", "again.db", "import", "--jobs", "1", delivery.to_str().unwrap()]).exits(0);
    for other in ["copy.db", "again.db", "trailq.db"] {
        let ran = test_env.run(&["--format", "csv", "diff", "trailq.db", other, "--fail-on-rows"]).exits(0);
        assert!(ran.out.contains("events,0,0,360,0\r\n"), "{ran:?}");
        let rows = test_env.run(&["--format", "csv", "diff", "--rows", "trailq.db", other]).exits(0);
        assert_eq!(rows.out.lines().count(), 1, "{rows:?}");
    }
}

#[test]
fn diff_rejects_non_case_files() {
    let test_env = two();
    test_env.scratch.write("text.db", "no case");
    test_env.run(&["diff", "a.db"]).fails(2, &["needs B.db"]);
    test_env.run(&["diff", "a.db", "none.db"]).fails(2, &["there is no case at none.db"]);
    test_env.run(&["diff", "text.db", "a.db"]).fails(2, &["text.db is not a case: it is not a SQLite database"]);
    test_env.run(&["--format", "records", "diff", "a.db", "b.db"]).fails(2, &["the comparison has no format records"]);
    let whole = std::fs::read(test_env.scratch.path("a.db")).unwrap();
    test_env.scratch.write("cut.db", &whole[..whole.len() / 2]);
    test_env.run(&["diff", "cut.db", "b.db"]).fails(2, &["cut.db is damaged"]);
    test_env.scratch.ask_at("b.db").pragma_update(None, "user_version", 99).unwrap();
    test_env
        .run(&["diff", "a.db", "b.db"])
        .fails(2, &["b.db was made by a newer trailq", "open it with the trailq that made it"]);
    assert!(!test_env.scratch.case().exists(), "nothing is made");
}
