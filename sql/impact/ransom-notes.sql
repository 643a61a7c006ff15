-- title: Protection of buckets and backups taken away
-- about: Steps before data can be held to ransom: versioning suspended, MFA delete and object lock weakened,
--   life-cycle rules that empty a bucket within days, backup plans, recovery points and automated backups deleted,
--   deletion protection and the default encryption of volumes off.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_source, event_name, target, what, source_ip_address, outcome, event_id
-- attack: T1490, T1485
-- see: AWS Customer Incident Response Team, The anatomy of ransomware event targeting data in Amazon S3
-- detections: s3-versioning-suspended, s3-mfa-delete-off, s3-lifecycle-short, s3-object-lock-changed,
--   s3-replication-deleted, backup-deleted, backup-plan-deleted, backup-lock-removed, rds-deletion-protection-off,
--   rds-backups-off, rds-backup-deleted, dynamodb-recovery-off, dynamodb-deletion-protection-off,
--   ebs-public-block-off, ebs-snapshot-unlocked, ebs-default-encryption-off
WITH calls AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE ((e.event_name IN ('PutBucketVersioning', 'PutBucketLifecycle', 'PutBucketLifecycleConfiguration', 'DeleteBucketReplication',
             'PutObjectLockConfiguration', 'PutBucketObjectLockConfiguration') AND +e.event_source = 's3.amazonaws.com')
       OR (e.event_name IN ('DeleteBackupPlan', 'DeleteBackupSelection', 'DeleteBackupVault', 'DeleteRecoveryPoint',
             'DeleteBackupVaultLockConfiguration', 'UpdateRecoveryPointLifecycle') AND +e.event_source = 'backup.amazonaws.com')
       OR (e.event_name IN ('ModifyDBInstance', 'ModifyDBCluster', 'DeleteDBInstanceAutomatedBackup', 'DeleteDBClusterAutomatedBackup')
           AND +e.event_source = 'rds.amazonaws.com')
       OR (e.event_name IN ('UpdateContinuousBackups', 'UpdateTable') AND +e.event_source = 'dynamodb.amazonaws.com')
       OR (e.event_name IN ('DisableSnapshotBlockPublicAccess', 'DeleteSnapshotLock', 'UnlockSnapshot', 'DisableEbsEncryptionByDefault')
           AND +e.event_source = 'ec2.amazonaws.com'))
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
judged AS (
  SELECT c.*,
         CASE WHEN c.event_name = 'PutBucketVersioning' THEN
                CASE WHEN c.request ->> '$.VersioningConfiguration.Status' = 'Suspended' THEN 'versioning suspended'
                     WHEN c.request ->> '$.VersioningConfiguration.MfaDelete' = 'Disabled' THEN 'MFA delete disabled' END
              WHEN c.event_name LIKE 'PutBucketLifecycle%' THEN
                (SELECT 'objects expire after ' || min(CAST(r.value ->> '$.Expiration.Days' AS INTEGER)) || ' days'
                   FROM json_each(CASE json_type(c.request, '$.LifecycleConfiguration.Rule')
                                  WHEN 'array' THEN c.request -> '$.LifecycleConfiguration.Rule'
                                  WHEN 'object' THEN json_array(c.request -> '$.LifecycleConfiguration.Rule') END) r
                  WHERE ifnull(r.value ->> '$.Status', 'Enabled') = 'Enabled' AND CAST(r.value ->> '$.Expiration.Days' AS INTEGER) <= 7
                 HAVING count(*) > 0)
              WHEN c.event_name LIKE '%ObjectLockConfiguration' THEN 'object lock changed'
              WHEN c.event_source = 'rds.amazonaws.com' THEN
                CASE WHEN c.event_name LIKE '%AutomatedBackup' THEN 'automated backup deleted'
                     WHEN c.request ->> '$.deletionProtection' = 0 THEN 'deletion protection off'
                     WHEN c.request ->> '$.backupRetentionPeriod' = 0 THEN 'automatic backups off' END
              WHEN c.event_source = 'dynamodb.amazonaws.com' THEN
                CASE WHEN c.request ->> '$.pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled' = 0 THEN 'point-in-time recovery off'
                     WHEN c.request ->> '$.deletionProtectionEnabled' = 0 THEN 'deletion protection off' END
              WHEN c.event_name = 'DisableEbsEncryptionByDefault' THEN 'default encryption of volumes off'
              ELSE 'backup or protection taken away' END AS what
    FROM calls c)
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_source, e.event_name,
       coalesce(e.request ->> '$.bucketName', e.request ->> '$.backupVaultName', e.request ->> '$.backupPlanId',
                e.request ->> '$.dBInstanceIdentifier', e.request ->> '$.dBClusterIdentifier', e.request ->> '$.tableName',
                e.request ->> '$.dbiResourceId', e.request ->> '$.dbClusterResourceId') AS target,
       e.what, e.source_ip_address, e.outcome, e.event_id
  FROM judged e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.what IS NOT NULL
 ORDER BY e.time, e.id;
