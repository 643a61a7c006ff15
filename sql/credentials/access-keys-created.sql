-- title: Access keys created, and whether they were used
-- about: Who created an access key for whom, the key itself, and its use: first and last time, number of addresses. A
--   key created for another user, or used at once from elsewhere, is a back door.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, target* (the key's user), own (1 if it is the actor's own), issued_access_key_id*,
--   source_ip_address, outcome*, first_used, last_used, uses*, addresses (that used it), event_id
-- attack: T1098.001
-- see: AWS IAM User Guide, Managing access keys for IAM users; Stratus Red Team, Create an Access Key on an IAM User
-- detections: access-key-created
WITH made AS MATERIALIZED (
  SELECT e.* FROM events e
   WHERE e.event_name = 'CreateAccessKey' AND +e.event_source = 'iam.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
used AS MATERIALIZED (
  SELECT k.access_key_id, min(k.event_time) AS first_used, max(k.event_time) AS last_used, count(*) AS uses,
         count(DISTINCT k.source_ip_address) AS addresses
    FROM (SELECT DISTINCT issued_access_key_id AS key FROM made) m
    JOIN events k ON k.access_key_id = m.key
   GROUP BY k.access_key_id)
SELECT m.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal,
       coalesce(record(m.id) ->> '$.requestParameters.userName', record(m.id) ->> '$.responseElements.accessKey.userName',
                i.user_name) AS target,
       coalesce(record(m.id) ->> '$.requestParameters.userName', i.user_name) IS i.user_name AND i.type IN ('IAMUser', 'Root')
         AS own,
       m.issued_access_key_id, m.source_ip_address, m.outcome, u.first_used, u.last_used, ifnull(u.uses, 0) AS uses,
       ifnull(u.addresses, 0) AS addresses, m.event_id
  FROM made m
  LEFT JOIN used u ON u.access_key_id = m.issued_access_key_id
  LEFT JOIN identities i ON i.id = m.identity_id
 ORDER BY m.time, m.id;
