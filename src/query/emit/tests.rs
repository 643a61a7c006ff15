use rusqlite::Connection;

use super::super::{Environment, Lookup, parse, resolve};
use super::{Param, Projection, Statement, Statistics, emit, emit_count, emit_ids};

struct Fixed;

impl Environment for Fixed {
    fn now(&self) -> i64 {
        1_709_294_400
    }

    fn newest_event(&self) -> Option<i64> {
        Some(1_709_294_400)
    }

    fn read_list(&self, _: &str) -> Result<String, String> {
        Ok((0..600).map(|n| format!("10.0.{}.{}\n", n / 250, n % 250)).collect())
    }
}

/// A million events, of which values named `rare…` have ten each and others a third.
struct Million;

impl Statistics for Million {
    fn events(&self) -> u64 {
        1_000_000
    }

    fn count(&self, _: &str, value: &str) -> Option<u64> {
        Some(if value.starts_with("rare") { 10 } else { 333_333 })
    }

    fn resource_events(&self, name: &str) -> Option<u64> {
        self.count("", name)
    }
}

fn lookup(text: &str) -> Lookup {
    let ast = parse(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
    resolve(&ast, &Fixed).unwrap_or_else(|problem| panic!("{text}: {problem:?}"))
}

fn condition(text: &str) -> (String, Vec<Param>) {
    let statement = emit_count(&lookup(text), &Million);
    let sql = statement.sql;
    let condition = sql.split_once(" WHERE ").map(|(_, condition)| condition.to_owned());
    (condition.unwrap_or_default(), statement.params)
}

fn texts(params: &[Param]) -> String {
    let text = |param: &Param| match param {
        Param::Integer(number) => number.to_string(),
        Param::Real(number) => number.to_string(),
        Param::Text(text) => text.clone(),
    };
    params.iter().map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn terms_become_conditions_with_bound_values() {
    for (text, sql, params) in [
        ("user=alice", "e.user_name = ?1", "alice"),
        ("user=a,b", "e.user_name IN (?1, ?2)", "a b"),
        ("user!=alice", "(+e.user_name = ?1) IS NOT TRUE", "alice"),
        ("not not user=a", "((+e.user_name = ?1) IS NOT TRUE) IS NOT TRUE", "a"),
        ("source=ec2", "e.event_source = ?1", "ec2.amazonaws.com"),
        ("source=ec2.amazonaws.com", "e.event_source = ?1", "ec2.amazonaws.com"),
        ("write=true", "e.read_only IS NOT 1", ""),
        ("write=false", "e.read_only IS 1", ""),
        ("mfa=yes", "+e.mfa_authenticated = 1", ""),
        ("bytes-in>=10", "+e.bytes_in >= ?1", "10"),
        (
            "region=us-*",
            "e.aws_region IN (SELECT value FROM attribute_values WHERE attribute = ?1 \
             AND (value >= ?3 AND value < ?4 AND value GLOB ?2))",
            "aws_region us-* us- us.",
        ),
        (
            "ip=10.1.2.3/8",
            "e.source_ip_address IN (SELECT value FROM attribute_values WHERE attribute = ?1 AND ip_in(value, ?2))",
            "source_ip_address 10.0.0.0/8",
        ),
        ("error=*", "e.error_code IN (SELECT value FROM attribute_values WHERE attribute = ?1)", "error_code"),
        ("key=AK*", "(e.access_key_id >= ?2 AND e.access_key_id < ?3 AND e.access_key_id GLOB ?1)", "AK* AK AL"),
        (
            "user=\"a\\*?[*\"",
            "e.user_name IN (SELECT value FROM attribute_values WHERE attribute = ?1 \
             AND (value >= ?3 AND value < ?4 AND value GLOB ?2))",
            "user_name a[*][?][[]* a*?[ a*?\\",
        ),
        (
            "role=Admin",
            "e.identity_id IN (SELECT id FROM identities WHERE (role_name = ?1 OR role_arn = ?2))",
            "Admin Admin",
        ),
        ("since=2024-03-01", "e.time >= ?1", "1709251200"),
        ("until=2024-03-01", "e.time <= ?1", "1709337599"),
        ("time=2024-03-01", "e.time BETWEEN ?1 AND ?2", "1709251200 1709337599"),
        ("time>2024-03-01", "e.time >= ?1", "1709337600"),
        ("text=\"0.0.0.0/0\",*", "(record_has_text(e.id, ?1) OR record_has_text(e.id, ?2))", "0.0.0.0/0 *"),
        ("request.a.b=x*", "record_match(e.id, ?1, 'glob', ?2)", "requestParameters.a.b x*"),
        ("requestid=*", "record_match(e.id, ?1, 'present', ?2)", "requestID "),
        ("tag=x", "e.event_id IN (SELECT event_id FROM tags WHERE tag = ?1)", "x"),
        ("file=a.gz", "e.file_id IN (SELECT id FROM files WHERE (path = ?1 OR path GLOB ?2))", "a.gz */a.gz"),
        ("userIdentity.arn=x", "e.identity_id IN (SELECT id FROM identities WHERE arn = ?1)", "x"),
        (
            "resource=rare resource-type=T",
            "e.id IN (SELECT er.event FROM event_resources er WHERE er.resource IN (SELECT r.id FROM resources r \
             WHERE ((r.name = ?1 OR r.arn = ?2 OR r.arn_end = ?3) AND r.type = ?4)))",
            "rare rare rare T",
        ),
    ] {
        let (found, bound) = condition(text);
        assert_eq!(found, sql, "{text}");
        assert_eq!(texts(&bound), params, "{text}");
    }
}

#[test]
fn long_lists_are_bound_as_one_value() {
    let (sql, params) = condition("ip=@list.txt");
    assert_eq!(sql, "e.source_ip_address IN (SELECT value FROM json_each(?1))");
    assert_eq!(params.len(), 1);
}

/// The steps of SQLite's plan of a statement.
fn plan(statement: &Statement) -> String {
    let connection = Connection::open_in_memory().expect("a database");
    connection.execute_batch(include_str!("../../../migrations/0001_case.sql")).expect("the schema");
    let columns = [
        "event_name",
        "event_source",
        "aws_region",
        "recipient_account_id",
        "user_name",
        "source_ip_address",
        "outcome",
        "identity_id",
        "user_agent_id",
    ];
    for column in columns {
        let sql = format!("CREATE INDEX by_{column} ON events ({column}, time)");
        connection.execute(&sql, []).expect("an index");
    }
    for column in ["error_code", "issued_access_key_id", "shared_event_id", "access_key_id"] {
        let sql = format!("CREATE INDEX by_{column} ON events ({column}, time) WHERE {column} IS NOT NULL");
        connection.execute(&sql, []).expect("an index");
    }
    connection
        .execute_batch(
            "CREATE UNIQUE INDEX by_event_id ON events (event_id); CREATE INDEX by_time ON events (time);
             CREATE INDEX by_resource ON event_resources (resource, event);",
        )
        .expect("indexes");
    for (name, arity) in [("record_has_text", 2), ("record_match", 4), ("record_value", 2), ("record_values", 2)] {
        let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8;
        connection.create_scalar_function(name, arity, flags, |_| Ok(0)).expect("a function");
    }
    let mut prepared = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sql))
        .unwrap_or_else(|error| panic!("{error}\n{}", statement.sql));
    let params = statement.params.iter().map(|param| match param {
        Param::Integer(number) => rusqlite::types::Value::Integer(*number),
        Param::Real(number) => rusqlite::types::Value::Real(*number),
        Param::Text(text) => rusqlite::types::Value::Text(text.clone()),
    });
    let rows = prepared.query_map(rusqlite::params_from_iter(params), |row| row.get::<_, String>(3)).expect("a plan");
    rows.collect::<Result<Vec<_>, _>>().expect("steps").join("\n")
}

#[test]
fn the_rarest_term_drives() {
    for (text, limit, wanted) in [
        ("user=common name=rare", Some(50), "e USING INDEX by_event_name (event_name=?)"),
        ("name=common user=rare", None, "e USING INDEX by_user_name (user_name=?)"),
        ("name=common user=rare since=2024", Some(50), "e USING INDEX by_user_name (user_name=? AND time>?)"),
        ("user=rare,rarer since=2024 until=2025", Some(50), "by_user_name (user_name=? AND time>? AND time<?)"),
        ("name=common", Some(50), "e USING INDEX by_event_name (event_name=?)"),
        // No term is selective: the newest are tried one by one.
        ("name=common,other user=c,d", Some(50), "SCAN e USING INDEX by_time"),
        ("write=true", Some(50), "SCAN e USING INDEX by_time"),
        ("", Some(50), "SCAN e USING INDEX by_time"),
        ("name=common,other since=2024", Some(50), "SEARCH e USING INDEX by_time (time>?)"),
        ("user=rare1 or ip=rare2", None, "MULTI-INDEX OR"),
        ("resource=rare name=common", Some(50), "e USING INTEGER PRIMARY KEY (rowid=?)"),
        ("resource=common name=rare", Some(50), "e USING INDEX by_event_name (event_name=?)"),
        ("event-id=x name=common", None, "e USING INDEX by_event_id (event_id=?)"),
        ("issued-key=* name=common", None, "e USING INDEX by_issued_access_key_id"),
        ("AKIAIOSFODNN7EXAMPLE", Some(50), "events USING COVERING INDEX by_access_key_id (access_key_id=?)"),
    ] {
        let statement = emit_ids(&lookup(text), &Million, limit);
        let plan = plan(&statement);
        assert!(plan.contains(wanted), "{text}\n{}\n{plan}", statement.sql);
    }
}

#[test]
fn records_are_read_in_the_order_in_which_they_are_kept() {
    for (text, wanted) in [
        ("text=x", "SCAN e\n"),
        ("text=x write=true", "SCAN e\n"),
        ("text=x user=rare", "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"),
        ("request.a=x since=2024 name=common", "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"),
    ] {
        for statement in [emit_ids(&lookup(text), &Million, Some(50)), emit_count(&lookup(text), &Million)] {
            let plan = format!("{}\n", plan(&statement));
            assert!(plan.contains(wanted) && statement.scans_records, "{text}\n{}\n{plan}", statement.sql);
        }
    }
}

#[test]
fn stages_follow_each_other() {
    for (text, columns) in [
        ("| count", "events"),
        ("| count by user, ip", "user_name source_ip_address events"),
        ("name=a | top 3 role-arn", "role_arn events"),
        ("| count by request.a.b | sort events | limit 3", "requestParameters.a.b events"),
        ("| count by user | limit 5 | sort user desc | fields user", "user_name"),
        ("| limit 5 | count by user", "user_name events"),
        ("| limit 5 | count", "events"),
        (
            "| sort request.a, time desc | limit 5 | sort ip | fields user, requestParameters.a",
            "id user_name requestParameters.a",
        ),
        ("| timeline", "event_time events"),
        ("last=1d | timeline 1w | sort events desc | limit 1", "event_time events"),
        (
            "| fields id, id, write, tag, resource-type, file, role",
            "id event_id write tag resource_type file role_name",
        ),
    ] {
        let statement = emit(&lookup(text), &Million, Projection::Brief, None);
        assert_eq!(statement.columns.join(" "), columns, "{text}");
        plan(&statement);
    }
}

#[test]
fn a_thousand_terms_are_no_deeper_than_sqlite_allows() {
    let all = (0..1_500).map(|n| format!("user!=u{n}")).collect::<Vec<_>>();
    for text in [all.join(" "), all.join(" or ")] {
        plan(&emit(&lookup(&text), &Million, Projection::Full, Some(50)));
    }
}

#[test]
fn an_estimate_is_exact_only_where_one_counted_value_decides() {
    for (text, estimate, exact) in [
        ("", Some(1_000_000), true),
        ("user=rare", Some(10), true),
        ("user=rare,rare2", Some(20), false),
        ("user=rare name=common", Some(10), false),
        ("user!=rare", None, false),
        ("text=x", None, false),
        ("event-id=x", Some(1), false),
    ] {
        let statement = emit(&lookup(text), &Million, Projection::Brief, Some(50));
        assert_eq!((statement.estimate, statement.exact), (estimate, exact), "{text}");
    }
}
