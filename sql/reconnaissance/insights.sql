-- title: Unusual call and error rates that CloudTrail Insights reported
-- about: Each unusual rate with its start and end, the usual and the unusual number of calls a minute, and the principal
--   and error that made most of it. Insights compares with the week before, so that a new tool or an intruder is visible.
--   An end that is missing is after the last file of the case.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: first_time (start), last_time (end), principal (with most of the calls), account, aws_region, event_source,
--   event_name, kind (of the rate), usual (calls a minute), unusual (calls a minute), minutes, error_code, example_event
-- attack: T1580, T1526, T1496
-- see: AWS CloudTrail User Guide, Working with CloudTrail Insights; CloudTrail record contents for Insights events
-- level: low
WITH insights AS MATERIALIZED (
  SELECT e.*, record(e.id) -> '$.insightDetails' AS insight
    FROM events e
   WHERE e.shared_event_id > '' AND e.facet_id IN (SELECT f.id FROM facets f WHERE f.event_category = 'Insight')
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
pairs AS (
  SELECT n.shared_event_id, n.recipient_account_id AS account,
         min(CASE WHEN n.insight ->> '$.state' = 'Start' THEN n.event_time END) AS first_time,
         max(CASE WHEN n.insight ->> '$.state' = 'End' THEN n.event_time END) AS last_time,
         -- The end has the whole statistics.
         substr(max((n.insight ->> '$.state' = 'End') || n.event_time || n.event_id), 22) AS event_id
    FROM insights n
   GROUP BY n.shared_event_id, n.recipient_account_id)
SELECT p.first_time, p.last_time,
       (SELECT a.value ->> '$.insight[0].value' FROM json_each(e.insight, '$.insightContext.attributions') a
         WHERE a.value ->> '$.attribute' = 'userIdentityArn') AS principal,
       p.account, e.aws_region, e.event_source, e.event_name, e.insight ->> '$.insightType' AS kind,
       e.insight ->> '$.insightContext.statistics.baseline.average' AS usual,
       e.insight ->> '$.insightContext.statistics.insight.average' AS unusual,
       e.insight ->> '$.insightContext.statistics.insightDuration' AS minutes,
       (SELECT nullif(a.value ->> '$.insight[0].value', 'null') FROM json_each(e.insight, '$.insightContext.attributions') a
         WHERE a.value ->> '$.attribute' = 'errorCode') AS error_code,
       e.event_id AS example_event
  FROM pairs p
  JOIN insights e ON e.event_id = p.event_id
 ORDER BY coalesce(p.first_time, p.last_time), e.event_id;
