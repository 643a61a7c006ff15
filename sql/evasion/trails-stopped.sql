-- title: Trails stopped and deleted
-- about: StopLogging and DeleteTrail, and event data stores stopped or deleted: from here on there may be nothing to
--   read. Tells when logging of the same trail began again, so that the blind time is known.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, trail, source_ip_address, aws_region, account, outcome, started_again,
--   event_id
-- attack: T1562.008
-- see: AWS CloudTrail User Guide, Security best practices in AWS CloudTrail; Stratus Red Team, Stop CloudTrail Trail
-- signal: high
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.name', record(e.id) ->> '$.requestParameters.eventDataStore') AS trail,
       e.source_ip_address, e.aws_region, e.recipient_account_id AS account, e.outcome,
       (SELECT min(s.event_time) FROM events s
         WHERE s.event_name IN ('StartLogging', 'StartEventDataStoreIngestion') AND s.time >= e.time AND +s.outcome = 'ok'
           AND e.outcome = 'ok' AND +s.recipient_account_id IS e.recipient_account_id
           AND arn_part('arn:aws:cloudtrail:::trail/' || replace(coalesce(record(s.id) ->> '$.requestParameters.name',
                 record(s.id) ->> '$.requestParameters.eventDataStore'), ':', '/'), 'name')
             = arn_part('arn:aws:cloudtrail:::trail/' || replace(coalesce(record(e.id) ->> '$.requestParameters.name',
                 record(e.id) ->> '$.requestParameters.eventDataStore'), ':', '/'), 'name')) AS started_again,
       e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('StopLogging', 'DeleteTrail', 'StopEventDataStoreIngestion', 'DeleteEventDataStore')
   AND +e.event_source = 'cloudtrail.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
