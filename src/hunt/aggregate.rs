//! Rows of saved queries that aggregate events: their principal, account, times and counts, by the names of columns.

use crate::rows::{CapturedRows, Value, text};
use crate::time;

/// The columns that may hold each part, the first that exists counts.
const PRINCIPAL: &[&str] = &["principal", "user_name", "signed_in_as", "source_ip_address"];
const ACCOUNT: &[&str] = &["account"];
const FIRST: &[&str] =
    &["first_time", "event_time", "start", "hour", "digest_end_time", "newest_since", "silent_since"];
const LAST: &[&str] = &["last_time", "used_again", "event_time", "start", "hour", "digest_end_time"];
const EVENTS: &[&str] = &["events", "calls", "deletions", "failures", "uses"];
const TRIED: &[&str] = &["denied", "failed", "errors", "failures"];

/// A row of a saved query that aggregates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AggregateRow {
    /// The index of the rule.
    pub(crate) rule: usize,
    /// The principal as the query names it.
    pub(crate) principal: String,
    pub(crate) account: String,
    pub(crate) done: u64,
    pub(crate) tried: u64,
    /// Unix seconds.
    pub(crate) first: Option<i64>,
    /// Unix seconds.
    pub(crate) last: Option<i64>,
    pub(crate) address: String,
    /// An access key that the row is about.
    pub(crate) key: String,
    /// The event id of an example.
    pub(crate) example: String,
}

/// Returns the rows of an answer of a rule.
pub(crate) fn rows(rule: usize, answer: &CapturedRows) -> Vec<AggregateRow> {
    let column = |names: &[&str]| names.iter().find_map(|name| answer.columns.iter().position(|column| column == name));
    let [principal, account, first, last] = [PRINCIPAL, ACCOUNT, FIRST, LAST].map(column);
    let [events, tried] = [EVENTS, TRIED].map(column);
    let [address, key, example] = ["source_ip_address", "access_key_id", "example_event"].map(|name| column(&[name]));
    let read = |row: &Vec<Value>| {
        let at = |column: Option<usize>| text(column.and_then(|column| row.get(column)));
        let number = |column: Option<usize>| at(column).parse::<u64>().ok();
        let tried = number(tried).unwrap_or(0);
        AggregateRow {
            rule,
            principal: at(principal),
            account: at(account),
            done: number(events).unwrap_or(tried + 1).saturating_sub(tried),
            tried,
            first: time::parse(&at(first)),
            last: time::parse(&at(last)),
            address: at(address),
            key: at(key),
            example: at(example),
        }
    };
    answer.rows.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::rows;
    use crate::rows::{CapturedRows, Value};

    #[test]
    fn columns_are_found_by_their_names() {
        let text = |text: &str| Value::Text(text.to_owned());
        let answer = CapturedRows {
            columns: ["principal", "first_time", "last_time", "calls", "denied"].map(str::to_owned).to_vec(),
            rows: vec![vec![
                text("arn:aws:iam::111122223333:user/a"),
                text("2024-03-01T09:00:00Z"),
                text("2024-03-01T10:00:00Z"),
                Value::Integer(7),
                Value::Integer(3),
            ]],
        };
        let found = rows(4, &answer);
        assert_eq!((found[0].rule, found[0].done, found[0].tried), (4, 4, 3));
        assert_eq!(found[0].last.unwrap() - found[0].first.unwrap(), 3_600);
        assert_eq!(found[0].account, "");
    }
}
