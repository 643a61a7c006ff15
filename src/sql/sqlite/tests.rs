//! The statements of representative lookups.

use std::collections::BTreeMap;

use crate::query::plan::statistics::ScanSize;
use crate::query::{Environment, parse, resolve};
use crate::sql::count_source::CountSource;
use crate::sql::params::Param;
use crate::sql::sqlite::{emit, emit_count, emit_id_set, emit_ids};
use crate::sql::statement::{AccessPath, Projection, Statement};

/// A case of a million events, of which these have such values; sums by a word of their statement.
struct Million {
    counts: BTreeMap<&'static str, u64>,
    sums: BTreeMap<&'static str, u64>,
    /// Groups of records that a scan reads, where one can be made.
    groups: Option<u64>,
}

fn million() -> Million {
    Million {
        counts: BTreeMap::from([
            ("alice", 40_000),
            ("AssumeRole", 30_000),
            ("CreateUser", 12),
            ("ec2.amazonaws.com", 9),
        ]),
        groups: None,
        sums: BTreeMap::from([("resources", 300), ("identities", 700), ("attribute_values", 60_000)]),
    }
}

impl CountSource for Million {
    fn events(&self) -> u64 {
        1_000_000
    }

    fn count(&self, _: &str, value: &str) -> Option<u64> {
        Some(self.counts.get(value).copied().unwrap_or(0))
    }

    fn scan(&self, _: &str) -> Option<ScanSize> {
        Some(ScanSize { groups: self.groups?, of: 3_907 })
    }

    fn sum(&self, sql: &str, _: &[Param]) -> Option<u64> {
        self.sums.iter().find(|(table, _)| sql.contains(*table)).map(|(_, sum)| *sum)
    }
}

impl Environment for Million {
    fn now(&self) -> i64 {
        0
    }

    fn newest_event(&self) -> Option<i64> {
        Some(1_709_380_800)
    }

    fn read_list(&self, _: &str) -> Result<String, String> {
        Ok((0..600).map(|number| format!("10.0.0.{number}\n")).collect())
    }
}

fn newest(text: &str) -> Statement {
    let world = million();
    let lookup = resolve(&parse(text).unwrap(), &world).unwrap();
    emit_ids(&lookup, &world, Some(50))
}

fn counted(text: &str) -> Statement {
    let world = million();
    emit(&resolve(&parse(text).unwrap(), &world).unwrap(), &world, Projection::Brief, None)
}

/// The condition after WHERE, up to the order.
fn condition(statement: &Statement) -> &str {
    let (_, condition) = statement.sql.split_once(" WHERE ").unwrap();
    condition.split(" ORDER BY").next().unwrap()
}

#[test]
fn a_statement_has_parameters_and_never_values() {
    let statement = newest("user=alice");
    assert_eq!(
        statement.sql,
        "SELECT e.id AS id FROM events e WHERE e.user_name = ?1 ORDER BY e.time DESC, e.event_id LIMIT 50"
    );
    assert_eq!(statement.params, [Param::Text("alice".to_owned())]);
    assert_eq!((statement.estimate, statement.exact, statement.scans_records), (Some(40_000), true, false));
    for (text, expected, params) in [
        ("source=ec2", "e.facet_id IN (SELECT f.id FROM facets f WHERE f.event_source = ?1)", 1),
        ("user=alice name=CreateUser", "+e.user_name = ?1 AND e.event_name = ?2", 2),
        ("user=alice since=1970", "e.user_name = ?1 AND e.time >= ?2", 2),
        ("not user=alice", "(+e.user_name = ?1) IS NOT TRUE", 1),
        ("user!=alice", "(+e.user_name = ?1) IS NOT TRUE", 1),
        ("write=true", "e.facet_id IN (SELECT f.id FROM facets f WHERE f.read_only IS NOT 1)", 0),
        ("mfa=true,false", "(e.mfa_authenticated = 1 OR e.mfa_authenticated = 0)", 0),
        ("bytes-in>=10", "e.bytes_in >= ?1", 1),
        ("request.a.b~x", "record_match(e.id, ?1, '~', ?2)", 2),
        ("text=a*", "record_has_text(e.id, ?1)", 1),
        ("ip=@list", "+e.source_ip_address IN (SELECT value FROM json_each(?1))", 1),
    ] {
        let statement = newest(text);
        assert!(
            [expected.to_owned(), expected.replace('+', "")].contains(&condition(&statement).to_owned()),
            "{text}: {}",
            statement.sql
        );
        assert_eq!(statement.params.len(), params, "{text}");
    }
}

#[test]
fn alternatives_of_keys_and_ids_are_found_by_their_indexes() {
    let statement = newest("(key=AKIA1,AKIA2 or event-id=e-1) source=ec2");
    assert!(condition(&statement).contains("(e.access_key_id IN (?"), "{}", statement.sql);
    assert!(condition(&statement).contains(" OR e.event_id = ?"), "{}", statement.sql);
    assert!(statement.sql.contains("ORDER BY +e.time DESC"), "{}", statement.sql);
    assert_eq!(statement.access_path, Some(AccessPath::Index("events_by_access_key_id".to_owned())));
    // A user may have most of the events, and a wildcard has no index.
    for text in ["(key=AKIA1 or user=alice)", "(key=AKIA* or event-id=e-1)"] {
        assert_eq!(newest(text).estimate, None, "{text}");
    }
}

#[test]
fn few_events_are_collected_and_many_met_by_time() {
    // 60,000 events have such an address: the newest 50 are met sooner by time.
    let popular = newest("ip=10.0.0.0/8");
    assert!(condition(&popular).starts_with("+e.source_ip_address IN ("), "{}", popular.sql);
    assert!(popular.sql.contains("ORDER BY e.time DESC"), "{}", popular.sql);
    assert!(condition(&counted("ip=10.0.0.0/8 | count")).starts_with("e.source_ip_address IN ("));
    // Beside it, one value's index by time is better still.
    assert_eq!(&condition(&newest("ip=10.0.0.0/8 user=alice"))[..24], "+e.source_ip_address IN ");
    assert!(condition(&newest("ip=10.0.0.0/8 user=alice")).ends_with(" AND e.user_name = ?4"));
    // The addresses of such a network begin alike.
    let params: Vec<Param> = ["10.0.0.0/8", "10.", "10.\u{10ffff}"].map(|text| Param::Text(text.to_owned())).into();
    assert_eq!(popular.params, params);
    assert_eq!(newest("ip=2001:db8::/32").params.len(), 1, "an IPv6 address is written in several ways");
    assert_eq!(newest("ip=10.0.0.0/7").params.len(), 1);
    let rare = newest("resource=i-0abc");
    assert!(condition(&rare).starts_with("e.id IN (SELECT event FROM event_resources"), "{}", rare.sql);
    assert!(rare.sql.contains("ORDER BY +e.time DESC"), "{}", rare.sql);
}

#[test]
fn ids_in_any_order_are_put_in_order_only_to_be_cut_off() {
    let world = million();
    let ids = |text: &str| emit_id_set(&resolve(&parse(text).unwrap(), &world).unwrap(), &world).sql;
    let all = "SELECT e.id AS id FROM events e WHERE e.user_name = ?1";
    assert_eq!(ids("user=alice"), all);
    assert_eq!(ids("user=alice | sort request.x | fields name"), all);
    assert!(ids("user=alice | limit 5").ends_with(" DESC, e.event_id LIMIT 5"), "{}", ids("user=alice | limit 5"));
    let sorted = ids("user=alice | limit 5 | sort name");
    assert!(sorted.ends_with(" DESC, e.event_id LIMIT 5) e"), "{sorted}");
}

#[test]
fn records_are_looked_into_last() {
    let statement = newest("text=x user=alice");
    assert!(condition(&statement).ends_with("AND record_has_text(e.id, ?2)"), "{}", statement.sql);
    assert!(statement.scans_records);
}

#[test]
fn a_scan_of_the_records_drives_where_no_index_is_sooner() {
    let world = Million { groups: Some(1_000), ..million() };
    let resolved = |text: &str| resolve(&parse(text).unwrap(), &world).unwrap();
    let newest = |text: &str| emit_ids(&resolved(text), &world, Some(50));
    let source = "json_each(record_scan_steps(?1)) step CROSS JOIN json_each(record_scan(?1, step.value)) found \
                  CROSS JOIN events e ON e.id = found.value";
    let statement = newest("text=x,y user=alice since=1970 request.k=a*");
    assert_eq!(
        statement.sql,
        format!("SELECT e.id AS id FROM {source} WHERE +e.user_name = ?2 AND e.time >= ?3 LIMIT 50"),
        "the scan gives them in order"
    );
    let question = r#"{"from":0,"newest_first":true,"to":null,"where":{"all":[{"text":["x","y"]},{"is":[["glob","a*"]],"path":"requestParameters.k"}]}}"#;
    assert_eq!(statement.params[0], Param::Text(question.to_owned()));
    assert_eq!((statement.scan.unwrap().groups, statement.scans_records, statement.estimate), (1_000, true, None));
    let counted = emit_count(&resolved("not text=x"), &world);
    assert_eq!(counted.sql, format!("SELECT count(*) AS events FROM {source}"));
    assert_eq!(
        counted.params,
        [Param::Text(
            r#"{"from":null,"newest_first":false,"to":null,"where":{"all":[{"not":{"text":["x"]}}]}}"#.to_owned()
        )]
    );
    let whole = emit(&resolved("text=x"), &world, Projection::Full, None);
    assert!(whole.sql.contains("OVER (ORDER BY +e.time DESC, e.event_id)"), "{}", whole.sql);
    // The twelve events of the one are looked up; what also asks for something else is not a question of records alone.
    for text in ["text=x name=CreateUser", "text=x or user=alice", &format!("{}text=x", "not ".repeat(50))] {
        let statement = newest(text);
        assert!(statement.sql.contains("record_has_text(e.id") && statement.scan.is_none(), "{}", statement.sql);
    }
}

#[test]
fn a_value_twice_is_counted_once_and_a_void_sort_leaves_no_parameter() {
    let statement = newest("user=alice,alice");
    assert_eq!((statement.estimate, statement.exact), (Some(40_000), true));
    assert_eq!(counted("| sort request.x | count").params, []);
    assert_eq!(counted("| sort request.x | sort user | fields user").params, []);
}

#[test]
fn counts_of_the_whole_case_are_those_kept_at_import() {
    let statement = counted("| top 5 event-name");
    assert!(statement.sql.contains("attribute_values") && !statement.sql.contains("FROM events"), "{}", statement.sql);
    assert_eq!(statement.columns, ["event_name", "events"]);
    let roles = counted("| top role").sql;
    assert!(roles.contains("attribute = 'role_name'") && !roles.contains("FROM events"), "{roles}");
    for (text, source) in [
        ("| count by source,name", "FROM facets f GROUP BY 1, 2"),
        ("source=iam write=true | count", "FROM facets f WHERE f.event_source = ?1 AND f.read_only IS NOT 1"),
        ("not region=us-* | count by account", "FROM facets f WHERE ((f.aws_region >= ?2"),
        ("| timeline 1h", "FROM hourly_regions h GROUP BY"),
        ("time=2024-03-01 | timeline 1d by region", "FROM hourly_regions h WHERE h.hour BETWEEN ?1 AND ?2 GROUP BY"),
        ("| timeline 1d by account", "FROM facets f CROSS JOIN hourly_counts h ON h.facet = f.id GROUP BY"),
        ("name=A | timeline 1d by region", "FROM facets f CROSS JOIN hourly_counts h ON h.facet = f.id WHERE"),
        ("| timeline 1d by region,name", "FROM facets f CROSS JOIN hourly_counts h ON h.facet = f.id GROUP BY"),
        ("time=2024-03-01 | count by error", "h.hour BETWEEN ?1 AND ?2 GROUP BY 1"),
    ] {
        let statement = counted(text);
        assert!(statement.sql.contains(source) && !statement.sql.contains("FROM events"), "{}", statement.sql);
    }
    for text in ["user=alice | count by source", "since=2024-03-01T09:30 | count", "| timeline 5m", "| limit 5 | count"]
    {
        assert!(counted(text).sql.contains("FROM events e") || text.contains("limit"), "{text}");
        assert!(!counted(text).sql.contains("facets"), "{text}");
    }
    let resource = counted("resource=i-0abc | count");
    assert!(
        resource.sql.starts_with("SELECT count(DISTINCT event) AS events FROM event_resources"),
        "{}",
        resource.sql
    );
    let world = million();
    let lookup = resolve(&parse("user=alice | limit 3").unwrap(), &world).unwrap();
    assert_eq!(emit_count(&lookup, &world).sql, "SELECT count(*) AS events FROM events e WHERE e.user_name = ?1");
}

/// The counts of a small case, which reports that its events are few among many.
struct FewAmongMany(rusqlite::Connection);

impl FewAmongMany {
    /// 3,000 events at 400 times, of users that some have more than others; every `undated`th has no time.
    fn of(undated: u64) -> FewAmongMany {
        let case = rusqlite::Connection::open_in_memory().unwrap();
        case.execute_batch(include_str!("../../../migrations/0001_case.sql")).unwrap();
        case.execute_batch(&format!(
            "PRAGMA foreign_keys = OFF; \
             INSERT INTO events (id, event_id, time, user_name, facet_id, file_id) \
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000) \
             SELECT n, 'e' || (n * 7919 % 3001), iif(n % {undated} = 0, NULL, n * 48271 % 65537 % 400), \
                    'u' || min(n * 16807 % 101 % 40, n % 7), 1, 1 FROM n; \
             INSERT INTO attribute_values (attribute, value, events) \
             SELECT 'user_name', user_name, count(*) FROM events GROUP BY user_name; \
             CREATE INDEX events_by_time ON events (time, facet_id); \
             CREATE INDEX events_by_user_name ON events (user_name, time);"
        ))
        .unwrap();
        FewAmongMany(case)
    }

    fn numbers(&self, sql: &str, params: &[Param]) -> Vec<i64> {
        let values = params.iter().map(|param| match param {
            Param::Text(text) => rusqlite::types::Value::from(text.clone()),
            Param::Integer(number) => rusqlite::types::Value::from(*number),
            Param::Real(number) => rusqlite::types::Value::from(*number),
        });
        let mut select = self.0.prepare(sql).unwrap();
        let rows = select.query_map(rusqlite::params_from_iter(values), |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

impl CountSource for FewAmongMany {
    fn events(&self) -> u64 {
        1_000_000
    }

    fn count(&self, column: &str, value: &str) -> Option<u64> {
        let of = format!("SELECT events FROM attribute_values WHERE attribute = '{column}' AND value = '{value}'");
        Some(self.numbers(&of, &[]).first().map_or(0, |events| *events as u64))
    }

    fn scan(&self, _: &str) -> Option<ScanSize> {
        None
    }

    fn sum(&self, sql: &str, params: &[Param]) -> Option<u64> {
        Some(self.numbers(sql, params)[0] as u64)
    }
}

#[test]
fn the_newest_of_several_values_are_found_from_what_each_has() {
    for (undated, of_each) in [(4_000, true), (11, false)] {
        let world = FewAmongMany::of(undated);
        for (text, condition) in [
            ("user=u*", "user_name GLOB 'u*'"),
            ("user=*1,u3,u5", "user_name IN ('u1', 'u3', 'u5')"),
            ("user=u0,u4,u6", "user_name IN ('u0', 'u4', 'u6')"),
            ("user!=*9", "user_name NOT GLOB '*9'"),
        ] {
            for limit in [1, 7, 50, 450, 2_990, 9_000] {
                let statement = emit_ids(&resolve(&parse(text).unwrap(), &million()).unwrap(), &world, Some(limit));
                assert_eq!(statement.sql.contains("v.events >="), of_each && text != "user!=*9", "{}", statement.sql);
                let all = format!("SELECT id FROM events WHERE {condition} ORDER BY time DESC, event_id LIMIT {limit}");
                let found = world.numbers(&statement.sql, &statement.params);
                assert!(found.len() > 500 || found.len() as u64 == limit);
                assert_eq!(found, world.numbers(&all, &[]), "{text} {limit} {undated}: {}", statement.sql);
            }
        }
    }
}

/// SQLite takes no expression deeper than 1,000.
#[test]
fn a_long_lookup_is_broad_and_not_deep() {
    let case = rusqlite::Connection::open_in_memory().unwrap();
    case.execute_batch(include_str!("../../../migrations/0001_case.sql")).unwrap();
    case.execute_batch("CREATE INDEX events_by_time ON events (time)").unwrap();
    for (name, arguments) in [
        ("record_has_text", 2),
        ("record_has_any", 2),
        ("record_match", 4),
        ("ip_in", 2),
        ("in_list", 2),
        ("ends_in_list", 3),
        ("in_spans", 2),
    ] {
        let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8;
        case.create_scalar_function(name, arguments, flags, |_| Ok(0)).unwrap();
    }
    let many = |one: &dyn Fn(usize) -> String, with: &str| (0..1_500).map(one).collect::<Vec<_>>().join(with);
    for text in [
        many(&|n| format!("user!=u{n}"), " "),
        many(&|n| format!("user=u{n}"), " or "),
        many(&|n| format!("request.k{n}=v"), " or "),
        many(&|n| format!("user=u{n} or not ip=10.0.0.{n}"), " "),
        format!("time={}", many(&|n| format!("{}-01-01", 1_000 + n), ",")),
        format!("bytes-in={}", many(&|n| n.to_string(), ",")),
        many(&|n| format!("a{n}"), ","),
        format!("ip={}", many(&|n| format!("10.{}.{}.0/24", n / 250, n % 250), ",")),
        format!("name={}", many(&|n| format!("a{n}*"), ",")),
        format!("resource={}", many(&|n| format!("a{n}"), ",")),
        format!("text={}", many(&|n| format!("a{n}"), ",")),
        format!("request.k={}", many(&|n| format!("a{n}"), ",")),
    ] {
        for statement in [newest(&text), counted(&text)] {
            case.prepare(&statement.sql).unwrap_or_else(|error| panic!("{error}: {}", &text[..40]));
        }
    }
}

#[test]
fn a_long_list_is_one_parameter_and_a_long_chain_is_a_list() {
    let many = |one: &dyn Fn(usize) -> String, with: &str| (0..40_000).map(one).collect::<Vec<_>>().join(with);
    for text in [
        format!("user={}", many(&|n| format!("u{n}"), ",")),
        many(&|n| format!("user=u{n}"), " or "),
        many(&|n| format!("not user=u{n}"), " "),
        many(&|n| format!("user!=u{n}"), " and "),
        format!("ip={}", many(&|n| format!("10.{}.{}.0/24", n / 250, n % 250), ",")),
        format!("name={}", many(&|n| format!("a{n}*"), ",")),
        format!("resource={},x*", many(&|n| format!("a{n}"), ",")),
        format!("resource={}", many(&|n| format!("a{n}"), ",")),
        format!("file={}", many(&|n| format!("a{n}"), ",")),
        many(&|n| format!("a{n}x"), ","),
        format!("text={}", many(&|n| format!("a{n}"), ",")),
        format!("request.k={}", many(&|n| format!("a{n}"), ",")),
        many(&|n| format!("request.k=a{n}"), " or "),
        many(&|n| format!("time=@{n}"), " or ").replace('@', "2024-01-01T00:00:00."),
        format!("bytes-in={}", many(&|n| n.to_string(), ",")),
        format!("mfa={}", many(&|n| (n % 2 == 0).to_string(), ",")),
    ] {
        for statement in [newest(&text), counted(&text)] {
            assert!(statement.params.len() < 6, "{}: {} parameters", &text[..40], statement.params.len());
            assert!(statement.sql.len() < 3_000, "{}: {}", &text[..40], statement.sql.len());
        }
    }
}
