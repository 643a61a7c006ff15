-- title: Who read how much from S3, day by day
-- about: Bytes and objects that each principal read on each day and from where, largest first. A day far above the
--   others of the same principal looks like a copy of a bucket. A copy inside S3 (CopyObject) is a read too; the
--   bytes of its object are not in the record.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: day, principal, source_ip_address, reads, bytes, usual_bytes (of this principal on an average day of the
--   period), first_time, last_time
-- attack: T1530, T1567.002
-- see: Amazon S3 User Guide, Amazon S3 CloudTrail events
WITH days AS MATERIALIZED (
  SELECT substr(e.event_time, 1, 10) AS day, e.identity_id, e.source_ip_address, count(*) AS reads,
         ifnull(sum(e.bytes_out), 0) AS bytes, min(e.event_time) AS first_time, max(e.event_time) AS last_time
    FROM events e
   WHERE e.event_name IN ('GetObject', 'SelectObjectContent', 'GetObjectTorrent', 'CopyObject', 'UploadPartCopy')
     AND +e.event_source = 's3.amazonaws.com' AND +e.outcome = 'ok'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2, 3),
usual AS MATERIALIZED (
  SELECT identity_id, sum(bytes) / count(DISTINCT day) AS bytes FROM days GROUP BY identity_id)
SELECT d.day, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, d.source_ip_address, d.reads, d.bytes,
       u.bytes AS usual_bytes, d.first_time, d.last_time
  FROM days d
  JOIN usual u ON u.identity_id IS d.identity_id
  LEFT JOIN identities i ON i.id = d.identity_id
 ORDER BY d.bytes DESC, d.reads DESC, d.day, principal;
