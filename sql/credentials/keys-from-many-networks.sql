-- title: Access keys used from more than one network
-- about: A long-lived key that works from several networks (/24, for IPv6 /48) at about the same time is shared or
--   stolen: within an hour a call from one network follows a call from another. A key whose user moved from one network
--   to another between calls is left out. Services that call with a key, such as CloudFormation, and calls through a VPC endpoint are excluded.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: networks integer = 2: the least number of networks
-- param: minutes integer = 60: the longest time between calls from two networks
-- columns: access_key_id, principal, networks (how many), seen_from, first_time, last_time, newest_network,
--   newest_since (when that was first seen), account, events, denied, overlaps (calls from another
--   network than the call before, within the time)
-- attack: T1552.005, T1078.004
-- see: AWS Security Incident Response Guide
-- level: medium
WITH used AS MATERIALIZED (
  SELECT e.access_key_id, e.source_ip_address, min(e.identity_id) AS identity_id, min(e.event_time) AS first_time,
         max(e.event_time) AS last_time, count(*) AS events, sum(e.outcome = 'denied') AS denied
    FROM events e
   WHERE e.access_key_id >= 'AKIA' AND e.access_key_id < 'AKIB'
     AND e.invoked_by IS NULL AND e.vpc_endpoint_id IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   GROUP BY e.access_key_id, e.source_ip_address),
by_network AS MATERIALIZED (
  SELECT access_key_id, network(source_ip_address, 24, 48) AS network, min(identity_id) AS identity_id,
         min(first_time) AS first_time, max(last_time) AS last_time, sum(events) AS events, sum(denied) AS denied
    FROM used
   WHERE network(source_ip_address, 24, 48) IS NOT NULL
   GROUP BY 1, 2),
calls AS (
  SELECT e.access_key_id, e.time, network(e.source_ip_address, 24, 48) AS network
    FROM (SELECT access_key_id FROM by_network GROUP BY access_key_id HAVING count(*) >= :networks) k
   CROSS JOIN events e ON e.access_key_id = k.access_key_id
   WHERE e.invoked_by IS NULL AND e.vpc_endpoint_id IS NULL AND network(e.source_ip_address, 24, 48) IS NOT NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
ordered AS (
  SELECT c.*, lag(c.network) OVER w AS before, c.time - lag(c.time) OVER w AS gap
    FROM calls c
  WINDOW w AS (PARTITION BY c.access_key_id ORDER BY c.time, c.network)),
overlapping AS MATERIALIZED (
  SELECT access_key_id, count(*) AS overlaps FROM ordered WHERE network <> before AND gap <= :minutes * 60 GROUP BY 1)
SELECT n.access_key_id, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, count(*) AS networks,
       group_concat(n.network) AS seen_from, min(n.first_time) AS first_time, max(n.last_time) AS last_time,
       (SELECT l.network FROM by_network l WHERE l.access_key_id = n.access_key_id ORDER BY l.first_time DESC LIMIT 1)
         AS newest_network,
       max(n.first_time) AS newest_since, i.account_id AS account, sum(n.events) AS events, sum(n.denied) AS denied,
       max(o.overlaps) AS overlaps
  FROM by_network n
  JOIN overlapping o ON o.access_key_id = n.access_key_id
  LEFT JOIN identities i ON i.id = n.identity_id
 GROUP BY n.access_key_id
HAVING count(*) >= :networks
 ORDER BY networks DESC, n.access_key_id;
