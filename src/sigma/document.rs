//! Documents of a rule file: what they are, and their descriptions.

use std::borrow::Cow;

use crate::detection::{Condition, Origin, Rule};
use crate::level::Level;
use crate::sigma::yaml::Yaml;

/// The kinds of documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A rule on CloudTrail events.
    Detection,
    /// A rule on the matches of other rules.
    Correlation,
    /// A rule on another log, named.
    OtherLog(String),
    /// A status with which a rule is not run.
    Retired(Status),
    /// Not a rule.
    Other,
}

/// The statuses with which a rule is not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Deprecated,
    Unsupported,
}

/// Returns the kind of a document.
pub(crate) fn kind(document: &Yaml) -> Kind {
    let has = |key: &str| document.get(key).is_some();
    let kind = match () {
        () if has("correlation") => match has("logsource").then(|| log(document)) {
            Some(Kind::OtherLog(log)) => Kind::OtherLog(log),
            _ => Kind::Correlation,
        },
        () if has("detection") && has("logsource") => log(document),
        () => Kind::Other,
    };
    let status = text(document, "status").unwrap_or_default();
    match (kind, status.to_ascii_lowercase().as_str()) {
        (Kind::Detection | Kind::Correlation, "deprecated") => Kind::Retired(Status::Deprecated),
        (Kind::Detection | Kind::Correlation, "unsupported") => Kind::Retired(Status::Unsupported),
        (kind, _) => kind,
    }
}

/// Returns the kind of a rule by its log source.
pub(crate) fn log(document: &Yaml) -> Kind {
    let source = document.get("logsource").unwrap_or(&Yaml::Null);
    let part = |key: &str| source.get(key).and_then(Yaml::scalar).unwrap_or_default().to_ascii_lowercase();
    let (product, service, category) = (part("product"), part("service"), part("category"));
    if matches!(product.as_str(), "aws" | "") && service == "cloudtrail" {
        return Kind::Detection;
    }
    let parts: Vec<&str> =
        [&product, &service, &category].into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    Kind::OtherLog(if parts.is_empty() { "no log source".to_owned() } else { parts.join("/") })
}

/// Returns a text of a document.
pub(crate) fn text<'d>(document: &'d Yaml, key: &str) -> Option<Cow<'d, str>> {
    let text = document.get(key)?.scalar()?;
    let trimmed = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    Some(trimmed).filter(|text| !text.is_empty())
}

/// Returns the title of a document, without a full stop.
pub(crate) fn title(document: &Yaml) -> String {
    let title = text(document, "title").unwrap_or_default();
    one_line(title.strip_suffix('.').unwrap_or(&title))
}

/// Returns the rule of a document with this condition. `id`: for one without an id of its own.
///
/// # Errors
/// The level is none of Sigma's.
pub(crate) fn rule(document: &Yaml, id: &str, condition: Condition) -> Result<Rule, String> {
    let level = match text(document, "level") {
        None => Level::Medium,
        Some(level) => Level::parse(&level).ok_or_else(|| format!("`{level}` is not a level"))?,
    };
    let techniques = document.get("tags").map(Yaml::scalars).unwrap_or_default();
    let attack = techniques.iter().filter_map(|tag| technique(tag)).collect();
    let false_positives = document.get("falsepositives").map(Yaml::scalars).unwrap_or_default();
    let false_positives = false_positives.iter().map(|text| one_line(text)).filter(|text| !is_unknown(text)).collect();
    let authors = document.get("author").map(Yaml::scalars).unwrap_or_default();
    let author = one_line(&authors.join(", "));
    Ok(Rule {
        id: text(document, "id").map_or_else(|| id.to_owned(), Cow::into_owned),
        title: title(document),
        level,
        origin: Origin::Sigma,
        author: Some(author).filter(|author| !author.is_empty()),
        attack,
        about: text(document, "description").map(|text| one_line(&text)).unwrap_or_default(),
        false_positives,
        condition,
        needs_success: false,
    })
}

/// Returns a text on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_unknown(text: &str) -> bool {
    text.is_empty() || text.trim_end_matches('.').eq_ignore_ascii_case("unknown")
}

/// Returns the technique of a tag such as `attack.t1078.004`.
fn technique(tag: &str) -> Option<String> {
    let id = tag.to_ascii_uppercase();
    let id = id.strip_prefix("ATTACK.")?;
    let digits = id.strip_prefix('T')?;
    digits.starts_with(|c: char| c.is_ascii_digit()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Kind, Status, kind, rule};
    use crate::detection::Condition;
    use crate::level::Level;
    use crate::sigma::yaml::documents;

    #[test]
    fn descriptions_are_taken_over() {
        let text = "title: A title.\nid: x-1\nauthor: A, B\nlevel: High\ndescription: |\n  two\n  lines\n\
                    tags: [attack.persistence, attack.t1078.004, cve.2024.1]\nfalsepositives: [Unknown, An admin]\n";
        let document = documents(text).unwrap().remove(0);
        let found = rule(&document, "y", Condition::Lookup(String::new())).unwrap();
        assert_eq!((found.id.as_str(), found.title.as_str(), found.level), ("x-1", "A title", Level::High));
        assert_eq!((found.author.as_deref(), found.about.as_str()), (Some("A, B"), "two lines"));
        assert_eq!((found.attack, found.false_positives), (vec!["T1078.004".to_owned()], vec!["An admin".to_owned()]));
        let bad = documents("title: x\nlevel: severe\n").unwrap().remove(0);
        assert!(rule(&bad, "y", Condition::Lookup(String::new())).unwrap_err().contains("`severe`"));
    }

    #[test]
    fn documents_are_told_apart() {
        let of = |text: &str| kind(&documents(text).unwrap()[0]);
        let cloudtrail = "logsource: {product: aws, service: cloudtrail}\ndetection: {}\n";
        assert_eq!(of(cloudtrail), Kind::Detection);
        assert_eq!(of(&format!("{cloudtrail}status: deprecated\n")), Kind::Retired(Status::Deprecated));
        assert_eq!(of(&format!("{cloudtrail}status: unsupported\n")), Kind::Retired(Status::Unsupported));
        assert_eq!(of("correlation: {}\n"), Kind::Correlation);
        let other = "logsource: {product: windows, category: process_creation}\ndetection: {}\n";
        assert_eq!(of(other), Kind::OtherLog("windows/process_creation".to_owned()));
        assert_eq!(of("title: x\n"), Kind::Other);
        assert_eq!(of("- x\n"), Kind::Other);
    }
}
