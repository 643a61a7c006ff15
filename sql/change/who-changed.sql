-- title: Who changed a resource
-- about: Every event that is not read-only and names the resource, by its name, its id or its ARN, whichever was
--   used; a name also finds the ARNs that end in it. Failed attempts are listed too.
-- param: resource text required: a name, an id or an ARN
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, resource (as the event names it), source_ip_address, aws_region,
--   account, outcome, event_id
-- see: AWS CloudTrail User Guide, Viewing CloudTrail events with event history
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       min(coalesce(r.arn, r.name)) AS resource, e.source_ip_address, e.aws_region, e.recipient_account_id AS account,
       e.outcome, e.event_id
  FROM resources r
  JOIN event_resources er ON er.resource = r.id
  JOIN events e ON e.id = er.event
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE (r.name = :resource OR r.arn_end = :resource OR (r.name = arn_part(:resource, 'name') AND r.arn = :resource))
   AND e.read_only IS NOT 1
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 GROUP BY e.id
 ORDER BY e.time, e.id;
