-- title: GuardDuty switched off or blinded
-- about: Detectors deleted or disabled, members cut off, findings archived by a filter, trusted address lists that
--   hide an attacker's addresses.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name*, detector, detail, source_ip_address, aws_region*, outcome*, event_id
-- attack: T1685
-- see: Amazon GuardDuty User Guide, Logging Amazon GuardDuty API calls with AWS CloudTrail
-- detections: guardduty-detector-deleted, guardduty-disabled, guardduty-feature-off, guardduty-members-removed,
--   guardduty-admin-removed, guardduty-suppression-rule, guardduty-trusted-list, guardduty-publishing-off,
--   guardduty-findings-archived, guardduty-malware-scan-changed
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       record(e.id) ->> '$.requestParameters.detectorId' AS detector,
       coalesce(record(e.id) ->> '$.requestParameters.name', record(e.id) ->> '$.requestParameters.accountIds',
                record(e.id) ->> '$.requestParameters.features') AS detail,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('DeleteDetector', 'UpdateDetector', 'StopMonitoringMembers', 'DisassociateMembers', 'DeleteMembers',
         'DisassociateFromMasterAccount', 'DisassociateFromAdministratorAccount', 'DisableOrganizationAdminAccount',
         'CreateFilter', 'UpdateFilter', 'CreateIPSet', 'UpdateIPSet', 'CreateTrustedEntitySet', 'DeletePublishingDestination',
         'ArchiveFindings', 'UpdateMalwareScanSettings', 'UpdateMemberDetectors')
   AND +e.event_source = 'guardduty.amazonaws.com'
   AND (e.event_name <> 'UpdateDetector' OR record(e.id) ->> '$.requestParameters.enable' = 0
        OR instr(record(e.id) -> '$.requestParameters', '"DISABLED"') OR instr(record(e.id) -> '$.requestParameters.dataSources', 'false'))
   AND (e.event_name NOT IN ('CreateFilter', 'UpdateFilter') OR record(e.id) ->> '$.requestParameters.action' = 'ARCHIVE')
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
