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
WITH pairs AS MATERIALIZED (
  SELECT e.recipient_account_id AS account, e.aws_region, e.file_id, e.time, count(*) AS events
    FROM events e
   WHERE e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2, 3, 4),
delays AS (
  SELECT p.*, f.delivered_at, unixepoch(f.delivered_at) - p.time AS delay
    FROM pairs p
    JOIN files f ON f.id = p.file_id
   WHERE f.delivered_at IS NOT NULL)
SELECT d.account, d.aws_region, sum(d.events) AS events, sum(d.delay * d.events) / sum(d.events) / 60 AS average_minutes,
       max(d.delay) / 60 AS longest_minutes, sum(CASE WHEN d.delay > 1800 THEN d.events ELSE 0 END) AS late_events,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(d.time), 'unixepoch') AS newest_event, max(d.delivered_at) AS newest_delivery
  FROM delays d
 GROUP BY d.account, d.aws_region
 ORDER BY d.account, d.aws_region;
