-- title: Profile of a principal, a key or an address
-- about: Counts of everything about one principal (user or session name, role, ARN, principal id), one access key or
--   one address: how much, when first and last, services, event names, Regions, addresses, clients, keys, errors. The
--   first and last times are those of the whole case, whatever the period.
-- param: of text required: a user or session name, a role name, an ARN, a principal id, an access key or an address
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: kind (of what is counted), value, events, denied, errors, first_time, last_time
-- see: AWS Security Incident Response Guide
-- slow: it reads every event of what it profiles
WITH ids AS MATERIALIZED (
  SELECT id FROM identities
   WHERE user_name = :of OR role_name = :of OR arn = :of OR role_arn = :of OR principal_id = :of),
chosen AS MATERIALIZED (
  SELECT id FROM events WHERE identity_id IN (SELECT id FROM ids)
   UNION
  SELECT id FROM events WHERE access_key_id = :of
   UNION
  SELECT id FROM events WHERE source_ip_address = :of),
cells AS MATERIALIZED (
  SELECT e.event_source, e.event_name, e.aws_region, e.source_ip_address, e.user_agent_id, e.access_key_id, e.identity_id, e.error_code,
         count(*) AS events, sum(e.outcome = 'denied') AS denied, sum(e.outcome = 'error') AS errors,
         min(e.event_time) AS first_time, max(e.event_time) AS last_time
    FROM chosen c
   CROSS JOIN events e ON e.id = c.id
   WHERE e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2, 3, 4, 5, 6, 7, 8),
parts AS (
  SELECT 1 AS part, 'in all' AS kind, :of AS value, events, denied, errors, first_time, last_time FROM cells
   UNION ALL SELECT 2, 'principal', (SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) FROM identities i WHERE i.id = identity_id), events, denied, errors, first_time, last_time FROM cells
   UNION ALL SELECT 3, 'service', event_source, events, denied, errors, first_time, last_time FROM cells
   UNION ALL SELECT 4, 'event name', event_name, events, denied, errors, first_time, last_time FROM cells
   UNION ALL SELECT 5, 'region', aws_region, events, denied, errors, first_time, last_time FROM cells
   UNION ALL SELECT 6, 'address', source_ip_address, events, denied, errors, first_time, last_time FROM cells
   UNION ALL SELECT 7, 'user agent', (SELECT text FROM user_agents u WHERE u.id = user_agent_id), events, denied, errors, first_time, last_time FROM cells
   UNION ALL SELECT 8, 'access key', access_key_id, events, denied, errors, first_time, last_time FROM cells
   UNION ALL SELECT 9, 'error', error_code, events, denied, errors, first_time, last_time FROM cells)
SELECT p.kind, p.value, sum(p.events) AS events, sum(p.denied) AS denied, sum(p.errors) AS errors, min(p.first_time) AS first_time,
       max(p.last_time) AS last_time
  FROM parts p
 WHERE p.value IS NOT NULL
 GROUP BY p.part, p.kind, p.value
 ORDER BY p.part, events DESC, p.value;
