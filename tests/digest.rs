//! What a case holds of the test data, as digests: how it is stored may change, what it answers may not. A change that
//! is meant changes its digest here, in the same commit.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::program::Desk;
use common::testdata;
use sha2::{Digest, Sha256};

/// What is asked, in an order that does not depend on how it is stored, and the first 16 digits of the answer's SHA-256.
const ANSWERS: &[(&str, &str)] = &[
    (
        "SELECT event_id, event_time, event_source, event_name, aws_region, source_ip_address, user_name, access_key_id, \
         error_code, outcome, read_only, management_event, event_type, event_category, event_version, \
         recipient_account_id, shared_event_id, vpc_endpoint_id, invoked_by, mfa_authenticated, session_created, \
         from_console, source_identity, issued_access_key_id, bytes_in, bytes_out, user_agent, error_message, \
         identity_type, identity_arn, identity_account_id, principal_id, role_name, role_arn, session_name \
         FROM event_history ORDER BY event_id",
        "7ba9bf84de126c1f",
    ),
    ("SELECT event_id, resources FROM event_history ORDER BY event_id", "0e9466bd3ed4ad21"),
    (
        "SELECT type, user_name, arn, account_id, principal_id, role_name, role_arn, session_name, identity_provider, \
         on_behalf_of, invoked_by, events, first_seen, last_seen FROM identities ORDER BY 1, 2, 3, 4, 5, 10, 11",
        "72ae4b26e0f1077b",
    ),
    (
        "SELECT type, name, arn, account_id, aws_region, events, first_seen, last_seen FROM resources \
         ORDER BY 1, 2, 3, 4, 5",
        "f38d2e93cbd512ff",
    ),
    ("SELECT attribute, value, events, first_seen, last_seen FROM attribute_values ORDER BY 1, 2", "807655397a8b5522"),
    (
        "SELECT text, events, first_seen, last_seen FROM user_agents \
         UNION ALL SELECT text, events, first_seen, last_seen FROM error_messages ORDER BY 1, 2, 3",
        "93d418760bcb3430",
    ),
    ("SELECT event_id, record(id) FROM events ORDER BY event_id", "641c235b2ba5d9f3"),
    ("SELECT event_id, sha256, record FROM conflicts ORDER BY 1, 2", "67d70f90a1f38da8"),
    (
        "SELECT read, stored, duplicate, rejected, conflict, replaced, sha256 FROM files ORDER BY path",
        "429887bdc108a9ef",
    ),
];

#[test]
fn the_case_holds_what_it_held_before() {
    let desk = Desk::new();
    let (delivery, shapes) = (testdata("delivery"), testdata("shapes"));
    desk.run(&["import", delivery.to_str().unwrap(), shapes.to_str().unwrap()]).exits(0);
    let mut found = Vec::new();
    for (sql, _) in ANSWERS {
        let answer = desk.run(&["--format", "csv", "sql", sql]).exits(0).out;
        let digest: String = Sha256::digest(answer.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        found.push((*sql, digest[..16].to_owned()));
    }
    let wanted: Vec<(&str, String)> = ANSWERS.iter().map(|(sql, digest)| (*sql, (*digest).to_owned())).collect();
    assert_eq!(found, wanted);
}
