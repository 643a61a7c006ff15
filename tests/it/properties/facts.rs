//! What a record says, read naively from its JSON: nothing here looks at the tables that a lookup is answered from, but
//! for an event's resources, whose derivation has tests of its own.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;
use serde_json::value::RawValue;

use super::records::AGENTS;
use crate::common::geo::{COUNTRIES, SYSTEMS};

/// A resource of an event.
#[derive(Debug, Clone)]
pub struct Resource {
    pub kind: Option<String>,
    pub name: String,
    pub arn: Option<String>,
    /// True if Event history lists it for the event.
    pub listed: bool,
}

impl Resource {
    /// As Event history spells it.
    pub fn spelling(&self) -> String {
        self.arn.clone().unwrap_or_else(|| self.name.clone())
    }
}

/// All that is known of an event.
#[derive(Debug, Clone)]
pub struct ExpectedEvent {
    /// The record as it is in its file.
    pub raw: String,
    pub json: Value,
    pub file: String,
    pub tags: Vec<String>,
    pub resources: Vec<Resource>,
}

impl ExpectedEvent {
    /// A text at a place of the record, if it is one and not empty.
    fn text(&self, pointer: &str) -> Option<String> {
        self.json.pointer(pointer)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub fn id(&self) -> String {
        self.text("/eventID").unwrap()
    }

    /// Unix seconds; fractions are cut off.
    pub fn time(&self) -> Option<i64> {
        let time: jiff::Timestamp = self.text("/eventTime")?.parse().unwrap();
        Some(time.as_second())
    }

    pub fn flag(&self, field: &str) -> Option<bool> {
        match field {
            "read-only" => truth(self.json.get("readOnly")),
            "management-event" => truth(self.json.get("managementEvent")),
            "from-console" => Some(truth(self.json.get("sessionCredentialFromConsole")) == Some(true)),
            "write" => Some(self.flag("read-only") != Some(true)),
            "mfa" => {
                let used = self.json.pointer("/additionalEventData/MFAUsed");
                if self.text("/eventName").as_deref() == Some("ConsoleLogin") && used.is_some() {
                    return truth(used);
                }
                truth(self.json.pointer("/userIdentity/sessionContext/attributes/mfaAuthenticated"))
            }
            other => panic!("the oracle knows no flag {other}"),
        }
    }

    pub fn number(&self, field: &str) -> Option<i64> {
        let key = match field {
            "asn" => {
                let numbers = SYSTEMS.map(|(network, number, _)| (network, number.to_string()));
                return self.in_network(&numbers).first()?.parse().ok();
            }
            "bytes-in" => "bytesTransferredIn",
            "bytes-out" => "bytesTransferredOut",
            other => panic!("the oracle knows no number {other}"),
        };
        match self.json.get("additionalEventData")?.get(key)? {
            Value::String(text) => text.parse().ok(),
            number => number.as_f64().map(|number| number as i64),
        }
    }

    /// The values of a field that is neither a time, a flag nor a number.
    pub fn texts(&self, field: &str) -> Vec<String> {
        let one = |pointer: &str| self.text(pointer).into_iter().collect();
        match field {
            "event-name" => one("/eventName"),
            "event-source" => one("/eventSource"),
            "region" => one("/awsRegion"),
            "account" => one("/recipientAccountId"),
            "user" => self.user().into_iter().collect(),
            "key" => one("/userIdentity/accessKeyId"),
            "issued-key" => {
                let issued = self.text("/responseElements/credentials/accessKeyId");
                issued.or_else(|| self.text("/responseElements/accessKey/accessKeyId")).into_iter().collect()
            }
            "ip" => one("/sourceIPAddress"),
            "country" => self.in_network(&COUNTRIES.map(|(network, code)| (network, code.to_owned()))),
            "as-org" => self.in_network(&SYSTEMS.map(|(network, _, name)| (network, name.to_owned()))),
            "aws-range" => self.in_network(&[("192.0.2.0/28", "EC2 us-east-1".to_owned())]),
            "error" => one("/errorCode"),
            "error-message" => one("/errorMessage"),
            "outcome" => vec![self.outcome().to_owned()],
            "event-id" => one("/eventID"),
            "shared-id" => one("/sharedEventID"),
            "resource" => {
                self.resources.iter().flat_map(|r| r.arn.iter().chain([&r.name])).cloned().collect::<Vec<_>>()
            }
            "resource-type" => self.resources.iter().filter_map(|resource| resource.kind.clone()).collect(),
            "listed-resource" => distinct(self.listed().map(Resource::spelling).collect()),
            "listed-type" => distinct(self.listed().filter_map(|resource| resource.kind.clone()).collect()),
            "identity-type" => one("/userIdentity/type"),
            "arn" => one("/userIdentity/arn"),
            "identity-account" => one("/userIdentity/accountId"),
            "role" => self.role_name().into_iter().chain(self.role_arn()).collect(),
            "session-name" => self.session_name().into_iter().collect(),
            "principal" => one("/userIdentity/principalId"),
            "on-behalf-of" => one("/userIdentity/onBehalfOf/userId"),
            "session-created" => one("/userIdentity/sessionContext/attributes/creationDate"),
            "invoked-by" => one("/userIdentity/invokedBy"),
            "source-identity" => one("/userIdentity/sessionContext/sourceIdentity"),
            "user-agent" => one("/userAgent"),
            "agent-family" => self.agent().map(|(_, family, _)| (*family).to_owned()).into_iter().collect(),
            "agent-version" => {
                self.agent().and_then(|(_, _, version)| version.map(str::to_owned)).into_iter().collect()
            }
            "vpce" => one("/vpcEndpointId"),
            "type" => one("/eventType"),
            "category" => one("/eventCategory"),
            "version" => one("/eventVersion"),
            "file" => vec![self.file.clone()],
            "tag" => self.tags.clone(),
            other => panic!("the oracle knows no field {other}"),
        }
    }

    /// Returns the values of the networks that contain the address, without empty ones.
    fn in_network(&self, networks: &[(&str, String)]) -> Vec<String> {
        let Some(Ok(address)) = self.text("/sourceIPAddress").map(|text| text.parse::<IpAddr>()) else {
            return Vec::new();
        };
        let contains = |network: &str| network.parse::<IpNet>().unwrap().contains(&address);
        let found = networks.iter().filter(|(network, value)| contains(network) && !value.is_empty());
        found.map(|(_, value)| value.clone()).collect()
    }

    /// The user agent, if it is one with a program.
    fn agent(&self) -> Option<&'static (&'static str, &'static str, Option<&'static str>)> {
        let agent = self.text("/userAgent")?;
        AGENTS.iter().find(|(text, ..)| *text == agent)
    }

    /// The resources that Event history lists.
    pub fn listed(&self) -> impl Iterator<Item = &Resource> {
        self.resources.iter().filter(|resource| resource.listed)
    }

    fn user(&self) -> Option<String> {
        let given = self.text("/userIdentity/userName");
        match self.text("/userIdentity/type").as_deref() {
            Some("Root") => Some("root".to_owned()),
            Some("AssumedRole" | "FederatedUser") => self.session_name().or(given),
            Some("AWSService") => None,
            Some(_) if given.is_none() && self.is_sign_in() => self.text("/additionalEventData/UserName"),
            _ => given,
        }
    }

    fn is_sign_in(&self) -> bool {
        matches!(self.text("/eventSource").as_deref(), Some("signin.amazonaws.com" | "sso.amazonaws.com"))
    }

    fn session_name(&self) -> Option<String> {
        let kind = self.text("/userIdentity/type")?;
        if kind != "AssumedRole" && kind != "FederatedUser" {
            return None;
        }
        let principal = self.text("/userIdentity/principalId")?;
        Some(principal.split(':').nth(1)?.to_owned())
    }

    pub fn role_name(&self) -> Option<String> {
        if self.text("/userIdentity/type")? != "AssumedRole" {
            return None;
        }
        let arn = self.text("/userIdentity/arn")?;
        Some(arn.split('/').nth(1)?.to_owned())
    }

    fn role_arn(&self) -> Option<String> {
        self.text("/userIdentity/sessionContext/sessionIssuer/arn")
    }

    fn outcome(&self) -> &'static str {
        match self.text("/errorCode").as_deref() {
            Some("AccessDenied" | "Client.UnauthorizedOperation") => "denied",
            Some(_) => "error",
            None if self.text("/errorMessage").is_some() => "error",
            None if self.text("/responseElements/ConsoleLogin").as_deref() == Some("Failure") => "error",
            None => "ok",
        }
    }

    /// The values at a path, arrays stepped through.
    pub fn at(&self, keys: &[String]) -> Vec<At> {
        let mut here = spread(&self.raw);
        for key in keys {
            let inner = here.iter().filter_map(|raw| {
                let object: BTreeMap<String, Box<RawValue>> = serde_json::from_str(raw).ok()?;
                object.get(key).map(|value| value.get().to_owned())
            });
            here = inner.collect::<Vec<_>>().iter().flat_map(|raw| spread(raw)).collect();
        }
        let value = |raw: String| match serde_json::from_str(&raw) {
            Ok(Value::Null) => None,
            Ok(Value::String(text)) => Some(At::Text(text)),
            Ok(Value::Number(_)) => Some(At::Number(raw)),
            Ok(Value::Object(_)) => Some(At::Object(written_out(&raw))),
            _ => Some(At::Text(raw)),
        };
        here.into_iter().filter_map(value).collect()
    }
}

/// A value at a path.
#[derive(Debug, Clone, PartialEq)]
pub enum At {
    /// A text or a flag.
    Text(String),
    /// As the record spells it.
    Number(String),
    /// As JSON; records of these tests have no white space between tokens.
    Object(String),
}

impl At {
    /// As answers show it.
    pub fn text(&self) -> &str {
        match self {
            At::Text(text) | At::Number(text) | At::Object(text) => text,
        }
    }
}

/// JSON with its characters written out; those that JSON has to escape stay escaped.
fn written_out(raw: &str) -> String {
    let kept = raw.replace("\\/", "/").replace("\\\\", "\u{1}").replace("\\\"", "\u{2}");
    let kept = kept.replace("\\n", "\u{3}").replace("\\t", "\u{4}").replace("\\u001b", "\u{5}");
    let decoded = super::oracle::decoded(&kept).replace('\u{1}', "\\\\").replace('\u{2}', "\\\"");
    decoded.replace('\u{3}', "\\n").replace('\u{4}', "\\t").replace('\u{5}', "\\u001b")
}

/// Each once, in order.
fn distinct(mut values: Vec<String>) -> Vec<String> {
    values.sort();
    values.dedup();
    values
}

/// A value, or the elements of an array of whatever depth.
fn spread(raw: &str) -> Vec<String> {
    match serde_json::from_str::<Vec<Box<RawValue>>>(raw) {
        Ok(elements) => elements.iter().flat_map(|element| spread(element.get())).collect(),
        Err(_) => vec![raw.to_owned()],
    }
}

fn truth(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.to_lowercase().as_str() {
            "true" | "yes" => Some(true),
            "false" | "no" => Some(false),
            _ => None,
        },
        _ => None,
    }
}
