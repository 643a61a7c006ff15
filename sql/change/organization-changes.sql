-- title: Accounts leaving, and guard rails of the organization
-- about: An account that leaves its organization escapes its service control policies and trail. Also lists accounts
--   removed, invited and created, policies detached and disabled, delegated administrators, and Regions turned on and
--   off for an account.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, target (account, policy, service or Region), source_ip_address, account,
--   outcome, event_id
-- attack: T1685, T1666, T1535
-- see: AWS Organizations User Guide, Removing a member account from an organization; Stratus Red Team, Attempt to
--   Leave the AWS Organization
-- detections: organization-left, organization-account-removed, organization-deleted, organization-account-closed,
--   organization-account-created, organization-invitation, organization-joined, organization-account-moved,
--   organization-policy-detached, organization-policy-changed, organization-policy-type-off,
--   organization-delegated-admin, organization-delegated-admin-removed, organization-service-enabled,
--   organization-service-disabled, region-enabled, region-disabled
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.accountId', record(e.id) ->> '$.requestParameters.policyId',
                record(e.id) ->> '$.requestParameters.servicePrincipal', record(e.id) ->> '$.requestParameters.target.id',
                record(e.id) ->> '$.requestParameters.accountName', record(e.id) ->> '$.requestParameters.policyType',
                record(e.id) ->> '$.requestParameters.RegionName', record(e.id) ->> '$.requestParameters.regionName') AS target,
       e.source_ip_address, e.recipient_account_id AS account, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('LeaveOrganization', 'RemoveAccountFromOrganization', 'DeleteOrganization', 'InviteAccountToOrganization',
         'AcceptHandshake', 'CreateAccount', 'CreateGovCloudAccount', 'CloseAccount', 'MoveAccount', 'DetachPolicy', 'DeletePolicy',
         'UpdatePolicy', 'DisablePolicyType', 'RegisterDelegatedAdministrator', 'DeregisterDelegatedAdministrator',
         'EnableAWSServiceAccess', 'DisableAWSServiceAccess')
         AND +e.event_source = 'organizations.amazonaws.com')
     OR (e.event_name IN ('EnableRegion', 'DisableRegion') AND +e.event_source = 'account.amazonaws.com'))
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
