-- title: Console sign-ins without MFA
-- about: IAM users and root who signed in with a password alone: anyone who knows the password has the account. Roles
--   and federated users are excluded by default, because the identity provider checks their second factor and
--   CloudTrail always records No for them.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: kinds list = IAMUser,Root: types of identity to look at; AssumedRole and FederatedUser show the sign-ins of
--   an identity provider
-- columns: event_time, principal, kind (of identity), source_ip_address, account, mfa (what the record says),
--   event_id
-- attack: T1078.004
-- see: AWS CloudTrail User Guide, AWS Management Console sign-in events; CIS AWS Foundations Benchmark
-- detections: console-login-without-mfa, console-login-root-without-mfa
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, i.type AS kind, e.source_ip_address,
       e.recipient_account_id AS account, CASE e.mfa_authenticated WHEN 0 THEN 'No' ELSE 'not said' END AS mfa,
       e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name = 'ConsoleLogin' AND +e.outcome = 'ok' AND e.mfa_authenticated IS NOT 1
   AND i.type IN (SELECT value FROM json_each(:kinds))
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
