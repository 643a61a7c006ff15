-- title: Sign-ins through IAM Identity Center
-- about: Who signed in to the access portal, on a device too, and which account and permission set they took. Each
--   belongs to a person of the identity store, identified by userId, which a session name need not show.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, event_name, user_name*, on_behalf_of (the user of the identity store), source_ip_address*,
--   target_account, permission_set, outcome*, event_id
-- attack: T1078.004
-- see: AWS IAM Identity Center User Guide, Understanding IAM Identity Center sign-in events
SELECT e.event_time, e.event_name, i.user_name,
       coalesce(i.on_behalf_of, record(e.id) ->> '$.userIdentity.onBehalfOf.userId',
                record(e.id) ->> '$.additionalEventData.UserId') AS on_behalf_of, e.source_ip_address,
       record(e.id) ->> '$.serviceEventDetails.account_id' AS target_account,
       record(e.id) ->> '$.serviceEventDetails.role_name' AS permission_set, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('Authenticate', 'Federate') AND +e.event_source = 'sso.amazonaws.com')
     OR (e.event_name = 'CreateToken' AND +e.event_source IN ('sso.amazonaws.com', 'sso-oauth.amazonaws.com'))
     OR (e.event_name IN ('UserAuthentication', 'CredentialVerification') AND +e.event_source = 'signin.amazonaws.com'))
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
