-- title: MFA devices enabled, deactivated and deleted
-- about: An intruder who takes over a user removes the owner's second factor or adds one. A deactivation by somebody
--   other than the user is either the help desk or the intruder.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, target (the user), serial_number, own (1 if the user is the actor),
--   source_ip_address, outcome, event_id
-- attack: T1556.006
-- see: AWS IAM User Guide, Multi-factor authentication in IAM
-- detections: mfa-deactivated, mfa-device-deleted, mfa-device-added
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       record(e.id) ->> '$.requestParameters.userName' AS target,
       coalesce(record(e.id) ->> '$.requestParameters.serialNumber', record(e.id) ->> '$.responseElements.virtualMFADevice.serialNumber',
                record(e.id) ->> '$.requestParameters.virtualMFADeviceName') AS serial_number,
       i.type = 'IAMUser' AND ifnull(record(e.id) ->> '$.requestParameters.userName', i.user_name) = i.user_name AS own,
       e.source_ip_address, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('EnableMFADevice', 'DeactivateMFADevice', 'DeleteVirtualMFADevice', 'CreateVirtualMFADevice',
                        'ResyncMFADevice')
   AND +e.event_source = 'iam.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
