-- title: Files that a digest lists and the case does not have
-- about: CloudTrail's digest files list what it delivered. A listed file that was never imported was not downloaded,
--   or was deleted; events in its period may be missing. A file counts as present if the case has its content under any
--   name, or a file of its name in any folder or archive, with or without .gz. If the case has a call that deleted the
--   object, its caller is the principal.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: account, digest_end_time, s3_object, oldest_event_time, newest_event_time, digest, principal (who
--   deleted the object, as far as an event of the case names it)
-- attack: T1070
-- see: AWS CloudTrail User Guide, Validating CloudTrail log file integrity
-- level: medium
SELECT d.aws_account_id AS account, d.digest_end_time, f.s3_object, f.oldest_event_time, f.newest_event_time,
       d.digest_s3_object AS digest,
       (SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id)
          FROM resources r
          JOIN event_resources er ON er.resource = r.id
          JOIN events e ON e.id = er.event
          LEFT JOIN identities i ON i.id = e.identity_id
         WHERE r.arn_end = ('[' || replace(json_quote(f.s3_object), '/', '","') || ']') ->> '$[#-1]'
           AND r.arn = 'arn:aws:s3:::' || f.s3_bucket || '/' || f.s3_object
           AND e.event_name = 'DeleteObject' AND +e.outcome = 'ok'
         ORDER BY e.time, e.id LIMIT 1) AS principal
  FROM json_each(missing_digest_files()) m
  JOIN digest_files f ON f.rowid = m.value
  JOIN digests d ON d.id = f.digest
 WHERE unixepoch(d.digest_end_time) BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY account, d.digest_end_time, f.s3_object;
