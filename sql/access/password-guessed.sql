-- title: A sign-in right after several failures of the same user
-- about: Several failed sign-ins of one user and then one that succeeds: somebody remembered the password, or
--   guessed it. Different addresses of the failures and the success make the second more likely.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: failures integer = 3: how many failures at least
-- param: minutes integer = 60: within how many minutes before the success
-- columns: event_time (of the success), user_name, account, source_ip_address (of the success), failures,
--   failed_from, mfa, event_id
-- attack: T1110.001
-- see: AWS CloudTrail User Guide, AWS Management Console sign-in events
-- signal: high
WITH logins AS MATERIALIZED (
  SELECT e.* FROM events e
   WHERE e.event_name = 'ConsoleLogin'
     AND e.time >= ifnull(unixepoch(:since), 0) - :minutes * 60 AND e.time <= ifnull(unixepoch(:until), 9e9))
SELECT s.event_time, s.user_name, s.recipient_account_id AS account, s.source_ip_address,
       count(*) AS failures, group_concat(DISTINCT f.source_ip_address) AS failed_from,
       CASE s.mfa_authenticated WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS mfa, s.event_id
  FROM logins s
  JOIN logins f ON f.user_name = s.user_name AND f.recipient_account_id IS s.recipient_account_id
               AND f.outcome <> 'ok' AND f.time BETWEEN s.time - :minutes * 60 AND s.time
 WHERE s.outcome = 'ok' AND s.time >= ifnull(unixepoch(:since), 0)
   AND s.user_name <> 'HIDDEN_DUE_TO_SECURITY_REASONS'
 GROUP BY s.id
HAVING count(*) >= :failures
 ORDER BY s.time, s.id;
