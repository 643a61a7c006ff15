-- title: VPC flow logs deleted
-- about: Without flow logs, nobody can say afterwards what left the network. Shows which logs, and whether others
--   were created later.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, flow_logs, source_ip_address, aws_region, outcome, made_again (the next
--   CreateFlowLogs in the same account and Region), event_id
-- attack: T1685.002
-- see: Amazon VPC User Guide, Logging IP traffic using VPC Flow Logs; Stratus Red Team, Remove VPC Flow Logs
-- detections: flow-logs-deleted
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal,
       coalesce(record(e.id) ->> '$.requestParameters.DeleteFlowLogsRequest.FlowLogId.content',
                record(e.id) ->> '$.requestParameters.DeleteFlowLogsRequest.FlowLogId',
                record(e.id) ->> '$.requestParameters.flowLogIdSet') AS flow_logs,
       e.source_ip_address, e.aws_region, e.outcome,
       (SELECT min(c.event_time) FROM events c
         WHERE c.event_name = 'CreateFlowLogs' AND c.time >= e.time AND +c.outcome = 'ok'
           AND +c.recipient_account_id IS e.recipient_account_id AND +c.aws_region IS e.aws_region) AS made_again,
       e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name = 'DeleteFlowLogs' AND +e.event_source = 'ec2.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
