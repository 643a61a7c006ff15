//! Files about addresses: `--geo`, the fields and SQL functions on them, and what hunts and reports say of places.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use trailq::fields;
use trailq::store::Case;

use crate::common::geo::{self, Data, mmdb};
use crate::common::program::{CommandOutput, TestEnv};
use crate::common::record;

/// The events of the tests and their addresses.
const EVENTS: [(&str, &str); 7] = [
    ("nl", "198.51.100.7"),
    ("br", "203.0.113.9"),
    ("br2", "203.0.113.10"),
    ("aws", "192.0.2.1"),
    ("jp", "2001:db8::1"),
    ("private", "10.0.0.1"),
    ("service", "cloudtrail.amazonaws.com"),
];

/// A case with these events and one without an address, and the files `countries.mmdb`, `systems.mmdb` and
/// `ip-ranges.json`.
fn with_events() -> TestEnv {
    let test_env = TestEnv::new();
    let address = |(id, address): &(&str, &str)| record(id, &format!("\"sourceIPAddress\":\"{address}\""));
    let lines: Vec<String> = EVENTS.iter().map(address).chain([record("none", "")]).collect();
    test_env.scratch.import(&[test_env.scratch.write("in.ndjson", lines.join("\n"))]);
    geo::files(&test_env.scratch);
    test_env
}

const ALL: [&str; 6] = ["--geo", "countries.mmdb", "--geo", "systems.mmdb", "--geo", "ip-ranges.json"];

fn with_all(test_env: &TestEnv, arguments: &[&str]) -> CommandOutput {
    test_env.run(&[arguments, &ALL].concat())
}

/// The ids of the events that a lookup selects.
fn ids(test_env: &TestEnv, lookup: &str) -> String {
    let ran = with_all(test_env, &["lookup", &format!("{lookup} | fields event-id"), "--format", "tsv"]).exits(0);
    let mut ids: Vec<&str> = ran.out.lines().skip(1).collect();
    ids.sort_unstable();
    ids.join(" ")
}

#[test]
fn events_are_selected_by_the_country_and_the_network_of_their_address() {
    let test_env = with_events();
    for (lookup, expected) in [
        ("country=NL", "nl"),
        ("country=NL,BR", "br br2 nl"),
        ("country!=BR", "aws jp nl none private service"),
        ("not country=*", "none private service"),
        ("country=~br", "br br2"),
        ("country~\"^[JN]\"", "jp nl"),
        ("country=B*", "br br2"),
        ("country>M", "aws nl"),
        ("asn=64500", "nl"),
        ("asn=AS64500,as64501", "br br2 nl"),
        ("asn>64501", "aws jp"),
        ("asn!=64501 ip=*", "aws jp nl private service"),
        ("as-org=\"Example Hosting\"", "br br2"),
        ("as-org=*Hosting", "br br2"),
        // The organization of the system is not in the file.
        ("asn=64503 not as-org=*", "jp"),
        ("aws-range=EC2*", "aws"),
        ("not aws-range=* ip=*", "br br2 jp nl private service"),
        ("country=BR or aws-range=*", "aws br br2"),
        ("country==region", ""),
        ("country=NL ip=203.0.113.9", ""),
    ] {
        assert_eq!(ids(&test_env, lookup), expected, "{lookup}");
    }
}

#[test]
fn countries_and_networks_are_shown_and_counted_on_request() {
    let test_env = with_events();
    let rows = |lookup: &str| with_all(&test_env, &["lookup", lookup, "--format", "tsv"]).exits(0).out;
    let shown = rows("event-id=aws,private | fields event-id,country,asn,as-org,aws-range | sort event-id");
    assert_eq!(
        shown,
        "event_id\tcountry\tasn\tas_org\taws_range\naws\tUS\t64502\tExample Cloud\tEC2 us-east-1\nprivate\t\t\t\t\n"
    );
    let counted = rows("| count by country");
    assert_eq!(counted, "country\tevents\n\t3\nBR\t2\nJP\t1\nNL\t1\nUS\t1\n");
    // The same from the events, which a filter needs.
    assert_eq!(rows("event-id=* | count by country"), counted);
    assert_eq!(rows("country=BR | count by country,asn"), "country\tasn\tevents\nBR\t64501\t2\n");
    assert_eq!(rows("| top 1 asn"), "asn\tevents\n\t3\n");
    assert!(rows("| timeline 1d by country").contains("BR\t2"));
    let default = with_all(&test_env, &["lookup", "event-id=br", "--format", "json"]).exits(0).json();
    assert!(default[0].get("country").is_none(), "{default}");
    let json = with_all(&test_env, &["lookup", "event-id=br | fields asn,country", "--format", "json"]).exits(0).json();
    assert_eq!(json, json!([{"asn": 64_501, "country": "BR"}]));
    let sql = "SELECT country(source_ip_address) AS c, count(*) AS n FROM events GROUP BY 1 HAVING c = 'BR'";
    assert_eq!(with_all(&test_env, &["sql", sql, "--format", "tsv"]).exits(0).out, "c\tn\nBR\t2\n");
    let sql = "SELECT country('::ffff:203.0.113.9'), asn('text'), as_org(NULL), aws_range('192.0.2.99')";
    let ran = with_all(&test_env, &["sql", sql, "--format", "csv"]).exits(0);
    assert!(ran.out.ends_with("\nBR,,,\r\n"), "{ran:?}");
}

#[test]
fn values_of_the_addresses_of_the_case_are_offered_for_completion() {
    let test_env = with_events();
    let later = || Instant::now() + Duration::from_secs(60);
    let plain = Case::open(&test_env.scratch.case()).unwrap();
    let country = fields::find("country").unwrap();
    assert_eq!(plain.values_to_compare(country, later()), [""; 0]);
    let case = plain.with_geo_files(geo::geo_files(&test_env.scratch)).unwrap();
    assert_eq!(case.values_to_compare(country, later()), ["BR", "JP", "NL", "US"]);
    assert_eq!(case.values_to_compare(fields::find("asn").unwrap(), later()), ["64501", "64500", "64502", "64503"]);
    let found = case.exactly(country, "BR", later()).unwrap();
    assert_eq!((found.events, found.last_seen.as_deref()), (2, Some("2024-03-01T09:00:00Z")));
}

#[test]
fn a_condition_on_a_country_is_answered_by_the_index_on_addresses() {
    let test_env = with_events();
    let explained = with_all(&test_env, &["lookup", "--explain", "country=BR"]).exits(0).out;
    assert!(explained.contains("events_by_source_ip_address"), "{explained}");
    assert!(explained.contains("country(value)"), "{explained}");
    let counted = with_all(&test_env, &["lookup", "--explain", "| count by country"]).exits(0).out;
    assert!(counted.contains("attribute_values") && !counted.contains("events e"), "{counted}");
}

#[test]
fn the_files_that_were_asked_are_named_with_their_digest() {
    let test_env = with_events();
    let asked = test_env.run(&["lookup", "country=BR", "--geo", "countries.mmdb"]).exits(0);
    let digest = Sha256::digest(fs::read(test_env.scratch.path("countries.mmdb")).unwrap());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let note = format!("countries.mmdb (GeoLite2-Country, built 2024-03-01, SHA-256 {digest})");
    assert!(asked.err.contains(&format!("facts about addresses are from {note}")), "{asked:?}");
    // A lookup without such a field asks none.
    let not_asked = with_all(&test_env, &["lookup", "event-id=br"]).exits(0);
    assert!(!not_asked.err.contains("facts about addresses"), "{not_asked:?}");
    let ranges = test_env.run(&["sql", "SELECT aws_range('192.0.2.1')", "--geo", "ip-ranges.json"]).exits(0);
    assert!(ranges.err.contains("ip-ranges.json (AWS IP ranges, built 2024-02-03, SHA-256 "), "{ranges:?}");
    // In a script they are named once.
    test_env.scratch.write("two.trailq", "country=BR\ncountry=NL\n");
    let script = with_all(&test_env, &["script", "two.trailq"]).exits(0);
    assert_eq!(script.err.matches("countries.mmdb (").count(), 1, "{script:?}");
}

#[test]
fn the_settings_file_names_files_too_and_options_come_first() {
    let test_env = with_events();
    test_env.scratch.write(
        "other.mmdb",
        mmdb("Other-Country", &[("203.0.113.0/24", Data::Map(vec![("country_code", Data::Text("AR"))]))]),
    );
    test_env.scratch.write(".config/trailq/config.toml", "geo-files = ['../../countries.mmdb']");
    let counted = |arguments: &[&str]| {
        let ran = test_env
            .run(&[&["lookup", "ip=203.0.113.9,192.0.2.1 | count by country", "--format", "tsv"], arguments].concat());
        ran.exits(0).out
    };
    assert_eq!(counted(&[]), "country\tevents\nBR\t1\nUS\t1\n");
    assert_eq!(counted(&["--geo", "other.mmdb"]), "country\tevents\nAR\t1\nUS\t1\n");
    let config = test_env.run(&["config", "--geo", "other.mmdb", "--format", "csv"]).exits(0).out;
    assert!(config.contains("geo-files,other.mmdb,\"flag, --geo\"\r\n"), "{config}");
}

#[test]
fn a_field_that_no_file_has_is_a_mistake_that_says_what_to_give() {
    let test_env = with_events();
    let lookup = |text: &str, files: &[&str]| test_env.run(&[&["lookup", text], files].concat());
    lookup("country=NL", &[])
        .fails(2, &["`country` needs a file about addresses, and none is given", "--geo FILE: GeoLite2-Country.mmdb"]);
    lookup("| count by asn", &[]).fails(2, &["`asn` needs a file", "GeoLite2-ASN.mmdb"]);
    lookup("| fields time,aws-range", &[])
        .fails(2, &["`aws_range` needs a file", "ip-ranges.json, which AWS publishes"]);
    lookup("as-org==user", &[]).fails(2, &["`as_org` needs a file"]);
    lookup("country=NL", &["--geo", "systems.mmdb", "--geo", "ip-ranges.json"])
        .fails(2, &["`country` is in none of the files about addresses: systems.mmdb, ip-ranges.json", "--geo FILE"]);
    lookup("country=nl", &ALL).fails(2, &["invalid country `nl`", "country=NL"]);
    lookup("country=Germany", &ALL).fails(2, &["invalid country `Germany`: expected a code of two capital letters"]);
    lookup("asn=Example", &ALL).fails(2, &["asn is a whole number"]);
    test_env
        .run(&["sql", "SELECT country(source_ip_address) FROM events"])
        .fails(2, &["`country` needs a file about addresses"]);
    test_env
        .run(&["sql", "SELECT asn('1.1.1.1')", "--geo", "countries.mmdb"])
        .fails(2, &["`asn` is in none of the files"]);
    test_env
        .run(&["run", "new-countries"])
        .fails(2, &["cannot run `new-countries`: `country` needs a file", "--geo FILE"]);
    test_env
        .run(&["run", "new-networks", "--geo", "countries.mmdb"])
        .fails(2, &["cannot run `new-networks`: `asn` is in none"]);
    lookup("country=NL", &["--for", "duckdb"])
        .fails(2, &["`country` is read from a file about addresses", "ip=NETWORK"]);
    lookup("| count by asn", &["--for", "trino"]).fails(2, &["`asn` is read from a file about addresses"]);
}

#[test]
fn a_file_that_cannot_be_used_is_an_error_by_name() {
    let test_env = with_events();
    let lookup = |file: &str| test_env.run(&["lookup", "country=NL", "--geo", file]);
    lookup("none.mmdb").fails(2, &["there is no file none.mmdb"]);
    lookup(".").fails(2, &["is a folder", "--geo takes a .mmdb file, or ip-ranges.json of AWS"]);
    for (start, size, says) in [
        ("", (512 << 20) + 1, "large: it is larger than 512.0 MiB"),
        (
            "{",
            (64 << 20) + 1,
            "large: it is neither a MaxMind DB file nor ip-ranges.json of AWS, which has at most 64.0 MiB",
        ),
    ] {
        let large = fs::File::options().write(true).open(test_env.scratch.write("large", start)).unwrap();
        large.set_len(size).unwrap();
        lookup("large").fails(2, &["cannot use the file about addresses large", says]);
    }
    // Before a file is needed, too.
    test_env.run(&["lookup", "event-id=br", "--geo", "none.mmdb"]).fails(2, &["there is no file none.mmdb"]);
    test_env.scratch.write("text.mmdb", "text");
    lookup("text.mmdb").fails(
        2,
        &["cannot use the file about addresses text.mmdb: it is neither a MaxMind DB file nor ip-ranges.json"],
    );
    let whole = geo::countries();
    let marker = whole.windows(14).position(|bytes| bytes == b"\xab\xcd\xefMaxMind.com").unwrap();
    test_env.scratch.write("cut.mmdb", &whole[..marker + 40]);
    lookup("cut.mmdb").fails(
        2,
        &["file about addresses cut.mmdb: it is a broken MaxMind DB file: of its metadata, it ends within a value"],
    );
    // The tree leads out of the file.
    test_env.scratch.write("tree.mmdb", [&whole[..6], &whole[marker..]].concat());
    lookup("tree.mmdb")
        .fails(2, &["cannot use the file about addresses tree.mmdb: it is a broken MaxMind DB file: invalid database"]);
    // One record is broken: an address that leads to it is an error, and others have their facts.
    let deep = (0..20).fold(Data::Number(1), |inner, _| Data::List(vec![inner]));
    let networks = [("203.0.113.0/24", deep), ("198.51.100.0/24", Data::Map(vec![("country_code", Data::Text("NL"))]))];
    test_env.scratch.write("deep.mmdb", mmdb("My-Country", &networks));
    let says = "cannot use the file about addresses deep.mmdb: what it has about 203.0.113";
    lookup("deep.mmdb").fails(2, &[says, "nested more than 16 deep"]);
    let sql = "SELECT country('198.51.100.1')";
    assert!(test_env.run(&["sql", sql, "--geo", "deep.mmdb", "--format", "csv"]).exits(0).out.ends_with("\nNL\r\n"));
    test_env.run(&["sql", "SELECT country('203.0.113.1')", "--geo", "deep.mmdb"]).fails(2, &[says]);
}

#[test]
fn a_hunt_names_the_places_of_an_actor_s_addresses() {
    let test_env = TestEnv::with_delivery();
    geo::files(&test_env.scratch);
    let plain = test_env.run(&["hunt"]).exits(0);
    assert!(!plain.out.contains("AS64501"), "{}", plain.out);
    let placed = with_all(&test_env, &["hunt"]).exits(0);
    assert!(placed.out.contains("203.0.113.12 (BR; AS64501 Example Hosting)"), "{}", placed.out);
    assert!(placed.err.contains("facts about addresses are from systems.mmdb"), "{}", placed.err);
    test_env.scratch.write("actors.trailq", ".hunt\n.mode json\n.actors\n");
    let ran = with_all(&test_env, &["script", "actors.trailq"]).exits(0);
    assert!(ran.out.contains("\"countries\":\"BR\"") || ran.out.contains("\"countries\": \"BR\""), "{}", ran.out);
    test_env.scratch.write("broken.mmdb", "");
    test_env.run(&["hunt", "--geo", "broken.mmdb"]).fails(2, &["cannot use the file about addresses broken.mmdb"]);
}

#[test]
fn a_rule_that_asks_for_countries_is_run_if_a_file_has_them() {
    let test_env = with_events();
    let query = "-- title: Calls from Brazil\n-- about: Calls from there.\n-- columns: event_id\n-- level: high\n\
                 -- needs: country\nSELECT event_id FROM events WHERE country(source_ip_address) = 'BR'\n";
    test_env.scratch.write("own/from-brazil.sql", query);
    test_env.scratch.write("rules.trailq", ".hunt\n.mode tsv\n.hunt rules\n");
    let rule = |files: &[&str]| {
        let ran = test_env.run(&[&["script", "rules.trailq", "--queries", "own"], files].concat()).exits(0);
        ran.out.lines().find(|line| line.starts_with("from-brazil\t")).unwrap().to_owned()
    };
    assert!(rule(&[]).contains("\t0\tnot run: `country` needs a file about addresses, and none is given\t"));
    assert!(rule(&["--geo", "systems.mmdb"]).contains("\tnot run: `country` is in none of the files"));
    assert!(rule(&ALL).contains("\t2\trun\t"), "{}", rule(&ALL));
}

#[test]
fn a_report_names_places_and_the_files_that_told_them() {
    let test_env = TestEnv::with_delivery();
    geo::files(&test_env.scratch);
    test_env.scratch.write("tag.trailq", "ip=203.0.113.77 | limit 3\n.tag 1 evil\n.tag 2 evil\n");
    test_env.run(&["script", "tag.trailq"]).exits(0);
    with_all(&test_env, &["report", "out.md"]).exits(0);
    let report = fs::read_to_string(test_env.scratch.path("out.md")).unwrap();
    for expected in [
        "countries of the addresses",
        "AS64501 Example Hosting",
        "facts about addresses",
        "GeoLite2-ASN, built 2024-03-01, SHA-256 ",
    ] {
        assert!(report.contains(expected), "{expected}: {report}");
    }
    test_env.run(&["report", "plain.md"]).exits(0);
    let plain = fs::read_to_string(test_env.scratch.path("plain.md")).unwrap();
    assert!(!plain.contains("of the addresses") && !plain.contains("facts about addresses"), "{plain}");
}

#[test]
fn snapshots_take_events_by_country_and_contain_no_file() {
    let test_env = with_events();
    with_all(&test_env, &["snapshot", "out.db", "--where", "country=BR"]).exits(0);
    let counted = test_env.run(&["--db", "out.db", "lookup", "| count", "--format", "tsv"]).exits(0);
    assert_eq!(counted.out, "events\n2\n");
    let bytes = fs::read(test_env.scratch.path("out.db")).unwrap();
    assert!(!bytes.windows(15).any(|text| text == b"Example Hosting"));
}
