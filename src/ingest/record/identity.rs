//! Actors: `userIdentity` of every type, and the Username that Event history gives it (`guide/internals/formats.md`,
//! 2.2 and 3.1).

use std::borrow::Cow;
use std::sync::Arc;

use crate::arn::{Arn, last_part};
use crate::event::{Identity, Text};
use crate::ingest::record::lenient::Scalar;
use crate::ingest::record::problems::{Problems, time_text};
use crate::ingest::record::raw::{RawIdentity, RawSession};

/// The actor of an event, from `userIdentity`.
pub(crate) struct Actor<'r> {
    pub(crate) identity: Option<Arc<Identity>>,
    pub(crate) user_name: Option<Text>,
    pub(crate) access_key_id: Option<Text>,
    pub(crate) invoked_by: Option<Text>,
    session: Option<&'r RawSession<'r>>,
}

impl Actor<'_> {
    /// Reports whether the session was authenticated with MFA.
    pub(crate) fn mfa_authenticated(&self, problems: &mut Problems) -> Option<bool> {
        match &self.session?.attributes.mfa_authenticated {
            Scalar::Absent => None,
            Scalar::Flag(flag) => Some(*flag),
            Scalar::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Scalar::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => {
                problems.add("userIdentity.sessionContext.attributes.mfaAuthenticated", "is neither true nor false");
                None
            }
        }
    }

    /// Returns the time at which the session began.
    pub(crate) fn session_created(&self, problems: &mut Problems) -> Option<Text> {
        let field = "userIdentity.sessionContext.attributes.creationDate";
        problems.time(field, &self.session?.attributes.creation_date).map(time_text)
    }
}

/// Reads a record's `userIdentity`. A sign-in may name its user elsewhere: `sign_in_name`.
pub(crate) fn normalize<'r>(
    raw: Option<&'r RawIdentity<'r>>,
    sign_in_name: Option<&str>,
    problems: &mut Problems,
) -> Actor<'r> {
    let Some(raw) = raw else {
        return Actor { identity: None, user_name: None, access_key_id: None, invoked_by: None, session: None };
    };
    if raw.wrong_type {
        problems.add("userIdentity", "is not an object");
    }
    if raw.session_context.wrong_type {
        problems.add("userIdentity.sessionContext", "is not an object");
    }
    let p = problems;
    let kind = p.str("userIdentity.type", &raw.kind);
    let given_name = p.str("userIdentity.userName", &raw.user_name);
    let arn = p.str("userIdentity.arn", &raw.arn);
    let principal = p.str("userIdentity.principalId", &raw.principal_id);
    let invoked_by = p.text("userIdentity.invokedBy", &raw.invoked_by);
    let session_name = session_name(kind.as_deref(), principal.as_deref(), arn.as_deref());
    let user_name = match kind.as_deref() {
        Some("Root") => Some(Text::const_new("root")),
        Some("AssumedRole" | "FederatedUser") => session_name.clone().or_else(|| given_name.as_deref().map(Text::from)),
        Some("AWSService") => None,
        _ => given_name.as_deref().or(sign_in_name).map(Text::from),
    };
    let (role_name, role_arn) = role(raw, kind.as_deref(), arn.as_deref(), p);
    let identity = Identity {
        user_name: user_name.clone(),
        account_id: p.account("userIdentity.accountId", &raw.account_id),
        role_name,
        role_arn,
        session_name,
        identity_provider: p.text("userIdentity.identityProvider", &raw.identity_provider),
        on_behalf_of: p.text("userIdentity.onBehalfOf.userId", &raw.on_behalf_of.user_id),
        invoked_by: if arn.is_none() { invoked_by.clone() } else { None },
        kind: kind.map(text),
        arn: arn.map(text),
        principal_id: principal.map(text),
    };
    Actor {
        // An empty userIdentity says nothing of anybody.
        identity: (identity != Identity::default()).then(|| Arc::new(identity)),
        user_name,
        access_key_id: p.text("userIdentity.accessKeyId", &raw.access_key_id),
        invoked_by,
        session: Some(&raw.session_context),
    }
}

fn text(text: Cow<'_, str>) -> Text {
    Text::from(text)
}

/// The name of a role's or federated user's session. Where `principalId` and the ARN disagree, `principalId` wins, as
/// in Event history.
fn session_name(kind: Option<&str>, principal: Option<&str>, arn: Option<&str>) -> Option<Text> {
    if !matches!(kind, Some("AssumedRole" | "FederatedUser")) {
        return None;
    }
    let from_principal = principal.and_then(|id| id.split_once(':')).map(|(_, name)| name);
    let name = from_principal.filter(|name| !name.is_empty()).or_else(|| arn.map(last_part))?;
    (!name.is_empty()).then(|| Text::from(name))
}

/// The session issuer's name and ARN, where it is a role; the name also from the session's ARN.
fn role(
    raw: &RawIdentity<'_>,
    kind: Option<&str>,
    arn: Option<&str>,
    problems: &mut Problems,
) -> (Option<Text>, Option<Text>) {
    let issuer = &raw.session_context.issuer;
    let issuer_kind = problems.str("userIdentity.sessionContext.sessionIssuer.type", &issuer.kind);
    let is_role = match issuer_kind.as_deref() {
        Some(kind) => kind == "Role",
        None => kind == Some("AssumedRole"),
    };
    if !is_role {
        return (None, None);
    }
    let name = problems.text("userIdentity.sessionContext.sessionIssuer.userName", &issuer.user_name);
    let role_arn = problems.text("userIdentity.sessionContext.sessionIssuer.arn", &issuer.arn);
    let name = name.or_else(|| {
        let session = Arn::parse(arn?).filter(|arn| arn.service == "sts" && arn.kind() == "assumed-role")?;
        session.resource.split('/').nth(1).map(Text::from)
    });
    (name, role_arn)
}
