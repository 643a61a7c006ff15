-- title: Events whose time cannot be read
-- about: Events without a time, or with one that is none. They are in no period, and so in no answer that is limited
--   by one; every query that asks for a period leaves them out, whether one was given or not.
-- columns: event_name, event_source, principal, source_ip_address, time_as_recorded, file, event_id
-- see: AWS CloudTrail User Guide, CloudTrail record contents (eventTime)
SELECT e.event_name, e.event_source, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.source_ip_address,
       record(e.id) ->> '$.eventTime' AS time_as_recorded, f.path AS file, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
  LEFT JOIN files f ON f.id = e.file_id
 WHERE e.time IS NULL
 ORDER BY e.id;
