-- title: What the case covers: account by account, hour by hour
-- about: For each account and Region, every hour from its first to its last event, and the state of hours without
--   events by the digest files: an hour for which a digest lists no file was quiet, an hour of listed files that are
--   not in the case is missing, an hour after StopLogging was not recorded. Without a digest the state is unknown.
--   Consecutive hours with the same state are one row.
-- param: gaps integer = 0: 1 shows only hours that are not covered
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: account, aws_region, from_time, to_time (exclusive), hours, state (events, quiet, missing, stopped or
--   unknown), events, why
-- attack: T1685.002
-- see: AWS CloudTrail User Guide, CloudTrail digest file structure
WITH RECURSIVE counted AS MATERIALIZED (
  SELECT f.recipient_account_id AS account, f.aws_region, h.hour / 3600 AS hour, sum(h.events) AS events
    FROM hourly_counts h
    JOIN facets f ON f.id = h.facet
   WHERE f.recipient_account_id IS NOT NULL AND f.aws_region IS NOT NULL
     AND h.hour BETWEEN ifnull(unixepoch(:since), 0) - 3599 AND ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2, 3),
spans AS MATERIALIZED (SELECT account, aws_region, min(hour) AS first, max(hour) AS last FROM counted GROUP BY 1, 2),
hours(account, aws_region, hour, last) AS (
  SELECT account, aws_region, first, last FROM spans
   UNION ALL
  SELECT account, aws_region, hour + 1, last FROM hours WHERE hour < last),
-- A file is present by its name, which CloudTrail gives to no other, in any folder or archive, with or without .gz.
present AS MATERIALIZED (
  SELECT ('[' || replace(json_quote(substr(p.path, 1, instr(p.path || '#sha256:', '#sha256:') - 1)), '/', '","') || ']') ->> '$[#-1]' AS name
    FROM (SELECT replace(path, '!', '/') AS path FROM files) p),
listed AS MATERIALIZED (
  SELECT f.digest, ('[' || replace(json_quote(f.s3_object), '/', '","') || ']') ->> '$[#-1]' AS name FROM digest_files f),
absent AS MATERIALIZED (
  SELECT digest, count(*) AS files FROM listed
   WHERE replace(ifnull(name, '') || '/', '.gz/', '/') NOT IN (SELECT replace(name || '/', '.gz/', '/') FROM present)
   GROUP BY digest),
-- A digest speaks of what was delivered in its hour, some minutes after it happened.
told AS MATERIALIZED (
  SELECT d.aws_account_id AS account, substr(d.digest_s3_object, instr(d.digest_s3_object, '/CloudTrail-Digest/') + 19) AS rest,
         unixepoch(d.digest_start_time) / 3600 AS first, (unixepoch(d.digest_end_time) - 1) / 3600 AS last,
         ifnull(a.files, 0) AS absent
    FROM digests d
    LEFT JOIN absent a ON a.digest = d.id),
spoken(account, aws_region, hour, last, absent) AS (
  SELECT account, substr(rest, 1, instr(rest, '/') - 1), first, last, absent FROM told WHERE first <= last
   UNION ALL
  SELECT account, aws_region, hour + 1, last, absent FROM spoken WHERE hour < last),
digest_hours AS MATERIALIZED (
  SELECT account, aws_region, hour, max(absent) AS absent FROM spoken GROUP BY 1, 2, 3),
halts AS MATERIALIZED (
  SELECT e.recipient_account_id AS account, e.time AS stopped,
         (SELECT min(s.time) FROM events s WHERE s.event_name IN ('StartLogging', 'CreateTrail') AND s.time > e.time AND +s.outcome = 'ok'
             AND +s.recipient_account_id IS e.recipient_account_id) AS started
    FROM events e
   WHERE e.event_name IN ('StopLogging', 'DeleteTrail') AND +e.event_source = 'cloudtrail.amazonaws.com' AND +e.outcome = 'ok'),
judged AS MATERIALIZED (
  SELECT h.account, h.aws_region, h.hour, ifnull(c.events, 0) AS events,
         CASE WHEN c.events > 0 AND d.absent > 0 THEN 'missing'
              WHEN c.events > 0 THEN 'events'
              WHEN EXISTS (SELECT 1 FROM halts x WHERE x.account = h.account AND h.hour * 3600 >= x.stopped
                              AND (h.hour + 1) * 3600 <= ifnull(x.started, 9e9)) THEN 'stopped'
              WHEN d.absent > 0 THEN 'missing'
              WHEN d.hour IS NOT NULL THEN 'quiet'
              ELSE 'unknown' END AS state
    FROM hours h
    LEFT JOIN counted c ON c.account = h.account AND c.aws_region = h.aws_region AND c.hour = h.hour
    LEFT JOIN digest_hours d ON d.account = h.account AND d.aws_region = h.aws_region AND d.hour = h.hour),
runs AS (
  SELECT j.*, j.hour - row_number() OVER (PARTITION BY j.account, j.aws_region, j.state ORDER BY j.hour) AS run FROM judged j)
SELECT r.account, r.aws_region, strftime('%Y-%m-%dT%H:%M:%SZ', min(r.hour) * 3600, 'unixepoch') AS from_time,
       strftime('%Y-%m-%dT%H:%M:%SZ', (max(r.hour) + 1) * 3600, 'unixepoch') AS to_time, count(*) AS hours, r.state,
       sum(r.events) AS events,
       CASE r.state WHEN 'quiet' THEN 'a digest lists no file that is not in the case'
            WHEN 'missing' THEN 'a digest lists files that are not in the case'
            WHEN 'stopped' THEN 'after StopLogging or DeleteTrail'
            WHEN 'unknown' THEN 'no digest speaks of it' END AS why
  FROM runs r
 WHERE :gaps = 0 OR r.state NOT IN ('events', 'quiet')
 GROUP BY r.account, r.aws_region, r.state, r.run
 ORDER BY r.account, r.aws_region, from_time;
