-- title: Console sessions made from API credentials
-- about: GetSigninToken turns the credentials of a role or a federation token into a console session without a
--   password. Intruders' tools do this, and so do some companies' own portals.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, source_ip_address, user_agent, outcome, console_login (the next ConsoleLogin of
--   the same principal), event_id
-- attack: T1550.001, T1078.004
-- see: AWS IAM User Guide, Enabling custom identity broker access to the AWS console
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.source_ip_address,
       u.text AS user_agent, e.outcome,
       (SELECT min(l.event_time) FROM events l
         WHERE l.event_name = 'ConsoleLogin' AND l.time BETWEEN e.time AND e.time + 900 AND +l.identity_id = e.identity_id)
         AS console_login, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
  LEFT JOIN user_agents u ON u.id = e.user_agent_id
 WHERE e.event_name = 'GetSigninToken' AND +e.event_source = 'signin.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
