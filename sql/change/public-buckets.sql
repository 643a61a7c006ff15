-- title: Buckets opened to the world
-- about: Bucket policies that allow everybody, ACLs that grant AllUsers or AuthenticatedUsers, and removed blocks of
--   public access. A policy with a condition may still be narrow; the row says so.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, bucket, how, source_ip_address, aws_region, outcome, event_id
-- attack: T1530, T1685
-- see: Amazon S3 User Guide, Blocking public access to your Amazon S3 storage
-- level: high
WITH calls AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE e.event_name IN ('PutBucketPolicy', 'PutBucketAcl', 'CreateBucket', 'PutObjectAcl', 'DeleteBucketPublicAccessBlock',
           'DeletePublicAccessBlock', 'DeleteAccountPublicAccessBlock', 'PutBucketPublicAccessBlock',
           'PutPublicAccessBlock', 'PutAccountPublicAccessBlock')
     AND +e.event_source IN ('s3.amazonaws.com', 's3-control.amazonaws.com')
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
found AS (
  SELECT c.*,
         CASE WHEN c.event_name LIKE 'Delete%PublicAccessBlock' THEN 'the block of public access is taken away'
              WHEN c.event_name LIKE 'Put%PublicAccessBlock' THEN
                CASE WHEN 0 IN (coalesce(c.request ->> '$.PublicAccessBlockConfiguration.BlockPublicAcls', 1) NOT IN (0, 'false'),
                                coalesce(c.request ->> '$.PublicAccessBlockConfiguration.IgnorePublicAcls', 1) NOT IN (0, 'false'),
                                coalesce(c.request ->> '$.PublicAccessBlockConfiguration.BlockPublicPolicy', 1) NOT IN (0, 'false'),
                                coalesce(c.request ->> '$.PublicAccessBlockConfiguration.RestrictPublicBuckets', 1) NOT IN (0, 'false'))
                     THEN 'the block of public access is opened' END
              WHEN instr(c.request, 'acs.amazonaws.com/groups/global/AllUsers') THEN 'an ACL for all users'
              WHEN instr(c.request, 'acs.amazonaws.com/groups/global/AuthenticatedUsers') THEN 'an ACL for all AWS users'
              WHEN instr(c.request -> '$."x-amz-acl"', 'public-read') THEN 'the ACL ' || (c.request ->> '$."x-amz-acl"')
              WHEN instr(c.request -> '$."x-amz-acl"', 'authenticated-read') THEN 'an ACL for all AWS users'
              ELSE (SELECT CASE WHEN s.value ->> '$.condition' IS NULL THEN 'a policy for everybody'
                                ELSE 'a policy for everybody, with a condition' END
                      FROM json_each(policy_statements(c.request -> '$.bucketPolicy')) s
                     WHERE s.value ->> '$.effect' = 'Allow'
                       AND EXISTS (SELECT 1 FROM json_each(s.value, '$.principals') p WHERE p.value = '*')
                     ORDER BY s.value ->> '$.condition' IS NOT NULL LIMIT 1) END AS how
    FROM calls c)
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       e.request ->> '$.bucketName' AS bucket, e.how, e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM found e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.how IS NOT NULL
 ORDER BY e.time, e.id;
