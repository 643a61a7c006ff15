-- title: Console sign-ins that failed
-- about: Failed sign-ins by user, address and reason, to the console and through IAM Identity Center. A failed sign-in has no error code in CloudTrail, only an error
--   message, so a search by error code misses all of them. AWS hides user names that do not exist, because they may
--   be passwords typed into the wrong field.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: first_time*, last_time, user_name*, source_ip_address*, message, failures*, later_success* (when the same user
--   next signed in from this address)
-- attack: T1110, T1078.004
-- see: AWS CloudTrail User Guide, AWS Management Console sign-in events; AWS IAM Identity Center User Guide,
--   Understanding IAM Identity Center sign-in events
WITH logins AS MATERIALIZED (
  SELECT coalesce(e.user_name, i.on_behalf_of) AS user_name, e.source_ip_address, e.error_message_id, e.event_time,
         e.time, e.outcome,
         -- One factor alone is not a sign-in.
         e.outcome = 'ok' AND e.event_name NOT IN ('CredentialVerification', 'CheckMfa') AS signed_in
    FROM events e
    LEFT JOIN identities i ON i.id = e.identity_id
   WHERE e.event_name IN ('ConsoleLogin', 'CheckMfa', 'CredentialVerification', 'ExternalIdPDirectoryLogin',
                          'UserAuthentication')
     AND +e.event_source = 'signin.amazonaws.com' AND e.time >= ifnull(unixepoch(:since), 0)),
failed AS (
  SELECT user_name, source_ip_address, error_message_id, min(event_time) AS first_time, max(event_time) AS last_time,
         max(time) AS last, count(*) AS failures
    FROM logins
   WHERE outcome <> 'ok' AND time <= ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2, 3)
SELECT f.first_time, f.last_time, f.user_name, f.source_ip_address, m.text AS message, f.failures,
       min(s.event_time) AS later_success
  FROM failed f
  LEFT JOIN logins s ON s.user_name = f.user_name AND s.source_ip_address = f.source_ip_address AND s.time >= f.last
                    AND s.signed_in
  LEFT JOIN error_messages m ON m.id = f.error_message_id
 GROUP BY f.user_name, f.source_ip_address, f.error_message_id
 ORDER BY f.first_time, f.user_name, f.source_ip_address;
