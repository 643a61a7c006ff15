//! The column `resources`: JSON in the answer, plain names on a screen.

use serde::Deserialize;
use serde_json::value::RawValue;

/// The name of the column.
pub(super) const COLUMN: &str = "resources";

/// An element of the column's JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum ListedResource {
    /// A resource with its type.
    Object {
        /// Event history's type.
        #[serde(default, rename = "type")]
        kind: Option<String>,
        /// A name, an id or an ARN.
        name: String,
    },
    /// A name alone.
    Name(String),
}

/// Returns the names, comma-separated; `None` if the text is not a list of resources.
pub(super) fn names(text: &str) -> Option<String> {
    let names: Vec<String> = parse(text)?
        .into_iter()
        .map(|listed| match listed {
            ListedResource::Object { name, .. } | ListedResource::Name(name) => name,
        })
        .collect();
    Some(names.join(", "))
}

/// Returns one `TYPE NAME` a resource; `None` if the text is not a list of resources.
pub(super) fn lines(text: &str) -> Option<Vec<String>> {
    let line = |listed| match listed {
        ListedResource::Object { kind: Some(kind), name } => format!("{kind} {name}"),
        ListedResource::Object { kind: None, name } | ListedResource::Name(name) => name,
    };
    Some(parse(text)?.into_iter().map(line).collect())
}

/// Returns the text as a JSON array, if it is one.
pub(super) fn array(text: &str) -> Option<&RawValue> {
    if !text.trim_start().starts_with('[') {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Parses the resources that the text lists.
fn parse(text: &str) -> Option<Vec<ListedResource>> {
    if text.starts_with('[') { serde_json::from_str(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{lines, names};

    #[test]
    fn resources_are_words_on_a_screen() {
        let text = r#"[{"type":"AWS::EC2::Instance","name":"i-0abc","listed":1},{"type":null,"name":"x"},"y"]"#;
        assert_eq!(names(text).unwrap(), "i-0abc, x, y");
        assert_eq!(lines(text).unwrap(), ["AWS::EC2::Instance i-0abc", "x", "y"]);
        assert_eq!(names("[]").unwrap(), "");
        assert_eq!(names("[1]"), None);
        assert_eq!(names("i-0abc"), None);
    }
}
