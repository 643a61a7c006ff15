-- title: Events whose time cannot be read
-- about: Events without a valid time. They belong to no period, so every query with a period excludes them, even if
--   no period was given.
-- columns: event_name, event_source, principal, source_ip_address, time_as_recorded, file, event_id
-- see: AWS CloudTrail User Guide, CloudTrail record contents (eventTime)
SELECT e.event_name, e.event_source, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.source_ip_address,
       record(e.id) ->> '$.eventTime' AS time_as_recorded, f.path AS file, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
  LEFT JOIN files f ON f.id = e.file_id
 WHERE e.time IS NULL
 ORDER BY e.id;
