//! One pass over a record's JSON: the fields that an event needs, borrowed from the input, whatever their types are.
//!
//! A field of the wrong type is not an error here: it is kept as [`Scalar::Other`], named in the report by
//! `normalize`, and the record stays whole. Of a duplicate key the last one counts, as for every common
//! JSON reader.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::context;
use crate::ingest::decode::wrappings::{Wrapping, value_of};
use crate::ingest::record::lenient::{Key, List, Scalar, object, pass_over};
use crate::ingest::record::plain::{self, Found, PlainObject, PlainScalars};
use crate::ingest::record::resource_rules::{OpenNodes, Rule, Tree};
use crate::ingest::record::{outcome, resource_rules};
use crate::proof;

object! {
    /// `userIdentity`.
    RawIdentity at "userIdentity" {
        kind: Scalar<'a> = "type",
        user_name: Scalar<'a> = "userName",
        principal_id: Scalar<'a> = "principalId",
        arn: Scalar<'a> = "arn",
        account_id: Scalar<'a> = "accountId",
        access_key_id: Scalar<'a> = "accessKeyId",
        invoked_by: Scalar<'a> = "invokedBy",
        identity_provider: Scalar<'a> = "identityProvider",
        on_behalf_of: RawOnBehalfOf<'a> = "onBehalfOf",
        session_context: RawSession<'a> = "sessionContext",
    }
}
object! {
    /// `userIdentity.onBehalfOf`.
    RawOnBehalfOf { user_id: Scalar<'a> = "userId" }
}
object! {
    /// `userIdentity.sessionContext`.
    RawSession at "userIdentity.sessionContext" {
        issuer: RawIssuer<'a> = "sessionIssuer",
        attributes: RawAttributes<'a> = "attributes",
    }
}
object! {
    /// `userIdentity.sessionContext.sessionIssuer`.
    RawIssuer {
        kind: Scalar<'a> = "type",
        user_name: Scalar<'a> = "userName",
        arn: Scalar<'a> = "arn",
    }
}
object! {
    /// `userIdentity.sessionContext.attributes`.
    RawAttributes {
        creation_date: Scalar<'a> = "creationDate",
        mfa_authenticated: Scalar<'a> = "mfaAuthenticated",
    }
}
object! {
    /// `additionalEventData`.
    RawAdditional at "additionalEventData" {
        mfa_used: Scalar<'a> = "MFAUsed",
        user_name: Scalar<'a> = "UserName",
    }
}
object! {
    /// `serviceEventDetails.result`.
    RawResult { status_type: Scalar<'a> = "statusType" }
}
object! {
    /// `insightDetails`.
    RawInsight {
        event_source: Scalar<'a> = "eventSource",
        event_name: Scalar<'a> = "eventName",
    }
}
object! {
    /// `timeWindow` of an aggregated event.
    RawWindow { start: Scalar<'a> = "windowStart" }
}
object! {
    /// An element of `resources`; a row of a CSV download has Event history's own list there, in other keys.
    RawResource {
        arn: Scalar<'a> = "ARN",
        arn_prefix: Scalar<'a> = "ARNPrefix",
        account_id: Scalar<'a> = "accountId",
        kind: Scalar<'a> = "type",
        listed_kind: Scalar<'a> = "resourceType",
        listed_name: Scalar<'a> = "resourceName",
    }
}
/// The result that `serviceEventDetails` gives in words: IAM Identity Center's sign-in events have it under their name, as
/// in `{"CredentialVerification":"Failure"}`, and other services under `result.statusType`.
#[derive(Debug, Default)]
pub(crate) struct RawServiceDetails {
    pub(crate) failed: bool,
}

impl RawServiceDetails {
    fn wrong_type() -> RawServiceDetails {
        RawServiceDetails::default()
    }
}

impl<'de> Deserialize<'de> for RawServiceDetails {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Details;
        impl<'de> Visitor<'de> for Details {
            type Value = RawServiceDetails;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            pass_over!(scalars);
            pass_over!(null);
            pass_over!(array);
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawServiceDetails, A::Error> {
                let mut failed = false;
                while let Some(key) = map.next_key::<Key<'de>>()? {
                    failed |= match key.0.as_ref() {
                        "result" => match map.next_value::<RawResult<'de>>()?.status_type {
                            Scalar::Text(status) => outcome::is_failure(&status),
                            _ => false,
                        },
                        // Other words, such as a job's state of FAILED, do not tell about the action.
                        _ => matches!(map.next_value()?, Scalar::Text(text) if text == "Failure"),
                    };
                }
                Ok(RawServiceDetails { failed })
            }
        }
        deserializer.deserialize_any(Details)
    }
}

/// A text in `requestParameters` or `responseElements` that a rule names or that is an ARN.
#[derive(Debug)]
pub(crate) struct Mention<'a> {
    pub(crate) text: Cow<'a, str>,
    /// The rule that names it; `None` for an ARN that no rule names.
    pub(crate) rule: Option<&'static Rule>,
}

/// A value that may hold a record: the rank of its wrapping, the wrapping, and the value.
pub(crate) type Inner<'a> = (usize, &'static Wrapping, &'a RawValue);

/// The parts of a record that one pass over its JSON reads.
#[derive(Debug, Default)]
pub(crate) struct RawRecord<'a> {
    pub(crate) event_version: Scalar<'a>,
    pub(crate) event_id: Scalar<'a>,
    pub(crate) event_time: Scalar<'a>,
    pub(crate) event_source: Scalar<'a>,
    pub(crate) event_name: Scalar<'a>,
    pub(crate) aws_region: Scalar<'a>,
    pub(crate) user_agent: Scalar<'a>,
    pub(crate) error_code: Scalar<'a>,
    pub(crate) error_message: Scalar<'a>,
    pub(crate) event_type: Scalar<'a>,
    pub(crate) event_category: Scalar<'a>,
    pub(crate) management_event: Scalar<'a>,
    pub(crate) read_only: Scalar<'a>,
    pub(crate) recipient_account_id: Scalar<'a>,
    pub(crate) from_console: Scalar<'a>,
    pub(crate) account_id: Scalar<'a>,
    /// The values of plain columns that are not in `identity` and `additional`.
    plain: PlainScalars<'a>,
    pub(crate) identity: Option<RawIdentity<'a>>,
    pub(crate) additional: RawAdditional<'a>,
    pub(crate) service_details: RawServiceDetails,
    pub(crate) insight: RawInsight<'a>,
    pub(crate) window: RawWindow<'a>,
    pub(crate) resources: List<RawResource<'a>>,
    pub(crate) mentions: Vec<Mention<'a>>,
    /// True if there is a key that only records have, whatever its value.
    pub(crate) is_record: bool,
    /// Values that may hold records.
    pub(crate) inner: Vec<Inner<'a>>,
    /// True if it is a digest file.
    pub(crate) is_digest: bool,
    /// True if it has a key of an answer of the AWS CLI by which digest files are checked.
    pub(crate) may_be_proof: bool,
    /// True if it has a key of a document about accounts, people or rights, or of a finding.
    pub(crate) may_be_context: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for RawRecord<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'a> RawRecord<'a> {
    fn wrong_type() -> RawRecord<'a> {
        RawRecord::default()
    }

    /// Returns the wrapping that a value with this key may be. What is known to be a record wraps nothing.
    fn wrapping(&self, key: &str) -> Option<(usize, &'static Wrapping)> {
        match &self.event_source {
            Scalar::Text(source) if self.is_record && !source.starts_with("aws:") => None,
            _ => value_of(key),
        }
    }

    /// Returns the values of plain columns, wherever they are.
    pub(crate) fn plain(&self) -> impl Iterator<Item = (usize, &Scalar<'a>)> {
        let identity = self
            .identity
            .iter()
            .flat_map(|identity| identity.plain.iter().chain(identity.session_context.plain.iter()));
        self.plain.iter().chain(identity).chain(self.additional.plain.iter())
    }

    /// The rules for this record, once its event source is known.
    fn tree(&self) -> Option<&'static Tree> {
        match &self.event_source {
            Scalar::Text(source) => Some(resource_rules::for_source(source)),
            _ => None,
        }
    }

    /// Walks a part that was met before the event source was.
    fn walk_late<E: serde::de::Error>(&mut self, part: &'static str, raw: &'a RawValue) -> Result<(), E> {
        let tree = self.tree().unwrap_or_else(|| resource_rules::for_source(""));
        let open = tree.enter(&OpenNodes::at_root(), part);
        let mut deserializer = serde_json::Deserializer::from_str(raw.get());
        Walk { tree, open, mentions: &mut self.mentions }.deserialize(&mut deserializer).map_err(E::custom)
    }
}

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = RawRecord<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    pass_over!(scalars);
    pass_over!(null);
    pass_over!(array);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawRecord<'de>, A::Error> {
        let mut record = RawRecord::default();
        let mut late: Vec<(&'static str, &'de RawValue)> = Vec::new();
        while let Some(key) = map.next_key::<Key<'de>>()? {
            let part = match key.0.as_ref() {
                "requestParameters" => "requestParameters",
                "responseElements" => "responseElements",
                other => {
                    record.take(other, &mut map)?;
                    continue;
                }
            };
            match record.tree() {
                Some(tree) => {
                    let open = tree.enter(&OpenNodes::at_root(), part);
                    map.next_value_seed(Walk { tree, open, mentions: &mut record.mentions })?;
                }
                None => late.push((part, map.next_value()?)),
            }
        }
        for (part, raw) in late {
            record.walk_late(part, raw)?;
        }
        Ok(record)
    }
}

impl<'de> RawRecord<'de> {
    /// Takes the value of one key.
    fn take<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "eventVersion" => {
                self.is_record = true;
                self.event_version = map.next_value()?;
            }
            "eventName" => {
                self.is_record = true;
                self.event_name = map.next_value()?;
            }
            "eventID" => {
                self.is_record = true;
                self.event_id = map.next_value()?;
            }
            "eventId" => {
                let id: Scalar<'de> = map.next_value()?;
                if !self.event_id.is_present() {
                    self.event_id = id;
                }
            }
            "eventTime" => self.event_time = map.next_value()?,
            "eventSource" => self.event_source = map.next_value()?,
            "awsRegion" => self.aws_region = map.next_value()?,
            "userAgent" => self.user_agent = map.next_value()?,
            "errorCode" => self.error_code = map.next_value()?,
            "errorMessage" => self.error_message = map.next_value()?,
            "eventType" => self.event_type = map.next_value()?,
            "eventCategory" => self.event_category = map.next_value()?,
            "managementEvent" => self.management_event = map.next_value()?,
            "readOnly" => self.read_only = map.next_value()?,
            "recipientAccountId" => self.recipient_account_id = map.next_value()?,
            "sessionCredentialFromConsole" => self.from_console = map.next_value()?,
            "accountId" => self.account_id = map.next_value()?,
            "userIdentity" => self.identity = map.next_value()?,
            "additionalEventData" => self.additional = map.next_value()?,
            "serviceEventDetails" => self.service_details = map.next_value()?,
            "insightDetails" => self.insight = map.next_value()?,
            "timeWindow" => self.window = map.next_value()?,
            "resources" => self.resources = map.next_value()?,
            "digestS3Object" => {
                self.is_digest = true;
                map.next_value::<IgnoredAny>()?;
            }
            other if proof::is_key_of_answer(other) => {
                self.may_be_proof = true;
                map.next_value::<IgnoredAny>()?;
            }
            other if context::is_key(other) => {
                self.may_be_context = true;
                map.next_value::<IgnoredAny>()?;
            }
            other => match (plain::find("", other), self.wrapping(other)) {
                (Some(Found::Value(column)), _) => self.plain.put(column, map.next_value()?),
                (Some(Found::Parent(path)), _) => map.next_value_seed(PlainObject { path, out: &mut self.plain })?,
                (None, Some((rank, wrapping))) => self.inner.push((rank, wrapping, map.next_value()?)),
                (None, None) => drop(map.next_value::<IgnoredAny>()?),
            },
        }
        Ok(())
    }
}

/// Steps through a value beside the rules' tree and keeps what they name, and every ARN.
struct Walk<'m, 'de> {
    tree: &'static Tree,
    open: OpenNodes,
    mentions: &'m mut Vec<Mention<'de>>,
}

impl<'de> Walk<'_, 'de> {
    fn text(self, text: Cow<'de, str>) {
        if text.is_empty() {
            return;
        }
        let before = self.mentions.len();
        for rule in self.tree.rules(&self.open) {
            self.mentions.push(Mention { text: text.clone(), rule: Some(rule) });
        }
        if self.mentions.len() == before && text.starts_with("arn:") {
            self.mentions.push(Mention { text, rule: None });
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.text(Cow::Borrowed(text));
        Ok(())
    }
    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.text(Cow::Owned(text.to_owned()));
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let (tree, open) = (self.tree, self.open);
        while seq.next_element_seed(Walk { tree, open, mentions: &mut *self.mentions })?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Key<'de>>()? {
            let open = self.tree.enter(&self.open, &key.0);
            map.next_value_seed(Walk { tree: self.tree, open, mentions: &mut *self.mentions })?;
        }
        Ok(())
    }
}
