-- title: User data of instances changed
-- about: Replaced start scripts of instances, with the stop before and the start after, which make the script run as
--   root. The script itself is never in CloudTrail.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, instance, stopped (at most an hour before), started (at most an hour
--   after), source_ip_address, aws_region, outcome, event_id
-- attack: T1059.009, T1651
-- see: Stratus Red Team, Execute Commands on EC2 Instance via User Data
-- detections: user-data-changed
WITH changed AS (
  SELECT e.*, record(e.id) ->> '$.requestParameters.instanceId' AS instance
    FROM events e
   WHERE e.event_name = 'ModifyInstanceAttribute' AND +e.event_source = 'ec2.amazonaws.com'
     AND record(e.id) -> '$.requestParameters.userData' IS NOT NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9))
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name, e.instance,
       (SELECT max(s.event_time) FROM events s JOIN event_resources er ON er.event = s.id
          JOIN resources r ON r.id = er.resource
         WHERE s.event_name = 'StopInstances' AND s.time BETWEEN e.time - 3600 AND e.time AND r.name = e.instance) AS stopped,
       (SELECT min(s.event_time) FROM events s JOIN event_resources er ON er.event = s.id
          JOIN resources r ON r.id = er.resource
         WHERE s.event_name = 'StartInstances' AND s.time BETWEEN e.time AND e.time + 3600 AND r.name = e.instance) AS started,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM changed e
  LEFT JOIN identities i ON i.id = e.identity_id
 ORDER BY e.time, e.id;
