//! `chain=KEY` and `.chain N`: what descends from an access key, against an evaluation in memory that knows neither tables
//! nor SQL, and on the delivery.

use std::collections::BTreeSet;

use crate::common::program::TestEnv;
use crate::common::{Scratch, lines};
use crate::properties::rng::Rng;
use serde_json::{Value, json};
use trailq::engine::Engine;
use trailq::store::Case;

/// 2024-03-01T00:00:00Z.
const START: i64 = 1_709_251_200;
const ACCOUNT: &str = "111122223333";

/// An event as the oracle sees it.
#[derive(Debug, Clone, Default)]
struct Fact {
    id: String,
    time: i64,
    name: &'static str,
    ok: bool,
    /// The ARN of the caller.
    caller: String,
    key: Option<String>,
    created: Option<i64>,
    issued: Option<String>,
    /// The ARN of the session that the issued key opens.
    issued_to: Option<String>,
    /// The user whose password the call sets, and its account.
    password: Option<(String, String)>,
    /// The ARN of the user who switched to the role of the caller.
    switched_from: Option<String>,
}

impl Fact {
    fn record(&self) -> String {
        let user = self.caller.rsplit('/').next().unwrap();
        let is_user = self.caller.contains(":user/");
        let mut identity = json!({
            "type": if is_user { "IAMUser" } else { "AssumedRole" },
            "arn": self.caller,
            "accountId": ACCOUNT,
            "principalId": if is_user { format!("AIDA{user}") } else { format!("AROAROLE:{user}") },
        });
        if is_user {
            identity["userName"] = user.into();
        }
        if let Some(key) = &self.key {
            identity["accessKeyId"] = key.as_str().into();
        }
        if let Some(created) = self.created {
            identity["sessionContext"] = json!({"attributes": {"creationDate": trailq::time::format(created)}});
        }
        let mut record = json!({
            "eventVersion": "1.08", "eventID": self.id, "eventTime": trailq::time::format(self.time),
            "eventName": self.name, "awsRegion": "us-east-1", "recipientAccountId": ACCOUNT,
            "userIdentity": identity, "sourceIPAddress": "203.0.113.7",
            "eventSource": match self.name {
                "ConsoleLogin" | "SwitchRole" => "signin.amazonaws.com",
                "AssumeRole" => "sts.amazonaws.com",
                _ => "iam.amazonaws.com",
            },
        });
        if !self.ok {
            record["errorCode"] = "AccessDenied".into();
        }
        if self.name == "ConsoleLogin" {
            record["responseElements"] = json!({"ConsoleLogin": "Success"});
        }
        if let Some(from) = &self.switched_from {
            record["responseElements"] = json!({"SwitchRole": if self.ok { "Success" } else { "Failure" }});
            record["additionalEventData"] = json!({"SwitchFrom": from});
        }
        if let Some(issued) = &self.issued {
            record["responseElements"] = json!({"credentials": {"accessKeyId": issued}});
            if let Some(arn) = &self.issued_to {
                record["responseElements"]["assumedRoleUser"] = json!({"arn": arn});
            }
        }
        if let Some((user, account)) = &self.password {
            record["requestParameters"] = json!({"userName": user});
            record["recipientAccountId"] = account.as_str().into();
        }
        record.to_string()
    }

    fn is_signed_with(&self, keys: &BTreeSet<String>) -> bool {
        self.key.as_ref().is_some_and(|key| keys.contains(key))
    }
}

fn arns() -> Vec<String> {
    let user = |name: &str| format!("arn:aws:iam::{ACCOUNT}:user/{name}");
    let session = |name: &str| format!("arn:aws:sts::{ACCOUNT}:assumed-role/Ops/{name}");
    vec![user("ann"), user("bob"), session("one"), session("two")]
}

/// Random events: few keys, principals and times, so that chains join and part.
fn facts(rng: &mut Rng) -> Vec<Fact> {
    let keys: Vec<String> = (0..10).map(|number| format!("ASIACHAIN{number:011}")).collect();
    let arns = arns();
    let starts: Vec<i64> = (0..4).map(|_| START + rng.below(1_500) as i64).collect();
    let count = 12 + rng.below(25);
    (0..count)
        .map(|number| {
            let key = |rng: &mut Rng| keys[rng.below(keys.len())].clone();
            let arn = |rng: &mut Rng| arns[rng.below(arns.len())].clone();
            let late = if rng.chance(10) { 40 * 3600 } else { 0 };
            let mut fact = Fact {
                id: format!("e-{number:03}"),
                time: START + rng.below(1_500) as i64 + late,
                name: "ListUsers",
                ok: !rng.chance(15),
                caller: arn(rng),
                key: Some(key(rng)).filter(|_| rng.chance(85)),
                created: Some(starts[rng.below(starts.len())]).filter(|_| rng.chance(60)),
                ..Fact::default()
            };
            match rng.below(12) {
                0..=3 => {
                    fact.name = "AssumeRole";
                    fact.issued = Some(key(rng));
                    fact.issued_to = Some(arn(rng)).filter(|_| rng.chance(80));
                    // So that sessions begin when their keys are issued.
                    if rng.chance(60) {
                        fact.time = starts[rng.below(starts.len())] + rng.below(5) as i64 - 2;
                    }
                }
                4 => {
                    fact.name = rng.pick(&["CreateLoginProfile", "UpdateLoginProfile"]);
                    let account = if rng.chance(85) { ACCOUNT } else { "444455556666" };
                    fact.password = Some((rng.pick(&["ann", "bob"]).to_owned(), account.to_owned()));
                }
                5..=6 => {
                    fact.name = "ConsoleLogin";
                    fact.key = None;
                    fact.ok = true;
                    fact.created = fact.created.filter(|_| rng.chance(50));
                }
                7..=8 => {
                    fact.name = "SwitchRole";
                    fact.key = None;
                    fact.caller = arns[2 + rng.below(2)].clone();
                    fact.switched_from = Some(arns[rng.below(2)].clone());
                }
                _ => {}
            }
            fact
        })
        .collect()
}

/// The ids of the events that descend from a key: every rule again and again until nothing is added.
fn expected(facts: &[Fact], key: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::from([key.to_owned()]);
    let mut events: BTreeSet<String> = BTreeSet::new();
    let mut sessions: BTreeSet<(String, i64, i64)> = BTreeSet::new();
    let is_issued = |key: &str| facts.iter().any(|fact| fact.ok && fact.issued.as_deref() == Some(key));
    let is_used = |key: &str| facts.iter().any(|fact| fact.key.as_deref() == Some(key));
    loop {
        let before = (keys.len(), events.len(), sessions.len());
        for fact in facts {
            if let (Some(issued), Some(arn), true) = (&fact.issued, &fact.issued_to, fact.ok)
                && keys.contains(issued)
                && !is_used(issued)
            {
                sessions.insert((arn.clone(), fact.time - 2, fact.time + 2));
            }
            if !fact.is_signed_with(&keys) {
                continue;
            }
            if let (Some(issued), true) = (&fact.issued, fact.ok) {
                keys.insert(issued.clone());
            }
            let may_be_in_it = |created: &i64| (created - 300..=created + 36 * 3600).contains(&fact.time);
            if let Some(created) = fact.created.filter(may_be_in_it) {
                sessions.insert((fact.caller.clone(), created, created));
            }
            if let Some((user, account)) = &fact.password
                && fact.ok
                && account == ACCOUNT
            {
                for login in facts.iter().filter(|login| login.name == "ConsoleLogin" && login.time >= fact.time) {
                    if login.caller.ends_with(&format!(":user/{user}")) {
                        events.insert(login.id.clone());
                        sessions.insert((login.caller.clone(), login.time - 300, login.time + 300));
                    }
                }
            }
        }
        for (arn, from, to) in sessions.clone() {
            let logins = || facts.iter().filter(|fact| fact.name == "ConsoleLogin" && fact.caller == arn);
            let is_of_console = to - from == 600 || logins().any(|login| (from - 300..=to + 300).contains(&login.time));
            for switch in facts.iter().filter(|fact| fact.ok && fact.switched_from.as_ref() == Some(&arn)) {
                let is_later = logins().any(|login| login.time > to + 300 && login.time <= switch.time);
                if is_of_console && (from..=to + 36 * 3600).contains(&switch.time) && !is_later {
                    events.insert(switch.id.clone());
                    sessions.insert((switch.caller.clone(), switch.time - 300, switch.time + 300));
                }
            }
        }
        for (arn, from, to) in &sessions {
            for fact in facts.iter().filter(|fact| fact.caller == *arn) {
                let in_session = fact.created.is_some_and(|created| (*from..=*to).contains(&created))
                    && (*from - 300..=*to + 36 * 3600).contains(&fact.time);
                match &fact.key {
                    _ if !in_session => {}
                    None => drop(events.insert(fact.id.clone())),
                    Some(key) if !is_issued(key) => drop(keys.insert(key.clone())),
                    Some(_) => {}
                }
            }
        }
        if before == (keys.len(), events.len(), sessions.len()) {
            break;
        }
    }
    events.extend(facts.iter().filter(|fact| fact.is_signed_with(&keys)).map(|fact| fact.id.clone()));
    events
}

fn scratch_of(facts: &[Fact]) -> Scratch {
    let scratch = Scratch::new();
    let records: Vec<String> = facts.iter().map(Fact::record).collect();
    let path = scratch.write("trail.json", format!("{{\"Records\":[{}]}}", records.join(",")));
    let report = scratch.import(&[path]);
    assert_eq!(report.counts.stored, facts.len() as u64, "{report:?}");
    scratch
}

/// The ids of the events that a lookup lists.
fn listed(engine: &Engine<&Case>, scratch: &Scratch, lookup: &str) -> BTreeSet<String> {
    let prepared = engine.prepare(lookup).unwrap_or_else(|error| panic!("{lookup}: {error}"));
    let ids = engine.event_ids(&prepared).unwrap();
    let all = lines(&scratch.ask(), "SELECT id || ' ' || event_id FROM events");
    let of_id = |line: &String| {
        let (id, event) = line.split_once(' ')?;
        ids.contains(&id.parse().ok()?).then(|| event.to_owned())
    };
    all.iter().filter_map(of_id).collect()
}

#[test]
fn a_chain_is_what_a_naive_search_finds() {
    let (mut longer, mut keyless, mut switched) = (0, 0, 0);
    for seed in 0..60 {
        let facts = facts(&mut Rng::new(seed));
        let scratch = scratch_of(&facts);
        let case = Case::open(&scratch.case()).unwrap();
        let engine = Engine::new(&case);
        let keys: BTreeSet<&String> = facts.iter().flat_map(|fact| fact.key.iter().chain(&fact.issued)).collect();
        for key in keys {
            let wanted = expected(&facts, key);
            let found = listed(&engine, &scratch, &format!("chain={key}"));
            assert_eq!(found, wanted, "seed {seed}, key {key}");
            let others = listed(&engine, &scratch, &format!("chain!={key}"));
            assert_eq!(others.len() + found.len(), facts.len(), "seed {seed}, key {key}");
            assert!(others.is_disjoint(&found), "seed {seed}, key {key}");
            let own = facts.iter().filter(|fact| fact.key.as_ref() == Some(key)).count();
            longer += usize::from(wanted.len() > own);
            let is_switch = |fact: &&Fact| fact.switched_from.is_some() && wanted.contains(&fact.id);
            switched += facts.iter().filter(is_switch).count();
            keyless += usize::from(facts.iter().any(|fact| fact.key.is_none() && wanted.contains(&fact.id)));
        }
    }
    assert!(longer > 100 && keyless > 20, "{longer} chains with descendants, {keyless} with events without a key");
    assert!(switched > 20, "{switched} switches to roles");
}

/// The lookups that `.chain` names for the key of each event, and for the credential at the top of its tree.
fn named_by_trees(scratch: Scratch, keys: &BTreeSet<&String>) -> (Scratch, Vec<(String, String)>) {
    let test_env = TestEnv { scratch };
    let lines: Vec<String> = keys.iter().map(|key| format!("key={key} | limit 1\n.chain 1\n")).collect();
    let (_, err) = script(&test_env, &lines.concat());
    let named = |line: &str, what: &str| Some(line.split_once(what)?.1.trim().to_owned());
    let mut found: Vec<(String, String)> = Vec::new();
    for line in err.lines() {
        if let Some(lookup) = named(line, "the events of this key and below: ") {
            found.push((lookup.clone(), lookup));
        } else if let (Some(lookup), Some(last)) = (named(line, "the events of the whole tree: "), found.last_mut()) {
            last.1 = lookup;
        }
    }
    assert_eq!(found.len(), keys.len(), "{err}");
    (test_env.scratch, found)
}

#[test]
fn what_a_key_descends_from_has_the_key_in_its_chain() {
    let mut longer = 0;
    for seed in 100..115 {
        let facts = facts(&mut Rng::new(seed));
        let keys: BTreeSet<&String> = facts.iter().filter_map(|fact| fact.key.as_ref()).collect();
        let (scratch, named) = named_by_trees(scratch_of(&facts), &keys);
        let case = Case::open(&scratch.case()).unwrap();
        let engine = Engine::new(&case);
        for (own, whole) in named {
            let (below, all) = (listed(&engine, &scratch, &own), listed(&engine, &scratch, &whole));
            assert!(below.is_subset(&all), "seed {seed}: {own} is not in {whole}: {below:?} {all:?}");
            longer += usize::from(own != whole);
        }
    }
    assert!(longer > 20, "{longer} keys with ancestors");
}

#[test]
fn a_chain_has_every_key_that_lineage_finds_below() {
    let test_env = TestEnv::with_delivery();
    for key in ["AKIADEPLOYBOTEXAMPLE", "AKIASVCBACKUPEXAMPLE", "ASIAOPSADMIN1EXAMPLE", "AKIA0000ALICEEXAMPLE"] {
        let lineage = test_env.run(&["run", "lineage", &format!("key={key}"), "--format", "json"]).exits(0).json();
        let chain = format!("chain={key} | count by key");
        let chain = test_env.run(&["lookup", &chain, "--format", "tsv"]).exits(0).out;
        let rows = lineage.as_array().unwrap();
        let used = rows.iter().filter(|row| row["step"].as_i64() >= Some(0) && row["uses"].as_i64() > Some(0));
        let keys: Vec<&Value> = used.map(|row| &row["access_key_id"]).collect();
        assert!(!keys.is_empty(), "{lineage}");
        for found in keys {
            assert!(chain.contains(found.as_str().unwrap()), "{key}: {found} is not in\n{chain}");
        }
    }
}

#[test]
fn a_chain_crosses_accounts_and_reaches_the_console() {
    let test_env = TestEnv::with_delivery();
    let ran = test_env.run(&["lookup", "chain=AKIADEPLOYBOTEXAMPLE | count by key", "--format", "tsv"]).exits(0);
    assert_eq!(
        ran.out,
        "access_key_id\tevents\nAKIADEPLOYBOTEXAMPLE\t30\nASIAORGACCESSEXAMPLE\t27\nASIAOPSADMIN1EXAMPLE\t14\n\
         ASIASVCBCKUP1EXAMPLE\t6\nAKIASVCBACKUPEXAMPLE\t5\n\t1\n"
    );
    assert!(ran.err.contains("chain=AKIADEPLOYBOTEXAMPLE follows 5 keys: 3 hops proven, 2 inferred"), "{ran:?}");
    let accounts = "chain=ASIAOPSADMIN1EXAMPLE,ASIASVCBCKUP1EXAMPLE | count by account";
    let ran = test_env.run(&["lookup", accounts, "--format", "tsv"]).exits(0);
    assert_eq!(ran.out, "recipient_account_id\tevents\n444455556666\t27\n111122223333\t20\n");
    let plan = test_env.run(&["lookup", "chain=AKIADEPLOYBOTEXAMPLE", "--explain"]).exits(0);
    for index in ["MULTI-INDEX OR", "INDEX events_by_access_key_id", "INDEX events_by_event_id"] {
        assert!(plan.out.contains(index), "{plan:?}");
    }
}

#[test]
fn another_engine_gets_the_keys_of_a_chain() {
    let test_env = TestEnv::with_delivery();
    let ran = test_env.run(&["lookup", "chain=ASIAOPSADMIN1EXAMPLE", "--for", "duckdb"]).exits(0);
    assert!(ran.out.contains("ASIAOPSADMIN1EXAMPLE") && ran.out.contains("ASIAORGACCESSEXAMPLE"), "{ran:?}");
    assert!(ran.err.contains("chain=ASIAOPSADMIN1EXAMPLE follows 2 keys: 1 hop proven, 0 inferred"), "{ran:?}");
}

#[test]
fn an_unknown_key_matches_nothing_and_says_so() {
    let test_env = TestEnv::with_delivery();
    let says = "chain=AKIANOSUCH matches nothing: no event of the case was signed with this key or issued it";
    for (lookup, events) in [("chain=AKIANOSUCH | count", "0"), ("chain!=AKIANOSUCH | count", "360")] {
        let ran = test_env.run(&["lookup", lookup, "--format", "tsv"]).exits(0);
        assert_eq!(ran.out, format!("events\n{events}\n"), "{lookup}");
        assert!(ran.err.contains(says), "{ran:?}");
    }
}

#[test]
fn mistakes_about_chains_are_answered_with_their_place() {
    let test_env = TestEnv::with_delivery();
    let many: Vec<String> = (0..51).map(|number| format!("AKIA{number}")).collect();
    let many = format!("chain={}", many.join(","));
    for (lookup, says) in [
        ("chain~AKIA", "chain takes = and != only"),
        ("chain=AKIA*", "chain takes access keys, without wildcards and lists"),
        ("chain=@attacker", "chain takes access keys, without wildcards and lists"),
        ("| count by chain", "chain is only for filters: it has no value to show"),
        ("chain==key", "`chain` cannot be compared with another field"),
        ("chian=AKIA", "did you mean `chain`?"),
        (&many, "chain takes at most 50 keys"),
    ] {
        test_env.run(&["lookup", lookup]).fails(2, &[says]);
    }
}

/// The output of dot-commands in a script.
fn script(test_env: &TestEnv, text: &str) -> (String, String) {
    test_env.scratch.write("chain.trailq", text);
    let ran = test_env.run(&["script", "chain.trailq", "--format", "tsv"]).exits(0);
    (ran.out, ran.err)
}

#[test]
fn the_tree_says_how_each_hop_is_known() {
    let test_env = TestEnv::with_delivery();
    let (out, err) = script(&test_env, "key=AKIASVCBACKUPEXAMPLE | limit 1\n.chain 1\n");
    let tree = out.split_once("AKIADEPLOYBOTEXAMPLE  ").unwrap().1;
    insta::assert_snapshot!("chain_of_svc_backup", format!("AKIADEPLOYBOTEXAMPLE  {tree}"));
    assert!(err.contains("the events of this key and below: chain=AKIASVCBACKUPEXAMPLE"), "{err}");
    assert!(err.contains("the events of the whole tree: chain=AKIADEPLOYBOTEXAMPLE"), "{err}");
    let (out, _) = script(&test_env, "key=ASIASVCBCKUP1EXAMPLE | limit 1\n.chain 1\n");
    assert!(out.contains("   └─ sign-in to the console  ConsoleLogin at 2024-03-01T23:20:41Z"), "{out}");
    assert!(out.contains("inferred: its session began with ConsoleLogin at 2024-03-01T23:20:41Z"), "{out}");
    let (out, _) = script(&test_env, "key=ASIA0000DANA1EXAMPLE | limit 1\n.chain 1\n");
    assert!(out.contains("access portal  Federate at 2024-03-01T10:01:02Z"), "{out}");
    assert!(out.contains("inferred: issued by AssumeRoleWithSAML at 2024-03-01T10:01:12Z"), "{out}");
}

#[test]
fn a_chain_follows_a_user_who_switches_to_a_role_in_the_console() {
    let fact = |id: &str, minute: i64, name, caller: String| Fact {
        id: id.to_owned(),
        time: START + 60 * minute,
        name,
        ok: true,
        caller,
        ..Fact::default()
    };
    let [ann, bob, one, two] = <[String; 4]>::try_from(arns()).unwrap();
    let stolen = || Some("AKIASTOLENEXAMPLE001".to_owned());
    let mut facts = vec![
        fact("password", 0, "UpdateLoginProfile", bob.clone()),
        fact("login", 10, "ConsoleLogin", ann.clone()),
        fact("switch", 20, "SwitchRole", one.clone()),
        fact("call", 21, "ListUsers", one),
        // Somebody else switches, and the user once more after another sign-in on the next days.
        fact("other", 22, "SwitchRole", two.clone()),
        fact("late", 3_000, "SwitchRole", two),
    ];
    (facts[0].key, facts[0].password) = (stolen(), Some(("ann".to_owned(), ACCOUNT.to_owned())));
    (facts[3].key, facts[3].created) = (Some("ASIAROLEOFONEEXAMPLE".to_owned()), Some(START + 60 * 20));
    for (at, from) in [(2, &ann), (4, &bob), (5, &ann)] {
        facts[at].switched_from = Some(from.clone());
    }
    let scratch = scratch_of(&facts);
    let case = Case::open(&scratch.case()).unwrap();
    let found = listed(&Engine::new(&case), &scratch, "chain=AKIASTOLENEXAMPLE001");
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["call", "login", "password", "switch"]);
    let test_env = TestEnv { scratch };
    for key in ["AKIASTOLENEXAMPLE001", "ASIAROLEOFONEEXAMPLE"] {
        let (out, _) = script(&test_env, &format!("key={key} | limit 1\n.chain 1\n"));
        let tree = out.split_once("AKIASTOLENEXAMPLE001  ").unwrap_or_default().1;
        let tree = tree.replace(" (this)", "");
        for line in [
            "└─ sign-in to the console  ConsoleLogin at 2024-03-01T00:10:00Z (event login)",
            "└─ switch to a role in the console  SwitchRole at 2024-03-01T00:20:00Z (event switch)",
            "inferred: SwitchRole at 2024-03-01T00:20:00Z (event switch) names the principal of this session",
            "└─ ASIAROLEOFONEEXAMPLE  1 event",
            "inferred: its session began with SwitchRole at 2024-03-01T00:20:00Z (event switch)",
        ] {
            assert!(tree.contains(line), "{key}: {line}\n{out}");
        }
    }
}

#[test]
fn a_row_without_a_key_has_no_chain() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("chain.trailq", "name=Federate\n.chain 1\n");
    let says = "the event of row 1 was not signed with an access key";
    test_env.run(&["script", "chain.trailq"]).fails(2, &[says, "`.who 1` shows what its actor did"]);
}

#[test]
fn records_that_issue_each_other_end() {
    let fact = |id: &str, key: &str, issued: &str| Fact {
        id: id.to_owned(),
        time: START,
        name: "AssumeRole",
        ok: true,
        caller: arns()[2].clone(),
        key: Some(key.to_owned()),
        issued: Some(issued.to_owned()),
        ..Fact::default()
    };
    let facts =
        [fact("e-1", "ASIAONE", "ASIATWO"), fact("e-2", "ASIATWO", "ASIAONE"), fact("e-3", "ASIASELF", "ASIASELF")];
    let scratch = scratch_of(&facts);
    let test_env = TestEnv { scratch };
    let (out, err) = script(&test_env, "key=ASIAONE\n.chain 1\nkey=ASIASELF\n.chain 1\n");
    assert!(out.contains("└─ ASIATWO  1 event"), "{out}");
    assert!(out.contains("ASIASELF  1 event") && !out.contains("└─ ASIASELF"), "{out}");
    assert!(err.contains("chain=ASIASELF"), "{err}");
    assert_eq!(out.matches("by a key that is in this chain already").count(), 2, "{out}");
    assert!(!out.contains("no event of this case issued it"), "{out}");
}

#[test]
fn a_chain_that_is_cut_says_so() {
    let key = |number: usize| format!("ASIASTEP{number:012}");
    let fact = |number: usize| Fact {
        id: format!("e-{number:03}"),
        time: START + number as i64,
        name: "AssumeRole",
        ok: true,
        caller: arns()[2].clone(),
        key: Some(key(number)),
        issued: Some(key(number + 1)),
        ..Fact::default()
    };
    let test_env = TestEnv { scratch: scratch_of(&(0..40).map(fact).collect::<Vec<_>>()) };
    let tree_of = |number: usize| script(&test_env, &format!("key={}\n.chain 1\n", key(number))).0;
    let cut = "not followed further: a chain shows at most 32 steps above a key";
    assert!(tree_of(36).contains(cut) && !tree_of(36).contains("no event of this case issued it"));
    assert!(!tree_of(31).contains(cut) && tree_of(31).contains("no event of this case issued it"));
}
