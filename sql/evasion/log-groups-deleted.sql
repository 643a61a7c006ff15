-- title: Log groups, streams and their subscriptions deleted
-- about: CloudWatch Logs deleted, with the filters and destinations that forwarded them. The log group of a trail or
--   of flow logs is part of the evidence.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, log_group, detail, source_ip_address, aws_region, outcome, event_id
-- attack: T1685.002, T1070
-- see: Amazon CloudWatch Logs User Guide, Logging CloudWatch Logs API operations in CloudTrail
-- detections: log-group-deleted, security-log-group-deleted, log-stream-deleted, log-forwarding-off,
--   log-protection-off
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       record(e.id) ->> '$.requestParameters.logGroupName' AS log_group,
       coalesce(record(e.id) ->> '$.requestParameters.logStreamName', record(e.id) ->> '$.requestParameters.filterName',
                record(e.id) ->> '$.requestParameters.destinationName') AS detail,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('DeleteLogGroup', 'DeleteLogStream', 'DeleteSubscriptionFilter', 'DeleteMetricFilter', 'DeleteDestination',
                        'DisassociateKmsKey', 'DeleteDelivery')
   AND +e.event_source = 'logs.amazonaws.com' AND e.invoked_by IS NULL
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
