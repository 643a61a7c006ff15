-- title: Roles that an unknown account may assume
-- about: Roles created or changed so that a principal of another account may assume them.
--   The way in needs no key of this account and survives every password change. Name one's own accounts.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: known list: one's own accounts, in addition to that of the role
-- columns: event_time, principal, event_name, role, trusts, with_condition, source_ip_address, account, outcome,
--   event_id
-- attack: T1098.003, T1199
-- see: AWS IAM User Guide, Access to AWS accounts owned by third parties; Stratus Red Team, Backdoor an IAM Role
-- level: medium
WITH calls AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE e.event_name IN ('CreateRole', 'UpdateAssumeRolePolicy') AND +e.event_source = 'iam.amazonaws.com' AND e.invoked_by IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
trusted AS (
  SELECT c.id, group_concat(DISTINCT p.value) AS trusts, min(s.value ->> '$.condition' IS NOT NULL) AS with_condition
    FROM calls c,
         json_each(policy_statements(coalesce(c.request ->> '$.policyDocument', c.request ->> '$.assumeRolePolicyDocument'))) s,
         json_each(s.value, '$.principals') p
   WHERE s.value ->> '$.effect' = 'Allow'
     AND (CASE WHEN p.value GLOB '[0-9]*' THEN p.value ELSE arn_part(p.value, 'account') END) <> c.recipient_account_id
     AND (CASE WHEN p.value GLOB '[0-9]*' THEN p.value ELSE arn_part(p.value, 'account') END)
         NOT IN (SELECT value FROM json_each(:known))
   GROUP BY c.id)
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       e.request ->> '$.roleName' AS role, t.trusts, t.with_condition, e.source_ip_address, e.recipient_account_id AS account,
       e.outcome, e.event_id
  FROM trusted t
  JOIN calls e ON e.id = t.id
  LEFT JOIN identities i ON i.id = e.identity_id
 ORDER BY e.time, e.id;
