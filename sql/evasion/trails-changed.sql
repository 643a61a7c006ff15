-- title: Trails changed
-- about: UpdateTrail and similar calls with their requests: another bucket, one Region instead of all, no validation,
--   no key, no CloudWatch Logs. Each may quietly remove what an investigation needs.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, trail, request (its other parameters), source_ip_address, outcome,
--   event_id
-- attack: T1685.002
-- see: AWS CloudTrail API Reference, UpdateTrail
-- detections: trail-changed, trail-weakened, trail-insights-changed, trail-admin-removed, trail-channel-changed
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.name', record(e.id) ->> '$.requestParameters.trailName',
                record(e.id) ->> '$.requestParameters.eventDataStore') AS trail,
       json_remove(record(e.id) -> '$.requestParameters', '$.name') AS request, e.source_ip_address, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('UpdateTrail', 'UpdateEventDataStore', 'PutInsightSelectors', 'DeregisterOrganizationDelegatedAdmin',
                        'DeleteResourcePolicy', 'DeleteChannel', 'UpdateChannel')
   AND +e.event_source = 'cloudtrail.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
