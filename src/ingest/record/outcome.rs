//! Outcomes: ok, denied or error, from the error code and from results that records give in words.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use crate::event::Outcome;
use crate::ingest::record::resource_rules::rows;

/// The stems of the codes of `denied_codes.tsv`, which `tests/make_denied_codes.py` writes.
static DENIED: LazyLock<FxHashSet<String>> =
    LazyLock::new(|| rows(include_str!("denied_codes.tsv")).map(|[code, _source]| stem(code)).collect());

/// Returns the outcome of an action. A failed sign-in has no error code, and other failures may have only a message.
pub(crate) fn of(error_code: Option<&str>, has_message: bool, failed: bool) -> Outcome {
    match error_code {
        Some(code) if DENIED.contains(&stem(code)) => Outcome::Denied,
        Some(code) if is_success(code) && !failed => Outcome::Ok,
        Some(_) => Outcome::Error,
        None if failed || has_message => Outcome::Error,
        None => Outcome::Ok,
    }
}

/// Reports whether a result in words is a failure.
pub(crate) fn is_failure(result: &str) -> bool {
    ["failure", "failed", "fail"].iter().any(|word| result.eq_ignore_ascii_case(word))
}

/// Reports whether an error code is one that some services write on success.
fn is_success(code: &str) -> bool {
    let is_status = code.len() == 3 && code.starts_with('2') && code.bytes().all(|byte| byte.is_ascii_digit());
    is_status || ["success", "succeeded", "ok"].iter().any(|word| code.eq_ignore_ascii_case(word))
}

/// An error code in lower case, without what services put around it: `Client.` and other prefixes that end in `.`, `:`
/// or `#`, and the suffixes of exceptions.
fn stem(code: &str) -> String {
    let name = code.rsplit(['.', ':', '#']).next().unwrap_or(code);
    let bare = ["Exception", "Fault", "Error"].iter().find_map(|suffix| name.strip_suffix(suffix));
    bare.filter(|bare| !bare.is_empty()).unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{of, rows};
    use crate::event::Outcome;

    #[test]
    fn every_code_of_the_table_is_a_denial_with_a_source() {
        let table: Vec<[&str; 2]> = rows(include_str!("denied_codes.tsv")).collect();
        assert!(table.len() > 50, "{}", table.len());
        assert!(table.is_sorted(), "tests/make_denied_codes.py writes the table");
        for [code, source] in table {
            assert_eq!(of(Some(code), false, false), Outcome::Denied, "{code}");
            assert!(!source.is_empty(), "{code}");
        }
    }

    #[test]
    fn prefixes_and_suffixes_do_not_hide_a_denial() {
        for code in [
            "Server.UnauthorizedOperation",
            "AWS.SimpleQueueService.AccessDenied",
            "s3:AccessDenied",
            "com.amazonaws.sample#AccessDeniedException",
            "KmsAccessDenied",
        ] {
            assert_eq!(of(Some(code), true, false), Outcome::Denied, "{code}");
        }
        for code in ["AuthorizationNotFound", "Client.InvalidGroup.NotFound", "NoSuchBucket", "Exception", "20", "2xx"]
        {
            assert_eq!(of(Some(code), true, false), Outcome::Error, "{code}");
        }
    }

    #[test]
    fn codes_of_success_are_not_errors() {
        for code in ["200", "204", "Success", "OK"] {
            assert_eq!(of(Some(code), true, false), Outcome::Ok, "{code}");
            assert_eq!(of(Some(code), true, true), Outcome::Error, "{code}");
        }
    }
}
