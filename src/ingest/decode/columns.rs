//! Records made from columns: Event history's CSV downloads, and results of Athena and CloudTrail Lake. Columns are
//! recognized by their headings, in any order and case.

use serde_json::{Map, Value, json};

use crate::fields::fold;

/// The place of a column's value in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// A text at the top level.
    Text(&'static str),
    /// A flag at the top level.
    Flag(&'static str),
    /// JSON at the top level.
    Json(&'static str),
    /// A text of `userIdentity`.
    Identity(&'static str),
    /// All resources, as JSON, or the name of one.
    Resources,
    /// A part of the only resource.
    Resource(&'static str),
}

use Column::{Flag, Identity, Json, Resource, Resources, Text};

/// The columns, by their folded headings.
const COLUMNS: &[(&str, Column)] = &[
    ("username", Identity("userName")),
    ("awsaccesskey", Identity("accessKeyId")),
    ("accesskeyid", Identity("accessKeyId")),
    ("useridentity.type", Identity("type")),
    ("useridentity.principalid", Identity("principalId")),
    ("useridentity.arn", Identity("arn")),
    ("useridentity.accountid", Identity("accountId")),
    ("useridentity.accesskeyid", Identity("accessKeyId")),
    ("useridentity.username", Identity("userName")),
    ("useridentity.invokedby", Identity("invokedBy")),
    ("eventversion", Text("eventVersion")),
    ("eventtime", Text("eventTime")),
    ("eventsource", Text("eventSource")),
    ("eventname", Text("eventName")),
    ("awsregion", Text("awsRegion")),
    ("sourceipaddress", Text("sourceIPAddress")),
    ("useragent", Text("userAgent")),
    ("errorcode", Text("errorCode")),
    ("errormessage", Text("errorMessage")),
    ("requestid", Text("requestID")),
    ("eventid", Text("eventID")),
    ("eventtype", Text("eventType")),
    ("apiversion", Text("apiVersion")),
    ("recipientaccountid", Text("recipientAccountId")),
    ("sharedeventid", Text("sharedEventID")),
    ("vpcendpointid", Text("vpcEndpointId")),
    ("vpcendpointaccountid", Text("vpcEndpointAccountId")),
    ("eventcategory", Text("eventCategory")),
    ("annotation", Text("annotation")),
    ("readonly", Flag("readOnly")),
    ("managementevent", Flag("managementEvent")),
    ("sessioncredentialfromconsole", Flag("sessionCredentialFromConsole")),
    ("useridentity", Json("userIdentity")),
    ("requestparameters", Json("requestParameters")),
    ("responseelements", Json("responseElements")),
    ("additionaleventdata", Json("additionalEventData")),
    ("serviceeventdetails", Json("serviceEventDetails")),
    ("addendum", Json("addendum")),
    ("edgedevicedetails", Json("edgeDeviceDetails")),
    ("tlsdetails", Json("tlsDetails")),
    ("eventcontext", Json("eventContext")),
    ("insightdetails", Json("insightDetails")),
    ("resources", Resources),
    ("resourcetype", Resource("resourceType")),
    ("resourcename", Resource("resourceName")),
];

/// The keys of records that Athena and Lake write in lower case.
const KEYS: &[&str] = &[
    "principalId",
    "accountId",
    "accessKeyId",
    "userName",
    "invokedBy",
    "sessionContext",
    "sessionIssuer",
    "mfaAuthenticated",
    "creationDate",
    "sourceIdentity",
    "ec2RoleDelivery",
    "ec2IssuedInVpc",
    "assumedRoot",
    "webIdFederationData",
    "federatedProvider",
    "identityProvider",
    "onBehalfOf",
    "userId",
    "identityStoreArn",
    "inScopeOf",
    "credentialId",
    "tlsVersion",
    "cipherSuite",
    "clientProvidedHostHeader",
    "updatedFields",
    "originalRequestID",
    "originalEventID",
];

/// Folds a heading for comparison.
pub(crate) fn heading(text: &str) -> String {
    fold(text.trim_start_matches('\u{feff}').trim().trim_matches('"')).replace(' ', "")
}

/// Finds the column with this heading.
pub(crate) fn column_of(name: &str) -> Option<Column> {
    let folded = heading(name);
    COLUMNS.iter().find(|(heading, _)| *heading == folded).map(|(_, column)| *column)
}

/// Makes a record's JSON from columns and their texts.
///
/// # Errors
/// The reason why a column that should be JSON cannot be read.
pub(crate) fn record_of<T: AsRef<str>>(cells: impl Iterator<Item = (Column, T)>) -> Result<String, String> {
    let mut record = Map::new();
    let mut identity = Map::new();
    let mut resources = Vec::new();
    let mut single = Map::new();
    for (column, cell) in cells {
        let cell = cell.as_ref().trim();
        if cell.is_empty() {
            continue;
        }
        match column {
            Text(field) => drop(record.insert(field.to_owned(), json!(cell))),
            Flag(field) => drop(record.insert(field.to_owned(), json!(cell.eq_ignore_ascii_case("true")))),
            Identity(field) => drop(identity.insert(field.to_owned(), json!(cell))),
            Resource(field) => drop(single.insert(field.to_owned(), json!(cell))),
            Json("userIdentity") => match structure("userIdentity", cell)? {
                Value::Object(object) => identity.extend(object),
                Value::Null => {}
                _ => return Err(not_json("userIdentity")),
            },
            Json(field @ ("tlsDetails" | "addendum")) => drop(record.insert(field.to_owned(), structure(field, cell)?)),
            Json(field) => drop(record.insert(field.to_owned(), parse(field, cell)?)),
            Resources if cell.starts_with(['[', '{']) => match structure("resources", cell)? {
                Value::Array(list) => resources.extend(list.into_iter().map(resource)),
                one => resources.push(resource(one)),
            },
            Resources if cell == "null" => {}
            Resources => drop(single.insert("resourceName".to_owned(), json!(cell))),
        }
    }
    if single.contains_key("resourceName") {
        resources.push(Value::Object(single));
    }
    if !identity.is_empty() {
        record.insert("userIdentity".to_owned(), Value::Object(identity));
    }
    if !resources.is_empty() {
        record.insert("resources".to_owned(), Value::Array(resources));
    }
    Ok(Value::Object(record).to_string())
}

fn parse(field: &str, cell: &str) -> Result<Value, String> {
    serde_json::from_str(cell).map_err(|_| not_json(field))
}

/// Parses JSON whose keys are in lower case.
fn structure(field: &str, cell: &str) -> Result<Value, String> {
    parse(field, cell).map(with_keys)
}

/// Hive and Presto write a struct without quotes, so that values with `, ` or `=` cannot be told from their
/// neighbors.
fn not_json(field: &str) -> String {
    format!("has a column {field} that is not JSON, such as Hive's text of a struct; select CAST({field} AS JSON)")
}

/// Writes the keys of nested objects as records have them.
fn with_keys(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let key = |key: String| match KEYS.iter().find(|name| name.eq_ignore_ascii_case(&key)) {
                Some(name) => (*name).to_owned(),
                None => key,
            };
            Value::Object(object.into_iter().map(|(name, value)| (key(name), with_keys(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(with_keys).collect()),
        scalar => scalar,
    }
}

/// Writes the key of a resource's ARN as records have it.
fn resource(value: Value) -> Value {
    match value {
        Value::Object(mut object) => {
            if let Some(arn) = object.remove("arn") {
                object.insert("ARN".to_owned(), arn);
            }
            Value::Object(object)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{column_of, record_of};

    fn made(cells: &[(&str, &str)]) -> Result<String, String> {
        record_of(cells.iter().filter_map(|(name, cell)| Some((column_of(name)?, *cell))))
    }

    #[test]
    fn json_columns_are_parsed_and_keys_restored() {
        let record = made(&[
            ("eventID", "e1"),
            ("\u{feff}\"Event name\"", "StopInstances"),
            ("useridentity", r#"{"type":"AssumedRole","sessioncontext":{"sessionissuer":{"username":"r"}}}"#),
            ("requestparameters", r#"{"userName":"x"}"#),
            ("responseelements", "null"),
            ("resources", r#"[{"arn":"arn:aws:s3:::b","accountid":"111122223333","type":"AWS::S3::Bucket"}]"#),
            ("readonly", "FALSE"),
            ("unknown", "x"),
        ]);
        assert_eq!(
            record.unwrap(),
            concat!(
                r#"{"eventID":"e1","eventName":"StopInstances","readOnly":false,"requestParameters":{"userName":"x"},"#,
                r#""resources":[{"ARN":"arn:aws:s3:::b","accountId":"111122223333","type":"AWS::S3::Bucket"}],"#,
                r#""responseElements":null,"#,
                r#""userIdentity":{"sessionContext":{"sessionIssuer":{"userName":"r"}},"type":"AssumedRole"}}"#
            )
        );
    }

    #[test]
    fn the_text_of_a_struct_is_refused() {
        for (column, cell) in [
            ("useridentity", "{type=IAMUser, arn=null}"),
            ("requestparameters", "{a=b, c=d}"),
            ("resources", "[{arn=arn:aws:s3:::b, accountid=null, type=null}]"),
        ] {
            let error = made(&[("eventid", "e1"), (column, cell)]).unwrap_err();
            assert!(error.contains("Hive") && error.contains("AS JSON"), "{error}");
        }
    }
}
