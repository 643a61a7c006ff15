-- title: A sign-in followed by a change of privileges
-- about: Console sign-ins after which the same identity soon created or extended access: users, keys, passwords,
--   policies, trust. Each change is one row, with the sign-in just before it. This is the usual second step after a stolen password, and rare in ordinary work.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: minutes integer = 30: the longest time after the sign-in, in minutes
-- columns: login_time, principal, source_ip_address, mfa, minutes_later, event_name, target (user, role or group),
--   changed_from (address of the change), outcome, event_id (of the change)
-- attack: T1078.004, T1098
-- see: AWS CloudTrail User Guide, AWS Management Console sign-in events
-- level: medium
WITH changes AS MATERIALIZED (
  SELECT e.* FROM events e
   WHERE e.event_name IN ('CreateUser', 'CreateAccessKey', 'CreateLoginProfile', 'UpdateLoginProfile', 'CreateRole',
           'AttachUserPolicy', 'AttachGroupPolicy', 'AttachRolePolicy', 'PutUserPolicy', 'PutGroupPolicy',
           'PutRolePolicy', 'CreatePolicyVersion', 'SetDefaultPolicyVersion', 'UpdateAssumeRolePolicy',
           'AddUserToGroup', 'DeactivateMFADevice')
     AND +e.event_source = 'iam.amazonaws.com'
     AND e.time >= ifnull(unixepoch(:since), 0) AND e.time <= ifnull(unixepoch(:until), 9e9) + :minutes * 60),
led AS (
  SELECT c.*, (SELECT l.id FROM events l
                WHERE l.event_name = 'ConsoleLogin' AND l.time BETWEEN c.time - :minutes * 60 AND c.time
                  AND +l.identity_id = c.identity_id AND +l.outcome = 'ok'
                ORDER BY l.time DESC, l.id DESC LIMIT 1) AS login
    FROM changes c)
SELECT l.event_time AS login_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, l.source_ip_address,
       CASE l.mfa_authenticated WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS mfa, (c.time - l.time) / 60 AS minutes_later,
       c.event_name,
       coalesce(record(c.id) ->> '$.requestParameters.userName', record(c.id) ->> '$.requestParameters.roleName',
                record(c.id) ->> '$.requestParameters.groupName', record(c.id) ->> '$.requestParameters.policyArn',
                c.user_name) AS target,
       c.source_ip_address AS changed_from, c.outcome, c.event_id
  FROM led c
  JOIN events l ON l.id = c.login
  LEFT JOIN identities i ON i.id = l.identity_id
 WHERE l.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY c.time, c.id;
