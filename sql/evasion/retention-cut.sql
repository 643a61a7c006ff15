-- title: Retention of logs cut
-- about: Retention of log groups set to a few days, and life-cycle rules of buckets that delete within days: evidence
--   that is gone when somebody looks. One day on a trail's bucket is the classic case.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: days integer = 30: the largest number of days
-- columns: event_time, principal, event_name, target (log group or bucket), days, source_ip_address, outcome,
--   event_id
-- attack: T1685.002, T1070
-- see: Stratus Red Team, CloudTrail Logs Impairment Through S3 Lifecycle Rule; Amazon CloudWatch Logs User Guide,
--   Change log data retention
-- detections: log-retention-short, log-retention-changed, s3-lifecycle-short, s3-lifecycle-changed
WITH calls AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE ((e.event_name = 'PutRetentionPolicy' AND +e.event_source = 'logs.amazonaws.com')
       OR (e.event_name IN ('PutBucketLifecycle', 'PutBucketLifecycleConfiguration') AND +e.event_source = 's3.amazonaws.com'))
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
cut AS (
  SELECT c.*,
         coalesce(c.request ->> '$.retentionInDays',
           (SELECT min(CAST(coalesce(r.value ->> '$.Expiration.Days', r.value ->> '$.NoncurrentVersionExpiration.NoncurrentDays') AS INTEGER))
              FROM json_each(CASE json_type(c.request, '$.LifecycleConfiguration.Rule')
                             WHEN 'array' THEN c.request -> '$.LifecycleConfiguration.Rule'
                             WHEN 'object' THEN json_array(c.request -> '$.LifecycleConfiguration.Rule') END) r
             WHERE ifnull(r.value ->> '$.Status', 'Enabled') = 'Enabled')) AS days
    FROM calls c)
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(e.request ->> '$.logGroupName', e.request ->> '$.bucketName') AS target, e.days, e.source_ip_address, e.outcome,
       e.event_id
  FROM cut e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE CAST(e.days AS INTEGER) <= :days
 ORDER BY e.time, e.id;
