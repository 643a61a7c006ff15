//! The words of AWS's APIs, which distinguish an identifier of an API from a name within a longer word.
//!
//! `api_words.txt` contains the words of the operation names, error codes and service names of botocore 1.44.8 (Apache-2.0), and
//! the words of its member names that at least two services have, without given names. An identifier such as
//! `GetBucketPolicy` is made of them; `aliceProfile` is not.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::embedded::API_WORDS_TXT;
use crate::pattern::literal;

static API_WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| API_WORDS_TXT.as_str().lines().collect());
/// A word of an identifier in camel case, with the number that ends it.
static CAMEL_WORD: LazyLock<Regex> = LazyLock::new(|| literal(r"[A-Z]?[a-z]+[0-9]*|[A-Z]+[0-9]*|[0-9]+"));
/// A date in the name of an operation: `CreateFunction20150331`.
const DATE_DIGITS: usize = 8;

/// Reports whether a text is an identifier of AWS's APIs: ASCII letters and digits, made of known words.
pub(super) fn is_identifier(text: &str) -> bool {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    split(text).all(is_word)
}

/// Verbs that begin the names of many operations, and few other names.
const VERBS: &[&str] = &[
    "List",
    "Get",
    "Delete",
    "Create",
    "Describe",
    "Update",
    "Start",
    "Put",
    "Batch",
    "Associate",
    "Disassociate",
    "Stop",
    "Modify",
    "Cancel",
    "Search",
    "Enable",
    "Disable",
    "Register",
    "Set",
    "Send",
    "Add",
    "Remove",
    "Deregister",
    "Import",
    "Accept",
    "Restore",
    "Reject",
    "Reset",
    "Attach",
    "Detach",
    "Invoke",
    "Generate",
    "Revoke",
    "Copy",
    "Execute",
    "Terminate",
    "Detect",
    "Validate",
    "Tag",
    "Untag",
    "Reboot",
    "Publish",
    "Resume",
    "Activate",
    "Assume",
    "Authorize",
    "Confirm",
    "Replace",
    "Allocate",
    "Rotate",
    "Decrypt",
    "Encrypt",
    "Lookup",
    "Head",
    "Console",
    "Switch",
    "Check",
    "Sign",
    "Subscribe",
    "Unsubscribe",
    "Query",
    "Scan",
    "Verify",
    "Retrieve",
    "Converse",
    "Select",
    "Run",
];
/// Words of CloudTrail's own fields that are not operations.
const OWN_WORDS: &[&str] = &[
    "AwsApiCall",
    "AwsServiceEvent",
    "AwsConsoleAction",
    "AwsConsoleSignIn",
    "AwsVpceEvent",
    "AwsVpceEvents",
    "AwsCloudTrailInsight",
    "AwsAggregatedEvent",
    "Management",
    "Data",
    "NetworkActivity",
    "Insight",
    "Aggregated",
    "Root",
    "IAMUser",
    "AssumedRole",
    "Role",
    "FederatedUser",
    "Directory",
    "AWSAccount",
    "AWSService",
    "IdentityCenterUser",
    "SAMLUser",
    "WebIdentityUser",
    "Unknown",
    "CredentialVerification",
    "PasswordUpdated",
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "UnauthorizedAccess",
    "Client",
    "Server",
    "NotFound",
    "Duplicate",
];

/// Reports whether a text names an operation or is a word of CloudTrail's fields, even if a user has that name.
pub(super) fn is_cloudtrail_word(text: &str) -> bool {
    OWN_WORDS.contains(&text) || split(text).next().is_some_and(|word| VERBS.contains(&word)) && is_identifier(text)
}

/// Reports whether AWS's APIs contain this word, in any case.
pub(super) fn is_word(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let before_date = word.len().checked_sub(DATE_DIGITS).filter(|at| {
        let date = word.get(*at..).unwrap_or_default();
        date.starts_with("20") && date.bytes().all(|byte| byte.is_ascii_digit())
    });
    let has = |word: &str| API_WORDS.contains(word);
    has(&word) || before_date.is_some_and(|at| at == 0 || has(&word[..at]))
}

/// Splits an identifier into words. In `IAMUser` the last capital begins the next word.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let found = CAMEL_WORD.find_at(text, at)?;
        let mut end = found.end();
        let capitals = end - found.start() > 1 && bytes[found.start()..end].iter().all(u8::is_ascii_uppercase);
        if capitals && bytes.get(end).is_some_and(u8::is_ascii_lowercase) {
            end -= 1;
        }
        at = end;
        text.get(found.start()..end)
    })
}

#[cfg(test)]
mod tests {
    use super::{CAMEL_WORD, is_identifier, split};

    #[test]
    fn the_pattern_compiles() {
        std::sync::LazyLock::force(&CAMEL_WORD);
    }

    #[test]
    fn identifiers_and_names_differ_in_their_words() {
        assert_eq!(
            split("dBInstanceARNs2IAMUser").collect::<Vec<_>>(),
            ["d", "B", "Instance", "AR", "Ns2", "IAM", "User"]
        );
        for identifier in [
            "ConsoleLogin",
            "GetBucketPolicy",
            "CreateFunction20150331v2",
            "ListObjectsV2",
            "IAMUser",
            "AwsConsoleSignIn",
            "dBInstanceIdentifier",
            "NetworkActivity",
            "elasticmapreduce",
            "VpceAccessDenied",
            "cidrIpv6",
        ] {
            assert!(is_identifier(identifier), "{identifier}");
        }
        for name in
            ["alice", "Alice", "aliceProfile", "GetAlice", "alice2", "xalice", "", "deploy-bot", "deploy7x", "Zoë"]
        {
            assert!(!is_identifier(name), "{name}");
        }
    }
}
