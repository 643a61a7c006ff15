-- title: Security Hub, Macie, Inspector, Detective and others off
-- about: Services that would have raised an alarm: disabled, paused, left, or with their standards and analyzers
--   removed.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_source, event_name, source_ip_address, aws_region, account, outcome, event_id
-- attack: T1685
-- see: AWS Security Hub User Guide, Logging AWS Security Hub API calls with CloudTrail
-- detections: securityhub-disabled, securityhub-members-removed, securityhub-standard-off,
--   securityhub-control-changed, securityhub-integration-off, macie-disabled, macie-paused, macie-members-removed,
--   inspector-disabled, detective-disabled, access-analyzer-deleted, access-analyzer-archive-rule, security-lake-off
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_source, e.event_name,
       e.source_ip_address, e.aws_region, e.recipient_account_id AS account, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('DisableSecurityHub', 'BatchDisableStandards', 'DisassociateFromAdministratorAccount', 'DeleteMembers',
           'DisassociateMembers', 'DisableImportFindingsForProduct', 'DeleteActionTarget', 'DeleteInsight',
           'DisableOrganizationAdminAccount', 'UpdateStandardsControl')
         AND +e.event_source = 'securityhub.amazonaws.com')
     OR (e.event_name IN ('DisableMacie', 'DisassociateFromAdministratorAccount', 'DisassociateFromMasterAccount', 'DisassociateMember',
           'DeleteMember', 'DisableOrganizationAdminAccount') AND +e.event_source = 'macie2.amazonaws.com')
     OR (e.event_name IN ('UpdateMacieSession', 'UpdateMemberSession') AND +e.event_source = 'macie2.amazonaws.com'
         AND record(e.id) ->> '$.requestParameters.status' = 'PAUSED')
     OR (e.event_name IN ('Disable', 'DisableDelegatedAdminAccount', 'DisassociateMember') AND +e.event_source = 'inspector2.amazonaws.com')
     OR (e.event_name IN ('DeleteGraph', 'DeleteMembers') AND +e.event_source = 'detective.amazonaws.com')
     OR (e.event_name IN ('DeleteAnalyzer', 'CreateArchiveRule') AND +e.event_source = 'access-analyzer.amazonaws.com')
     OR (e.event_name IN ('DeleteSubscriber', 'DeleteDataLake', 'DeleteAwsLogSource') AND +e.event_source = 'securitylake.amazonaws.com'))
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
