//! The catalogue of the lookup language: every field that a lookup can name, once. The parser, completion, help and the
//! generated documentation read it, and a test compares it with the schema. A field over an existing column is one
//! entry here. A column that has the value at a path of the record is an entry that is `plain`, and a migration. Imports
//! nothing of trailq.

mod definition;

use std::sync::LazyLock;

pub use definition::{Field, Kind, Place, Values};
use definition::{event, facet, faceted, identity, of_address};
use rustc_hash::FxHashMap;

/// The values of `outcome`.
const OUTCOMES: &[&str] = &["ok", "denied", "error"];

/// Every field, in the order in which help lists them.
pub const FIELDS: &[Field] = &[
    Field {
        kind: Kind::Time,
        values: Values::None,
        indexed: true,
        path: "eventTime",
        help: "when the request was completed, UTC; a coarser time means its whole span",
        example: "time=2024-03-01T09",
        ..event("time", &["event-time", "when"], "event_time")
    },
    Field {
        indexed: true,
        path: "eventName",
        help: "the API action or the kind of the event",
        example: "event-name=RunInstances,TerminateInstances",
        ..faceted("event-name", &["name", "action"], "event_name")
    },
    Field {
        kind: Kind::Source,
        path: "eventSource",
        help: "the service that was called; ec2 means ec2.amazonaws.com",
        example: "source=iam",
        ..faceted("event-source", &["source", "service"], "event_source")
    },
    Field {
        path: "awsRegion",
        help: "the Region of the call",
        example: "region=us-*",
        ..faceted("region", &["aws-region"], "aws_region")
    },
    Field {
        path: "recipientAccountId",
        help: "the account whose trail holds the event",
        example: "account=111122223333",
        ..faceted("account", &["recipient", "recipient-account", "recipient-account-id"], "recipient_account_id")
    },
    Field {
        indexed: true,
        path: "userIdentity",
        help: "Event history's Username: an IAM user, root, or for an assumed role the session name",
        example: "user=alice",
        ..event("user", &["username"], "user_name")
    },
    Field {
        values: Values::Indexed,
        indexed: true,
        path: "userIdentity.accessKeyId",
        help: "the access key that signed the request",
        example: "key=AKIAIOSFODNN7EXAMPLE",
        ..event("key", &["access-key", "access-key-id"], "access_key_id")
    },
    Field {
        values: Values::Indexed,
        indexed: true,
        path: "responseElements",
        help: "the access key that the event handed out; joins to the calls made with it",
        example: "issued-key=*",
        ..event("issued-key", &["issued-access-key", "issued-access-key-id"], "issued_access_key_id")
    },
    Field {
        kind: Kind::Address,
        indexed: true,
        path: "sourceIPAddress",
        plain: true,
        help: "where the request came from: an address or a service; takes networks",
        example: "not ip=10.0.0.0/8",
        ..event("ip", &["address", "source-ip", "source-ip-address"], "source_ip_address")
    },
    Field {
        help: "the country of the address, as a code of two letters; needs a file of --geo",
        example: "event-name=ConsoleLogin not country=NL,DE",
        ..of_address("country", &[], "country")
    },
    Field {
        kind: Kind::Number,
        help: "the autonomous system of the address; needs a file of --geo",
        example: "asn=64500",
        ..of_address("asn", &["as-number"], "asn")
    },
    Field {
        help: "the organization of that autonomous system; needs a file of --geo",
        example: "as-org=\"*hosting*\"",
        ..of_address("as-org", &["as-organization"], "as_org")
    },
    Field {
        help: "the services and the Region of AWS that use the address; needs ip-ranges.json with --geo",
        example: "not aws-range=* | count by ip",
        ..of_address("aws-range", &[], "aws_range")
    },
    Field {
        indexed: true,
        path: "errorCode",
        help: "the error code; absent on success, and on a failed sign-in",
        example: "error=*UnauthorizedOperation",
        ..faceted("error", &["error-code"], "error_code")
    },
    Field {
        place: Place::ErrorMessage,
        stored_as: "text",
        values: Values::Table,
        path: "errorMessage",
        help: "the error message",
        example: "error-message=\"*not authorized*\"",
        ..event("error-message", &[], "error_message")
    },
    Field {
        kind: Kind::Word(OUTCOMES),
        path: "errorCode, errorMessage, responseElements",
        help: "ok, denied (every spelling of access denied) or error (a failed sign-in too)",
        example: "outcome=denied",
        ..faceted("outcome", &[], "outcome")
    },
    Field {
        kind: Kind::Flag,
        path: "readOnly",
        help: "true if the record marks the call as read-only",
        example: "read-only=true",
        ..faceted("read-only", &[], "read_only")
    },
    Field {
        kind: Kind::Flag,
        place: Place::Write,
        stored_as: "read_only",
        values: Values::None,
        path: "readOnly",
        help: "true for every call that is not known to be read-only",
        example: "write=true",
        ..faceted("write", &[], "write")
    },
    Field {
        values: Values::Indexed,
        indexed: true,
        path: "eventID",
        help: "the event's own id",
        example: "event-id=6e12345-2a4e-417c-aa78-7594fEXAMPLE",
        ..event("event-id", &["id"], "event_id")
    },
    Field {
        values: Values::Indexed,
        indexed: true,
        path: "sharedEventID",
        plain: true,
        help: "the same in every account's copy of one action",
        example: "shared-id=*",
        ..event("shared-id", &["shared-event", "shared-event-id"], "shared_event_id")
    },
    Field {
        place: Place::ResourceName,
        stored_as: "name",
        values: Values::Table,
        path: "requestParameters, responseElements, resources",
        help: "a resource by name, id or ARN; a name also finds the ARNs that end in it",
        example: "resource=i-0abc",
        ..event("resource", &["resource-name"], "resources")
    },
    Field {
        place: Place::ResourceType,
        stored_as: "type",
        path: "requestParameters, responseElements, resources",
        help: "the type of a resource; with resource=, of the same resource",
        example: "resource-type=AWS::S3::Bucket",
        ..event("resource-type", &[], "resource_type")
    },
    Field {
        place: Place::ListedName,
        stored_as: "name",
        values: Values::Table,
        path: "requestParameters, responseElements",
        help: "a resource that Event history lists for the event, in exactly that spelling",
        example: "listed-resource=acme-logs",
        ..event("listed-resource", &["listed"], "listed_resource")
    },
    Field {
        place: Place::ListedType,
        stored_as: "type",
        values: Values::Table,
        path: "requestParameters, responseElements",
        help: "the type of such a resource; with listed-resource=, of the same resource",
        example: "listed-type=AWS::EC2::Instance",
        ..event("listed-type", &["listed-resource-type"], "listed_type")
    },
    Field {
        values: Values::Kept,
        path: "userIdentity.type",
        help: "IAMUser, AssumedRole, Root, AWSService, ...",
        example: "identity-type=Root",
        ..identity("identity-type", &["user-type"], "identity_type", "type")
    },
    Field {
        path: "userIdentity.arn",
        help: "the actor's ARN",
        example: "arn=arn:aws:iam::111122223333:user/alice",
        ..identity("arn", &["identity-arn", "user-arn"], "identity_arn", "arn")
    },
    Field {
        values: Values::Kept,
        path: "userIdentity.accountId",
        help: "the actor's account",
        example: "identity-account=111122223333",
        ..identity("identity-account", &["identity-account-id", "user-account"], "identity_account_id", "account_id")
    },
    Field {
        place: Place::Role,
        stored_as: "role_name",
        values: Values::Kept,
        path: "userIdentity.sessionContext.sessionIssuer",
        help: "the role of a session, by name or ARN",
        example: "role=Admin",
        ..identity("role", &["role-name", "role-arn"], "role_name", "role_name")
    },
    Field {
        path: "userIdentity.principalId",
        help: "the name of a role's or federated user's session",
        example: "session-name=i-*",
        ..identity("session-name", &["session", "role-session-name"], "session_name", "session_name")
    },
    Field {
        path: "userIdentity.principalId",
        help: "the actor's unique id",
        example: "principal=AROA*",
        ..identity("principal", &["principal-id"], "principal_id", "principal_id")
    },
    Field {
        path: "userIdentity.onBehalfOf.userId",
        help: "the person of IAM Identity Center, by user id of the identity store",
        example: "on-behalf-of=0123abcd-70b1-7000-aaaa-EXAMPLE11111",
        ..identity("on-behalf-of", &["identity-store-user"], "on_behalf_of", "on_behalf_of")
    },
    Field {
        values: Values::None,
        path: "userIdentity.sessionContext.attributes.creationDate",
        help: "when the session began, UTC",
        example: "session-created=2024-03-01*",
        ..event("session-created", &["creation-date"], "session_created")
    },
    Field {
        kind: Kind::Flag,
        path: "userIdentity.sessionContext.attributes.mfaAuthenticated",
        help: "true if the session used MFA; for a ConsoleLogin, its MFAUsed",
        example: "event-name=ConsoleLogin mfa=false",
        ..event("mfa", &["mfa-authenticated", "mfa-used"], "mfa_authenticated")
    },
    Field {
        kind: Kind::Flag,
        path: "sessionCredentialFromConsole",
        help: "true if the record says that the session began in the console",
        example: "from-console=true",
        ..event("from-console", &["session-credential-from-console"], "from_console")
    },
    Field {
        path: "userIdentity.invokedBy",
        help: "the service that called on the actor's behalf",
        example: "invoked-by=cloudformation.amazonaws.com",
        ..event("invoked-by", &[], "invoked_by")
    },
    Field {
        path: "userIdentity.sessionContext.sourceIdentity",
        plain: true,
        help: "the source identity that the session was given",
        example: "source-identity=alice",
        ..event("source-identity", &[], "source_identity")
    },
    Field {
        place: Place::UserAgent,
        stored_as: "text",
        values: Values::Table,
        path: "userAgent",
        help: "the client",
        example: "user-agent=aws-cli*",
        ..event("user-agent", &["agent"], "user_agent")
    },
    Field {
        place: Place::UserAgent,
        stored_as: "agent_family(text)",
        values: Values::Table,
        path: "userAgent",
        help: "the program of the user agent: aws-cli, boto3, terraform, aws-console, firefox, pacu, ...",
        example: "agent-family=aws-cli,boto3",
        ..event("agent-family", &["client-family"], "agent_family")
    },
    Field {
        place: Place::UserAgent,
        stored_as: "agent_version(text)",
        values: Values::Table,
        path: "userAgent",
        help: "the version that the program of the user agent states",
        example: "agent-family=aws-cli agent-version=1.*",
        ..event("agent-version", &["client-version"], "agent_version")
    },
    Field {
        path: "vpcEndpointId",
        plain: true,
        help: "the VPC endpoint of the call",
        example: "vpce=vpce-*",
        ..event("vpce", &["vpc-endpoint", "vpc-endpoint-id"], "vpc_endpoint_id")
    },
    Field {
        path: "eventType",
        help: "AwsApiCall, AwsServiceEvent, AwsConsoleSignIn, ...",
        example: "type=AwsServiceEvent",
        ..facet("type", &["event-type"], "event_type")
    },
    Field {
        path: "eventCategory",
        help: "Management, Data, NetworkActivity, Insight or Aggregated; absent in old records",
        example: "category=Data",
        ..facet("category", &["event-category"], "event_category")
    },
    Field {
        kind: Kind::Flag,
        path: "managementEvent",
        help: "true if the record marks the event as a management event",
        example: "management-event=true",
        ..facet("management-event", &["management"], "management_event")
    },
    Field {
        path: "eventVersion",
        help: "the version of the record's format",
        example: "version=1.08",
        ..facet("version", &["event-version"], "event_version")
    },
    Field {
        kind: Kind::Number,
        values: Values::None,
        path: "additionalEventData.bytesTransferredIn",
        plain: true,
        help: "bytes that an S3 call sent",
        example: "bytes-in>1000000",
        ..event("bytes-in", &[], "bytes_in")
    },
    Field {
        kind: Kind::Number,
        values: Values::None,
        path: "additionalEventData.bytesTransferredOut",
        plain: true,
        help: "bytes that an S3 call received",
        example: "bytes-out>1000000 | top user",
        ..event("bytes-out", &[], "bytes_out")
    },
    Field {
        place: Place::File,
        stored_as: "path",
        values: Values::None,
        help: "the trail file that the event came from, by path or name",
        example: "file=*_us-east-1_*",
        ..event("file", &["path"], "file")
    },
    Field {
        place: Place::Record,
        values: Values::None,
        help: "text anywhere in the record; * is literal here",
        example: "text=\"0.0.0.0/0\"",
        ..event("text", &[], "text")
    },
    Field {
        place: Place::Tag,
        stored_as: "tag",
        values: Values::None,
        help: "what an investigator tagged",
        example: "tag=suspicious",
        ..event("tag", &["tags"], "tag")
    },
    Field {
        place: Place::Sentence,
        values: Values::None,
        help: "the event in words, to show: who did or tried what, where and from where",
        example: "outcome=denied | fields time,sentence",
        ..event("sentence", &["summary"], "sentence")
    },
];

/// The number of [`PLAIN`] fields.
pub(crate) const PLAIN_COUNT: usize = {
    let (mut count, mut at) = (0, 0);
    while at < FIELDS.len() {
        count += FIELDS[at].plain as usize;
        at += 1;
    }
    count
};

/// The fields whose columns of `events` an import copies from the record.
pub(crate) static PLAIN: [&Field; PLAIN_COUNT] = {
    let mut plain = [&FIELDS[0]; PLAIN_COUNT];
    let (mut count, mut at) = (0, 0);
    while at < FIELDS.len() {
        if FIELDS[at].plain {
            plain[count] = &FIELDS[at];
            count += 1;
        }
        at += 1;
    }
    plain
};

/// Top-level fields of a record (`guide/internals/formats.md`, 2.1 and 2.3), any of which begins a path.
#[rustfmt::skip]
pub const RECORD_FIELDS: &[&str] = &[
    "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
    "userAgent", "errorCode", "errorMessage", "requestParameters", "responseElements", "additionalEventData",
    "requestID", "eventID", "eventType", "apiVersion", "managementEvent", "readOnly", "resources",
    "recipientAccountId", "serviceEventDetails", "sharedEventID", "vpcEndpointId", "vpcEndpointAccountId",
    "eventCategory", "addendum", "sessionCredentialFromConsole", "edgeDeviceDetails", "tlsDetails",
    "eventContext", "insightDetails", "annotation", "accountId", "eventId", "timeWindow", "summary",
];

/// Short forms of the first key of a path.
pub const PATH_ALIASES: &[(&str, &str)] = &[("request", "requestParameters"), ("response", "responseElements")];

/// Folds a name for comparison: lower case, without `-` and `_`.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// The fields by their names, columns and aliases, as [`fold`] makes them. Where two fields share one, it is the first's.
static BY_NAME: LazyLock<FxHashMap<String, &'static Field>> = LazyLock::new(|| {
    let mut fields = FxHashMap::default();
    for field in FIELDS {
        for name in [field.name, field.column].iter().chain(field.aliases) {
            fields.entry(fold(name)).or_insert(field);
        }
    }
    fields
});

/// Finds the field with this name, alias or column. Case, `-` and `_` are ignored.
pub fn find(name: &str) -> Option<&'static Field> {
    BY_NAME.get(&fold(name)).copied()
}

/// The columns of a list of events in a table, in order: those of Event history's console, then Region, address and
/// error.
#[rustfmt::skip]
pub const BRIEF_COLUMNS: &[&str] = &[
    "event_time", "event_name", "user_name", "event_source", "aws_region", "source_ip_address", "error_code",
    "resources",
];

/// Returns the columns of the view `event_history`, without `id`: those of a list of events in formats other than a table.
pub fn history_columns() -> impl Iterator<Item = &'static str> {
    let later = PLAIN.iter().map(|field| field.column).filter(|column| !FIRST_HISTORY_COLUMNS.contains(column));
    FIRST_HISTORY_COLUMNS.iter().copied().chain(later)
}

/// The columns that the view had in schema version 8. Plain columns of later versions follow them.
#[rustfmt::skip]
const FIRST_HISTORY_COLUMNS: &[&str] = &[
    "event_id", "event_time", "event_source", "event_name", "aws_region", "source_ip_address", "user_name",
    "access_key_id", "error_code", "outcome", "read_only", "management_event", "event_type", "event_category",
    "event_version", "recipient_account_id", "shared_event_id", "vpc_endpoint_id", "invoked_by",
    "mfa_authenticated", "session_created", "from_console", "source_identity", "issued_access_key_id",
    "bytes_in", "bytes_out", "user_agent", "error_message", "identity_type", "identity_arn",
    "identity_account_id", "principal_id", "role_name", "role_arn", "session_name", "resources", "file",
];

#[cfg(test)]
mod tests;
