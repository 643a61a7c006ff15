-- title: What was read from which bucket
-- about: Objects read and bytes sent, by bucket and principal, if the trail records data events; without them the
--   answer is empty, which does not mean that nothing was read. Lists of keys are counted separately. A copy reads
--   the bucket or access point that it copies from; the bytes of the object remain inside S3 and are not in the
--   record.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: bytes integer = 0: the least number of bytes
-- columns: bucket, principal, reads, bytes, lists, denied, addresses (how many), first_time, last_time
-- attack: T1530
-- see: Amazon S3 User Guide, Amazon S3 CloudTrail events
-- slow: each read is joined to its bucket; data events are most of a case
WITH used AS (
  SELECT e.id, e.identity_id, e.event_name, e.outcome, e.bytes_out, e.source_ip_address, e.event_time
    FROM events e
   WHERE e.event_name IN ('GetObject', 'SelectObjectContent', 'GetObjectTorrent', 'ListObjects', 'ListObjectVersions', 'CopyObject',
                          'UploadPartCopy')
     AND +e.event_source = 's3.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
-- bucket/key, /bucket/key or an ARN, percent-encoded or not; what follows the first / is the key.
copies AS MATERIALIZED (
  SELECT u.id, ltrim(replace(replace(replace(replace(record_value(u.id, 'requestParameters.x-amz-copy-source'),
                                                     '%2F', '/'), '%2f', '/'), '%3A', ':'), '%3a', ':'), '/') || '/' AS source
    FROM used u
   WHERE u.event_name IN ('CopyObject', 'UploadPartCopy')),
sources AS MATERIALIZED (
  SELECT c.id, CASE WHEN c.source GLOB 'arn:*:s3:::*' THEN substr(c.source, instr(c.source, ':::') + 3)
                    WHEN c.source GLOB 'arn:*/object/*' THEN replace(substr(c.source, 1, instr(c.source, '/object/') - 1), '/', '\') || '/'
                    ELSE c.source END AS source
    FROM copies c)
SELECT CASE WHEN u.event_name IN ('CopyObject', 'UploadPartCopy')
            THEN (SELECT replace(substr(s.source, 1, instr(s.source, '/') - 1), '\', '/') FROM sources s WHERE s.id = u.id)
            ELSE (SELECT r.name FROM event_resources er JOIN resources r ON r.id = er.resource
                   WHERE er.event = u.id AND r.type = 'AWS::S3::Bucket' ORDER BY r.arn IS NULL LIMIT 1) END AS bucket,
       coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal,
       sum(u.event_name NOT LIKE 'List%' AND u.outcome = 'ok') AS reads, ifnull(sum(u.bytes_out), 0) AS bytes,
       sum(u.event_name LIKE 'List%') AS lists, sum(u.outcome = 'denied') AS denied,
       count(DISTINCT u.source_ip_address) AS addresses, min(u.event_time) AS first_time, max(u.event_time) AS last_time
  FROM used u
  LEFT JOIN identities i ON i.id = u.identity_id
 GROUP BY bucket, u.identity_id
HAVING ifnull(sum(u.bytes_out), 0) >= :bytes
 ORDER BY bytes DESC, reads DESC, bucket, principal;
