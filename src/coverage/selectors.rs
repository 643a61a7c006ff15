//! Event selectors: which events a trail records. Source: the AWS CloudTrail API reference, `EventSelector` and
//! `AdvancedEventSelector`.

use serde_json::Value;

/// The events that a trail records, as far as selectors say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Management events; `None`: not recorded.
    pub(crate) management: Option<Limits>,
    /// Data events, by `resources.type` such as `AWS::S3::Object`.
    pub(crate) data: Vec<SelectedKind>,
    /// Network activity events, by event source.
    pub(crate) network: Vec<SelectedKind>,
}

/// A kind of events that is recorded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SelectedKind {
    /// A resource type, or an event source; empty for any.
    pub(crate) name: String,
    pub(crate) limits: Limits,
}

/// The part of a kind that is recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Limits {
    /// `read` or `write`, if only these events are recorded.
    pub(crate) only: Option<&'static str>,
    /// True if conditions on names, resources or sources leave further events out.
    pub(crate) is_narrowed: bool,
}

impl Limits {
    /// Returns the limits in words; empty if everything is recorded.
    pub(crate) fn in_words(&self) -> String {
        let only = self.only.map(|only| format!("{only} events only"));
        let narrowed = self.is_narrowed.then(|| "with conditions".to_owned());
        only.into_iter().chain(narrowed).collect::<Vec<_>>().join(", ")
    }
}

impl Selection {
    /// Returns the selection of a new trail: all management events.
    pub(crate) fn of_new_trail() -> Selection {
        Selection { management: Some(Limits::default()), ..Selection::default() }
    }
}

/// Reads the parameters or the answer of a call of PutEventSelectors; `None` if they have no selectors.
pub(crate) fn selection_of(call: &Value) -> Option<Selection> {
    let list = |name: &str| call.get(name).and_then(Value::as_array).filter(|list| !list.is_empty());
    let mut selection = Selection::default();
    match (list("advancedEventSelectors"), list("eventSelectors")) {
        (Some(advanced), _) => advanced.iter().for_each(|selector| add_advanced(&mut selection, selector)),
        (None, Some(basic)) => basic.iter().for_each(|selector| add_basic(&mut selection, selector)),
        (None, None) => return None,
    }
    for kinds in [&mut selection.data, &mut selection.network] {
        kinds.sort();
        kinds.dedup();
    }
    Some(selection)
}

/// Reads the parameters of a call of PutInsightSelectors; `None` if they have no selectors.
pub(crate) fn insights_of(call: &Value) -> Option<bool> {
    call.get("insightSelectors").and_then(Value::as_array).map(|list| !list.is_empty())
}

fn add_basic(selection: &mut Selection, selector: &Value) {
    let only = match selector.get("readWriteType").and_then(Value::as_str) {
        Some("ReadOnly") => Some("read"),
        Some("WriteOnly") => Some("write"),
        _ => None,
    };
    if selector.get("includeManagementEvents").and_then(Value::as_bool) != Some(false) {
        let excluded = selector.get("excludeManagementEventSources").and_then(Value::as_array);
        let limits = Limits { only, is_narrowed: excluded.is_some_and(|sources| !sources.is_empty()) };
        add_management(selection, limits);
    }
    for resource in selector.get("dataResources").and_then(Value::as_array).into_iter().flatten() {
        let Some(name) = resource.get("type").and_then(Value::as_str) else { continue };
        let values = resource.get("values").and_then(Value::as_array);
        // `arn:aws:s3` and `arn:aws:s3:::` mean every bucket, `arn:aws:lambda` every function.
        let is_any =
            |value: &Value| value.as_str().is_some_and(|arn| arn.trim_end_matches(':').matches(':').count() < 3);
        let is_narrowed = !values.is_some_and(|values| values.iter().any(is_any));
        selection.data.push(SelectedKind { name: name.to_owned(), limits: Limits { only, is_narrowed } });
    }
}

fn add_advanced(selection: &mut Selection, selector: &Value) {
    let mut category = String::new();
    let (mut types, mut sources) = (Vec::new(), Vec::new());
    let mut limits = Limits::default();
    for field in selector.get("fieldSelectors").and_then(Value::as_array).into_iter().flatten() {
        let name = field.get("field").and_then(Value::as_str).unwrap_or_default();
        let equals = || {
            let values = field.get("equals").and_then(Value::as_array).into_iter().flatten();
            values.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        match name {
            "eventCategory" => category = equals().pop().unwrap_or_default(),
            "resources.type" => types = equals(),
            "eventSource" if !equals().is_empty() => sources = equals(),
            "readOnly" => {
                limits.only = match equals().first().map(String::as_str) {
                    Some("true") => Some("read"),
                    Some("false") => Some("write"),
                    _ => None,
                }
            }
            _ => limits.is_narrowed = true,
        }
    }
    let kinds = |names: Vec<String>, limits: &Limits| {
        let names = if names.is_empty() { vec![String::new()] } else { names };
        names.into_iter().map(|name| SelectedKind { name, limits: limits.clone() }).collect::<Vec<_>>()
    };
    match category.as_str() {
        "Management" => {
            limits.is_narrowed |= !sources.is_empty();
            add_management(selection, limits);
        }
        "Data" => {
            limits.is_narrowed |= !sources.is_empty();
            selection.data.extend(kinds(types, &limits));
        }
        "NetworkActivity" => selection.network.extend(kinds(sources, &limits)),
        _ => {}
    }
}

/// Adds management events: several selectors record what any of them records.
fn add_management(selection: &mut Selection, limits: Limits) {
    selection.management = Some(match selection.management.take() {
        None => limits,
        Some(earlier) if earlier == limits => earlier,
        Some(earlier) => Limits {
            only: if earlier.only == limits.only { limits.only } else { None },
            is_narrowed: earlier.is_narrowed && limits.is_narrowed,
        },
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Limits, SelectedKind, Selection, insights_of, selection_of};

    fn kind(name: &str, only: Option<&'static str>, is_narrowed: bool) -> SelectedKind {
        SelectedKind { name: name.to_owned(), limits: Limits { only, is_narrowed } }
    }

    #[test]
    fn basic_selectors_are_read() {
        let selection = selection_of(&json!({"eventSelectors": [
            {"readWriteType": "WriteOnly", "includeManagementEvents": true, "dataResources": [
                {"type": "AWS::S3::Object", "values": ["arn:aws:s3:::"]},
                {"type": "AWS::Lambda::Function", "values": ["arn:aws:lambda:eu-west-1:111122223333:function:f"]}],
             "excludeManagementEventSources": ["kms.amazonaws.com"]}]}))
        .unwrap();
        assert_eq!(selection.management, Some(Limits { only: Some("write"), is_narrowed: true }));
        let expected =
            [kind("AWS::Lambda::Function", Some("write"), true), kind("AWS::S3::Object", Some("write"), false)];
        assert_eq!(selection.data, expected);
        let none = json!({"eventSelectors": [{"readWriteType": "All", "includeManagementEvents": false}]});
        assert_eq!(selection_of(&none), Some(Selection::default()));
    }

    #[test]
    fn advanced_selectors_are_read_and_take_precedence() {
        let selection = selection_of(&json!({
            "eventSelectors": [{"includeManagementEvents": true}],
            "advancedEventSelectors": [
                {"fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]},
                                    {"field": "resources.type", "equals": ["AWS::DynamoDB::Table"]},
                                    {"field": "readOnly", "equals": ["true"]},
                                    {"field": "resources.ARN", "startsWith": ["arn:aws:dynamodb"]}]},
                {"fieldSelectors": [{"field": "eventCategory", "equals": ["NetworkActivity"]},
                                    {"field": "eventSource", "equals": ["kms.amazonaws.com"]}]}]}))
        .unwrap();
        assert_eq!(selection.management, None);
        assert_eq!(selection.data, [kind("AWS::DynamoDB::Table", Some("read"), true)]);
        assert_eq!(selection.network, [kind("kms.amazonaws.com", None, false)]);
        assert_eq!(selection.data[0].limits.in_words(), "read events only, with conditions");
    }

    #[test]
    fn selectors_of_a_category_add_up() {
        let write_and_read = json!({"eventSelectors": [{"readWriteType": "ReadOnly"}, {"readWriteType": "WriteOnly"}]});
        assert_eq!(selection_of(&write_and_read).unwrap(), Selection::of_new_trail());
    }

    #[test]
    fn parameters_without_selectors_say_nothing() {
        assert_eq!(selection_of(&json!({"trailName": "t", "eventSelectors": []})), None);
        assert_eq!(selection_of(&json!(null)), None);
        assert_eq!(insights_of(&json!({"insightSelectors": []})), Some(false));
        assert_eq!(insights_of(&json!({"insightSelectors": [{"insightType": "ApiCallRateInsight"}]})), Some(true));
        assert_eq!(insights_of(&json!({})), None);
    }
}
