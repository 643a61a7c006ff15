-- title: Instances registered in AWS Cloud Map
-- about: Instances registered under a service and removed, with their addresses: an intruder who registers an address
--   receives the traffic of the service.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, invoked_by, event_name*, service, instance*, address, source_ip_address, outcome*,
--   event_id
-- attack: T1557
-- see: AWS Cloud Map Developer Guide, Logging AWS Cloud Map API calls using AWS CloudTrail
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.invoked_by, e.event_name,
       record(e.id) ->> '$.requestParameters.serviceId' AS service, record(e.id) ->> '$.requestParameters.instanceId' AS instance,
       coalesce(record(e.id) ->> '$.requestParameters.attributes.AWS_INSTANCE_IPV4', record(e.id) ->> '$.requestParameters.attributes.AWS_INSTANCE_CNAME',
                record(e.id) ->> '$.requestParameters.attributes.AWS_ALIAS_DNS_NAME') AS address,
       e.source_ip_address, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('RegisterInstance', 'DeregisterInstance') AND +e.event_source = 'servicediscovery.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
