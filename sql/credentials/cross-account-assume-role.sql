-- title: Roles assumed across accounts, both sides joined
-- about: Principals of one account that assumed a role of another. The caller's account and the role's owner each
--   have a copy of the event with the same sharedEventID; the caller's copy has the caller's name, the owner's only
--   an account. If one copy is not in the case, the row says so.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, caller_account*, caller (from its own account's copy), owner_account*, role*, session_name,
--   source_ip_address, outcome*, issued_access_key_id, copies (both, only the caller's or only the owner's), event_id
-- attack: T1199, T1550.001
-- see: AWS CloudTrail User Guide, Sharing CloudTrail log files between AWS accounts (sharedEventID)
-- slow: each call reads its record for the role, and roles may be assumed all day
WITH requests AS MATERIALIZED (
  SELECT e.id, e.shared_event_id, e.event_time, e.time, e.event_id, e.recipient_account_id, e.source_ip_address,
         e.outcome, e.issued_access_key_id, i.account_id AS caller_account, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal,
         record(e.id) -> '$.requestParameters' AS request
    FROM events e
    JOIN identities i ON i.id = e.identity_id
   WHERE e.event_name = 'AssumeRole' AND i.type <> 'AWSService' AND e.invoked_by IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
calls AS MATERIALIZED (
  SELECT r.*, r.request ->> '$.roleArn' AS role, r.request ->> '$.roleSessionName' AS session_name FROM requests r),
-- One row a shared event on each side.
callers AS MATERIALIZED (
  SELECT shared_event_id, min(principal) AS principal, min(issued_access_key_id) AS issued_access_key_id
    FROM calls WHERE recipient_account_id = caller_account AND shared_event_id IS NOT NULL GROUP BY 1),
owners AS MATERIALIZED (
  SELECT DISTINCT shared_event_id FROM calls WHERE recipient_account_id <> caller_account AND shared_event_id IS NOT NULL)
SELECT c.event_time, c.caller_account, coalesce(k.principal, c.principal) AS caller,
       arn_part(c.role, 'account') AS owner_account, c.role, c.session_name, c.source_ip_address, c.outcome,
       coalesce(c.issued_access_key_id, k.issued_access_key_id) AS issued_access_key_id,
       CASE WHEN c.recipient_account_id = c.caller_account THEN 'only the caller''s'
            WHEN k.shared_event_id IS NOT NULL THEN 'both' ELSE 'only the owner''s' END AS copies,
       c.event_id
  FROM calls c
  -- The owner's copy represents both.
  LEFT JOIN callers k ON k.shared_event_id = c.shared_event_id
  LEFT JOIN owners o ON o.shared_event_id = c.shared_event_id
 WHERE arn_part(c.role, 'account') <> c.caller_account
   AND (c.recipient_account_id <> c.caller_account OR o.shared_event_id IS NULL)
 ORDER BY c.time, c.id;
