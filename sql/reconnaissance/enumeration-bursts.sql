-- title: Many different read calls in a short time
-- about: One principal from one address that makes many different read calls within minutes: lists, descriptions,
--   policies. People click through one service; tools go through all of them. Names and services are counted, not
--   calls, so that a loop over one call does not count.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: names integer = 40: the least number of different event names
-- param: minutes integer = 10: the longest time, in minutes
-- columns: start, principal, source_ip_address, user_agent, names (different event names), services, calls, denied,
--   first_time, last_time, account
-- attack: T1580, T1526, T1087.004
-- see: MITRE ATT&CK, Cloud Infrastructure Discovery
-- level: medium
-- slow: it counts the calls of every principal in every slot
WITH busy AS MATERIALIZED (
  -- Who has fewer calls in a slot than names are asked for is left out by the index alone.
  SELECT e.identity_id, e.time / (:minutes * 60) AS slot
    FROM events e
   WHERE +e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2
  HAVING count(*) >= :names),
reads AS MATERIALIZED (
  SELECT b.slot, e.identity_id, e.source_ip_address, count(DISTINCT e.event_name) AS names,
         count(DISTINCT e.event_source) AS services, count(*) AS calls, sum(e.outcome = 'denied') AS denied,
         min(e.event_time) AS first_time, max(e.event_time) AS last_time, min(e.user_agent_id) AS user_agent_id
    FROM busy b
   CROSS JOIN events e ON e.identity_id IS b.identity_id
   WHERE e.time BETWEEN b.slot * :minutes * 60 AND (b.slot + 1) * :minutes * 60 - 1
     AND (e.event_name GLOB 'List*' OR e.event_name GLOB 'Describe*' OR e.event_name GLOB 'Get*' OR e.event_name GLOB 'Search*'
          OR e.event_name GLOB 'Lookup*')
     AND e.invoked_by IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   GROUP BY b.slot, e.identity_id, e.source_ip_address
  HAVING count(DISTINCT e.event_name) >= :names)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', r.slot * :minutes * 60, 'unixepoch') AS start,
       coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, r.source_ip_address, u.text AS user_agent, r.names, r.services,
       r.calls, r.denied, r.first_time, r.last_time, i.account_id AS account
  FROM reads r
  LEFT JOIN identities i ON i.id = r.identity_id
  LEFT JOIN user_agents u ON u.id = r.user_agent_id
 ORDER BY r.slot, r.names DESC, principal;
