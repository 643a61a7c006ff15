-- title: Alarms, rules and firewalls of applications switched off
-- about: Changes to what raises alarms: CloudWatch alarms and their actions, EventBridge rules and their targets,
--   notifications, web ACLs and their logs.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_source, event_name, target, source_ip_address, aws_region, outcome, event_id
-- attack: T1685, T1685.002
-- see: Amazon CloudWatch User Guide, Logging Amazon CloudWatch API calls with AWS CloudTrail
-- detections: alarm-deleted, alarm-actions-off, alarm-state-set, event-rule-off, queue-or-topic-deleted,
--   waf-removed, waf-logging-off
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_source, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.alarmNames', record(e.id) ->> '$.requestParameters.name',
                record(e.id) ->> '$.requestParameters.rule', record(e.id) ->> '$.requestParameters.topicArn',
                record(e.id) ->> '$.requestParameters.resourceArn', record(e.id) ->> '$.requestParameters.subscriptionArn') AS target,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('DeleteAlarms', 'DisableAlarmActions', 'SetAlarmState') AND +e.event_source = 'monitoring.amazonaws.com')
     OR (e.event_name IN ('DisableRule', 'DeleteRule', 'RemoveTargets') AND +e.event_source = 'events.amazonaws.com')
     OR (e.event_name IN ('DeleteTopic', 'Unsubscribe') AND +e.event_source = 'sns.amazonaws.com')
     OR (e.event_name IN ('DeleteWebACL', 'DisassociateWebACL', 'DeleteLoggingConfiguration')
         AND +e.event_source IN ('wafv2.amazonaws.com', 'waf.amazonaws.com', 'waf-regional.amazonaws.com')))
   AND e.invoked_by IS NULL
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
