-- title: Who read secrets and encrypted parameters
-- about: Values of Secrets Manager, and decrypted parameters of Systems Manager, by principal and address. A
--   principal that reads many different ones in a short time collects them.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: secrets integer = 1: the least number of different secrets
-- columns: principal, source_ip_address, account, first_time, last_time, calls, denied, secrets (how many different
--   ones), examples (some of them), example_event
-- attack: T1555.006
-- see: AWS Secrets Manager User Guide, Log AWS Secrets Manager events with AWS CloudTrail; Stratus Red Team,
--   Retrieve a High Number of Secrets Manager secrets
-- level: low
-- slow: the names are only in the records, which are in most blocks of a case if programs fetch their secrets
WITH calls AS MATERIALIZED (
  SELECT e.id, e.event_time, e.event_id, e.identity_id, e.source_ip_address, e.recipient_account_id, e.outcome
    FROM events e
   WHERE ((e.event_name IN ('GetSecretValue', 'BatchGetSecretValue') AND +e.event_source = 'secretsmanager.amazonaws.com')
       OR (e.event_name IN ('GetParameter', 'GetParameters', 'GetParametersByPath', 'GetParameterHistory')
           AND +e.event_source = 'ssm.amazonaws.com'))
     AND e.invoked_by IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   -- In this order each block of records is unpacked once.
   ORDER BY e.id),
read AS MATERIALIZED (
  SELECT c.*, record_value(c.id, 'requestParameters') AS request FROM calls c),
asked AS (
  SELECT r.*, CASE WHEN n.fullkey = '$.filters' THEN 'by filter' ELSE n.atom END AS secret
    FROM read r, json_tree(r.request) n
   WHERE (n.atom IS NOT NULL AND (n.fullkey IN ('$.secretId', '$.name', '$.path') OR n.path IN ('$.names', '$.secretIdList')))
      OR (n.fullkey = '$.filters' AND n.type <> 'null'))
SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, a.source_ip_address, a.recipient_account_id AS account,
       min(a.event_time) AS first_time, max(a.event_time) AS last_time, count(DISTINCT a.id) AS calls,
       count(DISTINCT CASE WHEN a.outcome = 'denied' THEN a.id END) AS denied, count(DISTINCT a.secret) AS secrets,
       substr(group_concat(DISTINCT a.secret ORDER BY a.secret), 1, 200) AS examples, min(a.event_id) AS example_event
  FROM asked a
  LEFT JOIN identities i ON i.id = a.identity_id
 WHERE a.request ->> '$.withDecryption' OR a.request -> '$.withDecryption' IS NULL
       AND (a.request -> '$.secretId' IS NOT NULL OR a.request -> '$.secretIdList' IS NOT NULL OR a.request -> '$.filters' IS NOT NULL)
 GROUP BY a.identity_id, a.source_ip_address, account
HAVING count(DISTINCT a.secret) >= :secrets
 ORDER BY secrets DESC, calls DESC, principal;
