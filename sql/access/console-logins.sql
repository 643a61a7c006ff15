-- title: Console sign-ins that succeeded
-- about: Who signed in to the console, when, from where and how. Read this first for an account that may be
--   compromised: an address or client that does not belong to the person is often where an intrusion begins.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, kind (of identity), source_ip_address, mfa (yes or no; for a role or federated user
--   the identity provider decides), user_agent, account (that was signed in to), event_id
-- attack: T1078.004
-- see: AWS CloudTrail User Guide, AWS Management Console sign-in events
SELECT e.event_time, coalesce(i.arn, i.user_name) AS principal, i.type AS kind, e.source_ip_address,
       CASE WHEN i.type NOT IN ('IAMUser', 'Root') THEN 'of the identity provider'
            WHEN e.mfa_authenticated THEN 'yes' ELSE 'no' END AS mfa,
       u.text AS user_agent, e.recipient_account_id AS account, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
  LEFT JOIN user_agents u ON u.id = e.user_agent_id
 WHERE e.event_name = 'ConsoleLogin' AND +e.outcome = 'ok'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
