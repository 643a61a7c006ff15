//! An event as an English sentence: who did or tried what, to which object, where and from where. It is made from the
//! record and its outcome, by a phrase for the call (`phrases.tsv`) or by the words of its name.
//!
//! Values are those of the record, so a sentence is escaped where it is shown like any other value.

mod action;
mod actor;
mod names;
mod phrases;
mod values;

use serde_json::Value;

use crate::sentence::action::Action;
use crate::sentence::values::text;

/// Returns the sentence of a record. `outcome`: the value of the column `outcome`. `None` if the record is not a JSON
/// object.
pub(crate) fn of_record(record: &[u8], outcome: Option<&str>) -> Option<String> {
    let record: Value = serde_json::from_slice(record).ok()?;
    record.is_object().then(|| of_event(&record, outcome))
}

fn of_event(record: &Value, outcome: Option<&str>) -> String {
    let name = text(record, &["eventName"]).unwrap_or_default();
    let source = text(record, &["eventSource"]).unwrap_or_default();
    let service = source.split('.').next().unwrap_or_default().to_owned();
    let mut sentence = actor::of_record(record);
    sentence.push(' ');
    sentence.push_str(&predicate(record, &service, &name, outcome));
    if !name.is_empty() {
        sentence.push_str(&format!(" ({service}:{name})"));
    }
    sentence.push_str(&place(record));
    if let Some(reason) = failure(record, outcome) {
        sentence.push_str(": ");
        sentence.push_str(&reason);
    }
    sentence
}

/// Returns what was done or tried.
fn predicate(record: &Value, service: &str, name: &str, outcome: Option<&str>) -> String {
    if let Some(kind) = text(record, &["insightDetails", "insightType"]) {
        let state = text(record, &["insightDetails", "state"]).unwrap_or_default();
        return format!("reported an Insight, {kind} ({})", state.to_lowercase());
    }
    let action = Action::of_call(record, service, name);
    if text(record, &["errorCode"]).is_some_and(|code| code.ends_with("DryRunOperation")) {
        return format!("was allowed to {} (dry run)", action.base());
    }
    match outcome {
        Some("denied" | "error") => format!("tried to {}", action.base()),
        _ => action.past(),
    }
}

/// Returns the account, Region and address.
fn place(record: &Value) -> String {
    let mut place = String::new();
    let account = text(record, &["recipientAccountId"]);
    let region = text(record, &["awsRegion"]);
    let parts: Vec<String> = [account, region].into_iter().flatten().collect();
    if !parts.is_empty() {
        place.push_str(" in ");
        place.push_str(&parts.join(" "));
    }
    match text(record, &["sourceIPAddress"]) {
        Some(address) if address.ends_with(".amazonaws.com") || address == "AWS Internal" => {
            place.push_str(" through ");
            place.push_str(&address);
        }
        Some(address) => {
            place.push_str(" from ");
            place.push_str(&address);
        }
        None => {}
    }
    place
}

/// Returns why nothing was done.
fn failure(record: &Value, outcome: Option<&str>) -> Option<String> {
    let outcome = outcome.filter(|outcome| *outcome != "ok")?;
    let code = text(record, &["errorCode"]).or_else(|| text(record, &["errorMessage"]));
    if code.as_deref().is_some_and(|code| code.ends_with("DryRunOperation")) {
        return None;
    }
    let word = if outcome == "denied" { "denied" } else { "failed" };
    Some(match code {
        Some(code) => format!("{word}, {code}"),
        None => word.to_owned(),
    })
}

#[cfg(test)]
mod tests;
