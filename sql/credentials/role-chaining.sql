-- title: Roles assumed from the session of another role
-- about: A role that assumes a role is sometimes a pipeline, and often an intruder who moves from account to account.
--   Shows which role led to which, in which account, how often and from where. Calls of services are excluded.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: from_role, from_account, to_role, to_account, outcome, times, first_time, last_time, sessions (how many
--   different ones), addresses, example_event
-- attack: T1550.001, T1548.005
-- see: AWS IAM User Guide, Roles terms and concepts (role chaining)
-- slow: each call reads its record for the role, and roles may be assumed all day
SELECT i.role_arn AS from_role, i.account_id AS from_account, record(e.id) ->> '$.requestParameters.roleArn' AS to_role,
       arn_part(record(e.id) ->> '$.requestParameters.roleArn', 'account') AS to_account, e.outcome, count(*) AS times,
       min(e.event_time) AS first_time, max(e.event_time) AS last_time, count(DISTINCT i.session_name) AS sessions,
       group_concat(DISTINCT e.source_ip_address) AS addresses, min(e.event_id) AS example_event
  FROM events e
  JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name = 'AssumeRole' AND i.type = 'AssumedRole' AND e.invoked_by IS NULL
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 GROUP BY from_role, from_account, to_role, e.outcome
 ORDER BY times DESC, from_role, to_role, e.outcome;
