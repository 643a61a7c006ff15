//! The limits of what a hunt can see: the period, accounts, kinds of events that are not recorded, and missing files.

use crate::coverage::{self, Category, Scope, Unrecorded};
use crate::engine::{Engine, no_match};
use crate::hunt::result::Visibility;
use crate::number;
use crate::rows::{self, Value, text};
use crate::saved::{Library, bind};
use crate::store::{QueryError, Rules};

/// The most accounts that a sentence names.
const MAX_NAMED: usize = 3;

/// The number of accounts whose trails have events.
const ACCOUNTS: &str = "SELECT count(DISTINCT recipient_account_id) FROM facets";
/// The event source of S3.
const S3: &str = "s3.amazonaws.com";
const PERIOD: &str = "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', min(time), 'unixepoch'), \
     strftime('%Y-%m-%dT%H:%M:%SZ', max(time), 'unixepoch') FROM events";

/// Returns the limits of what can be seen in a case. `within`: the first and the last second of the hunt.
///
/// # Errors
/// The case cannot be read.
pub(crate) fn of_case(
    engine: &Engine,
    library: &Library,
    within: (Option<i64>, Option<i64>),
    now: i64,
) -> Result<Visibility, QueryError> {
    let case = engine.case();
    let ask = |sql: &str| rows::collect(|sink| case.query(sql, &[], sink));
    let events = rows::scalar(|sink| case.query("SELECT sum(events) FROM facets", &[], sink))?.unwrap_or(0);
    let accounts = rows::scalar(|sink| case.query(ACCOUNTS, &[], sink))?.unwrap_or(0);
    let period = ask(PERIOD)?;
    let period =
        period.rows.first().map(|row| (text(row.first()), text(row.get(1)))).filter(|(first, _)| !first.is_empty());
    let mut not_seen = Vec::new();
    if events > 0 {
        let coverage = case.coverage()?;
        let scope = Scope { categories: vec![Category::Management], from: within.0, to: within.1, ..Scope::default() };
        let objects = Unrecorded::of(&coverage, &scope, Category::Data, S3);
        let any = Unrecorded::of(&coverage, &scope, Category::Data, "");
        not_seen.extend(objects.line());
        // What is missing of every service is missing of S3 too.
        if (&any.without, &any.before, &any.after) != (&objects.without, &objects.before, &objects.after) {
            not_seen.extend(any.line());
        }
        not_seen.extend(coverage::uncovered_hours(&coverage, &scope));
    }
    let totals = case.listed_files()?;
    not_seen.push(missing_files(engine, library, totals.digests, now)?);
    if totals.digests > 0 && totals.without_hash > 0 {
        let files = number::counted(totals.without_hash, "file");
        not_seen.push(format!("missing files: {files} compared by name only, imported by an older version"));
    }
    not_seen.extend(no_match::gaps::of_case(case, false)?);
    match case.rules()? {
        Rules::Current => {}
        rules => {
            not_seen.push(format!("outcomes and resources by {} rules: `trailq reindex` applies these", rules.name()))
        }
    }
    Ok(Visibility {
        events: u64::try_from(events).unwrap_or(0),
        accounts: u64::try_from(accounts).unwrap_or(0),
        period,
        not_seen,
    })
}

/// Returns a sentence about the files that digests list and the case does not have.
fn missing_files(engine: &Engine, library: &Library, digests: u64, now: i64) -> Result<String, QueryError> {
    let case = engine.case();
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
        let digests = number::counted(digests, "digest");
        return Ok(format!("missing files: none of those that {digests} list"));
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
