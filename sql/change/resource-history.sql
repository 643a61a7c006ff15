-- title: The whole history of a resource
-- about: Everything that names the resource, from its creation to its deletion: changes in full order with their
--   parameters, reads as one row for each day, caller and kind.
-- param: resource text required: a name, an id or an ARN
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, kind (change, or reads of a day), event_name, principal, source_ip_address, outcome, times,
--   request (its parameters, the first 300 characters), event_id (of a change, or of the first read)
-- see: AWS CloudTrail User Guide, Viewing CloudTrail events with event history
WITH named AS MATERIALIZED (
  SELECT DISTINCT er.event
    FROM resources r JOIN event_resources er ON er.resource = r.id
   WHERE r.name = :resource OR r.arn_end = :resource OR (r.name = arn_part(:resource, 'name') AND r.arn = :resource)),
history AS MATERIALIZED (
  SELECT e.id, e.time, e.event_time, e.event_name, e.source_ip_address, e.outcome, e.read_only, e.event_id,
         coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal
    FROM named n
    JOIN events e ON e.id = n.event
    LEFT JOIN identities i ON i.id = e.identity_id
   WHERE e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9))
SELECT h.event_time, 'change' AS kind, h.event_name, h.principal, h.source_ip_address, h.outcome, 1 AS times,
       substr(record(h.id) -> '$.requestParameters', 1, 300) AS request, h.event_id
  FROM history h
 WHERE h.read_only IS NOT 1
 UNION ALL
SELECT min(h.event_time), 'reads of a day', h.event_name, h.principal, min(h.source_ip_address), h.outcome, count(*), NULL,
       min(h.event_id)
  FROM history h
 WHERE h.read_only = 1
 GROUP BY date(h.event_time), h.event_name, h.principal, h.outcome
 ORDER BY 1, 2, 3, 9;
