-- title: Keys that asked who they are
-- about: GetCallerIdentity is the first call of somebody who found a key. SDKs and Terraform call it too, so the
--   calls are listed by key, address and client, with the first time of the key in this case.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: access_key_id, principal, source_ip_address, user_agent, times, first_time, last_time, key_first_seen (in
--   this case, from anywhere), example_event
-- attack: T1087.004, T1078.004
-- see: AWS STS API Reference, GetCallerIdentity
SELECT e.access_key_id, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.source_ip_address, u.text AS user_agent,
       count(*) AS times, min(e.event_time) AS first_time, max(e.event_time) AS last_time,
       (SELECT k.event_time FROM events k WHERE k.access_key_id = e.access_key_id ORDER BY k.time LIMIT 1) AS key_first_seen,
       min(e.event_id) AS example_event
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
  LEFT JOIN user_agents u ON u.id = e.user_agent_id
 WHERE e.event_name = 'GetCallerIdentity' AND +e.event_source = 'sts.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 GROUP BY e.access_key_id, e.identity_id, e.source_ip_address, e.user_agent_id
 ORDER BY first_time, e.access_key_id;
