-- title: Queues, topics, secrets and images opened to others
-- about: Resource policies of SQS, SNS, Secrets Manager, ECR, KMS-like stores and backup vaults that allow everybody
--   or another account. Access given this way appears in no IAM user or role.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_source, event_name*, resource*, allowed* (accounts that are not the owner's, *
--   for everybody), with_condition, source_ip_address, outcome*, event_id
-- attack: T1098, T1537
-- see: AWS IAM User Guide, AWS services that work with IAM (resource-based policies)
-- level: medium
WITH calls AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE ((e.event_name IN ('SetQueueAttributes', 'CreateQueue') AND +e.event_source = 'sqs.amazonaws.com')
       OR (e.event_name IN ('SetTopicAttributes', 'CreateTopic') AND +e.event_source = 'sns.amazonaws.com')
       OR (e.event_name = 'PutResourcePolicy')
       OR (e.event_name = 'SetRepositoryPolicy' AND +e.event_source = 'ecr.amazonaws.com')
       OR (e.event_name IN ('PutBackupVaultAccessPolicy', 'PutFileSystemPolicy', 'PutEventBusPolicy')))
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
allowed AS (
  SELECT c.id, group_concat(DISTINCT p.value) AS allowed, min(s.value ->> '$.condition' IS NOT NULL) AS with_condition
    FROM calls c,
         json_each(policy_statements(coalesce(c.request ->> '$.attributes.Policy', c.request ->> '$.attribute.Policy',
           c.request ->> '$.attributeValue', c.request ->> '$.resourcePolicy', c.request ->> '$.policyText', c.request ->> '$.policy',
           c.request ->> '$.policyDocument'))) s,
         json_each(s.value, '$.principals') p
   WHERE s.value ->> '$.effect' = 'Allow'
     AND (p.value = '*' OR (p.value GLOB '[0-9]*' AND p.value <> c.recipient_account_id)
          OR arn_part(p.value, 'account') <> c.recipient_account_id)
   GROUP BY c.id)
SELECT c.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, c.event_source, c.event_name,
       coalesce(c.request ->> '$.queueUrl', c.request ->> '$.queueName', c.request ->> '$.topicArn', c.request ->> '$.name',
                c.request ->> '$.secretId', c.request ->> '$.repositoryName', c.request ->> '$.resourceArn',
                c.request ->> '$.backupVaultName', c.request ->> '$.fileSystemId') AS resource,
       a.allowed, a.with_condition, c.source_ip_address, c.outcome, c.event_id
  FROM allowed a
  JOIN calls c ON c.id = a.id
  LEFT JOIN identities i ON i.id = c.identity_id
 ORDER BY c.time, c.id;
