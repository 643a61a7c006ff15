-- title: A sign-in right after several failures of the same user
-- about: Several failed sign-ins of one user and then one that succeeds: somebody remembered the password, or guessed
--   it. A success from another address than the failures makes guessing more likely.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: failures integer = 3: the least number of failures
-- param: minutes integer = 60: the longest time before the success, in minutes
-- columns: event_time (of the success), user_name, account, source_ip_address (of the success), failures,
--   failed_from, mfa, event_id
-- attack: T1110.001
-- see: AWS CloudTrail User Guide, AWS Management Console sign-in events
-- signal: high
WITH logins AS (
  SELECT e.id, e.time, e.outcome, e.user_name,
         sum(e.outcome <> 'ok') OVER (PARTITION BY e.user_name, e.recipient_account_id ORDER BY e.time
                                      RANGE BETWEEN :minutes * 60 PRECEDING AND CURRENT ROW) AS failures
    FROM events e
   WHERE e.event_name = 'ConsoleLogin'
     AND e.time >= ifnull(unixepoch(:since), 0) - :minutes * 60 AND e.time <= ifnull(unixepoch(:until), 9e9))
SELECT e.event_time, e.user_name, e.recipient_account_id AS account, e.source_ip_address, l.failures,
       (SELECT group_concat(DISTINCT f.source_ip_address) FROM events f
         WHERE f.event_name = 'ConsoleLogin' AND f.time BETWEEN e.time - :minutes * 60 AND e.time AND +f.outcome <> 'ok'
           AND +f.user_name = e.user_name AND +f.recipient_account_id IS e.recipient_account_id) AS failed_from,
       CASE e.mfa_authenticated WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS mfa, e.event_id
  FROM logins l
  JOIN events e ON e.id = l.id
 WHERE l.outcome = 'ok' AND l.failures >= :failures AND l.time >= ifnull(unixepoch(:since), 0)
   AND l.user_name <> 'HIDDEN_DUE_TO_SECURITY_REASONS'
 ORDER BY e.time, e.id;
