-- title: Snapshots and images copied and read block by block
-- about: Copies of snapshots and images, to another Region or under another key, and snapshots read through the EBS
--   direct APIs, which need no volume and no instance. Together with sharing, this is how disks leave an account.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, source (snapshot or image), source_region, kms_key, source_ip_address,
--   aws_region, outcome, event_id
-- attack: T1537, T1578.001
-- see: Amazon EBS User Guide, Use EBS direct APIs to access the contents of an EBS snapshot
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.sourceSnapshotId', record(e.id) ->> '$.requestParameters.sourceImageId',
                record(e.id) ->> '$.requestParameters.sourceDBSnapshotIdentifier',
                record(e.id) ->> '$.requestParameters.sourceDBClusterSnapshotIdentifier',
                record(e.id) ->> '$.requestParameters.snapshotId', record(e.id) ->> '$.requestParameters.firstSnapshotId') AS source,
       record(e.id) ->> '$.requestParameters.sourceRegion' AS source_region,
       record(e.id) ->> '$.requestParameters.kmsKeyId' AS kms_key, e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('CopySnapshot', 'CopyImage') AND +e.event_source = 'ec2.amazonaws.com')
     OR (e.event_name IN ('CopyDBSnapshot', 'CopyDBClusterSnapshot') AND +e.event_source = 'rds.amazonaws.com')
     OR (e.event_name IN ('ListSnapshotBlocks', 'GetSnapshotBlock', 'ListChangedBlocks') AND +e.event_source = 'ebs.amazonaws.com'))
   AND e.invoked_by IS NULL
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
