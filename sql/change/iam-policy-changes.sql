-- title: Changes of IAM policies
-- about: Policies created, changed, attached and detached, managed and inline, including boundaries. For each: the
--   target, the policy, and whether its document allows everything.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name*, target* (user, group or role), policy*, allows_everything (1 where its
--   document allows every action on every resource), source_ip_address, outcome*, event_id
-- attack: T1098.003
-- see: AWS IAM User Guide, Policies and permissions in IAM
WITH changed AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE e.event_name IN ('CreatePolicy', 'CreatePolicyVersion', 'SetDefaultPolicyVersion', 'DeletePolicy',
           'DeletePolicyVersion', 'AttachUserPolicy', 'AttachGroupPolicy', 'AttachRolePolicy', 'DetachUserPolicy',
           'DetachGroupPolicy', 'DetachRolePolicy', 'PutUserPolicy', 'PutGroupPolicy', 'PutRolePolicy',
           'DeleteUserPolicy', 'DeleteGroupPolicy', 'DeleteRolePolicy', 'PutUserPermissionsBoundary',
           'PutRolePermissionsBoundary', 'DeleteUserPermissionsBoundary', 'DeleteRolePermissionsBoundary')
     AND +e.event_source = 'iam.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9))
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(e.request ->> '$.userName', e.request ->> '$.groupName', e.request ->> '$.roleName') AS target,
       coalesce(e.request ->> '$.policyArn', e.request ->> '$.policyName', e.request ->> '$.permissionsBoundary') AS policy,
       EXISTS (SELECT 1 FROM json_each(policy_statements(e.request ->> '$.policyDocument')) s
                WHERE s.value ->> '$.effect' = 'Allow'
                  AND EXISTS (SELECT 1 FROM json_each(s.value, '$.actions') a WHERE a.value IN ('*', '*:*'))
                  AND EXISTS (SELECT 1 FROM json_each(s.value, '$.resources') r WHERE r.value = '*')) AS allows_everything,
       e.source_ip_address, e.outcome, e.event_id
  FROM changed e
  LEFT JOIN identities i ON i.id = e.identity_id
 ORDER BY e.time, e.id;
