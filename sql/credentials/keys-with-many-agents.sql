-- title: Access keys used with more than one client
-- about: A service's key is used by one program. A second client (another SDK, the CLI, a penetration tester's tool
--   or Linux) on the same key suggests that somebody copied it. Versions of one client count as one.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: agents integer = 2: the least number of different clients
-- columns: access_key_id*, principal*, agents* (how many), clients, newest_client*, newest_since (when that was first
--   seen), newest_address*
-- attack: T1552.001, T1078.004
-- see: AWS Security Incident Response Guide
WITH used AS MATERIALIZED (
  SELECT e.access_key_id, e.user_agent_id, min(e.identity_id) AS identity_id, min(e.event_time) AS first_time,
         min(e.source_ip_address) AS source_ip_address
    FROM events e
   WHERE e.access_key_id >= 'AKIA' AND e.access_key_id < 'AKIB' AND e.invoked_by IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   GROUP BY e.access_key_id, e.user_agent_id),
by_client AS MATERIALIZED (
  SELECT u.access_key_id, min(u.identity_id) AS identity_id, min(u.first_time) AS first_time,
         substr(ltrim(a.text, '['), 1, instr(ltrim(a.text, '[') || '/', '/') - 1) AS client, u.source_ip_address
    FROM used u
    JOIN user_agents a ON a.id = u.user_agent_id
   GROUP BY u.access_key_id, client)
SELECT c.access_key_id, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, count(*) AS agents,
       group_concat(c.client) AS clients,
       (SELECT l.client FROM by_client l WHERE l.access_key_id = c.access_key_id ORDER BY l.first_time DESC LIMIT 1)
         AS newest_client,
       max(c.first_time) AS newest_since,
       (SELECT l.source_ip_address FROM by_client l WHERE l.access_key_id = c.access_key_id
         ORDER BY l.first_time DESC LIMIT 1) AS newest_address
  FROM by_client c
  LEFT JOIN identities i ON i.id = c.identity_id
 GROUP BY c.access_key_id
HAVING count(*) >= :agents
 ORDER BY agents DESC, c.access_key_id;
