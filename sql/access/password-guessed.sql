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
-- see: AWS CloudTrail User Guide, AWS Management Console sign-in events; AWS IAM Identity Center User Guide,
--   Understanding IAM Identity Center sign-in events
-- level: medium
WITH attempts AS MATERIALIZED (
  SELECT e.id, e.time, e.outcome, coalesce(e.user_name, i.on_behalf_of) AS user_name, e.recipient_account_id AS account,
         e.source_ip_address AS address,
         -- One factor alone is not a sign-in.
         e.outcome = 'ok' AND e.event_name NOT IN ('CredentialVerification', 'CheckMfa') AS signed_in
    FROM events e
    LEFT JOIN identities i ON i.id = e.identity_id
   WHERE e.event_name IN ('ConsoleLogin', 'CheckMfa', 'CredentialVerification', 'ExternalIdPDirectoryLogin',
                          'UserAuthentication')
     AND +e.event_source = 'signin.amazonaws.com'
     AND e.time >= ifnull(unixepoch(:since), 0) - :minutes * 60 AND e.time <= ifnull(unixepoch(:until), 9e9)),
logins AS (
  SELECT id, time, signed_in, user_name,
         sum(outcome <> 'ok') OVER (PARTITION BY user_name, account ORDER BY time
                                    RANGE BETWEEN :minutes * 60 PRECEDING AND CURRENT ROW) AS failures
    FROM attempts)
SELECT e.event_time, l.user_name, e.recipient_account_id AS account, e.source_ip_address, l.failures,
       (SELECT group_concat(DISTINCT f.address) FROM attempts f
         WHERE f.time BETWEEN e.time - :minutes * 60 AND e.time AND f.outcome <> 'ok' AND f.user_name = l.user_name
           AND f.account IS e.recipient_account_id) AS failed_from,
       CASE e.mfa_authenticated WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS mfa, e.event_id
  FROM logins l
  JOIN events e ON e.id = l.id
 WHERE l.signed_in AND l.failures >= :failures AND l.time >= ifnull(unixepoch(:since), 0)
   AND l.user_name <> 'HIDDEN_DUE_TO_SECURITY_REASONS'
 ORDER BY e.time, e.id;
