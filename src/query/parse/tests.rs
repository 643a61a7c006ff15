//! Mistakes: what is said, where, and what to write instead.

use crate::diagnostic::Diagnostic;
use crate::query::environment::Environment;
use crate::query::parse::parse;
use crate::query::resolve;

struct World;

impl Environment for World {
    fn now(&self) -> i64 {
        0
    }

    fn newest_event(&self) -> Option<i64> {
        Some(1_709_380_800)
    }

    fn read_list(&self, _: &str) -> Result<String, String> {
        Err("No such file or directory".to_owned())
    }
}

fn mistake(text: &str) -> Diagnostic {
    match parse(text).and_then(|tree| resolve(&tree, &World)) {
        Ok(lookup) => panic!("{text} is not a mistake: {lookup:?}"),
        Err(mistake) => mistake,
    }
}

/// A lookup; the message; the text at the caret; a part of the hints.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    ("evnt-name=x", "unknown field `evnt-name`", "evnt-name", "`event-name`"),
    ("user=a \"\"", "a value without a field cannot be empty", "\"\"", "not FIELD=*"),
    ("zebra=x", "unknown field `zebra`", "zebra", ".help fields"),
    ("zebra.x=y", "no record has a top-level field `zebra`", "zebra.x", "record.zebra.x"),
    ("user=a | !jq .", "an answer is piped to a program at the prompt only", "!jq .", "the shell pipes"),
    ("user=a|count|! jq", "an answer is piped to a program at the prompt only", "! jq", "the shell pipes"),
    ("user=a | tip 5 user", "`tip` is not a stage", "tip", "did you mean top?"),
    ("user=a | where x", "`where` is not a stage", "where", "before the first |"),
    ("user=a |", "missing stage after `|`", "|", "count, top"),
    ("user==alice", "unknown field `alice`", "alice", "for equality write user=alice"),
    ("eventName: RunInstances", "a field and its value are joined by =", ":", "write eventName=VALUE"),
    ("\"eventName\": \"x\"", "a field and its value are joined by =", ":", "write eventName=VALUE"),
    ("user=a && ip=b", "`&&` is not part of a lookup", "&&", "side by side"),
    ("user=a || ip=b", "`||` is not part of a lookup", "||", "write or"),
    ("!user=a", "`!` is not part of a lookup", "!", "write not"),
    ("SELECT * FROM events", "expected a lookup, found SQL", "SELECT", "trailq sql"),
    ("user=", "`user` has no value", "=", "user=*"),
    ("user= ip=x", "`user` has no value", "=", "user=VALUE"),
    ("user=\"alice", "unclosed quote", "\"", "same quote"),
    ("(user=a", "unclosed parenthesis", "(", "a value that contains ( goes in quotes"),
    ("user=a)", "unmatched closing parenthesis", ")", "goes in quotes"),
    ("()", "these parentheses are empty", "()", ""),
    ("ip=10.0.0.0/33", "invalid network prefix `33`: expected 0 to 32", "10.0.0.0/33", "10.0.0.0/8"),
    ("ip=10.0.0/8", "`10.0.0/8` is not a network", "10.0.0/8", "10.0.0.0/8"),
    ("user~\"(\"", "invalid regular expression: unclosed group", "\"(\"", ""),
    ("user~a,b", "a regular expression cannot be a list", ",", "a|b"),
    (
        "since=yesterday",
        "cannot read `yesterday` as a time; write 2024-03-01, \"2024-03-01 13:00\" (UTC), now-24h, or last=7d",
        "yesterday",
        "`yesterday` is 1969-12-31",
    ),
    ("since=24h", "cannot read `24h` as a time; write now-24h, or last=24h", "24h", ""),
    (
        "since=\"29.07.2021 13:00 CEST\"",
        "cannot read `29.07.2021 13:00 CEST` as a time; write 2021-07-29T13:00+02:00",
        "\"29.07.2021 13:00 CEST\"",
        "",
    ),
    (
        "since=2021-07-29T13:00..2021-07-29T14:00",
        "`2021-07-29T13:00..2021-07-29T14:00` is a range, not a time; write since=2021-07-29T13:00 until=2021-07-29T14:00",
        "since=2021-07-29T13:00..2021-07-29T14:00",
        "",
    ),
    (
        "time=2021-W30 user=a",
        "`2021-W30` is a range, not a time; write since=2021-07-26 until=2021-08-01",
        "time=2021-W30",
        "",
    ),
    (
        "time=07/08/2021",
        "cannot tell the day from the month in `07/08/2021`; write 2021-07-08 or 2021-08-07",
        "07/08/2021",
        "",
    ),
    (
        "last=2024-03",
        "invalid duration `2024-03`: expected a number and one of s, m, h, d, w (for example 36h)",
        "last=2024-03",
        "write since=2024-03",
    ),
    (
        "last=24 hours",
        "invalid duration `24`: expected a number and one of s, m, h, d, w (for example 36h)",
        "24",
        "last=24d",
    ),
    (
        "last=week",
        "invalid duration `week`: expected a number and one of s, m, h, d, w (for example 36h)",
        "week",
        "write last=7d",
    ),
    (
        "| timeline hourly",
        "invalid duration `hourly`: expected a number and one of s, m, h, d, w (for example 36h)",
        "hourly",
        "timeline 36h",
    ),
    ("outcome=success", "outcome is one of ok, denied, error, not `success`", "success", "did you mean `ok`?"),
    ("outcome=failed", "outcome is one of ok, denied, error, not `failed`", "failed", "`not outcome=ok`"),
    ("write=on", "write is true or false, not `on`", "on", "write=true"),
    (
        "credentialid=x",
        "unknown field `credentialid`: it is nested deeper in records",
        "credentialid",
        "`userIdentity.credentialId`",
    ),
    ("tls=x", "unknown field `tls`: it is nested deeper in records", "tls", "`tlsDetails.tlsVersion`"),
    (
        "vpce-account=x",
        "unknown field `vpce-account`: it has another name in records",
        "vpce-account",
        "`vpcEndpointAccountId`",
    ),
    (
        "inScopeOf=x",
        "unknown field `inScopeOf`: it is nested deeper in records",
        "inScopeOf",
        "`userIdentity.inScopeOf.sourceArn`",
    ),
    ("userId=x", "unknown field `userId`: a field has its value", "userId", "did you mean `on-behalf-of`?"),
    (
        "sessionIssuer=x",
        "unknown field `sessionIssuer`: a field has its value",
        "sessionIssuer",
        "did you mean `role`?",
    ),
    (
        "bucketName=x | count",
        "unknown field `bucketName`: it is nested deeper in records",
        "bucketName",
        "`requestParameters.bucketName`",
    ),
    ("time=2024-02-30", "invalid time `2024-02-30`: a part of it is out of range", "2024-02-30", ""),
    (
        "since=2025 until=2024",
        "invalid period: its start 2025-01-01T00:00:00Z is after its end 2024-12-31T23:59:59Z",
        "since=2025 until=2024",
        "the earlier time in since=",
    ),
    ("user=~", "`user` has no value", "=~", ""),
    ("user==", "`user` has no value", "==", ""),
    ("user==since", "`since` cannot be compared with another field", "since", "for equality write user=since"),
    ("user==text", "`text` cannot be compared with another field", "text", ""),
    ("time=~2024", "time takes no regular expression and no `=~`", "=~", ""),
    ("since=~2024", "since takes = only", "=~", ""),
    ("mfa=~true", "mfa is true or false, and takes = and != only", "=~", ""),
    ("text>x", "text takes =, !=, =~ and ~ only", ">", ""),
    ("| having events>1", "`having` follows count, top and timeline only", "having events>1", "terms on events"),
    ("| count by ip having", "`having` has no condition after it", "having", "having events>20"),
    ("| count by ip having user>1", "`having` compares events only, not `user`", "user", "having events>20"),
    ("| count by ip having events~1", "`having` takes no `~`", "~", "= != <"),
    ("| count by ip having events>x", "`x` is not a whole number", "x", ""),
    ("| fields ip having events>1", "unexpected `having` after `fields`", "having", ""),
    ("last=x", "invalid duration `x`: expected a number and one of s, m, h, d, w (for example 36h)", "x", "last=36h"),
    ("since=2024,2025", "since takes one value", "2024,2025", "time="),
    ("outcome=denid", "outcome is one of ok, denied, error, not `denid`", "denid", "`denied`"),
    ("mfa=maybe", "mfa is true or false, not `maybe`", "maybe", "mfa=true"),
    ("mfa>true", "mfa is true or false, and takes = and != only", ">", ""),
    ("bytes-in>x", "bytes-in is a whole number, not `x`", "x", ""),
    ("user>a,b", "`>` takes one value, not a list", "a,b", ""),
    ("| limit -1", "-1 is out of range", "-1", "not negative"),
    ("| limit x", "`x` is not a whole number", "x", ""),
    ("| count | count", "`count` needs events, but its input has only the columns events", "count", "sort and limit"),
    ("| count by user | sort name", "unknown column `name`", "name", ""),
    ("| count by user,username", "duplicate column username", "username", ""),
    ("| fields text", "text is only for filters: it has no value to show", "text", "--format records"),
    ("user contains ali", "`contains` is not part of a lookup", "contains", "write user=*part*"),
    ("user like 'a%'", "`like` is not part of a lookup", "like", "write user=*part*"),
    ("user not in (a, b)", "`not in` is not part of a lookup", "not in", "write not user=a,b"),
    ("region in (a,b)", "`in` is not part of a lookup", "in", "write region=a,b"),
    ("time between a and b", "`between` is not part of a lookup", "between", "since=START until=END"),
    ("user=a,,b", "this list has an empty item", ",", "both sides"),
    ("user=a,", "this list has an empty item", ",", "both sides"),
    ("ip=@nowhere.txt", "cannot read the list nowhere.txt: No such file or directory", "@nowhere.txt", ""),
    ("user=\u{201c}alice\u{201d}", "this is a typographic quotation mark", "\u{201c}", "straight"),
    ("or user=a", "`or` has no term before it", "or", "\"or\""),
    ("user=a or", "`or` has no term after it", "or", ""),
    ("not", "`not` has no term after it", "not", ""),
];

#[test]
fn syntax_errors_have_a_span_and_advice() {
    let mut wrong = Vec::new();
    for (text, message, place, hint) in MISTAKES {
        let found = mistake(text);
        let caret = found.span.map_or("", |span| &text[span.start..span.end]);
        let hints = found.hints.join("; ");
        let told = found.message == *message || (*place == "yesterday" && found.message.starts_with(message));
        if !told || caret != *place || !hints.contains(hint) || found.source.as_deref() != Some(text) {
            wrong.push(format!("{text}\n  {} / {caret} / {hints}", found.message));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nesting_is_bounded() {
    for text in
        ["(".repeat(10_000), "not ".repeat(10_000) + "user=a", "(".repeat(10_000) + "user=a" + &")".repeat(10_000)]
    {
        assert_eq!(mistake(&text).message, "this is nested more than 100 levels deep");
    }
}

#[test]
fn what_people_bring_along_is_accepted() {
    for text in [
        "AttributeKey=EventName,AttributeValue=RunInstances",
        "user=a AND ip=10.0.0.1 OR NOT name=x",
        "user = alice",
        "EventName=RunInstances, TerminateInstances",
        "select",
        "\"or\"",
        "",
        "| count by region",
        "user=~ALICE,b* not text=~kali ip=~10.0.0.0/8",
        "user==request.userName arn == resource",
        "text~\"a.c\" request=~*x*",
        "| count by ip having events>20",
        "| top 5 ip having events>=2, events<9 | sort ip",
        "| timeline 1h by region having count!=1",
        "| count by ip | having events=3",
        "| count having events>1",
    ] {
        if let Err(mistake) = parse(text).and_then(|tree| resolve(&tree, &World)) {
            panic!("{text}: {mistake:?}");
        }
    }
}
