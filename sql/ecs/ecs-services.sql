-- title: ECS services made, changed and deleted
-- about: The services of clusters: who created, scaled, redeployed or deleted which, with the requested task
--   definition and number of tasks.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, cluster, service, task_definition, desired_count, source_ip_address,
--   aws_region, outcome, event_id
-- attack: T1610
-- see: Amazon ECS Developer Guide, Log Amazon ECS API calls using AWS CloudTrail
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.cluster', 'default') AS cluster,
       coalesce(record(e.id) ->> '$.requestParameters.serviceName', record(e.id) ->> '$.requestParameters.service') AS service,
       record(e.id) ->> '$.requestParameters.taskDefinition' AS task_definition,
       record(e.id) ->> '$.requestParameters.desiredCount' AS desired_count, e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('CreateService', 'UpdateService', 'DeleteService', 'UpdateServicePrimaryTaskSet', 'CreateTaskSet')
   AND +e.event_source = 'ecs.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
