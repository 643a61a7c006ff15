//! Addresses, keys, ids and ARNs: values in which every character matters, so that none of them is ever suggested in
//! place of a typed one. Imports nothing of trailq.

use std::net::IpAddr;

/// The prefixes of IAM's unique ids.
const UNIQUE_IDS: [&str; 13] =
    ["ABIA", "ACCA", "AGPA", "AIDA", "AIPA", "AKIA", "ANPA", "ANVA", "APKA", "AROA", "ASCA", "ASIA", "A3T"];

/// Reports whether a value is an identifier, or a part of one: an IP address or network, an access key or another
/// unique id of IAM, an account id, a UUID, the id of a resource, an ARN, an e-mail address.
pub(crate) fn is_identifier(value: &str) -> bool {
    is_address(value)
        || value.starts_with("arn:")
        || value.contains('@')
        || value.contains("://")
        || value.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).any(is_id)
}

/// Reports whether one value may be a typing mistake for another: neither is an identifier, and their digits agree.
pub(crate) fn is_spelling_of(typed: &str, intended: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    !is_identifier(typed) && !is_identifier(intended) && digits(typed) == digits(intended)
}

/// Reports whether a value is an address, a network, or the start of one: `10.248`, `10.248.*`, `2001:db8:`.
fn is_address(value: &str) -> bool {
    if value.parse::<IpAddr>().is_ok() || value.parse::<ipnet::IpNet>().is_ok() {
        return true;
    }
    let octets = value.split(['.', '/', '*', 'x']).filter(|part| !part.is_empty());
    let dotted = value.contains('.') && octets.clone().count() > 0;
    if dotted && octets.clone().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
        return true;
    }
    let groups: Vec<&str> = value.split(':').collect();
    groups.len() > 2
        && groups.iter().all(|group| group.len() <= 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Reports whether a word of letters, digits and `-` is an id.
fn is_id(word: &str) -> bool {
    let upper = word.to_ascii_uppercase();
    let unique = UNIQUE_IDS.iter().any(|id| upper.starts_with(id))
        && word.len() >= 8
        && (word == upper || word.bytes().any(|byte| byte.is_ascii_digit()))
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let account = word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_digit());
    // Accounts are also written 1111-2222-3333.
    let grouped = word.len() == 14 && digits(word) == 12 && word.matches('-').count() == 2;
    unique || account || grouped || is_uuid(word) || is_resource_id(word) || is_random(word)
}

/// Reports whether a word is a UUID, or most of one.
fn is_uuid(word: &str) -> bool {
    let groups: Vec<&str> = word.split('-').collect();
    groups.len() >= 4
        && groups[0].len() == 8
        && groups.iter().all(|group| group.len() >= 4 && group.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && groups[..groups.len() - 1].iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Reports whether a word is the id of a resource: `i-0abc`, `subnet-0bb1c79de3EXAMPLE`, `ssoins-1234`, `eni-e5aa89a3`.
fn is_resource_id(word: &str) -> bool {
    let Some((kind, id)) = word.rsplit_once('-') else { return false };
    let has_digit = id.bytes().any(|byte| byte.is_ascii_digit());
    let hexadecimal = id.len() >= 3 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let example = id.len() >= 8 && id.ends_with("EXAMPLE");
    let long = id.len() >= 10 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // `app-2024` and `user-007` are names with a number: an id has a letter too, or starts with a zero and is long.
    let mixed = id.bytes().any(|byte| byte.is_ascii_alphabetic()) || id.len() >= 8 || kind.len() == 1;
    !kind.is_empty() && has_digit && mixed && (hexadecimal || example || long)
}

/// Reports whether a word has at least sixteen letters and digits in a row, several of each.
fn is_random(word: &str) -> bool {
    word.split('-').any(|part| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        part.len() >= 16 && digits >= 3 && part.len() - digits >= 3
    })
}

#[cfg(test)]
mod tests {
    use super::{is_identifier, is_spelling_of};

    #[test]
    fn addresses_keys_ids_and_arns_are_identifiers() {
        for value in [
            "10.248.0.7",
            "10.248",
            "10.248.",
            "10.0.0.0/8",
            "10.248.x.x",
            "2001:db8::23",
            "2001:db8:",
            "AKIAIOSFODNN7EXAMPLE",
            "ASIADEPLOYBOTEXAMPLE",
            "akiaiosfodnn7example",
            "AROAEXAMPLEROLEID:alice",
            "AIDA1234",
            "111122223333",
            "11112222",
            "1111-2222-3333",
            "6659ae8b-84fb-46b6-86fc-7ade15019dde",
            "6659AE8B-84FB-46B6-86FC-7ADE15019DDE",
            "6e12345f-2a4e-417c-aa78-7594fEXAMPLE",
            "i-0bad0bad0bad00001",
            "i-0abc",
            "i-1a2b3c4d",
            "sg-903004f8",
            "vpce-1a2b3c4d",
            "eni-e5aa89a3",
            "subnet-0bb1c79de3EXAMPLE",
            "d-1234567890",
            "ssoins-722308e8a2b3c4d5",
            "arn:aws:iam::111122223333:user/alice",
            "arn:aws:s3:::acme-logs",
            "alice@example.com",
            "https://sqs.us-east-1.amazonaws.com/1/q",
            "acme-logs-111122223333",
            "1234abcd12ab34cd56ef1234567890ab",
        ] {
            assert!(is_identifier(value), "{value}");
        }
        for value in [
            "alice",
            "svc-backup",
            "maintenance-2",
            "user-007",
            "acme-customer-data",
            "Admin",
            "AWSServiceRoleForSupport",
            "launch_configuration_1",
            "cloudtrail.amazonaws.com",
            "us-east-1",
            "report-2024",
            "Akiane",
            "AWS::EC2::Instance",
            "AmazonSSMManagedInstanceCore",
            "",
        ] {
            assert!(!is_identifier(value), "{value}");
        }
    }

    #[test]
    fn only_names_with_the_same_digits_are_typing_mistakes() {
        assert!(is_spelling_of("alcie", "alice") && is_spelling_of("maintenence-2", "maintenance-2"));
        for (typed, intended) in [
            ("maintenance-2", "maintenance-3"),
            ("i-0abd", "i-0abc"),
            ("10.248.0.7", "10.248.0.8"),
            ("acme-logs", "arn:aws:s3:::acme-logs"),
            ("AKIADEPLOYBOTEXAMPEL", "AKIADEPLOYBOTEXAMPLE"),
        ] {
            assert!(!is_spelling_of(typed, intended), "{typed} {intended}");
        }
    }
}
