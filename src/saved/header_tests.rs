//! Tests of the parser of headers.

use super::{Kind, Level, Requirement, parameters, parse_query, parse_script};

const QUERY: &str = "-- title: A title\n-- about: Why,\n--   and more.\n--\n-- param: since time: at or after\n\
                     -- param: days integer = 30: how long\n-- param: key text required: which key\n\
                     -- columns: a, b* (x, y), c\n-- attack: T1078.004, T1110\n-- see: One page; another\n\
                     -- level: medium\n-- slow: it scans\n\nSELECT :since, :days, :key -- :no\n;\n-- done\n";

#[test]
fn a_header_and_its_statement_are_read() {
    let (header, sql, line) = parse_query(QUERY).unwrap();
    assert_eq!((header.title.as_str(), header.about.as_str()), ("A title", "Why, and more."));
    let params: Vec<_> = header.params.iter().map(|p| (p.name.as_str(), p.kind, p.requirement.clone())).collect();
    let default = Requirement::Default("30".to_owned());
    assert_eq!(
        params,
        [
            ("since", Kind::Time, Requirement::Optional),
            ("days", Kind::Integer, default),
            ("key", Kind::Text, Requirement::Required)
        ]
    );
    let columns: Vec<_> = header.columns.iter().map(|c| (c.name.as_str(), c.help.as_deref(), c.is_kept)).collect();
    assert_eq!(columns, [("a", None, false), ("b", Some("x, y"), true), ("c", None, false)]);
    assert_eq!((header.attack.len(), header.references.len(), header.level), (2, 2, Some(Level::Medium)));
    assert_eq!(header.slow.as_deref(), Some("it scans"));
    assert_eq!((sql, line), ("SELECT :since, :days, :key -- :no", 14));
}

#[test]
fn header_errors_are_reported_with_their_line() {
    for (from, to, line, says) in [
        ("-- title: A title\n", "", 1, "no `title:`"),
        ("-- about: Why,\n--   and more.\n", "", 1, "no `about:`"),
        ("-- columns: a, b* (x, y), c\n", "", 13, "no `columns:`"),
        ("-- title: A title\n", "-- title: A\n-- title: B\n", 2, "duplicate key `title:`"),
        ("-- title: A title\n", "--   A title\n", 1, "a continuation line has no key"),
        ("-- title: A title\n", "-- A title\n", 1, "not `key: value`"),
        ("-- see: ", "-- sea: ", 10, "`sea:` is unknown: a header has title"),
        ("-- title: A title\n", "-- title:\n", 1, "`title:` says nothing"),
        ("since time: at", "since hour: at", 5, "`hour` is not a kind of value: text, integer, time, list"),
        ("since time: at", "since time", 5, "write NAME KIND: HELP"),
        ("since time: at", "Since time: at", 5, "`Since` is not a name of a parameter"),
        ("integer = 30", "integer = x", 6, "the default of `days` is not a whole number"),
        ("key text required", "days text required", 7, "duplicate parameter `days`"),
        ("a, b* (x, y), c", "a, b (x, y, c", 8, "the meaning of `b` has no end"),
        ("a, b* (x, y), c", "a, b (x, y) c", 8, "a comma is missing before `c`"),
        ("a, b* (x, y), c", "a, a", 8, "duplicate column `a`"),
        ("a, b* (x, y), c", "a, B-c", 8, "`B-c` is not a name of a column"),
        ("T1110", "1110", 9, "`1110` is not a technique"),
        ("level: medium", "signal: low", 11, "`signal: low` is unknown"),
        ("level: medium", "level: severe", 11, "`severe` is not a level: informational, low,"),
        ("level: medium", "detections: a, B", 11, "`B` is not the id of a detection"),
        ("-- slow: it", "-- needs: asn, city\n-- slow: it", 12, "`city` is not a function on files about addresses"),
        ("-- slow: it", "-- detections: a\n-- slow: it", 1, "a header has `level:` or `detections:`"),
        (", :key", "", 14, "does not ask for :key"),
        (":key", ":key, :other", 14, "no `param:` for :other"),
        (":key", ":key, ?", 14, "a parameter has no name"),
        ("-- done", "SELECT 1", 14, "more than one statement"),
        ("SELECT :since, :days, :key -- :no\n;\n-- done", ";", 14, "there is no statement"),
    ] {
        assert!(QUERY.contains(from), "{from}");
        let wrong = parse_query(&QUERY.replacen(from, to, 1)).expect_err(to);
        assert!(wrong.message.contains(says), "{says:?}: {wrong:?}");
        assert_eq!(wrong.line, line, "{wrong:?}");
    }
}

#[test]
fn a_high_signal_is_the_level_high() {
    let (header, ..) = parse_query(&QUERY.replace("level: medium", "signal: high")).unwrap();
    assert_eq!(header.level, Some(Level::High));
    let (header, ..) = parse_query(&QUERY.replace("level: medium", "detections: trail-stopped, a-b")).unwrap();
    assert_eq!((header.level, header.detections), (None, vec!["trail-stopped".to_owned(), "a-b".to_owned()]));
}

#[test]
fn a_query_names_the_functions_that_it_needs() {
    let (header, ..) = parse_query(&QUERY.replace("-- slow: it", "-- needs: country, as_org\n-- slow: it")).unwrap();
    assert_eq!(header.needs, ["country", "as_org"]);
}

#[test]
fn a_script_may_have_a_header() {
    assert_eq!(parse_script("-- just a remark: so\nuser=alice"), Ok(None));
    let header = parse_script("#!/bin/trailq\n-- title: T\n-- about: A\n-- param: k text = v: K\n.print").unwrap();
    assert_eq!(header.unwrap().params[0].requirement, Requirement::Default("v".to_owned()));
    let wrong = parse_script("-- title: T\n-- about: A\n-- param: k text: K\n").unwrap_err();
    assert!(wrong.message.contains("`k` needs `required` or a default"), "{wrong:?}");
}

#[test]
fn parameters_are_those_outside_texts_and_comments() {
    assert_eq!(parameters("SELECT :a, ':b' -- :b\n, \":b\" /* :b */, $c, :a"), ["a", "c"]);
}
