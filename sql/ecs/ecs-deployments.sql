-- title: Who deployed which task definition where
-- about: Each task definition with who registered it and the services and runs that use it: who brought what into
--   which cluster. Look for definitions that were deployed by somebody other than their author, or that nobody in
--   this case registered.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, deployed_by*, event_name, cluster, service*, task_definition*, registered_at (the latest
--   registration of it before), registered_by, images*, source_ip_address, outcome*, event_id
-- attack: T1610
-- see: Amazon ECS Developer Guide, Amazon ECS task definitions
WITH registered AS MATERIALIZED (
  SELECT e.id, e.time, e.event_time, e.recipient_account_id AS account, e.aws_region,
         record(e.id) ->> '$.requestParameters.family' AS family,
         CAST(record(e.id) ->> '$.responseElements.taskDefinition.revision' AS TEXT) AS revision,
         (SELECT group_concat(c.value ->> '$.image') FROM json_each(record(e.id), '$.requestParameters.containerDefinitions') c) AS images,
         coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
   WHERE e.event_name = 'RegisterTaskDefinition' AND +e.event_source = 'ecs.amazonaws.com' AND +e.outcome = 'ok'),
deployed AS MATERIALIZED (
  SELECT e.id, e.time, e.event_time, e.event_name, e.event_id, e.identity_id, e.source_ip_address, e.outcome, e.aws_region,
         e.recipient_account_id AS account, coalesce(record(e.id) ->> '$.requestParameters.cluster', 'default') AS cluster,
         coalesce(record(e.id) ->> '$.requestParameters.serviceName', record(e.id) ->> '$.requestParameters.service') AS service,
         record(e.id) ->> '$.requestParameters.taskDefinition' AS task_definition
    FROM events e
   WHERE e.event_name IN ('CreateService', 'UpdateService', 'RunTask', 'StartTask') AND +e.event_source = 'ecs.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
named AS MATERIALIZED (
  SELECT d.*, CASE WHEN instr(n.name, ':') THEN substr(n.name, 1, instr(n.name, ':') - 1) ELSE n.name END AS family,
         CASE WHEN instr(n.name, ':') THEN substr(n.name, instr(n.name, ':') + 1) END AS revision
    FROM deployed d
    JOIN (SELECT id, substr(task_definition, instr(task_definition, '/') + 1) AS name FROM deployed) n ON n.id = d.id
   WHERE d.task_definition IS NOT NULL)
SELECT n.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS deployed_by, n.event_name, n.cluster, n.service,
       n.task_definition, max(r.event_time) AS registered_at, r.principal AS registered_by, r.images, n.source_ip_address, n.outcome,
       n.event_id
  FROM named n
  LEFT JOIN registered r ON r.family = n.family AND r.account IS n.account AND r.aws_region IS n.aws_region AND r.time <= n.time
                        AND (n.revision IS NULL OR r.revision IS NULL OR r.revision = n.revision)
  LEFT JOIN identities i ON i.id = n.identity_id
 GROUP BY n.id
 ORDER BY n.time, n.id;
