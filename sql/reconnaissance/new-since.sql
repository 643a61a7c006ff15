-- title: What principals do for the first time since a time
-- about: Services, Regions, addresses and clients that a principal used since T and never before in this case, for
--   principals that were active before T. Choose T as the end of known ordinary work: look at what is new after it. A
--   new principal is one row.
-- param: since time required: the time T
-- param: until time: at or before this time
-- param: kinds list = service,region,address,user agent,principal: what to compare
-- columns: principal, kind (service, region, address, user agent or principal), value, first_time, events (since T),
--   denied, example_event
-- attack: T1078.004, T1535, T1526
-- see: AWS Security Incident Response Guide
-- slow: it compares everything before T with everything since, and so reads the whole case
WITH used AS MATERIALIZED (
  SELECT e.identity_id, e.event_source, e.aws_region, e.source_ip_address, e.user_agent_id,
         e.time >= unixepoch(:since) AS late, min(e.event_time) AS first_time, count(*) AS events,
         sum(e.outcome = 'denied') AS denied, min(e.id) AS id
    FROM events e
   WHERE e.time <= ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2, 3, 4, 5, 6),
sides AS (
  SELECT identity_id, 'service' AS kind, event_source AS value, late, first_time, events, denied, id FROM used
   UNION ALL
  SELECT identity_id, 'region', aws_region, late, first_time, events, denied, id FROM used
   UNION ALL
  SELECT identity_id, 'address', source_ip_address, late, first_time, events, denied, id FROM used
   UNION ALL
  SELECT identity_id, 'user agent', (SELECT text FROM user_agents a WHERE a.id = user_agent_id), late, first_time, events, denied, id
    FROM used
   UNION ALL
  SELECT identity_id, 'principal', 'never seen before', late, first_time, events, denied, id FROM used)
SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, s.kind, s.value, min(s.first_time) AS first_time,
       sum(s.events) AS events, sum(s.denied) AS denied, min(x.event_id) AS example_event
  FROM sides s
  JOIN events x ON x.id = s.id
  LEFT JOIN identities i ON i.id = s.identity_id
 WHERE s.value IS NOT NULL AND s.kind IN (SELECT value FROM json_each(:kinds))
   AND (s.kind = 'principal' OR s.identity_id IN (SELECT u.identity_id FROM used u WHERE NOT u.late))
 GROUP BY s.identity_id, s.kind, s.value
HAVING min(s.late) = 1
 ORDER BY first_time, principal, s.kind, s.value;
