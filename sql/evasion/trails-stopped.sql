-- title: Trails stopped and deleted
-- about: StopLogging and DeleteTrail, and event data stores stopped or deleted: later events may be missing. Shows
--   when logging of the same trail started again, so that the blind period is known.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name*, trail*, source_ip_address, aws_region, account, outcome*, started_again*,
--   event_id
-- attack: T1685.002
-- see: AWS CloudTrail User Guide, Security best practices in AWS CloudTrail; Stratus Red Team, Stop CloudTrail Trail
-- detections: trail-stopped, trail-deleted, event-data-store-stopped, event-data-store-deleted
WITH calls AS MATERIALIZED (
  SELECT e.id, e.time, e.event_time, e.event_name, e.event_id, e.identity_id, e.source_ip_address, e.aws_region, e.outcome,
         e.recipient_account_id AS account,
         coalesce(record(e.id) ->> '$.requestParameters.name', record(e.id) ->> '$.requestParameters.eventDataStore') AS trail
    FROM events e
   WHERE e.event_name IN ('StopLogging', 'DeleteTrail', 'StopEventDataStoreIngestion', 'DeleteEventDataStore', 'StartLogging',
                          'StartEventDataStoreIngestion')
     AND +e.event_source = 'cloudtrail.amazonaws.com' AND e.time >= ifnull(unixepoch(:since), 0)),
-- A trail is called by its name or by its ARN.
followed AS (
  SELECT c.*, min(CASE WHEN c.event_name LIKE 'Start%' AND c.outcome = 'ok' THEN c.event_time END)
                OVER (PARTITION BY c.account, coalesce(arn_part(c.trail, 'name'), c.trail) ORDER BY c.time, c.id
                      ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS started_again
    FROM calls c)
SELECT f.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, f.event_name, f.trail,
       f.source_ip_address, f.aws_region, f.account, f.outcome,
       CASE WHEN f.outcome = 'ok' THEN f.started_again END AS started_again, f.event_id
  FROM followed f
  LEFT JOIN identities i ON i.id = f.identity_id
 WHERE f.event_name NOT LIKE 'Start%' AND f.time <= ifnull(unixepoch(:until), 9e9)
 ORDER BY f.time, f.id;
