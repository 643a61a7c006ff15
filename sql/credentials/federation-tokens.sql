-- title: Federation and session tokens of long-lived keys
-- about: GetFederationToken and GetSessionToken turn an access key into a session that survives the deletion of the
--   key and can open the console. Shows who requested one, with which policy, and whether it was used.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name, access_key_id (of the request), token_name*, policy (that was given with
--   it), issued_access_key_id*, source_ip_address, outcome*, uses* (of the new session), event_id
-- attack: T1550.001, T1098.001
-- see: AWS STS API Reference, GetFederationToken; Stratus Red Team, Generate temporary AWS credentials using
--   GetFederationToken
-- detections: federation-token, session-token
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name, e.access_key_id,
       record(e.id) ->> '$.requestParameters.name' AS token_name,
       coalesce(record(e.id) ->> '$.requestParameters.policy', record(e.id) ->> '$.requestParameters.policyArns') AS policy,
       e.issued_access_key_id, e.source_ip_address, e.outcome,
       (SELECT count(*) FROM events k WHERE k.access_key_id = e.issued_access_key_id) AS uses, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('GetFederationToken', 'GetSessionToken') AND +e.event_source = 'sts.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
