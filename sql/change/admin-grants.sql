-- title: Administrator rights granted
-- about: An administrator's policy attached, an inline or managed policy that allows every action on every resource,
--   or a user added to a group with an administrator's name. In ordinary times these are few and known.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, target (user, group, role or policy), granted, source_ip_address,
--   outcome, event_id
-- attack: T1098.003, T1136.003
-- see: AWS IAM User Guide, AWS managed policies for job functions; Stratus Red Team, Create an administrative IAM
--   User
-- level: high
WITH granted AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE e.event_name IN ('AttachUserPolicy', 'AttachGroupPolicy', 'AttachRolePolicy', 'PutUserPolicy', 'PutGroupPolicy',
           'PutRolePolicy', 'CreatePolicy', 'CreatePolicyVersion', 'AddUserToGroup')
     AND +e.event_source = 'iam.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9))
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(e.request ->> '$.userName', e.request ->> '$.groupName', e.request ->> '$.roleName',
                e.request ->> '$.policyName', e.request ->> '$.policyArn') AS target,
       CASE WHEN e.event_name = 'AddUserToGroup' THEN e.request ->> '$.groupName'
            WHEN e.event_name LIKE 'Attach%' THEN e.request ->> '$.policyArn'
            ELSE 'every action on every resource' END AS granted,
       e.source_ip_address, e.outcome, e.event_id
  FROM granted e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.request ->> '$.policyArn' GLOB 'arn:*:iam::aws:policy/AdministratorAccess*'
    OR e.request ->> '$.policyArn' GLOB 'arn:*:iam::aws:policy/IAMFullAccess'
    OR e.request ->> '$.policyArn' GLOB 'arn:*:iam::aws:policy/PowerUserAccess'
    OR (e.event_name = 'AddUserToGroup' AND lower(e.request ->> '$.groupName') LIKE '%admin%')
    OR EXISTS (SELECT 1 FROM json_each(policy_statements(e.request ->> '$.policyDocument')) s
                WHERE s.value ->> '$.effect' = 'Allow'
                  AND EXISTS (SELECT 1 FROM json_each(s.value, '$.actions') a WHERE a.value IN ('*', '*:*', 'iam:*'))
                  AND EXISTS (SELECT 1 FROM json_each(s.value, '$.resources') r WHERE r.value = '*'))
 ORDER BY e.time, e.id;
