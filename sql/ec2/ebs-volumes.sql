-- title: EBS volumes made, attached and deleted
-- about: Volumes and their attachments. A volume created from a snapshot and attached to an unknown instance is a way
--   to read a disk without touching its machine.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name*, volume*, snapshot (that it was made from), instance, source_ip_address,
--   aws_region, outcome*, event_id
-- attack: T1578.001, T1530
-- see: Amazon EBS User Guide, Log Amazon EBS API calls using AWS CloudTrail
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.volumeId', record(e.id) ->> '$.responseElements.volumeId') AS volume,
       record(e.id) ->> '$.requestParameters.snapshotId' AS snapshot, record(e.id) ->> '$.requestParameters.instanceId' AS instance,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('CreateVolume', 'AttachVolume', 'DetachVolume', 'DeleteVolume', 'ModifyVolume')
   AND +e.event_source = 'ec2.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
