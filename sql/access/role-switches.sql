-- title: Roles switched to in the console
-- about: Who switched to which role in the console, from where. The identity of the event is already the role; the
--   person is in SwitchFrom, which has no column of its own.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, switched_from, principal (the role's session), account, source_ip_address, outcome, event_id
-- attack: T1078.004, T1550.001
-- see: AWS CloudTrail User Guide, AWS Management Console sign-in events
SELECT e.event_time,
       coalesce(record(e.id) ->> '$.additionalEventData.SwitchFrom.arn', record(e.id) ->> '$.additionalEventData.SwitchFrom')
         AS switched_from,
       coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.recipient_account_id AS account,
       e.source_ip_address, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name = 'SwitchRole' AND +e.event_source = 'signin.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
