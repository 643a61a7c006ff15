-- title: Access keys with their owner, rights and state
-- about: The long-term access keys (AKIA) that the case shows in use, with the user and, where documents were
--   imported (get-account-authorization-details, the credential report), the policies of the user and whether the key
--   is active. The report does not give the ids of keys: a key is matched by the time of its creation, if the case has
--   that event, and is otherwise decided only if both keys of the user have the same state.
-- param: active integer = 0: 1 leaves out keys that are not active
-- columns: access_key_id, owner, state (active, not active, unknown), is_admin (1: a policy allows everything),
--   policies, has_mfa, events, first_seen, last_seen
-- attack: T1078.004
-- see: AWS IAM User Guide, Get credential reports for your AWS account
WITH used AS MATERIALIZED (
  SELECT e.access_key_id, count(*) AS events, min(e.time) AS first, max(e.time) AS last
    FROM events e
   WHERE e.access_key_id >= 'AKIA' AND e.access_key_id < 'AKIB'
   GROUP BY e.access_key_id),
keys AS MATERIALIZED (
  SELECT u.*, (SELECT e.identity_id FROM events e WHERE e.access_key_id = u.access_key_id ORDER BY e.time DESC LIMIT 1)
           AS identity_id,
         (SELECT min(n.time) FROM events n
           WHERE n.issued_access_key_id = u.access_key_id AND +n.event_name = 'CreateAccessKey') AS created
    FROM used u),
states AS (
  SELECT k.*, i.arn AS owner, c.has_mfa,
         CASE WHEN abs(k.created - unixepoch(c.key_1_rotated_at)) <= 60 THEN c.key_1_is_active
              WHEN abs(k.created - unixepoch(c.key_2_rotated_at)) <= 60 THEN c.key_2_is_active
              WHEN c.key_1_is_active = c.key_2_is_active THEN c.key_1_is_active END AS is_active
    FROM keys k
    LEFT JOIN identities i ON i.id = k.identity_id
    LEFT JOIN iam_keys c ON c.arn = i.arn)
SELECT s.access_key_id, s.owner,
       CASE s.is_active WHEN 1 THEN 'active' WHEN 0 THEN 'not active' ELSE 'unknown' END AS state,
       r.is_admin, (SELECT group_concat(p.value, ', ') FROM json_each(r.policies) p) AS policies, s.has_mfa,
       s.events, strftime('%Y-%m-%dT%H:%M:%SZ', s.first, 'unixepoch') AS first_seen,
       strftime('%Y-%m-%dT%H:%M:%SZ', s.last, 'unixepoch') AS last_seen
  FROM states s
  LEFT JOIN iam_rights r ON r.arn = s.owner
 WHERE NOT (:active AND s.is_active IS 0)
 ORDER BY r.is_admin DESC NULLS LAST, s.last DESC, s.access_key_id;
