//! The limits of what a hunt can see: the period, accounts, kinds of events that are not recorded, and missing files.

use crate::engine::{Engine, no_match};
use crate::hunt::result::Visibility;
use crate::number;
use crate::rows::{self, Value, text};
use crate::saved::{Library, bind};
use crate::store::{QueryError, Rules};

/// The most accounts that a sentence names.
const MAX_NAMED: usize = 3;

/// Accounts, and whether their trails have object events of S3 and data events of any service.
const ACCOUNTS: &str = "SELECT recipient_account_id, max(event_category = 'Data' AND event_source = 's3.amazonaws.com'), \
     max(event_category = 'Data'), sum(events) FROM facets WHERE recipient_account_id IS NOT NULL \
     GROUP BY recipient_account_id ORDER BY recipient_account_id";
const PERIOD: &str = "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', min(time), 'unixepoch'), \
     strftime('%Y-%m-%dT%H:%M:%SZ', max(time), 'unixepoch') FROM events";

/// Returns the limits of what can be seen in a case.
///
/// # Errors
/// The case cannot be read.
pub(crate) fn of_case(engine: &Engine, library: &Library, now: i64) -> Result<Visibility, QueryError> {
    let case = engine.case();
    let ask = |sql: &str| rows::collect(|sink| case.query(sql, &[], sink));
    let events = rows::scalar(|sink| case.query("SELECT sum(events) FROM facets", &[], sink))?.unwrap_or(0);
    let accounts = ask(ACCOUNTS)?.rows;
    let period = ask(PERIOD)?;
    let period =
        period.rows.first().map(|row| (text(row.first()), text(row.get(1)))).filter(|(first, _)| !first.is_empty());
    let mut not_seen = Vec::new();
    not_seen.extend(unrecorded("S3 object events", &accounts, 1));
    not_seen.extend(unrecorded("data events of any service", &accounts, 2));
    not_seen.push(missing_files(engine, library, now)?);
    not_seen.extend(no_match::gaps::of_case(case, false)?);
    match case.rules()? {
        Rules::Current => {}
        rules => {
            not_seen.push(format!("outcomes and resources by {} rules: `trailq reindex` applies these", rules.name()))
        }
    }
    Ok(Visibility { events: u64::try_from(events).unwrap_or(0), accounts: accounts.len() as u64, period, not_seen })
}

/// Returns a sentence about the accounts whose trails have no such event.
fn unrecorded(what: &str, accounts: &[Vec<Value>], column: usize) -> Option<String> {
    let without: Vec<String> = accounts
        .iter()
        .filter(|row| row.get(column) != Some(&Value::Integer(1)))
        .map(|row| text(row.first()))
        .collect();
    match without.as_slice() {
        [] => None,
        all if all.len() == accounts.len() => Some(format!("{what}: no account has any")),
        few if few.len() <= MAX_NAMED => Some(format!("{what}: none in {}", few.join(", "))),
        many => Some(format!("{what}: none in {}", number::counted(many.len() as u64, "account"))),
    }
}

/// Returns a sentence about the files that digests list and the case does not have.
fn missing_files(engine: &Engine, library: &Library, now: i64) -> Result<String, QueryError> {
    let case = engine.case();
    let digests = rows::scalar(|sink| case.query("SELECT count(*) FROM digests", &[], sink))?.unwrap_or(0);
    if digests == 0 {
        return Ok("missing files: not known, since the case has no digest files".to_owned());
    }
    let Some(query) = library.find("missing-files") else { return Ok("missing files: not examined".to_owned()) };
    let params = bind("the query", &query.header, &std::collections::BTreeMap::new(), now)
        .map_err(|mistake| QueryError::from(Box::new(mistake)))?;
    let sql = format!(
        "SELECT account, min(digest_end_time), max(digest_end_time), count(*) FROM (\n{}\n) GROUP BY account",
        query.sql
    );
    let found = rows::collect(|sink| case.query_named(&sql, &params, sink))?;
    if found.rows.is_empty() {
        return Ok(format!(
            "missing files: none of those that {} list",
            number::counted(digests.unsigned_abs(), "digest")
        ));
    }
    let of_account = |row: &Vec<Value>| {
        let at = |column: usize| text(row.get(column));
        format!("{} of {} ({} to {})", at(3), at(0), at(1), at(2))
    };
    let named: Vec<String> = found.rows.iter().take(MAX_NAMED).map(of_account).collect();
    let more = found.rows.len().saturating_sub(MAX_NAMED);
    let more = if more > 0 { format!(" and {}", number::counted(more as u64, "more account")) } else { String::new() };
    Ok(format!("missing files: {}{more}: `.run missing-files`", named.join(", ")))
}
