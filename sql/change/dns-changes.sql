-- title: DNS records, zones and domains changed
-- about: Changing a Route 53 record redirects mail and visitors; transferring a domain takes it away. For record
--   changes, shows what was upserted or deleted.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, target (zone or domain), changes (action, name and type),
--   source_ip_address, outcome, event_id
-- attack: T1584.002
-- see: Amazon Route 53 Developer Guide, Logging Amazon Route 53 API calls with AWS CloudTrail
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.hostedZoneId', record(e.id) ->> '$.requestParameters.domainName',
                record(e.id) ->> '$.requestParameters.name', record(e.id) ->> '$.requestParameters.id') AS target,
       (SELECT group_concat((c.value ->> '$.action') || ' ' || (c.value ->> '$.resourceRecordSet.name') || ' '
                            || (c.value ->> '$.resourceRecordSet.type'))
          FROM json_each(record(e.id), '$.requestParameters.changeBatch.changes') c) AS changes,
       e.source_ip_address, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('ChangeResourceRecordSets', 'CreateHostedZone', 'DeleteHostedZone', 'AssociateVPCWithHostedZone',
                          'DisassociateVPCFromHostedZone')
         AND +e.event_source = 'route53.amazonaws.com')
     OR (e.event_name IN ('RegisterDomain', 'DeleteDomain', 'TransferDomain', 'TransferDomainToAnotherAwsAccount',
                          'DisableDomainTransferLock', 'UpdateDomainNameservers', 'UpdateDomainContact', 'RetrieveDomainAuthCode')
         AND +e.event_source = 'route53domains.amazonaws.com'))
   AND e.invoked_by IS NULL
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
