//! Sigma's filters: files that say which events of rules are not findings.

use std::path::{Path, PathBuf};

use crate::sigma::detection;
use crate::sigma::document::{self, Kind};
use crate::sigma::load::{checked, files, read};
use crate::sigma::yaml::{self, Yaml};

/// The word for every rule.
const ANY: &str = "any";

/// A filter: events that are not findings of some rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The id, else the name of its file.
    pub id: String,
    /// The title.
    pub title: String,
    /// The ids of the rules that it applies to; `None` for every rule.
    pub rules: Option<Vec<String>>,
    /// The filter of a lookup that selects the events.
    pub filter: String,
    /// The reason: the description, else the title.
    pub reason: String,
}

/// A filter file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the filter {}: {reason}", path.display())]
pub struct FilterError {
    /// The file.
    pub path: PathBuf,
    /// The reason.
    pub reason: String,
}

/// Loads the filters of files and folders.
///
/// # Errors
/// A file cannot be read, holds no filter, or holds one that is not supported: a filter that does not act would show
/// events that the user does not expect.
pub fn load_filters(paths: &[PathBuf]) -> Result<Vec<Filter>, FilterError> {
    let mut filters = Vec::new();
    let unreadable = |error: crate::sigma::LoadError| FilterError { reason: error.error.to_string(), path: error.path };
    for path in files(paths).map_err(unreadable)? {
        let fail = |reason: String| FilterError { path: path.clone(), reason };
        let documents =
            yaml::documents(&read(&path).map_err(fail)?).map_err(|reason| fail(format!("not YAML: {reason}")))?;
        for (number, document) in documents.iter().enumerate() {
            filters.push(filter(&path, number, document).map_err(fail)?);
        }
    }
    Ok(filters)
}

/// Compiles a document. The condition of a filter tells the events that stay findings.
fn filter(path: &Path, number: usize, document: &Yaml) -> Result<Filter, String> {
    let body = document.get("filter").ok_or("it has no `filter`")?;
    if let Some(Kind::OtherLog(log)) = document.get("logsource").map(|_| document::log(document)) {
        return Err(format!("it is for {log}, not for CloudTrail"));
    }
    let searches = body.entries().iter().filter(|(name, _)| name != "rules").cloned().collect();
    let stays = detection::compile(&Yaml::Map(searches), &mut Vec::new())?;
    let rules = body.get("rules").map(Yaml::scalars).unwrap_or_default();
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = if number == 0 { stem } else { format!("{stem}#{}", number + 1) };
    let title = Some(document::title(document)).filter(|title| !title.is_empty()).unwrap_or_else(|| name.clone());
    let is_for_any = rules.is_empty() || rules.iter().any(|rule| rule.eq_ignore_ascii_case(ANY));
    Ok(Filter {
        id: document::text(document, "id").map_or(name, |id| id.into_owned()),
        rules: (!is_for_any).then(|| rules.into_iter().map(|rule| rule.into_owned()).collect()),
        filter: checked(stays.negated().text())?,
        reason: document::text(document, "description").map_or_else(|| title.clone(), |text| text.into_owned()),
        title,
    })
}

#[cfg(test)]
mod tests {
    use super::{Filter, load_filters};

    fn loaded(text: &str) -> Result<Vec<Filter>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ours.yml");
        std::fs::write(&path, text).unwrap();
        load_filters(&[path]).map_err(|error| error.to_string())
    }

    #[test]
    fn a_filter_hides_what_its_condition_does_not_select() {
        let text = "title: Our scanner\nlogsource: {product: aws, service: cloudtrail}\nfilter:\n  rules: [trail-stopped]\n  \
                    ours:\n    sourceIPAddress: 203.0.113.7\n  condition: not ours\n";
        let found = loaded(text).unwrap().remove(0);
        assert_eq!((found.id.as_str(), found.reason.as_str()), ("ours", "Our scanner"));
        assert_eq!(found.rules, Some(vec!["trail-stopped".to_owned()]));
        assert!(found.filter.contains("203.0.113.7") && !found.filter.contains("not"), "{}", found.filter);
        assert_eq!(loaded(&text.replace("[trail-stopped]", "any")).unwrap()[0].rules, None);
    }

    #[test]
    fn a_filter_that_cannot_act_is_an_error() {
        for (text, says) in [
            ("title: [", "not YAML"),
            ("title: T\n", "it has no `filter`"),
            ("filter:\n  a: {eventName|windash: x}\n  condition: not a\n", "windash"),
            ("logsource: {product: windows}\nfilter:\n  a: {b: c}\n  condition: not a\n", "it is for windows"),
            ("filter:\n  a: {eventName: x}\n", "no condition"),
        ] {
            let error = loaded(text).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
