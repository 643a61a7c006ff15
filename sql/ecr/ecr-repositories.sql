-- title: ECR repositories made, changed and deleted
-- about: Repositories of images and their settings: scanning switched off, tags made mutable so that an image can be
--   replaced under its name, life-cycle rules, deletion by force.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, repository, detail (mutability, scanning or force), source_ip_address,
--   aws_region, outcome, event_id
-- attack: T1525
-- see: Amazon ECR User Guide, Logging Amazon ECR actions with AWS CloudTrail
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       record(e.id) ->> '$.requestParameters.repositoryName' AS repository,
       coalesce(record(e.id) ->> '$.requestParameters.imageTagMutability', record(e.id) ->> '$.requestParameters.imageScanningConfiguration',
                CASE WHEN record(e.id) ->> '$.requestParameters.force' THEN 'force' END) AS detail,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('CreateRepository', 'DeleteRepository', 'PutImageTagMutability', 'PutImageScanningConfiguration',
                        'PutLifecyclePolicy', 'DeleteLifecyclePolicy', 'PutReplicationConfiguration', 'PutRegistryScanningConfiguration')
   AND +e.event_source = 'ecr.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
