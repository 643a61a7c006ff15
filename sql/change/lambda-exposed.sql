-- title: Lambda functions that others may call
-- about: Permissions that let everybody, another account or a foreign service call a function, and function URLs
--   without authentication. An intruder can then call a function from outside without a key.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, function, allowed (who may call, or the URL's authentication),
--   source_ip_address, aws_region, outcome, event_id
-- attack: T1546, T1098
-- see: AWS Lambda Developer Guide, Working with resource-based policies; Stratus Red Team, Backdoor Lambda Function
--   Through Resource-Based Policy
-- level: high
WITH calls AS (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE e.event_name IN ('AddPermission20150331', 'AddPermission20150331v2', 'AddPermission20141111',
           'AddLayerVersionPermission20181031', 'CreateFunctionUrlConfig', 'UpdateFunctionUrlConfig',
           'CreateFunctionUrlConfig20211031', 'UpdateFunctionUrlConfig20211031')
     AND +e.event_source = 'lambda.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9))
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(e.request ->> '$.functionName', e.request ->> '$.layerName') AS function,
       coalesce(e.request ->> '$.principal', 'URL with authentication ' || (e.request ->> '$.authType')) AS allowed,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM calls e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.request ->> '$.principal' = '*'
    OR (e.request ->> '$.principal' GLOB '[0-9]*' AND e.request ->> '$.principal' <> e.recipient_account_id)
    OR arn_part(e.request ->> '$.principal', 'account') <> e.recipient_account_id
    OR e.request ->> '$.authType' = 'NONE'
 ORDER BY e.time, e.id;
