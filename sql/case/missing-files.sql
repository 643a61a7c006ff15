-- title: Files that a digest lists and the case does not have
-- about: CloudTrail says in its digest files what it delivered. A file that is listed there and was never imported
--   was not downloaded, or was deleted; what happened in its time cannot be ruled out.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: account, digest_end_time, s3_object, oldest_event_time, newest_event_time, digest
-- attack: T1070
-- see: AWS CloudTrail User Guide, Validating CloudTrail log file integrity
-- signal: high
SELECT d.aws_account_id AS account, d.digest_end_time, f.s3_object, f.oldest_event_time, f.newest_event_time,
       d.digest_s3_object AS digest
  FROM digest_files f
  JOIN digests d ON d.id = f.digest
 WHERE NOT EXISTS (SELECT 1 FROM files x WHERE x.path LIKE '%' || substr(f.s3_object, -60))
   AND unixepoch(d.digest_end_time) BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY account, d.digest_end_time, f.s3_object;
