-- title: Database snapshots shared or made public
-- about: Snapshots of RDS and Aurora shared with accounts or, with `all`, with everybody, and databases opened to the
--   internet. A shared snapshot is the whole database in one call.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, resource, shared_with (accounts, all for everybody),
--   source_ip_address, aws_region, outcome, event_id
-- attack: T1537
-- see: Amazon RDS User Guide, Sharing a DB snapshot; Stratus Red Team, Exfiltrate RDS Snapshot by Sharing
-- detections: rds-snapshot-public, rds-snapshot-shared, rds-made-public, rds-created-public
WITH calls AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE e.event_name IN ('ModifyDBSnapshotAttribute', 'ModifyDBClusterSnapshotAttribute', 'ModifyDBInstance', 'CreateDBInstance')
     AND +e.event_source = 'rds.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9))
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(e.request ->> '$.dBSnapshotIdentifier', e.request ->> '$.dBClusterSnapshotIdentifier',
                e.request ->> '$.dBInstanceIdentifier') AS resource,
       coalesce((SELECT group_concat(v.value) FROM json_each(e.request, '$.valuesToAdd') v), 'open to the internet') AS shared_with,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM calls e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE json_array_length(e.request, '$.valuesToAdd') > 0
    OR e.request ->> '$.publiclyAccessible' IN (1, 'true')
 ORDER BY e.time, e.id;
