//! Data that attackers read, copied, shared or deleted, by the calls that succeeded.

use std::collections::BTreeSet;

use crate::report::confirmed;
use crate::report::model::Table;
use crate::rows::{self, text};
use crate::sql::Param;
use crate::store::{Case, QueryError};

/// Calls on data: what became of it, the service, the names of the calls, and the paths of what the calls name.
type Calls = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);
const CALLS: &[Calls] = &[
    ("read", "s3", &["GetObject", "SelectObjectContent", "GetObjectTorrent"], &["requestParameters.bucketName"]),
    ("listed", "s3", &["ListObjects", "ListObjectVersions", "ListBuckets"], &["requestParameters.bucketName"]),
    ("copied", "s3", &["CopyObject", "UploadPartCopy"], &["requestParameters.bucketName"]),
    ("written", "s3", &["PutObject"], &["requestParameters.bucketName"]),
    ("deleted", "s3", &["DeleteObject", "DeleteObjects", "DeleteBucket"], &["requestParameters.bucketName"]),
    (
        "shared",
        "s3",
        &["PutBucketPolicy", "PutBucketAcl", "PutObjectAcl", "DeleteBucketPublicAccessBlock", "PutBucketReplication"],
        &["requestParameters.bucketName"],
    ),
    (
        "read",
        "secretsmanager",
        &["GetSecretValue", "BatchGetSecretValue"],
        &["requestParameters.secretId", "requestParameters.secretIdList"],
    ),
    (
        "read",
        "ssm",
        &["GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory"],
        &["requestParameters.name", "requestParameters.names", "requestParameters.path"],
    ),
    ("read", "dynamodb", &["GetItem", "BatchGetItem", "Query", "Scan"], &["requestParameters.tableName"]),
    ("exported", "dynamodb", &["ExportTableToPointInTime"], &["requestParameters.tableArn"]),
    ("deleted", "dynamodb", &["DeleteTable", "DeleteBackup"], &["requestParameters.tableName"]),
    ("read", "ebs", &["GetSnapshotBlock", "ListSnapshotBlocks"], &["requestParameters.snapshotId"]),
    ("read", "ec2", &["GetPasswordData", "GetConsoleOutput"], &["requestParameters.instanceId"]),
    (
        "copied",
        "ec2",
        &["CreateSnapshot", "CopySnapshot", "CreateImage", "CopyImage", "CreateSnapshots"],
        &[
            "requestParameters.volumeId",
            "requestParameters.sourceSnapshotId",
            "requestParameters.instanceId",
            "requestParameters.sourceImageId",
        ],
    ),
    (
        "shared",
        "ec2",
        &["ModifySnapshotAttribute", "ModifyImageAttribute"],
        &["requestParameters.snapshotId", "requestParameters.imageId"],
    ),
    (
        "exported",
        "ec2",
        &["CreateInstanceExportTask", "ExportImage", "CreateStoreImageTask"],
        &["requestParameters.instanceId", "requestParameters.imageId"],
    ),
    (
        "shared",
        "rds",
        &["ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute"],
        &["requestParameters.dBSnapshotIdentifier", "requestParameters.dBClusterSnapshotIdentifier"],
    ),
    ("exported", "rds", &["StartExportTask"], &["requestParameters.sourceArn"]),
    (
        "deleted",
        "rds",
        &["DeleteDBInstance", "DeleteDBCluster", "DeleteDBSnapshot", "DeleteDBClusterSnapshot"],
        &[
            "requestParameters.dBInstanceIdentifier",
            "requestParameters.dBClusterIdentifier",
            "requestParameters.dBSnapshotIdentifier",
        ],
    ),
    ("read", "lambda", &["GetFunction20150331v2", "GetFunction20150331"], &["requestParameters.functionName"]),
    ("shared", "ram", &["CreateResourceShare", "AssociateResourceShare"], &["requestParameters.resourceArns"]),
];

/// Returns the services whose calls are looked at.
pub(super) fn services() -> String {
    let services: BTreeSet<&str> = CALLS.iter().map(|(_, service, ..)| *service).collect();
    services.into_iter().collect::<Vec<_>>().join(", ")
}

/// The most rows.
const MAX_ROWS: usize = 200;

/// Returns what became of data by the calls of these events, and the number of rows that are left out.
///
/// # Errors
/// The case cannot be read.
pub(super) fn table(case: &Case, ids: &str) -> Result<(Table, usize), QueryError> {
    let mut found: Vec<Vec<String>> = Vec::new();
    for (what, service, names, paths) in CALLS {
        found.extend(of_calls(case, ids, (what, service), names, paths)?);
    }
    let left_out = found.len().saturating_sub(MAX_ROWS);
    found.truncate(MAX_ROWS);
    for row in &mut found {
        let first = row.pop().unwrap_or_default();
        let id = first.rsplit(' ').next().and_then(|id| id.parse().ok()).unwrap_or_default();
        row.push(confirmed::sentence(case, id)?);
    }
    let columns = vec!["what", "service", "data", "calls", "bytes out", "first", "last", "first call"];
    Ok((Table { columns, rows: found, linked: None, empty: "no such call succeeded in these events" }, left_out))
}

/// Returns the rows of calls; the last cell sorts the first call and ends with its `events.id`.
fn of_calls(
    case: &Case,
    ids: &str,
    (what, service): (&str, &str),
    names: &[&str],
    paths: &[&str],
) -> Result<Vec<Vec<String>>, QueryError> {
    let values: Vec<String> = (4..4 + paths.len()).map(|at| format!("record_value(e.id, ?{at})")).collect();
    let sql = format!(
        "SELECT coalesce({}, '') AS data, count(*), sum(e.bytes_out), min(e.event_time), max(e.event_time), \
         min(printf('%-20s%s %d', ifnull(e.event_time, '~'), e.event_id, e.id)) \
         FROM json_each(?1) j CROSS JOIN events e ON e.id = j.value \
         WHERE e.outcome = 'ok' AND e.event_source = ?2 AND e.event_name IN (SELECT value FROM json_each(?3)) \
         GROUP BY 1 ORDER BY 2 DESC, 1",
        if values.len() == 1 { format!("{}, NULL", values[0]) } else { values.join(", ") }
    );
    let mut params = vec![
        Param::Text(ids.to_owned()),
        Param::Text(format!("{service}.amazonaws.com")),
        Param::Text(serde_json::Value::from_iter(names.iter().copied()).to_string()),
    ];
    params.extend(paths.iter().map(|path| Param::Text((*path).to_owned())));
    let found = rows::collect(|sink| case.query(&sql, &params, sink))?;
    let row = |row: &Vec<rows::Value>| {
        let cell = |at: usize| text(row.get(at));
        vec![what.to_owned(), service.to_owned(), cell(0), cell(1), cell(2), cell(3), cell(4), cell(5)]
    };
    Ok(found.rows.iter().map(row).collect())
}
