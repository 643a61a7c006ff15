-- title: Mail sending of SES prepared and changed
-- about: Identities verified, sending switched on, limits queried or raised, SMTP users created: the preparation of
--   phishing and spam in one's own name. Querying the quota from a new address is often the first step.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_source, event_name, target, source_ip_address, aws_region, outcome, event_id
-- attack: T1496.003, T1566
-- see: Permiso, SES-pionage; Amazon SES Developer Guide, Logging Amazon SES API calls with AWS CloudTrail
-- detections: ses-identity-created, ses-identity-deleted, ses-policy-changed, ses-sending-enabled, ses-limits-read,
--   ses-template-changed, ses-mail-sent, quota-increase-requested
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_source, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.emailIdentity', record(e.id) ->> '$.requestParameters.emailAddress',
                record(e.id) ->> '$.requestParameters.domain', record(e.id) ->> '$.requestParameters.identity',
                record(e.id) ->> '$.requestParameters.quotaCode') AS target,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('VerifyEmailIdentity', 'VerifyDomainIdentity', 'VerifyDomainDkim', 'VerifyEmailAddress', 'CreateEmailIdentity',
           'DeleteIdentity', 'DeleteEmailIdentity', 'PutIdentityPolicy', 'CreateEmailIdentityPolicy', 'UpdateAccountSendingEnabled',
           'PutAccountSendingAttributes', 'PutAccountDetails', 'GetSendQuota', 'GetAccount', 'GetAccountSendingEnabled',
           'SetIdentityMailFromDomain', 'CreateContactList', 'CreateTemplate', 'CreateEmailTemplate', 'SendEmail', 'SendRawEmail')
         AND +e.event_source IN ('ses.amazonaws.com', 'email.amazonaws.com'))
     OR (e.event_name = 'RequestServiceQuotaIncrease' AND +e.event_source = 'servicequotas.amazonaws.com'))
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
