-- title: Certificates issued, imported, exported and deleted
-- about: Certificates of ACM and private authorities. An exported certificate with its private key can impersonate
--   its owner anywhere; a deleted one takes a site down; a new authority can issue any number.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, certificate (ARN or domain), source_ip_address, aws_region, outcome,
--   event_id
-- attack: T1649, T1553
-- see: AWS Certificate Manager User Guide, Using CloudTrail with AWS Certificate Manager
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.domainName', record(e.id) ->> '$.requestParameters.certificateArn',
                record(e.id) ->> '$.requestParameters.certificateAuthorityArn', record(e.id) ->> '$.responseElements.certificateArn',
                record(e.id) ->> '$.responseElements.certificateAuthorityArn') AS certificate,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('RequestCertificate', 'ImportCertificate', 'ExportCertificate', 'DeleteCertificate', 'RevokeCertificate',
         'IssueCertificate', 'CreateCertificateAuthority', 'DeleteCertificateAuthority', 'UpdateCertificateAuthority',
         'ImportCertificateAuthorityCertificate', 'CreatePermission', 'PutPolicy')
   AND +e.event_source IN ('acm.amazonaws.com', 'acm-pca.amazonaws.com')
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
