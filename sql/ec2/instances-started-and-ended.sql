-- title: The lives of instances: started and ended, by whom
-- about: Each instance that was launched or terminated in the case, with the actor and time, and its type, image and
--   addresses as far as the launch shows them. Instances that started before the case, or are still running, have an
--   empty start or end.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: instance, account, aws_region, started_at, started_by, started_from, instance_type, image, ended_at,
--   ended_by, ended_from, stops (how often it was stopped), event_id (of the launch, else of the end)
-- attack: T1578.002, T1578.003
-- see: Amazon EC2 User Guide, Log Amazon EC2 API calls using AWS CloudTrail
-- slow: the instances of a launch are only in its record; there are many if instances come and go all day
WITH touched AS MATERIALIZED (
  SELECT e.id, e.time, e.event_time, e.event_name, e.event_id, e.identity_id, e.source_ip_address, e.aws_region,
         e.recipient_account_id AS account, n.value ->> '$.instanceId' AS instance, n.value ->> '$.instanceType' AS instance_type,
         n.value ->> '$.imageId' AS image, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
    JOIN json_each(coalesce(record(e.id) -> '$.responseElements.instancesSet.items', record(e.id) -> '$.requestParameters.instancesSet.items')) n
   WHERE e.event_name IN ('RunInstances', 'TerminateInstances', 'StopInstances') AND +e.event_source = 'ec2.amazonaws.com'
     AND +e.outcome = 'ok'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9))
SELECT t.instance, t.account, t.aws_region,
       max(CASE WHEN t.event_name = 'RunInstances' THEN t.event_time END) AS started_at,
       max(CASE WHEN t.event_name = 'RunInstances' THEN t.principal END) AS started_by,
       max(CASE WHEN t.event_name = 'RunInstances' THEN t.source_ip_address END) AS started_from,
       max(t.instance_type) AS instance_type, max(t.image) AS image,
       max(CASE WHEN t.event_name = 'TerminateInstances' THEN t.event_time END) AS ended_at,
       max(CASE WHEN t.event_name = 'TerminateInstances' THEN t.principal END) AS ended_by,
       max(CASE WHEN t.event_name = 'TerminateInstances' THEN t.source_ip_address END) AS ended_from,
       sum(t.event_name = 'StopInstances') AS stops,
       coalesce(max(CASE WHEN t.event_name = 'RunInstances' THEN t.event_id END), max(t.event_id)) AS event_id
  FROM touched t
 WHERE t.instance IS NOT NULL
 GROUP BY t.instance
 ORDER BY coalesce(started_at, ended_at), t.instance;
