-- title: Files that a digest lists and the case does not have
-- about: CloudTrail's digest files list what it delivered. A listed file that was never imported was not downloaded,
--   or was deleted; events in its period may be missing. Names are unique: a file of that name in any folder or
--   archive counts as present, with or without .gz.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: account, digest_end_time, s3_object, oldest_event_time, newest_event_time, digest
-- attack: T1070
-- see: AWS CloudTrail User Guide, Validating CloudTrail log file integrity
-- level: medium
WITH present AS MATERIALIZED (
  SELECT ('[' || replace(json_quote(substr(p.path, 1, instr(p.path || '#sha256:', '#sha256:') - 1)), '/', '","') || ']') ->> '$[#-1]' AS name
    FROM (SELECT replace(path, '!', '/') AS path FROM files) p),
listed AS MATERIALIZED (
  SELECT f.*, ('[' || replace(json_quote(f.s3_object), '/', '","') || ']') ->> '$[#-1]' AS name FROM digest_files f)
SELECT d.aws_account_id AS account, d.digest_end_time, f.s3_object, f.oldest_event_time, f.newest_event_time,
       d.digest_s3_object AS digest
  FROM listed f
  JOIN digests d ON d.id = f.digest
 WHERE replace(ifnull(f.name, '') || '/', '.gz/', '/') NOT IN (SELECT replace(name || '/', '.gz/', '/') FROM present)
   AND unixepoch(d.digest_end_time) BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY account, d.digest_end_time, f.s3_object;
