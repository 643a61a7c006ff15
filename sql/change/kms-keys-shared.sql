-- title: KMS keys given to other accounts
-- about: A key policy or a grant that lets another account, or everybody, use a key: that account reads what the key
--   encrypts, and an intruder's own account can encrypt with it. A policy for everybody with a condition is left out.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: known list: one's own accounts, in addition to that of the key
-- columns: event_time, principal, event_name, key, allowed (who was given access), source_ip_address, aws_region,
--   account, outcome, event_id
-- attack: T1098.003, T1537, T1486
-- see: AWS KMS Developer Guide, Allowing users in other accounts to use a KMS key; Grants in AWS KMS
-- level: high
WITH calls AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE e.event_name IN ('PutKeyPolicy', 'CreateKey', 'CreateGrant') AND +e.event_source = 'kms.amazonaws.com' AND e.invoked_by IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
named AS (
  SELECT c.id, p.value AS allowed,
         CASE WHEN p.value GLOB '[0-9]*' OR p.value = '*' THEN p.value ELSE arn_part(p.value, 'account') END AS account
    FROM calls c, json_each(policy_statements(c.request ->> '$.policy')) s, json_each(s.value, '$.principals') p
   WHERE s.value ->> '$.effect' = 'Allow' AND (p.value <> '*' OR s.value ->> '$.condition' IS NULL)
   UNION ALL
  SELECT c.id, c.request ->> '$.granteePrincipal', arn_part(c.request ->> '$.granteePrincipal', 'account') FROM calls c),
given AS (
  SELECT n.id, group_concat(DISTINCT n.allowed) AS allowed
    FROM named n
    JOIN calls c ON c.id = n.id
   WHERE n.account <> c.recipient_account_id AND n.account NOT IN (SELECT value FROM json_each(:known))
   GROUP BY n.id)
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(e.request ->> '$.keyId', record(e.id) ->> '$.responseElements.keyMetadata.keyId') AS key, g.allowed,
       e.source_ip_address, e.aws_region, e.recipient_account_id AS account, e.outcome, e.event_id
  FROM given g
  JOIN calls e ON e.id = g.id
  LEFT JOIN identities i ON i.id = e.identity_id
 ORDER BY e.time, e.id;
