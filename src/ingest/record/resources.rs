//! Resources: all that a record names, in each of their spellings, as Event history types and spells them
//! (`guide/internals/formats.md`, 3.2 and 7.3).

use std::borrow::Cow;

use crate::arn::Arn;
use crate::event::{CopyRole, Event, Resource, ResourceUse, Text};
use crate::ingest::record::lenient::Scalar;
use crate::ingest::record::problems::is_rounded;
use crate::ingest::record::raw::{RawRecord, RawResource};
use crate::ingest::record::resource_rules::{ListedWhen, RuleTarget};
use crate::ingest::record::{copy_source, outcome, resource_rules};

/// A resource as a record spells it, before its account and Region are known.
#[derive(Debug)]
pub(crate) struct Spelling<'r> {
    text: Cow<'r, str>,
    kind: Option<Text>,
    account_id: Option<Text>,
    listed: ListedWhen,
    role: Option<CopyRole>,
}

/// The result of the walk through a record.
#[derive(Debug, Default)]
pub(crate) struct Collected<'r> {
    pub(crate) mentions: Vec<Spelling<'r>>,
    pub(crate) issued_key: Option<Text>,
    pub(crate) sign_in_failed: bool,
}

/// Gathers what a record of this event name mentions.
pub(crate) fn collect<'r>(record: &'r RawRecord<'_>, event_name: &str) -> Collected<'r> {
    let mentions = Vec::with_capacity(record.mentions.len() + record.resources.0.len());
    let mut collected = Collected { mentions, ..Collected::default() };
    for mention in &record.mentions {
        let Some(rule) = mention.rule else {
            collected.mentions.push(spelling(&mention.text, None, ListedWhen::Never));
            continue;
        };
        if !rule.is_for(event_name) {
            // A rule for other events does not hide that it is an ARN.
            if mention.text.starts_with("arn:") {
                collected.mentions.push(spelling(&mention.text, None, ListedWhen::Never));
            }
            continue;
        }
        match rule.meaning {
            RuleTarget::Resource { kind, listed, role } => {
                collected.mentions.push(Spelling { role, ..spelling(&mention.text, Some(kind), listed) });
            }
            RuleTarget::CopySource => {
                let region = match &record.aws_region {
                    Scalar::Text(region) => region.as_ref(),
                    _ => "",
                };
                let source = copy_source::resources(&mention.text, region).into_iter();
                collected.mentions.extend(source.map(|(text, kind)| Spelling {
                    text: Cow::Owned(text),
                    role: Some(CopyRole::Source),
                    ..spelling("", kind, ListedWhen::Never)
                }));
            }
            RuleTarget::IssuedKey => collected.issued_key = Some(Text::from(mention.text.as_ref())),
            RuleTarget::SignIn => collected.sign_in_failed |= outcome::is_failure(&mention.text),
        }
    }
    collected.mentions.extend(record.resources.0.iter().filter_map(from_list));
    collected
}

fn spelling<'r>(text: &'r str, kind: Option<&str>, listed: ListedWhen) -> Spelling<'r> {
    let kind = kind.filter(|kind| !kind.is_empty()).map(Text::from);
    Spelling { text: Cow::Borrowed(text), kind, account_id: None, listed, role: None }
}

/// An element of the record's own `resources`, or of a CSV row's, which is Event history's own list.
fn from_list<'r>(raw: &'r RawResource<'_>) -> Option<Spelling<'r>> {
    let text = |value: &'r Scalar<'_>| match value {
        Scalar::Text(text) if !text.is_empty() => Some(text.as_ref()),
        _ => None,
    };
    let listed_name = text(&raw.listed_name);
    let name = listed_name.or_else(|| text(&raw.arn)).or_else(|| text(&raw.arn_prefix))?;
    let listed = if listed_name.is_some() { ListedWhen::Always } else { ListedWhen::Never };
    let mut spelling = spelling(name, text(&raw.kind).or_else(|| text(&raw.listed_kind)), listed);
    spelling.account_id = text(&raw.account_id).filter(|account| !is_rounded(account)).map(Text::from);
    Some(spelling)
}

/// Services whose resources have no Region, by their part of a type's or event source's name.
const GLOBAL: &[&str] = &[
    "iam",
    "sts",
    "s3",
    "organizations",
    "cloudfront",
    "route53",
    "route53domains",
    "globalaccelerator",
    "shield",
    "account",
    "billingconductor",
    "budgets",
    "ce",
    "support",
    "waf",
];

/// Gives each spelling its place, and each resource of the event one row: without duplicates, typed where any
/// mention knows the type, listed where any mention is, with the first role that a mention has.
pub(crate) fn place(mentions: Vec<Spelling<'_>>, event: &Event) -> Vec<ResourceUse> {
    let mut uses: Vec<ResourceUse> = Vec::with_capacity(mentions.len());
    for mention in &mentions {
        let arn = Arn::parse(&mention.text);
        let kind = mention.kind.clone();
        let kind = kind.or_else(|| arn.as_ref().and_then(resource_rules::kind_of).map(Text::const_new));
        let listed = is_listed(mention.listed, event);
        let typed_twin = |other: &Spelling<'_>| {
            other.text == mention.text && other.kind.is_some() && (!listed || is_listed(other.listed, event))
        };
        if kind.is_none() && mentions.iter().any(typed_twin) {
            continue;
        }
        let resource = resource(mention, arn, kind, event);
        match uses.iter_mut().find(|known| known.resource == resource) {
            Some(known) => {
                known.listed |= listed;
                known.role = known.role.or(mention.role);
            }
            None => uses.push(ResourceUse { resource, listed, role: mention.role }),
        }
    }
    uses
}

/// Reports whether Event history lists what a rule found in an event: for most read calls it lists nothing, and data
/// events it does not have.
fn is_listed(listed: ListedWhen, event: &Event) -> bool {
    let has_event =
        matches!(event.event_category.as_deref(), None | Some("Management")) && event.management_event != Some(false);
    match listed {
        ListedWhen::Never => false,
        ListedWhen::OfWrites => has_event && event.read_only != Some(true),
        ListedWhen::Always => has_event,
    }
}

/// The resource that a spelling means in an event; `arn`: its parts, where it is one.
fn resource(mention: &Spelling<'_>, arn: Option<Arn<'_>>, kind: Option<Text>, event: &Event) -> Resource {
    let given = |text: &str| (!text.is_empty()).then(|| Text::from(text));
    if let Some(arn) = arn {
        return Resource {
            kind,
            name: Text::from(arn.name()),
            account_id: given(arn.account),
            aws_region: given(arn.region),
            arn: Some(Text::from(mention.text.as_ref())),
        };
    }
    let service = kind
        .as_deref()
        .and_then(|kind| kind.split("::").nth(1))
        .or_else(|| event.event_source.as_deref().and_then(|source| source.split('.').next()))
        .unwrap_or_default();
    let identity_account = event.identity.as_ref().and_then(|identity| identity.account_id.clone());
    let is_global = GLOBAL.iter().any(|global| global.eq_ignore_ascii_case(service));
    Resource {
        kind,
        name: Text::from(mention.text.as_ref()),
        arn: None,
        account_id: mention.account_id.clone().or_else(|| event.recipient_account_id.clone()).or(identity_account),
        aws_region: if is_global { None } else { event.aws_region.clone() },
    }
}
