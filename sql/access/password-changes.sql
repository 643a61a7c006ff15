-- title: Passwords set, changed and recovered
-- about: Console passwords given to users (CreateLoginProfile, UpdateLoginProfile), changed by themselves, and the
--   recovery of root's. A password for a user who had none, or set by another user, is a common way to persist.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, target (whose password), own (1 if it is the actor's own),
--   source_ip_address, outcome, event_id
-- attack: T1098, T1136.003
-- see: AWS IAM User Guide, Managing passwords for IAM users; AWS CloudTrail User Guide, AWS Management Console
--   sign-in events
-- detections: login-profile-created, login-profile-changed, login-profile-deleted, password-changed,
--   password-policy-deleted, password-policy-changed, root-password-recovery, root-password-recovered
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.userName', i.user_name) AS target,
       coalesce(record(e.id) ->> '$.requestParameters.userName', i.user_name) IS i.user_name
         AND i.type IN ('IAMUser', 'Root') AS own,
       e.source_ip_address, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('CreateLoginProfile', 'UpdateLoginProfile', 'DeleteLoginProfile', 'ChangePassword',
                          'DeleteAccountPasswordPolicy', 'UpdateAccountPasswordPolicy')
         AND +e.event_source = 'iam.amazonaws.com')
     OR (e.event_name IN ('PasswordUpdated', 'PasswordRecoveryRequested', 'PasswordRecoveryCompleted', 'EmailUpdated')
         AND +e.event_source = 'signin.amazonaws.com'))
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
