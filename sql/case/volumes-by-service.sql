-- title: How much each service was used
-- about: Events by service, with changes, denied and failed calls, and the number of different calls and Regions: a
--   first look at what an account does and what dominates the case. A period is rounded to whole hours, since the
--   counts are computed at import.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_source, events, changes (events that are not read-only), denied, errors, names (different event
--   names), regions, accounts, first_hour, last_hour
-- see: AWS CloudTrail User Guide, Viewing CloudTrail events with event history
SELECT f.event_source, sum(h.events) AS events, sum(CASE WHEN f.read_only IS NOT 1 THEN h.events ELSE 0 END) AS changes,
       sum(CASE WHEN f.outcome = 'denied' THEN h.events ELSE 0 END) AS denied,
       sum(CASE WHEN f.outcome = 'error' THEN h.events ELSE 0 END) AS errors, count(DISTINCT f.event_name) AS names,
       count(DISTINCT f.aws_region) AS regions, count(DISTINCT f.recipient_account_id) AS accounts,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(h.hour), 'unixepoch') AS first_hour,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(h.hour), 'unixepoch') AS last_hour
  FROM hourly_counts h
  JOIN facets f ON f.id = h.facet
 WHERE h.hour BETWEEN ifnull(unixepoch(:since), 0) - 3599 AND ifnull(unixepoch(:until), 9e9)
 GROUP BY f.event_source
 ORDER BY events DESC, f.event_source;
