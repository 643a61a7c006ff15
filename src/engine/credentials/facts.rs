//! Facts of a case about credentials, each asked by index: who issued a key, what a key issued, and which sessions and
//! sign-ins belong together.

use std::fmt;

use serde_json::json;

use crate::rows::{self, CapturedRows, Value, text};
use crate::sql::Param;
use crate::store::{Case, QueryError};

/// Maximum number of steps from a key up to what it descends from.
pub(crate) const MAX_STEPS: usize = 32;
/// A console session of a user begins at most this many seconds before or after its sign-in; as the query `lineage` has
/// it.
const SIGN_IN_SECONDS: i64 = 300;
/// A role session begins at most this many seconds before or after the event that issued its key.
const ISSUE_SECONDS: i64 = 2;
/// The portal is used at most this many seconds before it obtains a key.
const PORTAL_SECONDS: i64 = 300;
/// The longest session, in seconds: that of GetSessionToken and GetFederationToken (AWS STS API Reference).
const LONGEST_SESSION: i64 = 36 * 3600;

/// The caller of the event that issued a key. Of two copies in two accounts, the one that knows the caller's key is the
/// caller's own.
const ISSUE: &str = "SELECT e.access_key_id, e.identity_id, i.type, i.user_name, e.event_id, e.event_name, \
     e.event_time, e.time FROM events e LEFT JOIN identities i ON i.id = e.identity_id \
     WHERE e.issued_access_key_id = ?1 AND +e.outcome = 'ok' \
     ORDER BY e.access_key_id IS NULL, e.time, e.id LIMIT 1";

/// The caller in that copy of an event which has the key.
const CALLER: &str = "SELECT e.access_key_id, e.identity_id FROM events e WHERE e.shared_event_id = ?1 \
     AND +e.access_key_id IS NOT NULL ORDER BY e.event_id LIMIT 1";

const ISSUED: &str = "SELECT e.access_key_id, e.issued_access_key_id, e.event_id, e.event_name, e.event_time \
     FROM events e WHERE e.access_key_id IN (SELECT value FROM json_each(?1)) \
     AND +e.issued_access_key_id IS NOT NULL AND +e.issued_access_key_id <> e.access_key_id AND +e.outcome = 'ok' \
     ORDER BY e.time, e.event_id";

const SESSIONS: &str = "SELECT DISTINCT e.access_key_id, e.identity_id, e.session_created FROM events e \
     WHERE e.access_key_id IN (SELECT value FROM json_each(?1)) \
     AND +e.session_created IS NOT NULL AND +e.identity_id IS NOT NULL \
     AND +e.time BETWEEN unixepoch(e.session_created) - ?2 AND unixepoch(e.session_created) + ?3 ORDER BY 1, 3, 2";

/// Keys that no event of the case was signed with: their sessions are known by the answers that issued them.
const UNUSED: &str = "SELECT e.issued_access_key_id, i.id, e.time FROM events e JOIN identities i \
     ON i.arn = coalesce(record(e.id) ->> '$.responseElements.assumedRoleUser.arn', \
                         record(e.id) ->> '$.responseElements.federatedUser.arn') \
     WHERE e.issued_access_key_id IN (SELECT value FROM json_each(?1)) AND +e.outcome = 'ok' AND +e.time IS NOT NULL \
     AND NOT EXISTS (SELECT 1 FROM events u WHERE u.access_key_id = e.issued_access_key_id) ORDER BY 1, 3, 2";

const PASSWORDS: &str = "SELECT e.access_key_id, e.event_id, e.event_name, e.event_time, e.time, \
     e.recipient_account_id, coalesce(record(e.id) ->> '$.requestParameters.userName', \
                                      record(e.id) ->> '$.responseElements.loginProfile.userName') \
     FROM events e WHERE e.access_key_id IN (SELECT value FROM json_each(?1)) \
     AND +e.event_name IN ('CreateLoginProfile', 'UpdateLoginProfile') AND +e.outcome = 'ok' \
     ORDER BY e.time, e.event_id";

const SIGN_INS: &str = "SELECT e.event_id, e.event_name, e.event_time, e.identity_id, e.time FROM identities i \
     CROSS JOIN events e ON e.identity_id = i.id AND e.time >= ?3 WHERE i.user_name = ?1 AND i.account_id = ?2 \
     AND +i.type = 'IAMUser' AND +e.event_name = 'ConsoleLogin' AND +e.outcome = 'ok' ORDER BY e.time, e.event_id";

/// The sign-in that a session began with, and its user.
const SIGN_IN_OF: &str = "SELECT e.event_id, e.event_name, e.event_time, e.identity_id, e.time, i.user_name, \
     i.account_id FROM events e JOIN identities i ON i.id = e.identity_id WHERE e.identity_id = ?1 \
     AND e.time BETWEEN ?2 AND ?3 AND +e.event_name = 'ConsoleLogin' AND +e.outcome = 'ok' \
     AND i.type IN ('IAMUser', 'Root') ORDER BY abs(e.time - ?4), e.event_id LIMIT 1";

/// The last call before a time that set the password of a user.
const PASSWORD_OF: &str = "SELECT e.access_key_id, e.event_id, e.event_name, e.event_time FROM events e \
     WHERE e.event_name IN ('CreateLoginProfile', 'UpdateLoginProfile') AND e.time <= ?3 \
     AND +e.recipient_account_id = ?2 AND +e.access_key_id IS NOT NULL AND +e.outcome = 'ok' \
     AND coalesce(record(e.id) ->> '$.requestParameters.userName', \
                  record(e.id) ->> '$.responseElements.loginProfile.userName') = ?1 \
     ORDER BY e.time DESC, e.event_id LIMIT 1";

const KEYS_OF_SESSION: &str = "SELECT e.access_key_id, \
     EXISTS (SELECT 1 FROM events o WHERE o.issued_access_key_id = e.access_key_id AND +o.outcome = 'ok') \
     FROM events e WHERE e.identity_id = ?1 AND e.time BETWEEN ?2 AND ?3 AND e.session_created BETWEEN ?4 AND ?5 \
     AND e.access_key_id IS NOT NULL GROUP BY e.access_key_id ORDER BY 1";

const KEYLESS_OF_SESSION: &str = "SELECT e.event_id, e.event_name, e.event_time FROM events e \
     WHERE e.identity_id = ?1 AND e.time BETWEEN ?2 AND ?3 AND e.session_created BETWEEN ?4 AND ?5 \
     AND e.access_key_id IS NULL ORDER BY e.time, e.event_id";

/// The key of which no event was signed that a session of this principal began with.
const UNUSED_OF_SESSION: &str = "SELECT e.issued_access_key_id FROM events e WHERE e.time BETWEEN ?2 AND ?3 \
     AND +e.issued_access_key_id IS NOT NULL AND +e.outcome = 'ok' \
     AND NOT EXISTS (SELECT 1 FROM events u WHERE u.access_key_id = e.issued_access_key_id) \
     AND (SELECT arn FROM identities WHERE id = ?1) = \
         coalesce(record(e.id) ->> '$.responseElements.assumedRoleUser.arn', \
                  record(e.id) ->> '$.responseElements.federatedUser.arn') \
     ORDER BY e.time, e.event_id LIMIT 1";

/// The switches to roles in the console session of a user that began with the last sign-in before.
const SWITCHES: &str = "SELECT e.event_id, e.event_name, e.event_time, e.identity_id, e.time FROM events e \
     WHERE e.event_name = 'SwitchRole' AND e.time BETWEEN ?2 AND ?3 AND +e.event_source = 'signin.amazonaws.com' \
     AND +e.outcome = 'ok' AND coalesce(record(e.id) ->> '$.additionalEventData.SwitchFrom.arn', \
                                        record(e.id) ->> '$.additionalEventData.SwitchFrom') \
         = (SELECT arn FROM identities WHERE id = ?1) \
     AND NOT EXISTS (SELECT 1 FROM events o WHERE o.identity_id = ?1 AND o.time > ?4 AND o.time <= e.time \
                     AND +o.event_name = 'ConsoleLogin' AND +o.outcome = 'ok') ORDER BY e.time, e.event_id";

/// The switch that a session of a role began with, and the user that it names.
const SWITCH_OF: &str = "SELECT e.event_id, e.event_name, e.event_time, e.time, i.id FROM events e JOIN identities i \
     ON i.arn = coalesce(record(e.id) ->> '$.additionalEventData.SwitchFrom.arn', \
                         record(e.id) ->> '$.additionalEventData.SwitchFrom') \
     WHERE e.identity_id = ?1 AND e.time BETWEEN ?2 AND ?3 AND +e.event_name = 'SwitchRole' \
     AND +e.event_source = 'signin.amazonaws.com' AND +e.outcome = 'ok' \
     ORDER BY abs(e.time - ?4), e.event_id, i.id LIMIT 1";

/// The last sign-in of a user from a time to another.
const LAST_SIGN_IN: &str = "SELECT max(e.time) FROM events e WHERE e.identity_id = ?1 AND e.time BETWEEN ?2 AND ?3 \
     AND +e.event_name = 'ConsoleLogin' AND +e.outcome = 'ok'";

const PORTAL: &str = "SELECT e.event_id, e.event_name, e.event_time FROM events e WHERE e.user_name = ?1 \
     AND e.time BETWEEN ?2 AND ?3 AND +e.event_source = 'sso.amazonaws.com' \
     AND +e.event_name IN ('Federate', 'GetRoleCredentials') ORDER BY e.time DESC, e.event_id LIMIT 1";

const IS_KNOWN: &str = "SELECT EXISTS (SELECT 1 FROM events WHERE access_key_id = ?1) \
     OR EXISTS (SELECT 1 FROM events WHERE issued_access_key_id = ?1)";

/// An event as the evidence of a hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedEvent {
    /// `eventID`.
    pub(crate) id: String,
    /// `eventName`.
    pub(crate) name: String,
    /// UTC.
    pub(crate) time: String,
}

impl fmt::Display for NamedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} (event {})", self.name, self.time, self.id)
    }
}

/// The key and the identity of the caller of an event.
pub(crate) type Caller = (String, Option<i64>);

/// The event that issued a key.
pub(crate) struct Issue {
    /// The key of its caller; empty if the record has none.
    pub(crate) caller: String,
    /// The identity of its caller.
    pub(crate) identity: Option<i64>,
    /// The type of that identity.
    pub(crate) identity_type: String,
    /// Event history's Username of that identity.
    user: String,
    /// The event.
    pub(crate) event: NamedEvent,
    time: Option<i64>,
}

/// A session: its principal, and the time at which it began.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SessionStart {
    /// `identities.id`.
    pub(crate) identity: i64,
    /// The first and the last second in which it may have begun.
    pub(crate) began: (i64, i64),
}

/// A sign-in of a user to the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignIn {
    pub(crate) event: NamedEvent,
    /// The sessions that may have begun with it.
    pub(crate) session: SessionStart,
    time: i64,
}

/// The sign-in that a session began with.
pub(crate) struct SessionOrigin {
    pub(crate) sign_in: NamedEvent,
    /// The key and the event of the call that set the user's password before.
    pub(crate) password: Option<(String, NamedEvent)>,
}

/// A call that set the password of a user.
pub(crate) struct PasswordChange {
    /// The key of its caller.
    pub(crate) key: String,
    pub(crate) event: NamedEvent,
    time: Option<i64>,
    account: String,
    user: String,
}

/// The keys and the events of a session in the case.
pub(crate) struct SessionTraces {
    /// Keys, each with true if an event of the case issued it.
    pub(crate) keys: Vec<(String, bool)>,
    /// Events that were signed with no key.
    pub(crate) keyless: Vec<NamedEvent>,
}

fn ask(case: &Case, sql: &str, params: &[Param]) -> Result<CapturedRows, QueryError> {
    rows::collect(|sink| case.query(sql, params, sink))
}

fn named(cells: &[Value], at: usize) -> NamedEvent {
    let cell = |at: usize| text(cells.get(at));
    NamedEvent { id: cell(at), name: cell(at + 1), time: cell(at + 2) }
}

fn integer(cells: &[Value], at: usize) -> Option<i64> {
    match cells.get(at) {
        Some(Value::Integer(number)) => Some(*number),
        _ => None,
    }
}

/// Returns a list of keys as one parameter.
fn listed(keys: &[&str]) -> [Param; 1] {
    [Param::Text(json!(keys).to_string())]
}

/// Reports whether an event of the case was signed with a key, or issued it.
pub(crate) fn is_known(case: &Case, key: &str) -> Result<bool, QueryError> {
    let found = ask(case, IS_KNOWN, &[Param::Text(key.to_owned())])?;
    Ok(found.rows.first().and_then(|row| integer(row, 0)) == Some(1))
}

/// Returns the event that issued a key.
pub(crate) fn issue(case: &Case, key: &str) -> Result<Option<Issue>, QueryError> {
    let found = ask(case, ISSUE, &[Param::Text(key.to_owned())])?;
    Ok(found.rows.first().map(|row| Issue {
        caller: text(row.first()),
        identity: integer(row, 1),
        identity_type: text(row.get(2)),
        user: text(row.get(3)),
        event: named(row, 4),
        time: integer(row, 7),
    }))
}

/// Returns the caller in that copy of an event which has the key.
pub(crate) fn caller(case: &Case, shared_id: &str) -> Result<Option<Caller>, QueryError> {
    let found = ask(case, CALLER, &[Param::Text(shared_id.to_owned())])?;
    Ok(found.rows.first().map(|row| (text(row.first()), integer(row, 1))))
}

/// Returns what keys issued: the caller's key, the issued key and the event.
pub(crate) fn issued(case: &Case, keys: &[&str]) -> Result<Vec<(String, String, NamedEvent)>, QueryError> {
    let found = ask(case, ISSUED, &listed(keys))?;
    Ok(found.rows.iter().map(|row| (text(row.first()), text(row.get(1)), named(row, 2))).collect())
}

/// Returns the sessions of keys, each with its key.
pub(crate) fn sessions(case: &Case, keys: &[&str]) -> Result<Vec<(String, SessionStart)>, QueryError> {
    let [keys_param] = listed(keys);
    let params = [keys_param, Param::Integer(SIGN_IN_SECONDS), Param::Integer(LONGEST_SESSION)];
    let used = ask(case, SESSIONS, &params)?;
    let unused = ask(case, UNUSED, &listed(keys))?;
    let of_used = used.rows.iter().filter_map(|row| {
        let began = crate::time::parse(&text(row.get(2)))?;
        Some((text(row.first()), SessionStart { identity: integer(row, 1)?, began: (began, began) }))
    });
    let of_unused = unused.rows.iter().filter_map(|row| {
        let time = integer(row, 2)?;
        let began = (time - ISSUE_SECONDS, time + ISSUE_SECONDS);
        Some((text(row.first()), SessionStart { identity: integer(row, 1)?, began }))
    });
    Ok(of_used.chain(of_unused).collect())
}

/// Returns the parameters that select the events of a session.
fn of_session(session: &SessionStart) -> [Param; 5] {
    let (from, to) = session.began;
    [
        Param::Integer(session.identity),
        Param::Integer(from - SIGN_IN_SECONDS),
        Param::Integer(to + LONGEST_SESSION),
        Param::Text(crate::time::format(from)),
        Param::Text(crate::time::format(to)),
    ]
}

/// Returns the keys and the events without a key of a session.
pub(crate) fn traces(case: &Case, session: &SessionStart) -> Result<SessionTraces, QueryError> {
    let params = of_session(session);
    let keys = ask(case, KEYS_OF_SESSION, &params)?;
    let keyless = ask(case, KEYLESS_OF_SESSION, &params)?;
    Ok(SessionTraces {
        keys: keys.rows.iter().map(|row| (text(row.first()), integer(row, 1) == Some(1))).collect(),
        keyless: keyless.rows.iter().map(|row| named(row, 0)).collect(),
    })
}

/// Returns the key without uses that issued a session.
pub(crate) fn unused_key(case: &Case, session: &SessionStart) -> Result<Option<String>, QueryError> {
    let (from, to) = session.began;
    let params =
        [Param::Integer(session.identity), Param::Integer(from - ISSUE_SECONDS), Param::Integer(to + ISSUE_SECONDS)];
    Ok(ask(case, UNUSED_OF_SESSION, &params)?.rows.first().map(|row| text(row.first())))
}

/// Returns the calls of keys that set the password of a user.
pub(crate) fn password_changes(case: &Case, keys: &[&str]) -> Result<Vec<PasswordChange>, QueryError> {
    let found = ask(case, PASSWORDS, &listed(keys))?;
    Ok(found
        .rows
        .iter()
        .map(|row| PasswordChange {
            key: text(row.first()),
            event: named(row, 1),
            time: integer(row, 4),
            account: text(row.get(5)),
            user: text(row.get(6)),
        })
        .collect())
}

fn sign_in(row: &[Value]) -> Option<SignIn> {
    let time = integer(row, 4)?;
    let began = (time - SIGN_IN_SECONDS, time + SIGN_IN_SECONDS);
    Some(SignIn { event: named(row, 0), session: SessionStart { identity: integer(row, 3)?, began }, time })
}

/// Returns the sign-ins of a user after its password was set.
pub(crate) fn sign_ins_after(case: &Case, change: &PasswordChange) -> Result<Vec<SignIn>, QueryError> {
    let Some(time) = change.time else { return Ok(Vec::new()) };
    let params = [Param::Text(change.user.clone()), Param::Text(change.account.clone()), Param::Integer(time)];
    Ok(ask(case, SIGN_INS, &params)?.rows.iter().filter_map(|row| sign_in(row)).collect())
}

/// Returns the parameters of a statement about the event that a session began with.
fn beginning(session: &SessionStart) -> [Param; 4] {
    let (from, to) = session.began;
    [session.identity, from - SIGN_IN_SECONDS, to + SIGN_IN_SECONDS, from].map(Param::Integer)
}

/// Returns the sign-in that a session of a user began with, and the call that set the user's password before.
pub(crate) fn sign_in_of(case: &Case, session: &SessionStart) -> Result<Option<SessionOrigin>, QueryError> {
    let found = ask(case, SIGN_IN_OF, &beginning(session))?;
    let Some((row, signed_in)) = found.rows.first().and_then(|row| Some((row, sign_in(row)?))) else {
        return Ok(None);
    };
    let params = [Param::Text(text(row.get(5))), Param::Text(text(row.get(6))), Param::Integer(signed_in.time)];
    let change = ask(case, PASSWORD_OF, &params)?.rows.first().map(|row| (text(row.first()), named(row, 1)));
    Ok(Some(SessionOrigin { sign_in: signed_in.event, password: change }))
}

/// Returns the switches to roles in a console session of a user.
pub(crate) fn role_switches(case: &Case, session: &SessionStart) -> Result<Vec<SignIn>, QueryError> {
    let (from, to) = session.began;
    let params = [
        Param::Integer(session.identity),
        Param::Integer(from),
        Param::Integer(to + LONGEST_SESSION),
        Param::Integer(to + SIGN_IN_SECONDS),
    ];
    Ok(ask(case, SWITCHES, &params)?.rows.iter().filter_map(|row| sign_in(row)).collect())
}

/// Returns the switch that a session of a role began with, and the console session that it was made in, if its sign-in is
/// known.
pub(crate) fn role_switch_of(
    case: &Case,
    session: &SessionStart,
) -> Result<Option<(NamedEvent, Option<SessionStart>)>, QueryError> {
    let found = ask(case, SWITCH_OF, &beginning(session))?;
    let Some(row) = found.rows.first() else { return Ok(None) };
    let (Some(time), Some(identity)) = (integer(row, 3), integer(row, 4)) else { return Ok(None) };
    let params = [Param::Integer(identity), Param::Integer(time - LONGEST_SESSION), Param::Integer(time)];
    let last = ask(case, LAST_SIGN_IN, &params)?.rows.first().and_then(|row| integer(row, 0));
    Ok(Some((named(row, 0), last.map(|last| SessionStart { identity, began: (last, last) }))))
}

/// Returns the event of the access portal that a key was obtained by.
pub(crate) fn portal(case: &Case, issue: &Issue) -> Result<Option<NamedEvent>, QueryError> {
    let Some(time) = issue.time.filter(|_| !issue.user.is_empty()) else { return Ok(None) };
    let params = [Param::Text(issue.user.clone()), Param::Integer(time - PORTAL_SECONDS), Param::Integer(time)];
    Ok(ask(case, PORTAL, &params)?.rows.first().map(|row| named(row, 0)))
}
