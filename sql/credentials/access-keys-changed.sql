-- title: Access keys activated, deactivated and deleted
-- about: The life of access keys after their creation. A key that is reactivated after a pause is a way in; several
--   deleted keys cover tracks or lock out the owners.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, target (the key's user), access_key (that was changed), status,
--   source_ip_address, outcome, event_id
-- attack: T1098.001, T1531
-- see: AWS IAM User Guide, Managing access keys for IAM users
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.userName', i.user_name) AS target,
       record(e.id) ->> '$.requestParameters.accessKeyId' AS access_key,
       record(e.id) ->> '$.requestParameters.status' AS status, e.source_ip_address, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('UpdateAccessKey', 'DeleteAccessKey') AND +e.event_source = 'iam.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
