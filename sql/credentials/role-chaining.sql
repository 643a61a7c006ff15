-- title: Roles assumed from the session of another role
-- about: A role that assumes a role is sometimes a pipeline, and often an intruder who moves from account to account.
--   Shows which role led to which, in which account, how often and from where. Calls of services are excluded.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: from_role*, from_account, to_role*, to_account, outcome*, times*, first_time*, last_time*, sessions (how many
--   different ones), addresses, example_event
-- attack: T1550.001, T1548.005
-- see: AWS IAM User Guide, Roles terms and concepts (role chaining)
-- slow: each call reads its record for the role, and roles may be assumed all day
WITH calls AS MATERIALIZED (
  SELECT e.*, i.role_arn AS from_role, i.account_id AS from_account, i.session_name,
         record(e.id) ->> '$.requestParameters.roleArn' AS to_role
    FROM events e
    JOIN identities i ON i.id = e.identity_id
   WHERE e.event_name = 'AssumeRole' AND i.type = 'AssumedRole' AND e.invoked_by IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9))
SELECT c.from_role, c.from_account, c.to_role, arn_part(c.to_role, 'account') AS to_account, c.outcome, count(*) AS times,
       min(c.event_time) AS first_time, max(c.event_time) AS last_time, count(DISTINCT c.session_name) AS sessions,
       group_concat(DISTINCT c.source_ip_address) AS addresses, min(c.event_id) AS example_event
  FROM calls c
 GROUP BY c.from_role, c.from_account, c.to_role, c.outcome
 ORDER BY times DESC, c.from_role, c.to_role, c.outcome;
