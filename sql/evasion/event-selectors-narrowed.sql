-- title: Event selectors that leave management events out
-- about: PutEventSelectors calls after which a trail no longer records all management events: none at all, only reads
--   or only writes, some sources excluded, or advanced selectors without them. The trail still reports that it is
--   logging.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, trail, left_out, source_ip_address, outcome, event_id
-- attack: T1685.002
-- see: AWS CloudTrail API Reference, PutEventSelectors; Stratus Red Team, Disable CloudTrail Logging Through Event
--   Selectors
-- level: high
WITH calls AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE e.event_name = 'PutEventSelectors' AND +e.event_source = 'cloudtrail.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
judged AS (
  SELECT c.*,
         CASE WHEN json_array_length(c.request, '$.advancedEventSelectors') > 0 THEN
                CASE WHEN NOT EXISTS (SELECT 1 FROM json_each(c.request, '$.advancedEventSelectors') s,
                                        json_each(s.value, '$.fieldSelectors') f
                                       WHERE f.value ->> '$.field' = 'eventCategory' AND f.value -> '$.equals' LIKE '%"Management"%')
                     THEN 'all management events'
                     WHEN EXISTS (SELECT 1 FROM json_each(c.request, '$.advancedEventSelectors') s,
                                    json_each(s.value, '$.fieldSelectors') f, json_each(s.value, '$.fieldSelectors') m
                                   WHERE m.value ->> '$.field' = 'eventCategory' AND m.value -> '$.equals' LIKE '%"Management"%'
                                     AND f.value ->> '$.field' <> 'eventCategory')
                     THEN 'some management events' END
              WHEN NOT EXISTS (SELECT 1 FROM json_each(c.request, '$.eventSelectors') s WHERE s.value ->> '$.includeManagementEvents')
              THEN 'all management events'
              WHEN NOT EXISTS (SELECT 1 FROM json_each(c.request, '$.eventSelectors') s
                                WHERE s.value ->> '$.includeManagementEvents'
                                  AND ifnull(s.value ->> '$.readWriteType', 'All') = 'All')
              THEN 'management events that read or that write'
              ELSE (SELECT 'management events of ' || group_concat(x.value)
                      FROM json_each(c.request, '$.eventSelectors') s, json_each(s.value, '$.excludeManagementEventSources') x)
         END AS left_out
    FROM calls c)
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.request ->> '$.trailName' AS trail,
       e.left_out, e.source_ip_address, e.outcome, e.event_id
  FROM judged e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.left_out IS NOT NULL
 ORDER BY e.time, e.id;
