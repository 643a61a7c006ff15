-- title: Objects and disks encrypted with a key of another account
-- about: Ransom by re-encryption: objects written or copied, a bucket's default set, or volumes and snapshots copied
--   under a KMS key of a foreign account, or with a customer-provided key (SSE-C), which AWS does not store.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: known list: one's own accounts, in addition to that of the event
-- columns: event_time, principal, event_name, target (bucket and key, snapshot or volume), kms_key, key_account
--   (SSE-C for a customer-provided key), source_ip_address, outcome, event_id
-- attack: T1486
-- see: AWS Security Blog, Preventing unintended encryption of Amazon S3 objects; AWS Customer Incident Response
--   Team, The anatomy of ransomware event targeting data in Amazon S3
-- level: high
-- slow: the key of each written object is only in the records, which are in most blocks of a case with data events
WITH written AS MATERIALIZED (
  SELECT e.id, e.time, e.event_time, e.event_name, e.identity_id, e.source_ip_address, e.recipient_account_id, e.outcome, e.event_id
    FROM events e
   WHERE ((e.event_name IN ('PutObject', 'CopyObject', 'CreateMultipartUpload', 'PutBucketEncryption') AND +e.event_source = 's3.amazonaws.com')
       OR (e.event_name IN ('CopySnapshot', 'CreateVolume', 'CopyImage', 'ModifyEbsDefaultKmsKeyId') AND +e.event_source = 'ec2.amazonaws.com')
       OR (e.event_name IN ('CopyDBSnapshot', 'CopyDBClusterSnapshot') AND +e.event_source = 'rds.amazonaws.com'))
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   -- In this order each block of records is unpacked once.
   ORDER BY e.id),
calls AS (
  SELECT w.*, record_value(w.id, 'requestParameters') AS request FROM written w),
keyed AS (
  SELECT c.*,
         coalesce(c.request ->> '$."x-amz-server-side-encryption-aws-kms-key-id"', c.request ->> '$.kmsKeyId', c.request ->> '$.KmsKeyId',
           c.request ->> '$.ModifyEbsDefaultKmsKeyIdRequest.KmsKeyId',
           c.request ->> '$.ServerSideEncryptionConfiguration.Rule.ApplyServerSideEncryptionByDefault.KMSMasterKeyID') AS kms_key,
         c.request ->> '$."x-amz-server-side-encryption-customer-algorithm"' AS customer
    FROM calls c)
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(e.request ->> '$.sourceSnapshotId', e.request ->> '$.snapshotId', e.request ->> '$.sourceImageId',
                e.request ->> '$.sourceDBSnapshotIdentifier',
                (e.request ->> '$.bucketName') || ifnull('/' || (e.request ->> '$.key'), '')) AS target,
       e.kms_key, CASE WHEN e.customer IS NOT NULL THEN 'SSE-C' ELSE arn_part(e.kms_key, 'account') END AS key_account,
       e.source_ip_address, e.outcome, e.event_id
  FROM keyed e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.customer IS NOT NULL
    OR (arn_part(e.kms_key, 'account') NOT IN (e.recipient_account_id, ifnull(i.account_id, ''))
        AND arn_part(e.kms_key, 'account') NOT IN (SELECT value FROM json_each(:known)))
 ORDER BY e.time, e.id;
