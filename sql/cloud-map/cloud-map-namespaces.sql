-- title: AWS Cloud Map namespaces made and deleted
-- about: Namespaces by kind (HTTP, private DNS, public DNS) with the VPC of a private one. A public namespace puts
--   names into the public DNS.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, namespace (name or id), vpc, source_ip_address, aws_region, outcome,
--   event_id
-- attack: T1583.001
-- see: AWS Cloud Map Developer Guide, Logging AWS Cloud Map API calls using AWS CloudTrail
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.name', record(e.id) ->> '$.requestParameters.id') AS namespace,
       record(e.id) ->> '$.requestParameters.vpc' AS vpc, e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('CreateHttpNamespace', 'CreatePrivateDnsNamespace', 'CreatePublicDnsNamespace', 'DeleteNamespace',
                        'UpdateHttpNamespace', 'UpdatePrivateDnsNamespace', 'UpdatePublicDnsNamespace')
   AND +e.event_source = 'servicediscovery.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
