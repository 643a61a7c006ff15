-- title: AWS Cloud Map services made, changed and deleted
-- about: The services of namespaces, with their namespace and record types: names under which instances are found.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name*, service* (name or id), namespace, source_ip_address, aws_region,
--   outcome*, event_id
-- see: AWS Cloud Map Developer Guide, Logging AWS Cloud Map API calls using AWS CloudTrail
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.name', record(e.id) ->> '$.requestParameters.id') AS service,
       coalesce(record(e.id) ->> '$.requestParameters.namespaceId', record(e.id) ->> '$.requestParameters.dnsConfig.namespaceId') AS namespace,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('CreateService', 'UpdateService', 'DeleteService') AND +e.event_source = 'servicediscovery.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
