-- title: ECS tasks run by hand, and shells into them
-- about: RunTask and StartTask start containers outside of any service, and ExecuteCommand opens a shell in a
--   running one. Overrides replace a task's command, environment and role for this one run.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name, cluster, task* (or its definition), task_count, overrides* (command,
--   role and environment, or the command of a shell), source_ip_address, aws_region, outcome*, event_id
-- attack: T1610, T1609
-- see: Amazon ECS Developer Guide, Monitor Amazon ECS containers with ECS Exec
-- detections: ecs-task-run, ecs-task-run-with-overrides, ecs-exec
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.cluster', 'default') AS cluster,
       coalesce(record(e.id) ->> '$.requestParameters.taskDefinition', record(e.id) ->> '$.requestParameters.task') AS task,
       record(e.id) ->> '$.requestParameters.count' AS task_count,
       coalesce(record(e.id) ->> '$.requestParameters.overrides', record(e.id) ->> '$.requestParameters.command') AS overrides,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('RunTask', 'StartTask', 'ExecuteCommand') AND +e.event_source = 'ecs.amazonaws.com' AND e.invoked_by IS NULL
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
