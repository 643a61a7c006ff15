-- title: Policies of ECR repositories and registries
-- about: Who may pull and push from outside: repository and registry policies with the principals that they allow; *
--   is everybody.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name, repository*, allowed*, source_ip_address, aws_region, outcome*, event_id
-- attack: T1098, T1525
-- see: Amazon ECR User Guide, Private repository policies
-- detections: ecr-policy-changed
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       record(e.id) ->> '$.requestParameters.repositoryName' AS repository,
       (SELECT group_concat(DISTINCT p.value)
          FROM json_each(policy_statements(record(e.id) ->> '$.requestParameters.policyText')) s, json_each(s.value, '$.principals') p
         WHERE s.value ->> '$.effect' = 'Allow') AS allowed,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('SetRepositoryPolicy', 'DeleteRepositoryPolicy', 'PutRegistryPolicy', 'DeleteRegistryPolicy')
   AND +e.event_source IN ('ecr.amazonaws.com', 'ecr-public.amazonaws.com')
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
