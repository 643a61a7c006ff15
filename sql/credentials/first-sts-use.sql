-- title: New principals whose first calls are to STS
-- about: Users, roles and the root user that appear after the case's first days and call STS within minutes of their
--   first event: who finds or makes a credential first asks whose it is, or turns it into another one. Deployment
--   tools do the same when they are new. Sessions of one role are one principal.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: days integer = 2: how long the case must have been seen before
-- param: minutes integer = 60: the longest time between the first event and the first call to STS
-- columns: principal, account, first_time (of the principal), sts_time (of its first call to STS), event_name (of that),
--   source_ip_address, user_agent, access_key_id, calls (to STS), denied (of them), example_event
-- attack: T1087.004, T1078.004, T1550.001
-- see: AWS STS API Reference, GetCallerIdentity; AWS Security Incident Response Guide
-- level: low
WITH began AS (SELECT unixepoch(min(f.first_seen)) AS time FROM facets f),
principals AS MATERIALIZED (
  SELECT coalesce(i.role_arn, i.arn, i.principal_id) AS principal, min(unixepoch(i.first_seen)) AS first
    FROM identities i
   WHERE i.type IN ('IAMUser', 'Root', 'AssumedRole', 'FederatedUser') AND i.first_seen IS NOT NULL
     AND ifnull(i.role_arn, '') NOT LIKE '%:role/aws-service-role/%'
   GROUP BY 1),
calls AS MATERIALIZED (
  SELECT p.principal, p.first, e.id, e.time, e.event_time, e.event_name, e.recipient_account_id AS account, e.source_ip_address,
         e.user_agent_id, e.access_key_id, e.event_id, e.outcome,
         row_number() OVER (PARTITION BY p.principal ORDER BY e.time, e.id) AS number,
         count(*) OVER (PARTITION BY p.principal) AS calls, sum(e.outcome = 'denied') OVER (PARTITION BY p.principal) AS denied
    FROM principals p
    JOIN identities i ON coalesce(i.role_arn, i.arn, i.principal_id) = p.principal
   CROSS JOIN events e ON e.identity_id = i.id
   WHERE p.first >= (SELECT time FROM began) + :days * 86400 AND +e.event_source = 'sts.amazonaws.com' AND e.invoked_by IS NULL
     AND e.time BETWEEN p.first AND p.first + :minutes * 60)
SELECT c.principal, c.account, strftime('%Y-%m-%dT%H:%M:%SZ', c.first, 'unixepoch') AS first_time, c.event_time AS sts_time,
       c.event_name, c.source_ip_address, u.text AS user_agent, c.access_key_id, c.calls, c.denied, c.event_id AS example_event
  FROM calls c
  LEFT JOIN user_agents u ON u.id = c.user_agent_id
 WHERE c.number = 1 AND c.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY c.time, c.principal;
