-- title: EBS snapshots made and deleted
-- about: Snapshots with their volume or instance. A manual snapshot of a machine that has its backups elsewhere,
--   which is then shared or copied, is a copy of the disk.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, snapshot, source (volume or instance), description, source_ip_address,
--   aws_region, outcome, event_id
-- attack: T1578.001, T1490
-- see: Amazon EBS User Guide, Log Amazon EBS API calls using AWS CloudTrail
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.snapshotId', record(e.id) ->> '$.responseElements.snapshotId',
                record(e.id) ->> '$.responseElements.CreateSnapshotsResponse.snapshotSet.item.snapshotId') AS snapshot,
       coalesce(record(e.id) ->> '$.requestParameters.volumeId',
                record(e.id) ->> '$.requestParameters.CreateSnapshotsRequest.InstanceSpecification.InstanceId') AS source,
       record(e.id) ->> '$.requestParameters.description' AS description, e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('CreateSnapshot', 'CreateSnapshots', 'DeleteSnapshot', 'CreateImage', 'RegisterImage', 'DeregisterImage')
   AND +e.event_source = 'ec2.amazonaws.com' AND e.invoked_by IS NULL
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
