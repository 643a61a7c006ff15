-- title: Roles given to instances
-- about: Instance profiles that were associated, replaced or filled with a role after the launch, and metadata
--   options: everybody on an instance has its role too, and version 1 of the metadata service gives it to anybody who
--   can make the instance send a request.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, instance, profile, role_or_tokens (role of a profile; HttpTokens of
--   the metadata options), source_ip_address, outcome, event_id
-- attack: T1098.003, T1552.005
-- see: Amazon EC2 User Guide, IAM roles for Amazon EC2; Amazon EC2 User Guide, Configure the Instance Metadata
--   Service options
-- detections: instance-profile-associated, instance-profile-changed, imds-v1-allowed
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.AssociateIamInstanceProfileRequest.InstanceId',
                record(e.id) ->> '$.requestParameters.ModifyInstanceMetadataOptionsRequest.InstanceId',
                record(e.id) ->> '$.responseElements.ReplaceIamInstanceProfileAssociationResponse.iamInstanceProfileAssociation.instanceId')
         AS instance,
       coalesce(record(e.id) ->> '$.requestParameters.AssociateIamInstanceProfileRequest.IamInstanceProfile.Name',
                record(e.id) ->> '$.requestParameters.AssociateIamInstanceProfileRequest.IamInstanceProfile.Arn',
                record(e.id) ->> '$.requestParameters.ReplaceIamInstanceProfileAssociationRequest.IamInstanceProfile.Name',
                record(e.id) ->> '$.requestParameters.instanceProfileName') AS profile,
       coalesce(record(e.id) ->> '$.requestParameters.roleName',
                record(e.id) ->> '$.requestParameters.ModifyInstanceMetadataOptionsRequest.HttpTokens') AS role_or_tokens,
       e.source_ip_address, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('AssociateIamInstanceProfile', 'ReplaceIamInstanceProfileAssociation', 'ModifyInstanceMetadataOptions')
         AND +e.event_source = 'ec2.amazonaws.com')
     OR (e.event_name IN ('AddRoleToInstanceProfile', 'RemoveRoleFromInstanceProfile') AND +e.event_source = 'iam.amazonaws.com'))
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
