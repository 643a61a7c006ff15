-- title: Failed sign-ins by country
-- about: Failed and successful sign-ins to the console and through IAM Identity Center by the country of the address,
--   those with the most failures first. A country without any success is worth a look; one with both may be a password
--   that was guessed. Addresses that no file has are in the row without a country. It needs --geo FILE.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: country*, failures*, successes*, users (that failed), addresses (of failures), first_failure, last_failure*
-- attack: T1110, T1078.004
-- see: AWS CloudTrail User Guide, AWS Management Console sign-in events; AWS IAM Identity Center User Guide,
--   Understanding IAM Identity Center sign-in events
-- needs: country
WITH logins AS MATERIALIZED (
  SELECT coalesce(e.user_name, i.on_behalf_of) AS user_name, e.source_ip_address AS address, e.event_time,
         e.outcome <> 'ok' AS failed
    FROM events e
    LEFT JOIN identities i ON i.id = e.identity_id
   WHERE e.event_name IN ('ConsoleLogin', 'CheckMfa', 'CredentialVerification', 'ExternalIdPDirectoryLogin',
                          'UserAuthentication')
     AND +e.event_source = 'signin.amazonaws.com'
     -- One factor alone is not a sign-in, but it can fail.
     AND NOT (e.outcome = 'ok' AND e.event_name IN ('CredentialVerification', 'CheckMfa'))
     AND e.time >= ifnull(unixepoch(:since), 0) AND e.time <= ifnull(unixepoch(:until), 9e9))
SELECT country(address) AS country, sum(failed) AS failures, sum(NOT failed) AS successes,
       count(DISTINCT CASE WHEN failed THEN user_name END) AS users,
       count(DISTINCT CASE WHEN failed THEN address END) AS addresses,
       min(CASE WHEN failed THEN event_time END) AS first_failure,
       max(CASE WHEN failed THEN event_time END) AS last_failure
  FROM logins
 GROUP BY 1
HAVING failures > 0
 ORDER BY failures DESC, country;
