-- title: Access logs of buckets and load balancers switched off
-- about: Server access logs of S3 buckets and load balancers switched off: without data events they are the only
--   record of who read what.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, target (bucket or load balancer), source_ip_address, aws_region,
--   outcome, event_id
-- attack: T1685.002
-- see: Amazon S3 User Guide, Logging requests with server access logging
-- level: medium
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.bucketName', record(e.id) ->> '$.requestParameters.loadBalancerArn',
                record(e.id) ->> '$.requestParameters.loadBalancerName') AS target,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name = 'PutBucketLogging' AND +e.event_source = 's3.amazonaws.com'
         AND record(e.id) -> '$.requestParameters.BucketLoggingStatus.LoggingEnabled' IS NULL)
     OR (e.event_name = 'ModifyLoadBalancerAttributes' AND +e.event_source = 'elasticloadbalancing.amazonaws.com'
         AND (EXISTS (SELECT 1 FROM json_each(record(e.id), '$.requestParameters.attributes') a
                      WHERE a.value ->> '$.key' = 'access_logs.s3.enabled' AND a.value ->> '$.value' IN ('false', 0))
              OR record(e.id) ->> '$.requestParameters.loadBalancerAttributes.accessLog.enabled' IN ('false', 0))))
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
