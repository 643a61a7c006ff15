-- title: Instances launched: types, images, keys and roles
-- about: Each launch by a person or a service with its request: type, image, number, key pair, instance profile,
--   network. Failed launches show what was tried.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, invoked_by, instance_type*, image, wanted*, key_pair, instance_profile, subnet,
--   source_ip_address, aws_region*, outcome*, error_code, event_id
-- attack: T1578.002
-- see: Amazon EC2 API Reference, RunInstances
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.invoked_by,
       record(e.id) ->> '$.requestParameters.instanceType' AS instance_type,
       record(e.id) ->> '$.requestParameters.instancesSet.items[0].imageId' AS image,
       record(e.id) ->> '$.requestParameters.instancesSet.items[0].maxCount' AS wanted,
       record(e.id) ->> '$.requestParameters.instancesSet.items[0].keyName' AS key_pair,
       coalesce(record(e.id) ->> '$.requestParameters.iamInstanceProfile.arn', record(e.id) ->> '$.requestParameters.iamInstanceProfile.name')
         AS instance_profile,
       coalesce(record(e.id) ->> '$.requestParameters.subnetId', record(e.id) ->> '$.requestParameters.networkInterfaceSet.items[0].subnetId')
         AS subnet,
       e.source_ip_address, e.aws_region, e.outcome, e.error_code, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('RunInstances', 'RequestSpotInstances', 'RequestSpotFleet', 'CreateFleet') AND +e.event_source = 'ec2.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
