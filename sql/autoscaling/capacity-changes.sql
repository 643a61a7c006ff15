-- title: Capacity changed by a person or by a service
-- about: Calls that set how many instances a group runs, separated by actor: a person or program of one's own, or a
--   service such as a scaling policy, CloudFormation or ECS. People rarely change capacity.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, by_whom (person or service), principal, event_name, group_name, capacity, source_ip_address,
--   aws_region, outcome, event_id
-- attack: T1578.005, T1496.001
-- see: Amazon EC2 Auto Scaling User Guide, Log Amazon EC2 Auto Scaling API calls with AWS CloudTrail
SELECT e.event_time,
       CASE WHEN e.invoked_by IS NOT NULL OR i.type = 'AWSService' OR i.role_name LIKE 'AWSServiceRoleFor%' THEN 'service'
            ELSE 'person' END AS by_whom,
       coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       record(e.id) ->> '$.requestParameters.autoScalingGroupName' AS group_name,
       coalesce(record(e.id) ->> '$.requestParameters.desiredCapacity', record(e.id) ->> '$.requestParameters.maxSize') AS capacity,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('SetDesiredCapacity', 'ExecutePolicy', 'TerminateInstanceInAutoScalingGroup', 'PutScheduledUpdateGroupAction',
                        'PutScalingPolicy', 'UpdateAutoScalingGroup')
   AND +e.event_source = 'autoscaling.amazonaws.com'
   AND (e.event_name <> 'UpdateAutoScalingGroup'
        OR coalesce(record(e.id) -> '$.requestParameters.desiredCapacity', record(e.id) -> '$.requestParameters.maxSize',
                    record(e.id) -> '$.requestParameters.minSize') IS NOT NULL)
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
