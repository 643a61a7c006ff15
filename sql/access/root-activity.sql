-- title: What the root user did
-- about: Everything done as root, except what a service does in its name: each write, and the reads in one row an
--   address and outcome, since a page of the console makes dozens. No policy limits root, and its credentials belong
--   in a safe: each row needs an explanation. Sessions of the AssumeRoot API are marked, since they are opened from
--   the management account.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, account, source_ip_address, event_source (of reads how many), event_name (of reads how many),
--   outcome, mfa, access_key_id, assumed (1 for a session of AssumeRoot), event_id (of reads the first), events (how
--   many), last_time
-- attack: T1078.004
-- see: CIS AWS Foundations Benchmark; AWS CloudTrail User Guide, CloudTrail userIdentity element
-- detections: root-write, root-access-key, console-login-root, console-login-root-without-mfa,
--   console-login-root-failed
WITH calls AS MATERIALIZED (
  SELECT e.*, i.account_id AS account, CASE e.mfa_authenticated WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS mfa,
         record(e.id) ->> '$.userIdentity.sessionContext.assumedRoot' IS 'true' AS assumed
    FROM identities i
   CROSS JOIN events e ON e.identity_id = i.id
   WHERE i.type = 'Root' AND e.invoked_by IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
     AND (SELECT h.event_type FROM event_history h WHERE h.id = e.id) IS NOT 'AwsServiceEvent'),
reads AS (
  SELECT c.account, c.source_ip_address, c.outcome, c.mfa, c.assumed, substr(min(c.event_time || c.event_id), 21) AS first,
         count(*) AS events, max(c.event_time) AS last_time,
         CASE count(DISTINCT c.event_source) WHEN 1 THEN min(c.event_source) ELSE count(DISTINCT c.event_source) || ' services' END
           AS event_source,
         CASE count(DISTINCT c.event_name) WHEN 1 THEN min(c.event_name) ELSE count(DISTINCT c.event_name) || ' kinds of reads' END
           AS event_name,
         CASE count(DISTINCT c.access_key_id) WHEN 1 THEN min(c.access_key_id) END AS access_key_id
    FROM calls c
   WHERE c.read_only IS 1
   GROUP BY 1, 2, 3, 4, 5),
listed AS (
  SELECT c.event_time, c.account, c.source_ip_address, c.event_source, c.event_name, c.outcome, c.mfa, c.access_key_id,
         c.assumed, c.event_id, 1 AS events, c.event_time AS last_time, c.time, c.id
    FROM calls c
   WHERE c.read_only IS NOT 1
   UNION ALL
  SELECT e.event_time, r.account, r.source_ip_address, r.event_source, r.event_name, r.outcome, r.mfa, r.access_key_id,
         r.assumed, e.event_id, r.events, r.last_time, e.time, e.id
    FROM reads r
    JOIN events e ON e.event_id = r.first)
SELECT l.event_time, l.account, l.source_ip_address, l.event_source, l.event_name, l.outcome, l.mfa, l.access_key_id, l.assumed,
       l.event_id, l.events, l.last_time
  FROM listed l
 ORDER BY l.time, l.id;
