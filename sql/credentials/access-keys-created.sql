-- title: Access keys created, and whether they were used
-- about: Who made an access key for whom, with the key itself, and what is known of its use: first and last time,
--   how many addresses. A key made for another user, or used at once from elsewhere, is a back door.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, target (the key's user), own (1 where it is the actor's own),
--   issued_access_key_id, source_ip_address, outcome, first_used, last_used, uses, addresses (that used it), event_id
-- attack: T1098.001
-- see: AWS IAM User Guide, Managing access keys for IAM users; Stratus Red Team, Create an Access Key on an IAM User
-- signal: high
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal,
       coalesce(record(e.id) ->> '$.requestParameters.userName', record(e.id) ->> '$.responseElements.accessKey.userName',
                i.user_name) AS target,
       coalesce(record(e.id) ->> '$.requestParameters.userName', i.user_name) IS i.user_name AND i.type IN ('IAMUser', 'Root') AS own,
       e.issued_access_key_id, e.source_ip_address, e.outcome,
       (SELECT min(k.event_time) FROM events k WHERE k.access_key_id = e.issued_access_key_id) AS first_used,
       (SELECT max(k.event_time) FROM events k WHERE k.access_key_id = e.issued_access_key_id) AS last_used,
       (SELECT count(*) FROM events k WHERE k.access_key_id = e.issued_access_key_id) AS uses,
       (SELECT count(DISTINCT k.source_ip_address) FROM events k WHERE k.access_key_id = e.issued_access_key_id) AS addresses,
       e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name = 'CreateAccessKey' AND +e.event_source = 'iam.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
