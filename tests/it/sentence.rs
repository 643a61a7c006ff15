//! Events as sentences: the field `sentence`, the SQL function, and `.say N`.

use crate::common::program::TestEnv;

#[test]
fn a_list_of_events_has_sentences() {
    let test_env = TestEnv::with_delivery();
    let ran = test_env.run(&["lookup", "name=CreateAccessKey | fields sentence", "--format", "tsv"]).exits(0);
    let lines: Vec<&str> = ran.out.lines().skip(1).collect();
    assert!(!lines.is_empty());
    for line in lines {
        assert!(line.contains("access key") && line.contains("(iam:CreateAccessKey) in "), "{line}");
    }
}

#[test]
fn every_event_of_the_delivery_has_a_sentence() {
    let test_env = TestEnv::with_delivery();
    let sql = "SELECT count(*), count(record_sentence(id, outcome)) FROM events";
    let ran = test_env.run(&["sql", sql, "--format", "tsv"]).exits(0);
    let counts: Vec<&str> = ran.out.lines().last().unwrap().split('\t').collect();
    assert_eq!(counts[0], counts[1]);
    assert_ne!(counts[0], "0");
}

#[test]
fn a_row_is_said_in_words() {
    let test_env = TestEnv::with_delivery();
    let said = test_env.pipe(&["script", "-"], b"name=StopLogging outcome=ok\n.say 1\n").exits(0);
    let last = said.out.lines().last().unwrap();
    assert!(last.contains(" stopped trail ") && last.contains("(cloudtrail:StopLogging) in "), "{last}");
    let none = test_env.pipe(&["script", "-"], b".say 1\n").exits(2);
    assert!(none.err.contains("the last answer is not a list of events"), "{}", none.err);
    test_env.pipe(&["script", "-"], b"name=StopLogging\n.say\n").exits(2);
}

#[test]
fn a_sentence_is_not_a_filter() {
    let test_env = TestEnv::with_delivery();
    for lookup in ["sentence=x", "sentence~x", "sentence=*", "not sentence=x"] {
        let ran = test_env.run(&["lookup", lookup]).exits(2);
        assert!(ran.err.contains("sentence is not a filter"), "{}", ran.err);
    }
    let ran = test_env.run(&["lookup", "sentence==user"]).exits(2);
    assert!(ran.err.contains("`sentence` cannot be compared with another field"), "{}", ran.err);
}
