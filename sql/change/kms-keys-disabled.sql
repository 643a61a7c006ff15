-- title: KMS keys disabled, to be deleted, or given away
-- about: A key that is disabled or scheduled for deletion takes everything it encrypts with it; a key policy or grant
--   for another account lets that account read it. Canceled deletions are included, since somebody requested them
--   first.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, key, detail (waiting days, or who was given access),
--   source_ip_address, aws_region, outcome, event_id
-- attack: T1485, T1486, T1098
-- see: AWS KMS Developer Guide, Deleting AWS KMS keys
-- detections: kms-deletion-scheduled, kms-key-disabled, kms-deletion-canceled, kms-material-deleted,
--   kms-settings-changed, kms-grant-created, kms-policy-changed
WITH calls AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE e.event_name IN ('ScheduleKeyDeletion', 'DisableKey', 'CancelKeyDeletion', 'DeleteImportedKeyMaterial',
                          'DisableKeyRotation', 'PutKeyPolicy', 'CreateGrant', 'DeleteAlias')
     AND +e.event_source = 'kms.amazonaws.com' AND e.invoked_by IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
given AS (
  SELECT c.*,
         CASE c.event_name
              WHEN 'ScheduleKeyDeletion' THEN (c.request ->> '$.pendingWindowInDays') || ' days'
              WHEN 'CreateGrant' THEN c.request ->> '$.granteePrincipal'
              WHEN 'PutKeyPolicy' THEN
                (SELECT group_concat(DISTINCT p.value)
                   FROM json_each(policy_statements(c.request ->> '$.policy')) s, json_each(s.value, '$.principals') p
                  WHERE s.value ->> '$.effect' = 'Allow'
                    AND (p.value = '*' AND s.value ->> '$.condition' IS NULL
                         OR arn_part(p.value, 'account') <> c.recipient_account_id)) END AS detail
    FROM calls c)
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(e.request ->> '$.keyId', e.request ->> '$.aliasName') AS key, e.detail, e.source_ip_address, e.aws_region, e.outcome,
       e.event_id
  FROM given e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name NOT IN ('PutKeyPolicy', 'CreateGrant')
    OR (e.event_name = 'PutKeyPolicy' AND e.detail IS NOT NULL)
    OR (e.event_name = 'CreateGrant' AND arn_part(e.detail, 'account') <> e.recipient_account_id)
 ORDER BY e.time, e.id;
