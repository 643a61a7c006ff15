-- title: Auto Scaling groups made, changed and deleted
-- about: Groups with the requested sizes, launch template or configuration and subnets. A group restarts terminated
--   instances, which is also how miners persist.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name*, group_name*, min_size, max_size, launches (launch configuration or
--   template), source_ip_address, aws_region, outcome*, event_id
-- attack: T1578.005, T1496.001
-- see: Amazon EC2 Auto Scaling User Guide, Log Amazon EC2 Auto Scaling API calls with AWS CloudTrail
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       record(e.id) ->> '$.requestParameters.autoScalingGroupName' AS group_name, record(e.id) ->> '$.requestParameters.minSize' AS min_size,
       record(e.id) ->> '$.requestParameters.maxSize' AS max_size,
       coalesce(record(e.id) ->> '$.requestParameters.launchConfigurationName', record(e.id) ->> '$.requestParameters.launchTemplate.launchTemplateName',
                record(e.id) ->> '$.requestParameters.launchTemplate.launchTemplateId', record(e.id) ->> '$.requestParameters.instanceId') AS launches,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('CreateAutoScalingGroup', 'UpdateAutoScalingGroup', 'DeleteAutoScalingGroup', 'SuspendProcesses', 'ResumeProcesses',
                        'AttachInstances', 'DetachInstances', 'StartInstanceRefresh')
   AND +e.event_source = 'autoscaling.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
