-- title: Where an access key is from, and what came of it
-- about: Up from a key to the identity that first issued it, and down to every session that was opened with it, over
--   role chains and accounts. If the issuer is not in the case, the last step up says so. No event issues the key of
--   a console session: it leads to its session, and from there to the sign-ins that match user and time, marked as
--   inferred.
-- param: key text required: an access key, long-lived (AKIA) or of a session (ASIA)
-- columns: step (0 is the key itself, -1 what issued it, 1 what it issued), access_key_id, how (it was obtained, and
--   how certain that is), event_time (of the issue), event_name, issued_by (access key), account, principal (who used
--   the key, else who was to), source_ip_address (of the issue), uses (of the key in this case), first_used,
--   last_used, used_from, event_id, subject (of the SAML assertion or web identity token that opened the session)
-- attack: T1550.001, T1098.001
-- see: AWS CloudTrail User Guide, CloudTrail userIdentity element; AWS STS API Reference, AssumeRole
WITH RECURSIVE
up(step, key) AS (
  SELECT 0, :key
   UNION
  SELECT u.step - 1, e.access_key_id
    FROM up u JOIN events e ON e.issued_access_key_id = u.key
   WHERE e.access_key_id IS NOT NULL AND e.access_key_id <> u.key AND u.step > -32),
down(step, key) AS (
  SELECT 0, :key
   UNION
  SELECT d.step + 1, e.issued_access_key_id
    FROM down d JOIN events e ON e.access_key_id = d.key
   WHERE +e.issued_access_key_id IS NOT NULL AND +e.issued_access_key_id <> d.key AND d.step < 32),
-- Of two copies of one issue in two accounts, the one that knows the caller's key is the caller's own.
chain AS MATERIALIZED (
  SELECT c.step, c.key,
         (SELECT e.id FROM events e WHERE e.issued_access_key_id = c.key
           ORDER BY e.access_key_id IS NULL, e.time, e.id LIMIT 1) AS issue,
         (SELECT e.id FROM events e WHERE e.access_key_id = c.key ORDER BY e.time, e.id LIMIT 1) AS first_use
    FROM (SELECT * FROM up UNION SELECT * FROM down) c),
-- A key of the console: a session issued it, and no event.
console AS MATERIALIZED (
  SELECT c.step, c.key, e.identity_id, e.time AS used, h.session_created, e.recipient_account_id
    FROM chain c
    JOIN events e ON e.id = c.first_use
    JOIN event_history h ON h.id = e.id
   WHERE c.issue IS NULL AND c.key GLOB 'ASIA*'
     AND (e.from_console OR h.identity_type IN ('IAMUser', 'Root')))
SELECT c.step, c.key AS access_key_id,
       CASE WHEN o.id IS NOT NULL THEN 'issued by this event'
            WHEN EXISTS (SELECT 1 FROM console k WHERE k.key = c.key) THEN 'made in a console session, by no event'
            ELSE 'its issuer is not in the case' END AS how,
       o.event_time, o.event_name, o.access_key_id AS issued_by,
       coalesce(i.account_id, o.recipient_account_id) AS account,
       coalesce(i.arn, i.user_name, record(o.id) ->> '$.responseElements.assumedRoleUser.arn',
                record(o.id) ->> '$.responseElements.federatedUser.arn',
                record(o.id) ->> '$.responseElements.accessKey.userName') AS principal,
       o.source_ip_address,
       (SELECT count(*) FROM events u WHERE u.access_key_id = c.key) AS uses, f.event_time AS first_used,
       (SELECT u.event_time FROM events u WHERE u.access_key_id = c.key ORDER BY u.time DESC LIMIT 1) AS last_used,
       (SELECT group_concat(DISTINCT u.source_ip_address) FROM events u WHERE u.access_key_id = c.key) AS used_from,
       o.event_id,
       coalesce(record(o.id) ->> '$.responseElements.subject',
                record(o.id) ->> '$.responseElements.subjectFromWebIdentityToken') AS subject
  FROM chain c
  LEFT JOIN events o ON o.id = c.issue
  LEFT JOIN events f ON f.id = c.first_use
  LEFT JOIN identities i ON i.id = f.identity_id
 UNION ALL
SELECT k.step - 1, NULL, 'the console session', k.session_created, NULL, NULL, k.recipient_account_id,
       coalesce(i.arn, i.user_name), NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM console k
  LEFT JOIN identities i ON i.id = k.identity_id
 UNION ALL
SELECT k.step - 2, NULL,
       CASE WHEN abs(l.time - unixepoch(k.session_created)) <= 300
            THEN 'inferred: the same identity signed in when the session began'
            ELSE 'inferred: the same identity signed in at most 12 hours before' END,
       l.event_time, l.event_name, NULL, l.recipient_account_id, coalesce(i.arn, i.user_name), l.source_ip_address,
       NULL, NULL, NULL, NULL, l.event_id, NULL
  FROM console k
  JOIN events l ON l.event_name = 'ConsoleLogin' AND l.time BETWEEN k.used - 43200 AND k.used
               AND +l.identity_id = k.identity_id AND +l.outcome = 'ok'
  LEFT JOIN identities i ON i.id = l.identity_id
 ORDER BY 1, 4, 2;
