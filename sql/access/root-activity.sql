-- title: What the root user did
-- about: Everything done as root, except what a service does in its name. No policy limits root, and its credentials
--   belong in a safe: each row needs an explanation. Sessions of the AssumeRoot API are marked, since they are opened
--   from the management account.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, account, source_ip_address, event_source, event_name, outcome, mfa, access_key_id, assumed (1
--   for a session of AssumeRoot), event_id
-- attack: T1078.004
-- see: CIS AWS Foundations Benchmark; AWS CloudTrail User Guide, CloudTrail userIdentity element
-- signal: high
-- slow: each event reads its record; it is quick if root is as idle as it should be
SELECT e.event_time, i.account_id AS account, e.source_ip_address, e.event_source, e.event_name, e.outcome,
       CASE e.mfa_authenticated WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS mfa, e.access_key_id,
       record(e.id) ->> '$.userIdentity.sessionContext.assumedRoot' IS 'true' AS assumed, e.event_id
  FROM identities i
 CROSS JOIN events e ON e.identity_id = i.id
 WHERE i.type = 'Root' AND e.invoked_by IS NULL
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   AND (SELECT h.event_type FROM event_history h WHERE h.id = e.id) IS NOT 'AwsServiceEvent'
 ORDER BY e.time, e.id;
