//! A session without a terminal: what is typed, what goes to the rows, and what is remarked.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;

use crate::common::{Scratch, record};
use trailq::render::{Format, Style};
use trailq::session::input::Input;
use trailq::session::{Answer, Params, Session, SessionError, Settings, script};

/// Bytes that a test can read while a session writes them.
#[derive(Clone, Default)]
struct SharedBuffer(Rc<RefCell<Vec<u8>>>);

impl SharedBuffer {
    /// Takes what was written since the last call.
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.borrow_mut())).unwrap()
    }
}

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A session on a case, with its outputs.
struct SessionFixture {
    scratch: Scratch,
    session: Session,
    rows: SharedBuffer,
    notes: SharedBuffer,
}

impl SessionFixture {
    /// A session on a case with these records.
    fn with(records: &[String]) -> SessionFixture {
        let scratch = Scratch::new();
        let file = scratch.write("trail.json", format!("{{\"Records\":[{}]}}", records.join(",")));
        scratch.import(&[file]);
        let (rows, notes) = (SharedBuffer::default(), SharedBuffer::default());
        let settings = Settings { style: Style { unicode: true, ..Style::default() }, ..Settings::default() };
        let session = Session::new(scratch.case(), settings, Box::new(rows.clone()), Box::new(notes.clone()));
        SessionFixture { scratch, session, rows, notes }
    }

    fn try_run(&mut self, text: &str) -> Result<Answer, SessionError> {
        self.session.execute(&Input::of(text))
    }

    /// Runs an input, and gives what went to the rows and to the notes.
    fn run(&mut self, text: &str) -> (String, String) {
        self.try_run(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        (self.rows.take(), self.notes.take())
    }

    /// The mistake that an input is.
    fn mistake(&mut self, text: &str) -> String {
        let error = self.try_run(text).expect_err(text);
        let mut out = Vec::new();
        trailq::render::diagnostic::write(&mut out, &error.into_diagnostic(), false).unwrap();
        self.rows.take();
        self.notes.take();
        String::from_utf8(out).unwrap()
    }

    /// Runs a script from a file, and gives the mistake that ends it, if one does.
    fn script(&mut self, path: &Path) -> Option<String> {
        let file = io::BufReader::new(std::fs::File::open(path).unwrap());
        let done = script::run(&mut self.session, file, "s.trailq");
        done.err().map(|error| {
            let mistake = error.into_diagnostic();
            format!("{}: {}", mistake.origin.unwrap_or_default(), mistake.message)
        })
    }
}

/// So many events, one a second.
fn many(count: usize) -> Vec<String> {
    let at = |n: usize| format!("\"2024-03-01T09:{:02}:{:02}Z\"", n / 60, n % 60);
    (0..count).map(|n| record(&format!("e-{n}"), "").replace("\"2024-03-01T09:00:00Z\"", &at(n))).collect()
}

#[test]
fn a_table_shows_the_newest_50_and_other_formats_everything() {
    let mut fixture = SessionFixture::with(&many(60));
    let (rows, notes) = fixture.run("event-name=RunInstances");
    assert_eq!(rows.lines().count(), 52, "{rows}");
    assert!(rows.lines().nth(2).unwrap().starts_with("2024-03-01T09:00:59Z"), "{rows}");
    assert!(notes.starts_with("the newest 50 of 60 events (all times, "), "{notes}");
    assert!(fixture.run("event-name=RunInstances | limit 55").0.lines().count() == 57);
    fixture.session.settings.format = Some(Format::Ndjson);
    let (rows, notes) = fixture.run("event-name=RunInstances");
    assert_eq!(rows.lines().count(), 60);
    assert!(notes.starts_with("60 events ("), "{notes}");
    fixture.session.settings.limit = Some(7);
    let (rows, notes) = fixture.run("event-name=RunInstances");
    assert_eq!(rows.lines().count(), 7);
    assert!(notes.starts_with("the newest 7 of 60 events"), "{notes}");
}

#[test]
fn a_file_gets_the_whole_answer_and_then_the_screen_again() {
    let mut fixture = SessionFixture::with(&many(60));
    let (once, always) = (fixture.scratch.path("a file"), fixture.scratch.path("all"));
    fixture.run(&format!(".once '{}'", once.display()));
    assert_eq!(fixture.run("event-name=RunInstances").0, "");
    assert_eq!(std::fs::read_to_string(&once).unwrap().lines().count(), 62);
    assert_ne!(fixture.run("event-name=RunInstances").0, "");
    fixture.run(&format!(".output {}", always.display()));
    fixture.run(".mode csv");
    assert_eq!(fixture.run("event-name=RunInstances | count").0, "");
    assert_eq!(fixture.run(".print two").0, "");
    fixture.run(".output");
    assert_eq!(fixture.run(".print three").0, "three\n");
    assert!(std::fs::read_to_string(&always).unwrap().ends_with("60\r\ntwo\n"));
    assert!(fixture.mistake(".output /no/such/folder/x").contains("the folder /no does not exist"));
}

#[test]
fn show_gives_the_record_of_a_row_pretty_or_byte_for_byte() {
    let first = record("e-1", r#""requestParameters": {"b": 1.0,  "a": [1e2]}"#);
    let mut fixture = SessionFixture::with(&[first.clone(), record("e-2", "").replace("09:00:00Z", "08:00:00Z")]);
    assert!(fixture.mistake(".show 1").contains("not a list of events"));
    fixture.run("event-name=RunInstances");
    assert_eq!(fixture.run(".show 1 --raw").0, first);
    assert!(
        fixture.run(".show 1").0.contains("  \"requestParameters\": {\n    \"b\": 1.0,\n    \"a\": [\n      1e2\n")
    );
    assert!(fixture.run(".show 2").0.contains("\"e-2\""));
    assert!(fixture.mistake(".show 3").contains("there is no row 3: the last answer has 2 rows"));
    assert!(fixture.mistake(".show x").contains("  | .show x\n  |       ^\n"));
    fixture.run("SELECT event_id, 1 FROM events ORDER BY time");
    assert!(fixture.run(".show 1").0.contains("\"e-2\""));
    fixture.run("event-name=RunInstances | count");
    assert!(fixture.mistake(".show 1").contains("not a list of events"));
}

#[test]
fn an_empty_answer_reports_its_reason() {
    let mut fixture = SessionFixture::with(&[record("e-1", r#""userIdentity":{"type":"IAMUser","userName":"alice"}"#)]);
    let (rows, notes) = fixture.run("event-name=RunInstances user=alcie");
    assert_eq!(rows, "");
    assert!(notes.starts_with("no events match (all times, "), "{notes}");
    assert!(
        notes.contains("note: `user=alcie` leaves none of the one event that the terms before it match\n"),
        "{notes}"
    );
    assert!(notes.contains("`alice`"), "{notes}");
    assert!(notes.contains("note: the case covers 2024-03-01T09:00:00Z to 2024-03-01T09:00:00Z\n"), "{notes}");
    assert!(fixture.run("user=alcie | count").1.contains("`alice`"));
    fixture.session.settings.quiet = true;
    assert_eq!(fixture.run("user=alcie").1, "");
}

/// Events of a person, a role, an address, a key and a bucket, and what an empty answer is explained with.
fn varied() -> SessionFixture {
    let identity = r#""userIdentity":{"type":"IAMUser","userName":"jmerckle","accessKeyId":"AKIAIOSFODNN7EXAMPLE","accountId":"444455556666","principalId":"AIDAEXAMPLEPERSON001","arn":"arn:aws:iam::444455556666:user/jmerckle"},"sourceIPAddress":"10.248.16.43""#;
    let request = r#""requestParameters":{"bucketName":"acme-customer-data","range":"peer 10.248.0.0"},"resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::acme-customer-data"},{"type":"AWS::EC2::Instance","ARN":"arn:aws:ec2:us-east-1:444455556666:instance/i-0bad0bad0bad00001"}]"#;
    let id = "6659ae8b-84fb-46b6-86fc-7ade15019dde";
    SessionFixture::with(&[
        record(id, &format!("{identity},{request}")),
        record(
            "e-2",
            r#""userIdentity":{"type":"IAMUser","userName":"svc-backup-2"},"sourceIPAddress":"10.248.16.44""#,
        ),
    ])
}

#[test]
fn no_correction_replaces_an_address_a_key_an_id_or_an_arn() {
    let mut fixture = varied();
    for text in [
        "ip=10.248.16.45",
        "ip=10.248.16.4",
        "ip=10.248",
        "10.248.16.45",
        "10.248",
        "key=AKIAIOSFODNN7EXAMPEL",
        "key=akiaiosfodnn7example",
        "AKIAIOSFODNN7EXAMPEL",
        "account=111122223334",
        "identity-account=444455556667",
        "event-id=6659ae8b-84fb-46b6-86fc-7ade15019ddf",
        "6659AE8B-84FB-46B6-86FC-7ADE15019DDE",
        "arn=arn:aws:iam::444455556666:user/jmerkle",
        "resource=arn:aws:s3:::acme-custmer-data",
        "resource=i-0bad0bad0bad00002",
        "resource=I-0BAD0BAD0BAD00001",
        "principal=AIDAEXAMPLEPERSON002",
        "user=AIDAEXAMPLEPERSON002",
        "session-name=i-0bad0bad0bad00002",
        "user=svc-backup-3",
    ] {
        let notes = fixture.run(text).1;
        assert!(notes.starts_with("no events match") && !notes.contains(" is near "), "{text}: {notes}");
        let value = text.split('=').next_back().unwrap();
        let offered = fixture.session.suggestion().unwrap_or(value);
        assert!(offered.contains(value), "{text}: {offered}");
    }
    for (text, offered) in [
        ("user=jmerkle", "user=jmerckle"),
        ("user=\"jmerkle\" | count", "user=jmerckle | count"),
        ("resource=acme-custmer-data", "resource=acme-customer-data"),
        ("event-name=RunInstance", "event-name=RunInstances"),
        ("source=ec3", "source=ec2"),
        ("user=svc-bakcup-2", "user=svc-backup-2"),
        ("name=RunInstances jmerkle", "name=RunInstances jmerckle"),
    ] {
        let notes = fixture.run(text).1;
        assert_eq!(fixture.session.suggestion(), Some(offered), "{text}: {notes}");
    }
}

#[test]
fn a_value_that_no_indexed_field_has_is_answered_with_what_does_match() {
    let mut fixture = varied();
    for (text, told, offered) in [
        (
            "10.248",
            "note: no event has exactly `10.248` in an indexed field; `text=10.248` finds it inside 2 records\n\
             note: `ip=10.248*` matches 2 events\n",
            Some("text=10.248"),
        ),
        ("JMERCKLE", "note: `user` has `jmerckle` (1 event); values are case-sensitive\n", Some("jmerckle")),
        ("user=JMERCKLE", "note: `user` has `jmerckle` (1 event); values are case-sensitive\n", Some("user=jmerckle")),
        (
            "key=akiaiosfodnn7example",
            "note: `key` has `AKIAIOSFODNN7EXAMPLE` (1 event); values are case-sensitive\n",
            None,
        ),
        ("RunInstances", "note: `event-name=RunInstances` matches 2 events\n", Some("event-name=RunInstances")),
        ("runinstances", "note: `event-name=RunInstances` matches 2 events\n", Some("event-name=RunInstances")),
        ("ec2", "note: `event-source=ec2.amazonaws.com` matches 2 events\n", Some("event-source=ec2.amazonaws.com")),
        (
            "444455556666",
            "note: `identity-account=444455556666` matches 1 event\n",
            Some("identity-account=444455556666"),
        ),
        ("peer", "in an indexed field; `text=peer` finds it inside 1 record\n", Some("text=peer")),
        ("nowhere-at-all", "in an indexed field; no event's record has it inside either\n", None),
        ("bucketName", "records have a key of this name: request.bucketName=VALUE", Some("text=bucketName")),
        ("sourceIPAddress", "note: `sourceIPAddress` is a field: ip=VALUE", Some("text=sourceIPAddress")),
        ("role=jmerckle", "note: `jmerckle` without its field matches 1 event", Some("jmerckle")),
        ("user=acme-cust", "`text=acme-cust` finds it inside 1 record", Some("text=acme-cust")),
        ("text=JMERCKLE", "note: `text=jmerckle` is in 1 record; texts are case-sensitive\n", None),
        ("jmer*x", "note: no event has `jmer*x` in an indexed field\n", None),
        ("identity-type=user", "note: `identity-type` has `IAMUser` (2 events)\n", Some("identity-type=IAMUser")),
        ("not event-name=*", "note: no event matches `not event-name=*`\n", None),
        ("user=jmerckle ip=10.248.16.44", "`ip=10.248.16.44` leaves none of the one event that the terms", None),
        ("user=svc-backup-2 user=jmerckle", "note: `user=jmerckle` alone matches 1 event\n", None),
        ("user=svc-backup-2 jmerckle", "note: `jmerckle` alone matches 1 event\n", None),
        ("outcome=succ*", "note: `outcome` has `ok` (2 events), `denied` (0 events), `error` (0 events)\n", None),
        ("ok", "note: `outcome=ok` matches 2 events\n", Some("outcome=ok")),
    ] {
        let notes = fixture.run(text).1;
        assert!(notes.contains(told), "{text}: {notes}");
        assert_eq!(fixture.session.suggestion(), offered, "{text}: {notes}");
    }
}

#[test]
fn a_path_that_no_record_has_is_answered_with_the_near_one() {
    let mut fixture = varied();
    for (text, told, offered) in [
        (
            "request.bucketname=acme",
            "note: no record has a value at `request.bucketname`, and `request.bucketName` occurs; names are case-sensitive\n",
            Some("request.bucketName=acme"),
        ),
        ("requestParameters.bucketNmae=a", "and `request.bucketName` occurs\n", Some("request.bucketName=a")),
        (
            "userIdentity.bucketName=a",
            "`userIdentity.bucketName`; the key is at `request.bucketName`\n",
            Some("request.bucketName=a"),
        ),
        ("request.bucketName=a", "note: `request.bucketName=*` matches 1 event\n", None),
        ("request.zebra=a", "note: no record has a value at `request.zebra`\n", None),
        (
            "accountId=444455556666",
            "the field is `account` (recipientAccountId) or `identity-account` (userIdentity.accountId)\n",
            Some("identity-account=444455556666"),
        ),
        (
            "tlsDetails=TLSv1.3",
            "note: `tlsDetails` is an object; its values have paths such as `tlsDetails.tlsVersion`, `tlsDetails.cipherSuite`",
            None,
        ),
        ("eventContext=x", "paths such as `eventContext.requestContext`, `eventContext.tagContext`\n", None),
    ] {
        let notes = fixture.run(text).1;
        assert!(notes.contains(told), "{text}: {notes}");
        assert_eq!(fixture.session.suggestion(), offered, "{text}: {notes}");
    }
    let mistake = fixture.mistake("user=@/no/such/list");
    assert!(mistake.contains("cannot read the list /no/such/list: there is no such file\n"), "{mistake}");
    let mistake = fixture.mistake("bucketname=x");
    assert!(mistake.contains("unknown field `bucketname`: it is nested deeper in records"), "{mistake}");
    assert!(mistake.contains("did you mean `request.bucketName`?"), "{mistake}");
}

#[test]
fn a_stage_s_path_that_no_record_has_is_answered_with_the_near_one() {
    let mut fixture = varied();
    let told = "note: no record has a value at `request.bucketname`, and `request.bucketName` occurs; names are case-sensitive\n";
    for (text, offered) in [
        ("| count by request.bucketname", "| count by request.bucketName"),
        ("last=2w | top 3 event-name,request.bucketname", "last=2w | top 3 event-name,request.bucketName"),
        ("| timeline 1d by request.bucketname", "| timeline 1d by request.bucketName"),
        ("| fields event-name,request.bucketname", "| fields event-name,request.bucketName"),
    ] {
        let notes = fixture.run(text).1;
        assert!(notes.contains(told), "{text}: {notes}");
        assert_eq!(fixture.session.suggestion(), Some(offered), "{text}");
    }
    for text in
        ["| count by request.bucketName", "| count by user,request.bucketName", "| fields event-name", "| count"]
    {
        assert!(!fixture.run(text).1.contains("note: "), "{text}");
    }
    assert!(
        fixture
            .run("user=svc-backup-2 | count by request.bucketName")
            .1
            .contains("`request.bucketName=*` matches 1 event")
    );
}

#[test]
fn the_rest_of_a_time_is_never_answered_with_no_events_alone() {
    let mut fixture = varied();
    for (text, told, offered) in [
        (
            "since=2021-07-29 13:00",
            "note: `13:00` looks like the rest of a time: write since=\"2021-07-29 13:00\"\n",
            "since=\"2021-07-29 13:00\"",
        ),
        (
            "since=2021-07-29 13:00 CEST user=jmerckle | count",
            "note: `13:00 CEST` looks like the rest of a time: write since=2021-07-29T13:00+02:00\n",
            "since=2021-07-29T13:00+02:00 user=jmerckle | count",
        ),
    ] {
        let notes = fixture.run(text).1;
        assert!(notes.contains(told) && !notes.contains("leaves none"), "{text}: {notes}");
        let offered = offered.to_owned();
        assert_eq!(fixture.session.suggestion(), Some(offered.as_str()), "{text}");
        let notes = fixture.run(&offered).1;
        assert!(notes.starts_with("2 events (") || notes.starts_with("1 row ("), "{offered}: {notes}");
    }
    let mistake = fixture.mistake("since=2021-07-29T13:00..14:00");
    assert!(mistake.contains("is a range, not a time; write since=2021-07-29T13:00 until="), "{mistake}");
    assert!(fixture.mistake("since=24h").contains("write now-24h, or last=24h"));
}

#[test]
fn absence_is_stated_only_of_what_was_looked_at() {
    let undated = record("e-9", "").replace("\"eventTime\":\"2024-03-01T09:00:00Z\",", "");
    let mut fixture = SessionFixture::with(&[record("e-1", ""), undated]);
    let notes = fixture.run("since=2030").1;
    assert!(notes.contains("note: no event is in this period (since 2030-01-01T00:00:00Z)\n"), "{notes}");
    assert!(notes.contains("note: 1 event has no time, and no period holds them\n"), "{notes}");
    assert!(!fixture.run("user=nobody").1.contains("no time"));
    // Where no row is wanted, nothing is said of the events.
    for text in ["name=RunInstances | limit 0", "name=RunInstances | limit 0 | sort time"] {
        let notes = fixture.run(text).1;
        assert!(notes.starts_with("none of the events shown (") && !notes.contains("note:"), "{text}: {notes}");
    }
    fixture.run(".noise add starts event-name=RunInstances");
    let notes = fixture.run(".noise on starts").1;
    assert!(
        notes.contains("note: the rule starts is stored in the case and hides `event-name=RunInstances`"),
        "{notes}"
    );
    let notes = fixture.run("region=us-east-1").1;
    assert!(notes.starts_with("no events match outside the noise rules (all times, "), "{notes}");
    assert!(notes.contains("note: 2 events hidden by the noise rules starts"), "{notes}");
    assert!(!notes.contains("no event has") && !notes.contains("leaves none"), "{notes}");
    let notes = fixture.run("user=nobody").1;
    assert!(notes.contains("note: no event has `user=nobody`\n") && !notes.contains("hidden"), "{notes}");
    let bad = fixture.scratch.write("bad.json", "{\"Records\":[{},7]}");
    fixture.run(&format!(".import '{}'", bad.display()));
    let notes = fixture.run("user=nobody").1;
    assert!(notes.contains("rejected at import and not searched; `.info` lists the reasons"), "{notes}");
}

#[test]
fn words_of_other_shells_search_in_scripts_and_say_what_to_write() {
    let mut fixture = varied();
    let notes = fixture.run("exit").1;
    assert!(notes.contains("note: `.quit` leaves (`exit` alone searches for that value: \"exit\")\n"), "{notes}");
    assert_eq!(fixture.session.suggestion(), Some(".quit"));
    for (text, offered) in [
        ("show tables", ".tables"),
        ("info", ".info"),
        ("search jmerckle2", "jmerckle2"),
        ("user=jmerckle count by region", "user=jmerckle | count by region"),
    ] {
        let notes = fixture.run(text).1;
        assert_eq!(fixture.session.suggestion(), Some(offered), "{text}: {notes}");
    }
    assert!(!fixture.run("\"exit\"").1.contains(".quit"));
    // One that is a value is found as any other.
    let mut fixture = SessionFixture::with(&[record("e-1", r#""userIdentity":{"type":"IAMUser","userName":"exit"}"#)]);
    assert!(fixture.run("exit").1.starts_with("1 event ("));
}

#[test]
fn a_user_with_several_identities_is_reported() {
    let identity = |arn: &str| format!(r#""userIdentity":{{"type":"IAMUser","userName":"alice","arn":"{arn}"}}"#);
    let mut fixture = SessionFixture::with(&[
        record("e-1", &identity("arn:aws:iam::111122223333:user/alice")),
        record("e-2", &identity("arn:aws:iam::444455556666:user/alice")),
    ]);
    let notes = fixture.run("user=alice").1;
    assert!(notes.contains("note: user `alice` is 2 identities:\n  IAMUser arn:aws:iam::"), "{notes}");
}

#[test]
fn the_original_records_are_a_format() {
    let first = record("e-1", "\n \"requestParameters\": {\"a b\":\t[1.0]}");
    let mut fixture = SessionFixture::with(&many(200));
    fixture.session.settings.format = Some(Format::Records);
    let rows = fixture.run("event-name=RunInstances").0;
    assert!(rows.lines().zip((0..200).rev()).all(|(line, n)| line.contains(&format!("\"e-{n}\""))), "{rows}");
    let mut fixture = SessionFixture::with(&[first]);
    fixture.session.settings.format = Some(Format::Records);
    let line = format!("{}\n", record("e-1", r#""requestParameters":{"a b":[1.0]}"#));
    assert_eq!(fixture.run("event-name=RunInstances").0, line);
    assert_eq!(fixture.run("SELECT id FROM events").0, line);
    assert_eq!(fixture.run("SELECT 1 AS x, record(id) FROM events").0, line);
    assert!(fixture.mistake("event-name=RunInstances | count").contains("the format records shows events"));
    assert!(fixture.mistake("SELECT 1 AS x").starts_with("error: the format records needs a column `id` of events"));
}

#[test]
fn nothing_in_a_record_acts_on_the_terminal() {
    let nasty = "\\u001b[2J\\u009b31m\\u202e\\u0007";
    let mut fixture = SessionFixture::with(&[record(
        "e-1",
        &format!(
            r#""userIdentity":{{"type":"IAMUser","userName":"a{nasty}"}},"errorCode":"{nasty}","userAgent":"{nasty}""#
        ),
    )]);
    fixture.session.settings.style.width = Some(200);
    for format in Format::ALL {
        fixture.session.settings.format = Some(format);
        for input in
            ["event-name=RunInstances", "SELECT id, event_id, user_name, record(id) AS record FROM events", ".show 1"]
        {
            let (rows, notes) = fixture.run(input);
            let unsafe_in = |text: &str| text.chars().any(|c| c.is_control() && !"\n\r\t".contains(c));
            assert!(!unsafe_in(&rows) && !unsafe_in(&notes), "{format} {input}: {rows:?} {notes:?}");
        }
    }
}

#[test]
fn invalid_commands_are_reported() {
    let mut fixture = SessionFixture::with(&many(1));
    assert_eq!(
        fixture.mistake(".hlp"),
        "error: unknown command `.hlp`\n  | .hlp\n  | ^^^^\n  = hint: did you mean `.help`?\n"
    );
    assert!(fixture.mistake(".mode tabel").contains("= hint: did you mean `table`?"));
    assert!(fixture.mistake(".timer maybe").contains("the timer is `on` or `off`"));
    assert!(fixture.mistake(".read 'x").contains("the quote `'` is not closed"));
    assert!(fixture.mistake(".once").contains(".once needs [--force] FILE"));
    assert!(fixture.mistake(".schema evnts").contains("did you mean `events`?"));
    assert!(fixture.mistake(".help evnt-name").contains("did you mean `.help event-name`?"));
    assert!(fixture.mistake(".info x").contains("takes no more arguments"));
    assert!(fixture.run(".help").0.contains(".show N [--raw]"));
    assert!(fixture.run(".schema events").0.contains("CREATE TABLE events"));
    assert!(fixture.run(".tables").0.contains("event_history\n"));
    assert!(fixture.run(".explain event-name=RunInstances").0.contains("-- plan: "));
    fixture.run(".timer on");
    assert!(fixture.run("SELECT 1").1.starts_with("time: 0."));
}

#[test]
fn looking_changes_nothing() {
    let mut fixture = SessionFixture::with(&many(1));
    for sql in ["DELETE FROM events", "CREATE TABLE x (y)", "ATTACH 'x.db' AS x", "PRAGMA user_version = 9"] {
        fixture.mistake(sql);
    }
    assert_eq!(fixture.run("SELECT count(*) FROM events").0.lines().last(), Some("       1"));
}

#[test]
fn a_script_runs_everything_and_names_the_line_of_a_mistake() {
    let mut fixture = SessionFixture::with(&many(3));
    fixture.session.settings.format = Some(Format::Tsv);
    fixture.session.set_params(Params::of_script([
        ("name".to_owned(), "RunInstances".to_owned()),
        ("n".to_owned(), "2".to_owned()),
    ]));
    let inner = fixture.scratch.write("inner.trailq", ".print inner ${n}\n");
    let good = fixture.scratch.write(
        "good.trailq",
        format!(
            "#!/usr/bin/env -S trailq script\r\n-- a remark\r\n\r\nevent-name=${{name}} | count\r\nSELECT :n\r\n  AS n;\n\
             .read '{}'\n.print end\nSELECT 4 AS n",
            inner.display()
        ),
    );
    assert_eq!(fixture.script(&good), None);
    assert_eq!(fixture.rows.take(), "events\n3\nn\n2\ninner 2\nend\nn\n4\n");
    for (text, mistake) in [
        ("-- x\n\n.nonsense\n.print no", "s.trailq:3: unknown command `.nonsense`"),
        ("SELECT 1;\nSELECT\n  nowhere\nFROM events;\n", "s.trailq:3: no such column: nowhere"),
        (".print ok\nevnt-name=x", "s.trailq:2: unknown field `evnt-name`"),
    ] {
        let bad = fixture.scratch.write("bad.trailq", text);
        assert_eq!(fixture.script(&bad).unwrap(), mistake);
        assert!(!fixture.rows.take().contains("no\n"));
    }
    let bad = fixture.scratch.write("bad.trailq", b".print a\n\xff\n");
    assert!(fixture.script(&bad).unwrap().ends_with("s.trailq:2: the line is not UTF-8"));
    let quit = fixture.scratch.write("quit.trailq", ".print a\n.quit\n.print b\n");
    fixture.rows.take();
    assert_eq!(fixture.script(&quit), None);
    assert_eq!(fixture.rows.take(), "a\n");
    let endless = fixture.scratch.path("endless.trailq");
    std::fs::write(&endless, format!(".read '{}'\n", endless.display())).unwrap();
    assert!(fixture.script(&endless).unwrap().contains("deep"));
}

#[test]
fn an_import_reports_and_the_session_goes_on_with_the_new_events() {
    let mut fixture = SessionFixture::with(&many(2));
    fixture.run("SELECT 1");
    let more = fixture.scratch.write("more.json", format!("{}\n{{\"no\":1}}\n", record("new-1", "")));
    let answer = fixture.try_run(&format!(".import '{}'", more.display())).unwrap();
    assert!(answer.rejected);
    let notes = fixture.notes.take();
    assert!(notes.starts_with("1 file: 2 records read, 1 stored, 0 duplicate, 1 rejected\n"), "{notes}");
    assert!(notes.contains("rejected: "), "{notes}");
    assert_eq!(fixture.run("SELECT count(*) AS n FROM events").0.lines().last(), Some("3"));
    fixture.session.settings.format = Some(Format::Json);
    fixture.run(&format!(".import '{}'", more.display()));
    fixture.session.info().unwrap();
    let info: serde_json::Value = serde_json::from_str(&fixture.rows.take()).unwrap();
    assert_eq!(info["events"], 3);
    assert_eq!(info["rejected"], 1);
    assert!(fixture.mistake(".import /no/such/path").contains("there is no such file"));
}
