-- title: Data read in bulk by principals that seldom read
-- about: Principals that read many objects, items, secrets or parameters within an hour, and read such data on few days
--   of the case, the newest readers first. Applications read every day and are left out; a copy is made once. Reads of
--   objects and items are recorded only where data events are.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: objects integer = 500: the least number of objects or items in an hour
-- param: secrets integer = 20: the least number of reads of secrets or parameters in an hour
-- param: days integer = 3: read on at most this many days
-- columns: principal, account, kind (of data), first_time, last_time, calls, denied, in_one_hour (the most calls in an
--   hour), days (with such reads), bytes (that S3 sent), example_event
-- attack: T1530, T1555.006, T1213.006
-- see: AWS CloudTrail User Guide, Logging data events; Stratus Red Team, Retrieve a High Number of Secrets Manager secrets
-- level: medium
WITH hours AS MATERIALIZED (
  SELECT e.identity_id, e.recipient_account_id AS account, e.time / 3600 AS hour,
         CASE e.event_source WHEN 's3.amazonaws.com' THEN 'S3 objects' WHEN 'dynamodb.amazonaws.com' THEN 'DynamoDB items'
              WHEN 'secretsmanager.amazonaws.com' THEN 'secrets' ELSE 'parameters' END AS kind,
         count(*) AS calls, sum(e.outcome = 'denied') AS denied, sum(e.bytes_out) AS bytes, min(e.event_time) AS first_time,
         max(e.event_time) AS last_time, min(e.event_id) AS example_event
    FROM events e
   WHERE e.event_name IN ('GetObject', 'CopyObject', 'GetItem', 'BatchGetItem', 'Query', 'Scan', 'GetSecretValue',
           'BatchGetSecretValue', 'GetParameter', 'GetParameters', 'GetParametersByPath', 'GetParameterHistory')
     AND +e.event_source IN ('s3.amazonaws.com', 'dynamodb.amazonaws.com', 'secretsmanager.amazonaws.com', 'ssm.amazonaws.com')
     AND e.invoked_by IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2, 3, 4),
readers AS (
  SELECT h.identity_id, h.account, h.kind, min(h.first_time) AS first_time, max(h.last_time) AS last_time, sum(h.calls) AS calls,
         sum(h.denied) AS denied, max(h.calls) AS in_one_hour, count(DISTINCT h.hour / 24) AS days, sum(h.bytes) AS bytes,
         min(h.example_event) AS example_event
    FROM hours h
   GROUP BY 1, 2, 3)
SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, r.account, r.kind, r.first_time, r.last_time, r.calls,
       r.denied, r.in_one_hour, r.days, r.bytes, r.example_event
  FROM readers r
  LEFT JOIN identities i ON i.id = r.identity_id
 WHERE r.days <= :days AND r.in_one_hour >= CASE WHEN r.kind IN ('secrets', 'parameters') THEN :secrets ELSE :objects END
 ORDER BY r.days, r.first_time DESC, r.calls DESC, principal, r.kind;
