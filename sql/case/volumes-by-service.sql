-- title: How much each service was used
-- about: Events by service, with reads, changes, denied and failed ones, principals and the period: the first look
--   at what an account does, and at what dominates the case.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_source, events, changes (events that are not read-only), denied, errors, principals, regions,
--   first_time, last_time
-- see: AWS CloudTrail User Guide, Viewing CloudTrail events with event history
-- slow: it counts every event of the case; a period makes it quick
SELECT e.event_source, count(*) AS events, sum(e.read_only IS NOT 1) AS changes, sum(e.outcome = 'denied') AS denied,
       sum(e.outcome = 'error') AS errors, count(DISTINCT e.identity_id) AS principals, count(DISTINCT e.aws_region) AS regions,
       min(e.event_time) AS first_time, max(e.event_time) AS last_time
  FROM events e
 WHERE e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 GROUP BY e.event_source
 ORDER BY events DESC, e.event_source;
