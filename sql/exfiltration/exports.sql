-- title: Instances, images, tables and databases exported
-- about: Exports to a bucket or to another format: machine images, instances, DynamoDB tables, RDS snapshots, and
--   replication of a bucket to elsewhere. Each creates a complete copy that leaves another way.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_source, event_name, source, destination (bucket), source_ip_address,
--   outcome, event_id
-- attack: T1537, T1567.002
-- see: Amazon RDS User Guide, Exporting DB snapshot data to Amazon S3; VM Import/Export User Guide
-- detections: image-exported, rds-snapshot-exported, dynamodb-exported, s3-replication-set, s3-inventory,
--   datasync-transfer
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_source, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.sourceArn', record(e.id) ->> '$.requestParameters.tableArn',
                record(e.id) ->> '$.requestParameters.imageId', record(e.id) ->> '$.requestParameters.instanceId',
                record(e.id) ->> '$.requestParameters.bucketName') AS source,
       coalesce(record(e.id) ->> '$.requestParameters.s3BucketName', record(e.id) ->> '$.requestParameters.s3Bucket',
                record(e.id) ->> '$.requestParameters.exportToS3.s3Bucket', record(e.id) ->> '$.requestParameters.bucket',
                record(e.id) ->> '$.requestParameters.s3ExportLocation.s3Bucket',
                record(e.id) ->> '$.requestParameters.ReplicationConfiguration.Rule.Destination.Bucket') AS destination,
       e.source_ip_address, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('CreateInstanceExportTask', 'ExportImage', 'CreateStoreImageTask') AND +e.event_source = 'ec2.amazonaws.com')
     OR (e.event_name = 'StartExportTask' AND +e.event_source = 'rds.amazonaws.com')
     OR (e.event_name = 'ExportTableToPointInTime' AND +e.event_source = 'dynamodb.amazonaws.com')
     OR (e.event_name IN ('PutBucketReplication', 'PutBucketInventoryConfiguration') AND +e.event_source = 's3.amazonaws.com')
     OR (e.event_name IN ('CreateLocationS3', 'CreateTask') AND +e.event_source = 'datasync.amazonaws.com'))
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
