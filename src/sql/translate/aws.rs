//! The view that gives AWS's own documented table for Athena the columns that lookups ask for.
//!
//! The table: <https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table.html>. Of `useridentity` it has a
//! struct, `requestparameters` and the like are JSON, and everything else is text.

use crate::sql::translate::dialect::Dialect;
use crate::sql::translate::regex;

/// An IPv4 address in the spelling that trailq reads as one: no octet has a leading zero.
const IPV4: &str = r"^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\.|$)){4}$";
/// The places of a time that a record may have after the seconds.
const TIME: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}";

/// Columns that are a column of AWS's table, or a member of its `useridentity`, as it is.
const PLAIN: &[(&str, &str)] = &[
    ("event_id", "eventid"),
    ("event_source", "eventsource"),
    ("event_name", "eventname"),
    ("aws_region", "awsregion"),
    ("source_ip_address", "sourceipaddress"),
    ("access_key_id", "useridentity.accesskeyid"),
    ("error_code", "errorcode"),
    ("event_type", "eventtype"),
    ("event_category", "eventcategory"),
    ("event_version", "eventversion"),
    ("recipient_account_id", "recipientaccountid"),
    ("shared_event_id", "sharedeventid"),
    ("vpc_endpoint_id", "vpcendpointid"),
    ("invoked_by", "useridentity.invokedby"),
    ("session_created", "useridentity.sessioncontext.attributes.creationdate"),
    ("user_agent", "useragent"),
    ("error_message", "errormessage"),
    ("identity_type", "useridentity.type"),
    ("identity_arn", "useridentity.arn"),
    ("identity_account_id", "useridentity.accountid"),
    ("principal_id", "useridentity.principalid"),
    ("request_parameters", "requestparameters"),
    ("response_elements", "responseelements"),
    ("additional_event_data", "additionaleventdata"),
    ("service_event_details", "serviceeventdetails"),
];

/// Returns the statement that makes the view. `name` and `table`: quoted where needed.
pub(crate) fn view(dialect: &dyn Dialect, name: &str, table: &str) -> String {
    let shown = columns(dialect).into_iter().map(|(expression, column)| format!("{expression} AS {column}"));
    format!("CREATE VIEW {name} AS\nSELECT {}\nFROM {table} c", shown.collect::<Vec<_>>().join(",\n       "))
}

/// Returns the columns of the view: expressions over AWS's table `c`, and names.
pub(crate) fn columns(dialect: &dyn Dialect) -> Vec<(String, &'static str)> {
    let literal = |text: &str| dialect.literal(text);
    let matches = |text: &str, pattern: &str| {
        // The patterns here have an equivalent everywhere.
        let pattern = regex::rewrite(pattern, dialect.regex_syntax()).unwrap_or_default();
        dialect.matches(text, &literal(&pattern))
    };
    let mut columns: Vec<(String, &'static str)> =
        PLAIN.iter().map(|(column, of)| (format!("nullif(c.{of}, '')"), *column)).collect();
    let of = |member: &str| format!("nullif(c.useridentity.{member}, '')");
    // The session of the principal's id, else the end of the ARN.
    let end_of_arn = dialect.replace_matches("c.useridentity.arn", &literal("^.*[/:]"), "''");
    let session = format!(
        "CASE WHEN c.useridentity.type IN ('AssumedRole', 'FederatedUser') THEN coalesce(nullif({}, ''), \
         nullif({end_of_arn}, '')) END",
        dialect.part("c.useridentity.principalid", ":", 2)
    );
    columns.push((
        format!(
            "CASE WHEN c.useridentity.type = 'Root' THEN 'root' WHEN c.useridentity.type = 'AWSService' THEN NULL \
             ELSE coalesce({session}, {}) END",
            of("username")
        ),
        "user_name",
    ));
    columns.push((session, "session_name"));
    let issuer = "c.useridentity.sessioncontext.sessionissuer";
    let of_role = format!("CASE WHEN coalesce({issuer}.type = 'Role', c.useridentity.type = 'AssumedRole') THEN");
    let name_in_arn = dialect.part("c.useridentity.arn", "/", 2);
    columns.push((
        format!("{of_role} coalesce(nullif({issuer}.username, ''), nullif({name_in_arn}, '')) END"),
        "role_name",
    ));
    columns.push((format!("{of_role} nullif({issuer}.arn, '') END"), "role_arn"));
    let flag = |text: &str| format!("CASE lower({text}) WHEN 'true' THEN true WHEN 'false' THEN false END");
    columns.push((flag("c.readonly"), "read_only"));
    let used = |answer: &str| {
        let used = matches("c.additionaleventdata", &format!("\"MFAUsed\"\\s*:\\s*\"{answer}\""));
        format!("WHEN c.eventname = 'ConsoleLogin' AND {used} THEN {}", answer == "Yes")
    };
    columns.push((
        format!(
            "CASE {} {} ELSE {} END",
            used("Yes"),
            used("No"),
            flag("c.useridentity.sessioncontext.attributes.mfaauthenticated")
        ),
        "mfa_authenticated",
    ));
    let is_time = matches("c.eventtime", TIME);
    let text = format!("substr(c.eventtime, 1, 19) || {}", literal("Z"));
    columns.push((format!("CASE WHEN {is_time} THEN {text} END"), "event_time"));
    columns.push((format!("CASE WHEN {is_time} THEN {} END", dialect.unix_seconds(&text)), "time"));
    let octet = |at: usize| format!("CAST({} AS BIGINT)", dialect.part("c.sourceipaddress", ".", at));
    let number = format!("{} * 16777216 + {} * 65536 + {} * 256 + {}", octet(1), octet(2), octet(3), octet(4));
    columns.push((
        format!("CASE WHEN {} THEN '4:' || {} END", matches("c.sourceipaddress", IPV4), dialect.hexadecimal(&number)),
        "source_ip_key",
    ));
    columns.extend(dialect.aws_file().map(|file| (file.to_owned(), "file")));
    // AWS's partition: the day of delivery, which is never before that of the event.
    let timestamp = dialect.identifier("timestamp").unwrap_or_default();
    columns.push((format!("c.{timestamp}"), "delivery_date"));
    columns
}
