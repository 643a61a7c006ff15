-- title: SSH keys, certificates, service and database passwords
-- about: Ways into an account other than access keys, which a clean-up easily forgets: SSH public keys, signing
--   certificates, passwords for single services, server certificates, imported key pairs of virtual machines, and
--   master passwords of databases that were reset.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, target (user, name or database), detail (id or service), source_ip_address,
--   outcome, event_id
-- attack: T1098.001, T1098.004
-- see: AWS IAM User Guide, AWS security credentials; Amazon RDS API Reference, ModifyDBInstance
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.userName', record(e.id) ->> '$.requestParameters.keyName',
                record(e.id) ->> '$.requestParameters.dBInstanceIdentifier', record(e.id) ->> '$.requestParameters.dBClusterIdentifier',
                record(e.id) ->> '$.requestParameters.clusterIdentifier', i.user_name) AS target,
       coalesce(record(e.id) ->> '$.responseElements.sSHPublicKey.sSHPublicKeyId', record(e.id) ->> '$.responseElements.certificate.certificateId',
                record(e.id) ->> '$.requestParameters.serviceName', record(e.id) ->> '$.responseElements.keyPairId',
                CASE WHEN e.event_source IN ('rds.amazonaws.com', 'redshift.amazonaws.com') THEN 'master password' END) AS detail,
       e.source_ip_address, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('UploadSSHPublicKey', 'UploadSigningCertificate', 'CreateServiceSpecificCredential',
                          'ResetServiceSpecificCredential', 'UploadServerCertificate')
         AND +e.event_source = 'iam.amazonaws.com')
     OR (e.event_name IN ('CreateKeyPair', 'ImportKeyPair') AND +e.event_source = 'ec2.amazonaws.com')
     OR (e.event_name IN ('ModifyDBInstance', 'ModifyDBCluster', 'ModifyCluster')
         AND +e.event_source IN ('rds.amazonaws.com', 'redshift.amazonaws.com')
         -- The password itself is not in the record.
         AND (record(e.id) ->> '$.requestParameters.masterUserPassword' IS NOT NULL
           OR record(e.id) ->> '$.requestParameters.manageMasterUserPassword' IS NOT NULL
           OR record(e.id) ->> '$.requestParameters.rotateMasterUserPassword' = 1
           OR record(e.id) ->> '$.requestParameters.manageMasterPassword' IS NOT NULL)))
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
