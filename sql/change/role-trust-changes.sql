-- title: Who may assume a role: trust set and changed
-- about: Roles created or changed, with the principals that they trust, and whether that is everybody, another
--   account or a service. A role that trusts a foreign account is a back door that survives every password change.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: known list: one's own accounts, in addition to that of the role
-- param: foreign integer = 0: 1 shows only trust in unknown accounts, or in everybody
-- columns: event_time*, principal*, event_name, role*, trusts*, is_foreign* (1 for an account that is neither the role's
--   nor known, or everybody), with_condition, source_ip_address, account, outcome*, event_id
-- attack: T1098.003, T1199
-- see: AWS IAM User Guide, Policies and permissions in IAM (trust policies); Stratus Red Team, Backdoor an IAM Role
WITH trusted AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE e.event_name IN ('CreateRole', 'UpdateAssumeRolePolicy') AND +e.event_source = 'iam.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
named AS (
  SELECT t.*, s.value ->> '$.condition' IS NOT NULL AS with_condition, p.value AS trusts,
         CASE WHEN p.value = '*' THEN '*'
              WHEN p.value GLOB '[0-9]*' THEN p.value
              ELSE arn_part(p.value, 'account') END AS trusted_account
    FROM trusted t,
         json_each(policy_statements(coalesce(t.request ->> '$.policyDocument', t.request ->> '$.assumeRolePolicyDocument'))) s,
         json_each(s.value, '$.principals') p
   WHERE s.value ->> '$.effect' = 'Allow')
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name, e.request ->> '$.roleName' AS role, e.trusts,
       ifnull(e.trusted_account <> e.recipient_account_id
              AND e.trusted_account NOT IN (SELECT value FROM json_each(:known)), 0) AS is_foreign,
       e.with_condition, e.source_ip_address, e.recipient_account_id AS account, e.outcome, e.event_id
  FROM named e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE :foreign = 0
    OR (e.trusted_account <> e.recipient_account_id
        AND e.trusted_account NOT IN (SELECT value FROM json_each(:known)))
 ORDER BY e.time, e.id, e.trusts;
