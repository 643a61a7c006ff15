-- title: Denied, then a change of IAM, then allowed
-- about: A call that was denied, a change of IAM after it, and the same call by the same principal that then worked:
--   permissions were extended in between, by the principal or an accomplice. The change is one of the principal's
--   own user or role, or of a group or policy, and the call did not work shortly before it: many callers are denied
--   now and then, for one resource out of many. One row for each call of a principal, with the first of these changes.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: hours integer = 24: the longest time after the denial, in hours, and the time before it in which the call
--   must not have worked
-- columns: principal, event_source, event_name, denied_at, changed_at, changed_by, change (event name), allowed_at,
--   own_change (1 if the principal made it), account, denied_event, change_event, event_id (of the allowed call)
-- attack: T1098, T1548.005
-- see: MITRE ATT&CK, Account Manipulation: Additional Cloud Roles
-- level: medium
-- slow: it reads the calls of each denied principal in the hours around the denial
WITH denied AS MATERIALIZED (
  SELECT e.identity_id, e.event_source, e.event_name, e.recipient_account_id AS account, min(e.time) AS time, min(e.id) AS id
    FROM events e
   WHERE e.error_code IN (SELECT error_code FROM facets WHERE outcome = 'denied')
     AND +e.outcome = 'denied'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2, 3, 4),
changes AS MATERIALIZED (
  SELECT e.id, e.time, e.event_name, e.identity_id, e.recipient_account_id AS account,
         record(e.id) ->> '$.requestParameters.userName' AS user_name,
         record(e.id) ->> '$.requestParameters.roleName' AS role_name,
         record(e.id) ->> '$.requestParameters.groupName' AS group_name
    FROM events e
   WHERE e.event_name IN ('AttachUserPolicy', 'AttachGroupPolicy', 'AttachRolePolicy', 'PutUserPolicy', 'PutGroupPolicy', 'PutRolePolicy',
           'CreatePolicyVersion', 'SetDefaultPolicyVersion', 'AddUserToGroup', 'UpdateAssumeRolePolicy', 'DetachUserPolicy',
           'DetachRolePolicy', 'DeleteUserPolicy', 'DeleteRolePolicy', 'DeleteUserPermissionsBoundary',
           'DeleteRolePermissionsBoundary', 'AddRoleToInstanceProfile')
     AND +e.event_source = 'iam.amazonaws.com' AND +e.outcome = 'ok'
     AND e.time >= ifnull(unixepoch(:since), 0)),
raised AS (
  SELECT d.*, (SELECT c.id FROM changes c
                WHERE c.account IS d.account AND c.time BETWEEN d.time AND d.time + :hours * 3600
                  AND CASE WHEN c.role_name IS NOT NULL THEN c.role_name = i.role_name
                           WHEN c.user_name IS NOT NULL THEN i.type = 'IAMUser' AND c.user_name = i.user_name
                           WHEN c.group_name IS NOT NULL THEN i.type = 'IAMUser'
                           ELSE 1 END
                ORDER BY c.time, c.id LIMIT 1) AS change
    FROM denied d
    JOIN identities i ON i.id = d.identity_id),
-- Fewer calls worked afterwards than did not work before: the former are looked for first.
worked AS MATERIALIZED (
  SELECT r.*, c.time AS change_time, c.event_name AS change_name, c.identity_id AS changer,
         (SELECT e.id FROM events e
           WHERE e.identity_id = r.identity_id AND e.time BETWEEN c.time AND r.time + :hours * 3600
             AND +e.event_name = r.event_name AND +e.event_source = r.event_source AND +e.outcome = 'ok'
           ORDER BY e.time LIMIT 1) AS allowed
    FROM raised r
    JOIN changes c ON c.id = r.change),
allowed AS (
  SELECT w.*
    FROM worked w
   WHERE w.allowed IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM events e
                      WHERE e.identity_id = w.identity_id AND e.time BETWEEN w.time - :hours * 3600 AND w.change_time
                        AND +e.event_name = w.event_name AND +e.event_source = w.event_source AND +e.outcome = 'ok'))
SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, a.event_source, a.event_name, d.event_time AS denied_at,
       c.event_time AS changed_at, coalesce(b.arn, b.user_name, b.invoked_by, b.principal_id) AS changed_by,
       a.change_name AS change, e.event_time AS allowed_at, a.changer = a.identity_id AS own_change, a.account,
       d.event_id AS denied_event, c.event_id AS change_event, e.event_id
  FROM allowed a
  JOIN events e ON e.id = a.allowed
  JOIN events d ON d.id = a.id
  JOIN events c ON c.id = a.change
  LEFT JOIN identities i ON i.id = a.identity_id
  LEFT JOIN identities b ON b.id = a.changer
 ORDER BY d.time, a.event_name;
