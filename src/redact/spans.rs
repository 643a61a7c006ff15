//! Where in a text something stands that is to be replaced, and the text without it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::encodings::{self, TooDeep};
use super::names::{around, is_nobody};
use super::{Kind, Redactor, identifiers, words};
use crate::fields::FIELDS;

/// Services whose ARNs do not say what kind of thing they name.
const WITHOUT_KIND: &[&str] = &["s3", "sns", "sqs", "codecommit", "execute-api"];
/// Kinds of things that ARNs name.
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
/// Words of the paths of delivered files.
const PATH_WORDS: &[&str] = &["AWSLogs", "CloudTrail"];
/// Words of SQL, and of trailq's tables, that a statement needs as they are.
const CODE_WORDS: &[&str] = &[
    "select",
    "from",
    "where",
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "like",
    "glob",
    "group",
    "order",
    "by",
    "having",
    "limit",
    "offset",
    "with",
    "as",
    "on",
    "join",
    "left",
    "inner",
    "cross",
    "union",
    "all",
    "distinct",
    "case",
    "when",
    "then",
    "else",
    "end",
    "between",
    "exists",
    "asc",
    "desc",
    "cast",
    "text",
    "integer",
    "real",
    "over",
    "partition",
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "total",
    "coalesce",
    "record",
    "title",
    "about",
    "columns",
    "column",
    "param",
    "level",
    "fields",
    "sort",
    "head",
    "top",
    "events",
    "identities",
    "resources",
    "facets",
    "files",
    "imports",
    "tags",
    "notes",
    "rejects",
    "conflicts",
    "digests",
    "event_history",
    "event_resources",
    "user_agents",
    "error_messages",
];

/// What is in a place, and what to put there; `None`: it stays.
pub(super) struct Hit {
    pub(super) span: Range<usize>,
    put: Option<String>,
}

impl Hit {
    pub(super) fn new(span: Range<usize>, put: String) -> Hit {
        Hit { span, put: Some(put) }
    }

    fn stays(span: Range<usize>) -> Hit {
        Hit { span, put: None }
    }
}

/// A text with everything in it replaced; `None` where there is nothing to replace. `is_agent`: it is a user agent. A text
/// of which that cannot be told is replaced as a whole.
pub(super) fn replace(redactor: &Redactor, text: &str, is_agent: bool) -> Option<String> {
    match hits(redactor, text, is_agent) {
        Ok(hits) => put(redactor, text, apart(hits)),
        Err(TooDeep) => Some(redactor.pseudonyms.word(text)),
    }
}

/// As [`replace`], in a lookup or a statement: words that fields have are replaced only where a value stands.
pub(super) fn replace_code(redactor: &Redactor, code: &str) -> Option<String> {
    let Ok(mut hits) = hits(redactor, code, false) else { return Some(redactor.pseudonyms.word(code)) };
    let of_fields = |word: &str| {
        FIELDS.iter().flat_map(|field| field.aliases.iter().copied().chain([field.name, field.column])).any(|name| {
            name.eq_ignore_ascii_case(word) || name.split(['-', '_']).any(|part| part.eq_ignore_ascii_case(word))
        })
    };
    hits.retain(|hit| {
        let word = &code[hit.span.clone()];
        let (before, behind) = (&code[..hit.span.start], &code[hit.span.end..]);
        let quoted = before.ends_with(['\'', '"', '=', '~', '*']);
        let is_code = CODE_WORDS.iter().any(|code| code.eq_ignore_ascii_case(word));
        let value = quoted || before.ends_with([',', ' ']);
        let field = behind.starts_with(['=', '!', '~', '<', '>', '_', '-', '.']);
        if is_code { quoted && !field } else { !of_fields(word) || (value && !field) }
    });
    put(redactor, code, apart(hits))
}

/// Everything in a text, and in what it says where its encodings are read, that is to be replaced. What is not encoded
/// stays as it is spelled.
fn hits(redactor: &Redactor, text: &str, is_agent: bool) -> Result<Vec<Hit>, TooDeep> {
    let mut hits = Vec::new();
    for reading in encodings::readings(text)?.iter().rev() {
        for hit in find(redactor, &reading.text, false) {
            // Every place in a reading is one in the text.
            let span = reading.outer(&hit.span).ok_or(TooDeep)?;
            hits.push(Hit { span, ..hit });
        }
    }
    hits.extend(find(redactor, text, is_agent));
    Ok(hits)
}

/// The hits in order, of those that overlap the longest, or of several as long the first.
fn apart(mut all: Vec<Hit>) -> impl Iterator<Item = Hit> {
    all.sort_by_key(|hit| std::cmp::Reverse(hit.span.len()));
    let mut hits: BTreeMap<usize, Hit> = BTreeMap::new();
    for hit in all {
        let before = hits.range(..hit.span.end).next_back();
        if before.is_none_or(|(_, before)| before.span.end <= hit.span.start) {
            hits.insert(hit.span.start, hit);
        }
    }
    hits.into_values()
}

/// Puts the hits into a text, which come in order and do not overlap. A text that cannot be cut at one of them is replaced
/// as a whole.
fn put(redactor: &Redactor, text: &str, hits: impl Iterator<Item = Hit>) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    for hit in hits {
        let Some(put) = hit.put else { continue };
        let Some(kept) = text.get(from..hit.span.start) else { return Some(redactor.pseudonyms.word(text)) };
        out.push_str(kept);
        out.push_str(&put);
        from = hit.span.end;
    }
    if from == 0 {
        return None;
    }
    match text.get(from..) {
        Some(rest) => out.push_str(rest),
        None => return Some(redactor.pseudonyms.word(text)),
    }
    Some(out)
}

/// Everything in a text that is to be replaced. Of what is found in what is replaced as a whole, nothing is told.
fn find(redactor: &Redactor, text: &str, is_agent: bool) -> Vec<Hit> {
    let mut fixed = Vec::new();
    for arn in identifiers::arns(text) {
        fixed.push(Hit::stays(identifiers::arn_beginning(text, &arn)));
        if redactor.has(Kind::Arns) && &text[arn.account] != "aws" {
            let put = resource(redactor, &text[arn.service], &text[arn.resource.clone()]);
            fixed.push(Hit::new(arn.resource, put));
        }
    }
    fixed.extend(identifiers::own_words(text).into_iter().map(Hit::stays));
    if !redactor.has(Kind::Keys) {
        // A name may be spelled by the letters of a key.
        fixed.extend(identifiers::keys(text).map(Hit::stays));
    }
    fixed.sort_by_key(|hit| hit.span.start);
    let mut found: Vec<Hit> = redactor
        .names
        .spans(text)
        .into_iter()
        .filter(|found| !is_own_place(text, &found.span))
        .map(|found| {
            let spelled = &text[found.span.clone()];
            let put = if found.plus { name(redactor, &spelled.replace('+', " ")) } else { name(redactor, spelled) };
            Hit::new(found.span, put)
        })
        .collect();
    identifiers::find(redactor, text, is_agent, &mut found);
    let inside = |hit: &Hit| {
        // They come in order.
        let at = fixed.partition_point(|fixed| fixed.span.end <= hit.span.start);
        fixed.get(at).is_some_and(|fixed| fixed.span.start < hit.span.end)
    };
    found.retain(|hit| !inside(hit));
    fixed.into_iter().chain(found).collect()
}

/// Reports whether a word of AWS's APIs stands where they have it, whoever is called so: in a service's DNS name, or as a
/// key of JSON in a text.
fn is_own_place(text: &str, span: &Range<usize>) -> bool {
    let behind = &text[span.end..];
    if behind.starts_with(".amazonaws.com") {
        return words::is_identifier(&text[around(text, span)]);
    }
    let closes = behind.trim_start_matches('\\').strip_prefix('"').map(str::trim_start);
    let is_key = closes.is_some_and(|behind| behind.starts_with(':')) && text[..span.start].ends_with('"');
    is_key && is_api_key(&text[span.clone()])
}

/// Reports whether a JSON key is one of AWS's APIs, whoever is called so: a member in camel case that begins with a small
/// letter, or the name of a header or of a condition.
pub(super) fn is_api_key(key: &str) -> bool {
    if key.starts_with(|c: char| c.is_ascii_lowercase()) && words::is_identifier(key) {
        return true;
    }
    let rest = ["x-amz-", "X-Amz-", "aws:"].iter().find_map(|prefix| key.strip_prefix(prefix));
    rest.is_some_and(|rest| rest.split(['-', ':']).all(|part| part == "2" || words::is_identifier(part)))
}

/// The pseudonym of a name, word by word where it has several.
fn name(redactor: &Redactor, name: &str) -> String {
    let last = crate::arn::last_part(name);
    words_of(name, |word| {
        let number = word.len() <= 6 && word.bytes().all(|byte| byte.is_ascii_digit());
        let kind = ARN_KINDS.contains(&word) && word != last;
        let own = (number || kind || is_nobody(word)) && !redactor.names.contains(word);
        let delivered = PATH_WORDS.contains(&word) && name.contains("AWSLogs/");
        let kept = word != name && (own || delivered);
        match () {
            () if kept => word.to_owned(),
            () if identifiers::is_account(word) && redactor.has(Kind::Accounts) => redactor.pseudonyms.account(word),
            () if identifiers::looks_like_key(word) && redactor.has(Kind::Keys) => redactor.pseudonyms.key(word),
            () => redactor.pseudonyms.word(word),
        }
    })
}

/// The resource of an ARN: what kind it is stays.
fn resource(redactor: &Redactor, service: &str, resource: &str) -> String {
    let kind = match WITHOUT_KIND.contains(&service) {
        true => 0,
        false => kind_end(resource),
    };
    let (kind, rest) = resource.split_at(kind);
    // An account is told alone: `root`.
    if kind.is_empty() && is_nobody(rest) { rest.to_owned() } else { format!("{kind}{}", name(redactor, rest)) }
}

/// Where the kind of a resource ends, with what parts it from the name.
fn kind_end(resource: &str) -> usize {
    // Kinds of load balancers stand behind the first kind.
    const OF_LOAD_BALANCERS: [&str; 3] = ["app/", "net/", "gwy/"];
    let start = resource.len() - resource.trim_start_matches('/').len();
    let word = resource[start..].find(['/', ':']).filter(|at| ARN_KINDS.contains(&&resource[start..start + at]));
    let Some(end) = word.map(|at| start + at + 1) else { return 0 };
    let balancer = matches!(&resource[start..end], "loadbalancer/" | "listener/" | "listener-rule/");
    let second = OF_LOAD_BALANCERS.iter().find(|kind| balancer && resource[end..].starts_with(**kind));
    end + second.map_or(0, |kind| kind.len())
}

/// A name with each of its words replaced; wildcards and variables stay.
fn words_of(name: &str, replace: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(at) = rest.find(['/', ':', '*', '?', '$']) {
        let (word, behind) = rest.split_at(at);
        let put = if word.is_empty() { String::new() } else { replace(word) };
        out.push_str(&put);
        out.push_str(&behind[..1]);
        rest = &behind[1..];
    }
    if !rest.is_empty() {
        out.push_str(&replace(rest));
    }
    out
}
