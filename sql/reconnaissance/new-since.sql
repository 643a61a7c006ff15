-- title: What principals do for the first time since a time
-- about: Services, Regions, addresses and clients that a principal used since T and never before in this case, for
--   principals that were active before T. Choose T as the end of known ordinary work: look at what is new after it. A
--   new principal is one row.
-- param: since time required: the time T
-- param: until time: at or before this time
-- param: kinds list = service,region,address,user agent,principal: what to compare
-- columns: principal, kind (service, region, address, user agent or principal), value, first_time, events (since T),
--   denied, example_event (the first)
-- attack: T1078.004, T1535, T1526
-- see: AWS Security Incident Response Guide
-- slow: it reads every event of the case
WITH used AS MATERIALIZED (
  -- Principals first seen since T need no comparison, and those last seen before T have nothing new.
  SELECT e.identity_id, e.event_source, e.aws_region, e.source_ip_address, e.user_agent_id,
         min(e.time) AS first, count(*) AS events, sum(e.outcome = 'denied') AS denied
    FROM events e NOT INDEXED
   WHERE e.identity_id IN (SELECT i.id FROM identities i
                            WHERE unixepoch(i.first_seen) < unixepoch(:since) AND unixepoch(i.last_seen) >= unixepoch(:since))
     AND e.time <= ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2, 3, 4, 5),
arrived AS MATERIALIZED (
  SELECT i.id AS identity_id, min(e.time) AS first, count(*) AS events
    FROM identities i
   CROSS JOIN events e ON e.identity_id = i.id
   WHERE unixepoch(i.first_seen) >= unixepoch(:since) AND e.time <= ifnull(unixepoch(:until), 9e9)
     AND 'principal' IN (SELECT value FROM json_each(:kinds))
   GROUP BY i.id),
refused AS MATERIALIZED (
  SELECT e.identity_id, count(*) AS denied
    FROM events e
   WHERE e.time BETWEEN unixepoch(:since) AND ifnull(unixepoch(:until), 9e9)
     AND +e.facet_id IN (SELECT f.id FROM facets f WHERE f.outcome = 'denied')
   GROUP BY 1),
novel AS (
  SELECT identity_id, 'service' AS kind, event_source AS value, min(first) AS first, sum(events) AS events, sum(denied) AS denied
    FROM used WHERE event_source IS NOT NULL AND 'service' IN (SELECT value FROM json_each(:kinds)) GROUP BY 1, 3
   UNION ALL
  SELECT identity_id, 'region', aws_region, min(first), sum(events), sum(denied)
    FROM used WHERE aws_region IS NOT NULL AND 'region' IN (SELECT value FROM json_each(:kinds)) GROUP BY 1, 3
   UNION ALL
  SELECT identity_id, 'address', source_ip_address, min(first), sum(events), sum(denied)
    FROM used WHERE source_ip_address IS NOT NULL AND 'address' IN (SELECT value FROM json_each(:kinds)) GROUP BY 1, 3
   UNION ALL
  SELECT identity_id, 'user agent', (SELECT a.text FROM user_agents a WHERE a.id = user_agent_id), min(first), sum(events), sum(denied)
    FROM used WHERE user_agent_id IS NOT NULL AND 'user agent' IN (SELECT value FROM json_each(:kinds)) GROUP BY 1, user_agent_id
   UNION ALL
  SELECT a.identity_id, 'principal', 'never seen before', a.first, a.events, ifnull(r.denied, 0)
    FROM arrived a LEFT JOIN refused r ON r.identity_id = a.identity_id)
SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, n.kind, n.value,
       strftime('%Y-%m-%dT%H:%M:%SZ', n.first, 'unixepoch') AS first_time, n.events, n.denied,
       (SELECT min(e.event_id) FROM events e
         WHERE e.identity_id = n.identity_id AND e.time = n.first
           AND CASE n.kind WHEN 'service' THEN +e.event_source = n.value WHEN 'region' THEN +e.aws_region = n.value
                           WHEN 'address' THEN +e.source_ip_address = n.value
                           WHEN 'user agent' THEN (SELECT a.text FROM user_agents a WHERE a.id = +e.user_agent_id) = n.value
                           ELSE 1 END) AS example_event
  FROM novel n
  JOIN identities i ON i.id = n.identity_id
 WHERE n.first >= unixepoch(:since)
 ORDER BY first_time, principal, n.kind, n.value;
