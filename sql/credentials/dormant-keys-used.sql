-- title: Long-lived keys used again after a long silence
-- about: A key that was unused for weeks and then works from a new address was probably found in an old repository or
--   a backup. Only silences within the case are known: a key's first event in the case may end a longer one.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: days integer = 30: the shortest silence, in days
-- columns: access_key_id*, principal*, silent_since, used_again*, silent_days*, source_ip_address* (after the silence),
--   earlier_address (before it), event_name, event_id
-- attack: T1078.004
-- see: AWS IAM User Guide, Managing access keys for IAM users
-- level: medium
WITH used AS (
  SELECT e.id, e.access_key_id, e.time, lag(e.id) OVER same_key AS earlier, lag(e.time) OVER same_key AS earlier_time
    FROM events e
   WHERE e.access_key_id >= 'AKIA' AND e.access_key_id < 'AKIB' AND e.time IS NOT NULL
  WINDOW same_key AS (PARTITION BY e.access_key_id ORDER BY e.time))
SELECT u.access_key_id, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, b.event_time AS silent_since,
       e.event_time AS used_again, (u.time - u.earlier_time) / 86400 AS silent_days, e.source_ip_address,
       b.source_ip_address AS earlier_address, e.event_name, e.event_id
  FROM used u
  JOIN events e ON e.id = u.id
  JOIN events b ON b.id = u.earlier
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE u.time - u.earlier_time >= :days * 86400
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
