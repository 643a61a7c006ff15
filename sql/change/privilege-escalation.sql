-- title: Steps that raise privileges
-- about: Calls by which somebody gets more rights than they have, each with the path that it belongs to: a new
--   version of a policy, a policy attached to oneself, a password or key for another user, a changed trust, a role
--   passed to a new instance, function, stack or job. One of them may be ordinary work; several by one principal are
--   not.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, path*, event_name, target*, source_ip_address, outcome*, event_id
-- attack: T1098, T1548.005, T1098.003
-- see: Rhino Security Labs, AWS IAM Privilege Escalation; AWS IAM User Guide, Grant a user permissions to pass a
--   role to an AWS service
WITH calls AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request,
         CASE WHEN e.event_name LIKE 'CreateFunction%' THEN 'CreateFunction'
              WHEN e.event_name LIKE 'UpdateFunctionConfiguration%' THEN 'UpdateFunctionConfiguration'
              ELSE e.event_name END AS call
    FROM events e
   WHERE ((e.event_name IN ('CreatePolicyVersion', 'SetDefaultPolicyVersion', 'AttachUserPolicy', 'AttachGroupPolicy',
             'AttachRolePolicy', 'PutUserPolicy', 'PutGroupPolicy', 'PutRolePolicy', 'AddUserToGroup',
             'UpdateAssumeRolePolicy', 'CreateLoginProfile', 'UpdateLoginProfile', 'CreateAccessKey',
             'AddRoleToInstanceProfile', 'DeleteUserPermissionsBoundary', 'DeleteRolePermissionsBoundary',
             'DeleteUserPolicy', 'DeleteRolePolicy', 'DetachUserPolicy')
           AND +e.event_source = 'iam.amazonaws.com')
       OR (e.event_name IN ('RunInstances', 'AssociateIamInstanceProfile', 'ReplaceIamInstanceProfileAssociation')
           AND +e.event_source = 'ec2.amazonaws.com')
       OR (e.event_name IN ('CreateFunction20150331', 'UpdateFunctionConfiguration20150331v2',
             'UpdateFunctionConfiguration20150331')
           AND +e.event_source = 'lambda.amazonaws.com')
       OR (e.event_name IN ('CreateStack', 'UpdateStack', 'CreateDevEndpoint', 'CreateJob', 'RunTask', 'RegisterTaskDefinition',
             'CreateProject', 'CreateNotebookInstance', 'CreatePipeline', 'RunJobFlow', 'PutRolePermissionsBoundary')
           AND +e.event_source IN ('cloudformation.amazonaws.com', 'glue.amazonaws.com', 'ecs.amazonaws.com',
             'codebuild.amazonaws.com', 'sagemaker.amazonaws.com', 'datapipeline.amazonaws.com',
             'elasticmapreduce.amazonaws.com', 'iam.amazonaws.com')))
     AND e.invoked_by IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
paths AS (
  SELECT c.*,
         CASE WHEN c.call IN ('CreatePolicyVersion', 'SetDefaultPolicyVersion') THEN 'a policy gets another content'
              WHEN c.call IN ('AttachUserPolicy', 'PutUserPolicy', 'AddUserToGroup')
                   AND c.request ->> '$.userName' = i.user_name THEN 'more rights for oneself'
              WHEN c.call IN ('AttachRolePolicy', 'PutRolePolicy') AND c.request ->> '$.roleName' = i.role_name
                   THEN 'more rights for oneself'
              WHEN c.call IN ('AttachUserPolicy', 'PutUserPolicy', 'AttachGroupPolicy', 'PutGroupPolicy', 'AttachRolePolicy',
                              'PutRolePolicy', 'AddUserToGroup') THEN 'more rights for another identity'
              WHEN c.call = 'UpdateAssumeRolePolicy' THEN 'a role trusts somebody else'
              WHEN c.call IN ('CreateLoginProfile', 'UpdateLoginProfile', 'CreateAccessKey')
                   AND c.request ->> '$.userName' IS NOT i.user_name AND c.request ->> '$.userName' IS NOT NULL
                   THEN 'credentials of another user'
              WHEN c.call IN ('DeleteUserPermissionsBoundary', 'DeleteRolePermissionsBoundary', 'DeleteUserPolicy',
                              'DeleteRolePolicy', 'DetachUserPolicy')
                   AND coalesce(c.request ->> '$.userName' = i.user_name, c.request ->> '$.roleName' = i.role_name)
                   THEN 'a limit taken off oneself'
              WHEN c.call = 'AddRoleToInstanceProfile' THEN 'a role for instances'
              WHEN coalesce(c.request -> '$.iamInstanceProfile', c.request -> '$.AssociateIamInstanceProfileRequest',
                            c.request -> '$.ReplaceIamInstanceProfileAssociationRequest') NOT IN ('{}', 'null')
                   THEN 'a role passed to an instance'
              WHEN c.event_source = 'lambda.amazonaws.com' AND c.request ->> '$.role' IS NOT NULL
                   THEN 'a role passed to a function'
              WHEN coalesce(c.request ->> '$.roleARN', c.request ->> '$.roleArn', c.request ->> '$.role', c.request ->> '$.serviceRole',
                            c.request ->> '$.taskRoleArn', c.request ->> '$.overrides.taskRoleArn', c.request ->> '$.jobFlowRole')
                   IS NOT NULL AND c.event_source <> 'iam.amazonaws.com'
                   THEN 'a role passed to ' || replace(c.event_source, '.amazonaws.com', '') END AS path,
         coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal
    FROM calls c
    LEFT JOIN identities i ON i.id = c.identity_id)
SELECT p.event_time, p.principal, p.path, p.event_name,
       coalesce(p.request ->> '$.userName', p.request ->> '$.groupName', p.request ->> '$.instanceProfileName',
                p.request ->> '$.policyArn', p.request ->> '$.iamInstanceProfile.arn', p.request ->> '$.iamInstanceProfile.name',
                p.request ->> '$.roleName', p.request ->> '$.role', p.request ->> '$.roleARN', p.request ->> '$.roleArn',
                p.request ->> '$.serviceRole', p.request ->> '$.taskRoleArn', p.request ->> '$.overrides.taskRoleArn',
                p.request ->> '$.jobFlowRole', p.request ->> '$.AssociateIamInstanceProfileRequest.IamInstanceProfile.Name')
         AS target,
       p.source_ip_address, p.outcome, p.event_id
  FROM paths p
 WHERE p.path IS NOT NULL
 ORDER BY p.time, p.id;
