//! The fields `agent-family` and `agent-version`.

use crate::common::program::TestEnv;
use crate::common::record;

#[test]
fn events_are_selected_by_the_program_of_their_user_agent() {
    let test_env = TestEnv::new();
    let agents = ["aws-cli/1.18.136 Python/3.8.5", "aws-cli/2.13.5 Python/3.11.4", "Boto3/1.26.0", "my-own-program"];
    let lines: Vec<String> = agents
        .iter()
        .enumerate()
        .map(|(at, agent)| record(&format!("e{at}"), &format!("\"userAgent\":\"{agent}\"")))
        .chain([record("none", "")])
        .collect();
    test_env.scratch.import(&[test_env.scratch.write("in.ndjson", lines.join("\n"))]);
    for (lookup, expected) in [
        ("agent-family=aws-cli", "e0 e1"),
        ("agent-family=aws-cli agent-version=1.*", "e0"),
        ("agent-family=aws-cli,boto3", "e0 e1 e2"),
        ("not agent-family=aws-cli", "e2 e3 none"),
        ("agent-family!=*", "e3 none"),
        ("agentfamily~\"^b\"", "e2"),
        ("agent-family==agent-version", ""),
    ] {
        let ran = test_env.run(&["lookup", &format!("{lookup} | fields event-id"), "--format", "tsv"]).exits(0);
        let mut ids: Vec<&str> = ran.out.lines().skip(1).collect();
        ids.sort_unstable();
        assert_eq!(ids.join(" "), expected, "{lookup}");
    }
    let counted = test_env.run(&["lookup", "| count by agent-family", "--format", "tsv"]).exits(0);
    assert!(counted.out.contains("aws-cli\t2"), "{}", counted.out);
}
