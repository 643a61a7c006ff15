-- title: Sessions of a principal or an address
-- about: The temporary sessions of one principal, role or address: start, end, addresses, MFA, how much was done,
--   denied and changed. A session is all events of one identity with the same session_created.
-- param: of text required: a user or session name, a role name, an ARN, a principal id, or an address
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: session_created, principal, first_time, last_time, events, ok, denied, errors, changes (events that are
--   not read-only), mfa (yes, no or not said), keys (access keys used), addresses, regions, services
-- attack: T1550.001
-- see: AWS CloudTrail User Guide, CloudTrail userIdentity element (sessionContext)
WITH chosen(identity_id) AS MATERIALIZED (
  SELECT id FROM identities
   WHERE user_name = :of OR role_name = :of OR arn = :of OR role_arn = :of OR principal_id = :of
   UNION
  SELECT DISTINCT identity_id FROM events WHERE source_ip_address = :of),
done AS (
  SELECT e.*, h.session_created AS began
    FROM chosen c
   CROSS JOIN events e ON e.identity_id = c.identity_id
    JOIN event_history h ON h.id = e.id
   WHERE e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9))
SELECT e.began AS session_created, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal,
       min(e.event_time) AS first_time, max(e.event_time) AS last_time, count(*) AS events, sum(e.outcome = 'ok') AS ok,
       sum(e.outcome = 'denied') AS denied, sum(e.outcome = 'error') AS errors, sum(e.read_only IS NOT 1) AS changes,
       CASE max(e.mfa_authenticated) WHEN 1 THEN 'yes' WHEN 0 THEN 'no' ELSE 'not said' END AS mfa,
       count(DISTINCT e.access_key_id) AS keys, group_concat(DISTINCT e.source_ip_address) AS addresses,
       group_concat(DISTINCT e.aws_region) AS regions,
       group_concat(DISTINCT replace(e.event_source, '.amazonaws.com', '')) AS services
  FROM done e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.began IS NOT NULL
 GROUP BY e.identity_id, e.began
HAVING :of IN (i.user_name, i.role_name, i.arn, i.role_arn, i.principal_id) OR max(e.source_ip_address = :of)
 ORDER BY first_time, principal;
