-- title: Images pushed to ECR and deleted from it
-- about: Who pushed which tag to which repository, and who deleted images. A tag that is pushed again by somebody
--   other than the pipeline replaces the next deployment.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, repository, tag, digest, pushers (principals that pushed to this
--   repository in this period), source_ip_address, outcome, event_id
-- attack: T1525, T1204.003
-- see: Amazon ECR User Guide, Logging Amazon ECR actions with AWS CloudTrail
WITH pushed AS MATERIALIZED (
  SELECT e.id, e.time, e.event_time, e.event_name, e.event_id, e.identity_id, e.source_ip_address, e.outcome,
         record(e.id) ->> '$.requestParameters.repositoryName' AS repository,
         coalesce(record(e.id) ->> '$.requestParameters.imageTag', record(e.id) ->> '$.requestParameters.imageIds[0].imageTag') AS tag,
         coalesce(record(e.id) ->> '$.responseElements.image.imageId.imageDigest', record(e.id) ->> '$.requestParameters.imageDigest',
                  record(e.id) ->> '$.requestParameters.imageIds[0].imageDigest') AS digest
    FROM events e
   WHERE e.event_name IN ('PutImage', 'BatchDeleteImage') AND +e.event_source = 'ecr.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
pushers AS MATERIALIZED (
  SELECT repository, count(DISTINCT identity_id) AS pushers FROM pushed WHERE event_name = 'PutImage' AND outcome = 'ok' GROUP BY repository)
SELECT p.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, p.event_name, p.repository, p.tag, p.digest,
       n.pushers, p.source_ip_address, p.outcome, p.event_id
  FROM pushed p
  LEFT JOIN pushers n ON n.repository IS p.repository
  LEFT JOIN identities i ON i.id = p.identity_id
 ORDER BY p.time, p.id;
