-- title: One address failing to sign in as many users
-- about: Password spraying: few passwords against many users from one address. AWS hides the names of users who do
--   not exist, so they count as one; attempts on them are counted separately. The most important question is whether
--   the address got in.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: users integer = 3: the least number of different users
-- columns: source_ip_address, first_time, last_time, users (who exist), failures, unknown_users (failures for names
--   that do not exist), signed_in_as (users who signed in from this address in the same period), account (one row
--   each; users are counted over all of them for the least number), example_event, principal (who signed in first
--   in the account, else the address)
-- attack: T1110.003
-- see: AWS CloudTrail User Guide, AWS Management Console sign-in events; AWS IAM Identity Center User Guide,
--   Understanding IAM Identity Center sign-in events
-- level: high
WITH logins AS MATERIALIZED (
  SELECT e.source_ip_address, e.event_time, coalesce(e.user_name, i.on_behalf_of) AS user_name, e.outcome,
         e.recipient_account_id AS account, e.event_id,
         coalesce(i.arn, e.user_name, i.on_behalf_of) AS principal, e.time,
         e.user_name IS 'HIDDEN_DUE_TO_SECURITY_REASONS' AS hidden,
         -- One factor alone is not a sign-in.
         e.outcome = 'ok' AND e.event_name NOT IN ('CredentialVerification', 'CheckMfa') AS signed_in
    FROM events e
    LEFT JOIN identities i ON i.id = e.identity_id
   WHERE e.event_name IN ('ConsoleLogin', 'CheckMfa', 'CredentialVerification', 'ExternalIdPDirectoryLogin',
                          'UserAuthentication')
     AND +e.event_source = 'signin.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
failed AS (
  SELECT f.source_ip_address, f.account, min(f.event_time) AS first_time, max(f.event_time) AS last_time,
         count(DISTINCT CASE WHEN NOT f.hidden THEN f.user_name END) AS users, count(*) AS failures,
         sum(f.hidden) AS unknown_users, min(f.event_id) AS example_event
    FROM logins f
   WHERE f.outcome <> 'ok'
     AND f.source_ip_address IN (SELECT a.source_ip_address FROM logins a WHERE a.outcome <> 'ok'
                                  GROUP BY 1 HAVING count(DISTINCT a.user_name) >= :users)
   GROUP BY f.source_ip_address, f.account)
SELECT f.source_ip_address, f.first_time, f.last_time, f.users, f.failures, f.unknown_users,
       (SELECT group_concat(DISTINCT s.user_name) FROM logins s
         WHERE s.signed_in AND s.source_ip_address = f.source_ip_address) AS signed_in_as,
       f.account, f.example_event,
       coalesce((SELECT s.principal FROM logins s
                  WHERE s.signed_in AND s.source_ip_address = f.source_ip_address AND s.account = f.account
                  ORDER BY s.time, s.event_id LIMIT 1), f.source_ip_address) AS principal
  FROM failed f
 ORDER BY f.failures DESC, f.source_ip_address, f.account;
