-- title: ECS task definitions registered
-- about: What may run: images, roles, commands and privileged mode of new task definitions. An image from an unknown
--   registry, or a powerful task role on a small task, is worth a question.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name, task_definition*, images*, task_role*, privileged* (1 if a container is),
--   source_ip_address, aws_region, outcome, event_id
-- attack: T1610, T1204.003
-- see: Amazon ECS Developer Guide, Amazon ECS task definitions
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.responseElements.taskDefinition.taskDefinitionArn', record(e.id) ->> '$.requestParameters.family',
                record(e.id) ->> '$.requestParameters.taskDefinition') AS task_definition,
       (SELECT group_concat(c.value ->> '$.image') FROM json_each(record(e.id), '$.requestParameters.containerDefinitions') c) AS images,
       record(e.id) ->> '$.requestParameters.taskRoleArn' AS task_role,
       EXISTS (SELECT 1 FROM json_each(record(e.id), '$.requestParameters.containerDefinitions') c
                WHERE c.value ->> '$.privileged' IN (1, 'true')) AS privileged,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('RegisterTaskDefinition', 'DeregisterTaskDefinition', 'DeleteTaskDefinitions') AND +e.event_source = 'ecs.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
