-- title: How late events were delivered
-- about: The time between an event and the delivery of its file, by account and Region, as far as the names of the
--   files contain it. About five minutes is usual; much more means that the newest hours of the case are incomplete,
--   or that delivery was disturbed.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: account, aws_region, events, average_minutes, longest_minutes, late_events (more than half an hour),
--   newest_event, newest_delivery
-- see: AWS CloudTrail User Guide, Finding your CloudTrail log files
-- slow: it compares every event of the case with its file
WITH delivered AS MATERIALIZED (
  SELECT f.id, f.delivered_at, unixepoch(f.delivered_at) AS time FROM files f WHERE f.delivered_at IS NOT NULL)
SELECT e.recipient_account_id AS account, e.aws_region, count(*) AS events,
       sum(f.time - e.time) / count(*) / 60 AS average_minutes, max(f.time - e.time) / 60 AS longest_minutes,
       sum(f.time - e.time > 1800) AS late_events, strftime('%Y-%m-%dT%H:%M:%SZ', max(e.time), 'unixepoch') AS newest_event,
       max(f.delivered_at) AS newest_delivery
  FROM events e NOT INDEXED
  JOIN delivered f ON f.id = e.file_id
 WHERE e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 GROUP BY 1, 2
 ORDER BY 1, 2;
