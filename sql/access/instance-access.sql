-- title: Shells and keys on instances through AWS
-- about: Sessions and commands of Systems Manager, SSH keys pushed with EC2 Instance Connect, the serial console:
--   ways onto an instance that no firewall sees. Shows the instance, the document and the actor.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, target (instances), document, source_ip_address, aws_region, outcome,
--   event_id
-- attack: T1021.007, T1651, T1098.004
-- see: AWS Systems Manager User Guide, Logging AWS Systems Manager API calls with AWS CloudTrail; Stratus Red Team,
--   Usage of ssm:SendCommand on multiple instances
-- detections: ssm-session, ssm-command, ssm-command-other, ssm-automation, instance-connect-key,
--   instance-connect-tunnel, serial-console-enabled, serial-console-key
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.target', record(e.id) ->> '$.requestParameters.instanceId',
                record(e.id) ->> '$.requestParameters.instanceIds', record(e.id) ->> '$.requestParameters.targets') AS target,
       record(e.id) ->> '$.requestParameters.documentName' AS document, e.source_ip_address, e.aws_region, e.outcome,
       e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('StartSession', 'ResumeSession', 'SendCommand', 'CreateAssociation', 'StartAutomationExecution')
         AND +e.event_source = 'ssm.amazonaws.com')
     OR (e.event_name IN ('SendSSHPublicKey', 'SendSerialConsoleSSHPublicKey', 'OpenTunnel')
         AND +e.event_source = 'ec2-instance-connect.amazonaws.com')
     OR (e.event_name = 'EnableSerialConsoleAccess' AND +e.event_source = 'ec2.amazonaws.com'))
   AND e.invoked_by IS NULL
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
