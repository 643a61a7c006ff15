//! Pseudonyms of names that have several words, and of the resources of ARNs.

use super::kind::Kind;
use super::names::is_nobody;
use super::recognize;
use super::redactor::Redactor;

/// Services whose ARNs do not contain the kind of the resource.
const WITHOUT_KIND: &[&str] = &["s3", "sns", "sqs", "codecommit", "execute-api"];
/// Kinds of resources in ARNs.
const ARN_KINDS: &[&str] = &[
    "user",
    "role",
    "group",
    "policy",
    "instance-profile",
    "assumed-role",
    "federated-user",
    "mfa",
    "saml-provider",
    "oidc-provider",
    "server-certificate",
    "instance",
    "vpc",
    "subnet",
    "security-group",
    "volume",
    "snapshot",
    "network-interface",
    "image",
    "key-pair",
    "vpc-endpoint",
    "internet-gateway",
    "natgateway",
    "route-table",
    "function",
    "layer",
    "table",
    "index",
    "db",
    "cluster",
    "cluster-snapshot",
    "subgrp",
    "pg",
    "og",
    "secgrp",
    "es",
    "key",
    "alias",
    "log-group",
    "log-stream",
    "secret",
    "parameter",
    "document",
    "service",
    "task",
    "task-definition",
    "container-instance",
    "loadbalancer",
    "app",
    "net",
    "gwy",
    "targetgroup",
    "listener",
    "stack",
    "stackset",
    "autoScalingGroup",
    "autoScalingGroupName",
    "launchConfiguration",
    "launchConfigurationName",
    "trail",
    "eventdatastore",
    "channel",
    "repository",
    "stream",
    "deliverystream",
    "domain",
    "project",
    "build",
    "distribution",
    "hostedzone",
    "rule",
    "event-bus",
    "alarm",
    "certificate",
    "stateMachine",
    "execution",
    "workgroup",
    "database",
    "catalog",
    "detector",
    "namespace",
    "file-system",
    "aws-service-role",
    "service-role",
    "aws-reserved",
    "restapis",
    "stages",
    "apis",
    "network-acl",
    "launch-template",
    "elastic-ip",
    "security-group-rule",
    "webacl",
    "regional",
    "global",
    "rulegroup",
    "ipset",
    "dashboard",
    "access-point",
    "accesspoint",
    "userpool",
    "identitypool",
    "agent",
    "configuration-set",
    "identity",
    "application",
    "environment",
    "storage-lens",
    "backup-vault",
    "recovery-point",
    "session",
    "managed-instance",
    "permissionSet",
];
/// Words in the paths of delivered files.
const PATH_WORDS: &[&str] = &["AWSLogs", "CloudTrail"];
/// Returns the pseudonym of a name, word by word.
pub(super) fn name(redactor: &Redactor, name: &str) -> String {
    let last = crate::arn::last_part(name);
    words_of(name, |word| {
        let number = word.len() <= 6 && word.bytes().all(|byte| byte.is_ascii_digit());
        let kind = ARN_KINDS.contains(&word) && word != last;
        let own = (number || kind || is_nobody(word)) && !redactor.names.contains(word);
        let delivered = PATH_WORDS.contains(&word) && name.contains("AWSLogs/");
        let kept = word != name && (own || delivered);
        match () {
            () if kept => word.to_owned(),
            () if recognize::is_account(word) && redactor.has(Kind::Accounts) => redactor.pseudonyms.account(word),
            () if recognize::looks_like_key(word) && redactor.has(Kind::Keys) => redactor.pseudonyms.key(word),
            () => redactor.pseudonyms.word(word),
        }
    })
}

/// Replaces the resource of an ARN and keeps its kind.
pub(super) fn resource(redactor: &Redactor, service: &str, resource: &str) -> String {
    let kind = match WITHOUT_KIND.contains(&service) {
        true => 0,
        false => kind_end(resource),
    };
    let (kind, rest) = resource.split_at(kind);
    // `root` does not identify anyone.
    if kind.is_empty() && is_nobody(rest) { rest.to_owned() } else { format!("{kind}{}", name(redactor, rest)) }
}

/// Returns the end of a resource's kind, with the separator after it.
fn kind_end(resource: &str) -> usize {
    // Load balancers have a second kind after the first.
    const OF_LOAD_BALANCERS: [&str; 3] = ["app/", "net/", "gwy/"];
    let start = resource.len() - resource.trim_start_matches('/').len();
    let word = resource[start..].find(['/', ':']).filter(|at| ARN_KINDS.contains(&&resource[start..start + at]));
    let Some(end) = word.map(|at| start + at + 1) else { return 0 };
    let balancer = matches!(&resource[start..end], "loadbalancer/" | "listener/" | "listener-rule/");
    let second = OF_LOAD_BALANCERS.iter().find(|kind| balancer && resource[end..].starts_with(**kind));
    end + second.map_or(0, |kind| kind.len())
}

/// Replaces each word of a name; wildcards and variables are kept.
fn words_of(name: &str, replace: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(at) = rest.find(['/', ':', '*', '?', '$']) {
        let (word, after) = rest.split_at(at);
        let put = if word.is_empty() { String::new() } else { replace(word) };
        out.push_str(&put);
        out.push_str(&after[..1]);
        rest = &after[1..];
    }
    if !rest.is_empty() {
        out.push_str(&replace(rest));
    }
    out
}
