-- title: Launch configurations and templates made and changed
-- about: What groups and people launch: image, type, instance profile and whether there is user data. A new default
--   version of a template changes every later instance.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name*, name, image*, instance_type*, instance_profile, has_user_data,
--   source_ip_address, aws_region, outcome*, event_id
-- attack: T1578.005, T1525
-- see: Amazon EC2 Auto Scaling User Guide, Launch configurations; Amazon EC2 User Guide, Store instance launch
--   parameters in launch templates
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.launchConfigurationName',
                record(e.id) ->> '$.requestParameters.CreateLaunchTemplateRequest.LaunchTemplateName',
                record(e.id) ->> '$.requestParameters.CreateLaunchTemplateVersionRequest.LaunchTemplateId',
                record(e.id) ->> '$.requestParameters.CreateLaunchTemplateVersionRequest.LaunchTemplateName',
                record(e.id) ->> '$.requestParameters.ModifyLaunchTemplateRequest.LaunchTemplateId',
                record(e.id) ->> '$.requestParameters.DeleteLaunchTemplateRequest.LaunchTemplateId') AS name,
       coalesce(record(e.id) ->> '$.requestParameters.imageId',
                record(e.id) ->> '$.requestParameters.CreateLaunchTemplateRequest.LaunchTemplateData.ImageId',
                record(e.id) ->> '$.requestParameters.CreateLaunchTemplateVersionRequest.LaunchTemplateData.ImageId') AS image,
       coalesce(record(e.id) ->> '$.requestParameters.instanceType',
                record(e.id) ->> '$.requestParameters.CreateLaunchTemplateRequest.LaunchTemplateData.InstanceType',
                record(e.id) ->> '$.requestParameters.CreateLaunchTemplateVersionRequest.LaunchTemplateData.InstanceType') AS instance_type,
       coalesce(record(e.id) ->> '$.requestParameters.iamInstanceProfile',
                record(e.id) ->> '$.requestParameters.CreateLaunchTemplateRequest.LaunchTemplateData.IamInstanceProfile.Name') AS instance_profile,
       record(e.id) -> '$.requestParameters.userData' IS NOT NULL
         OR record(e.id) -> '$.requestParameters.CreateLaunchTemplateRequest.LaunchTemplateData.UserData' IS NOT NULL
         OR record(e.id) -> '$.requestParameters.CreateLaunchTemplateVersionRequest.LaunchTemplateData.UserData' IS NOT NULL AS has_user_data,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('CreateLaunchConfiguration', 'DeleteLaunchConfiguration') AND +e.event_source = 'autoscaling.amazonaws.com')
     OR (e.event_name IN ('CreateLaunchTemplate', 'CreateLaunchTemplateVersion', 'ModifyLaunchTemplate', 'DeleteLaunchTemplate')
         AND +e.event_source = 'ec2.amazonaws.com'))
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
