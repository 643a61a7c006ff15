-- title: ECS clusters made, changed and deleted
-- about: Who created or deleted which cluster in which Region. A cluster in an unused Region may run somebody else's
--   containers at the owner's cost.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name*, cluster*, source_ip_address, aws_region, outcome*, event_id
-- attack: T1578, T1496.001
-- see: Amazon ECS Developer Guide, Log Amazon ECS API calls using AWS CloudTrail
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.clusterName', record(e.id) ->> '$.requestParameters.cluster',
                record(e.id) ->> '$.responseElements.cluster.clusterName', 'default') AS cluster,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('CreateCluster', 'DeleteCluster', 'UpdateCluster', 'UpdateClusterSettings', 'PutClusterCapacityProviders')
   AND +e.event_source = 'ecs.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
