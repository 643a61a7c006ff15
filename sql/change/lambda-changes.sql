-- title: Code and settings of Lambda functions changed
-- about: New code, layers, environment and roles of functions, and new functions. Code in a function runs with its
--   role, again and again, and is rarely reviewed.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name*, function*, runtime_or_layers, role, source_ip_address, aws_region,
--   outcome*, event_id
-- attack: T1648, T1525
-- see: AWS Lambda Developer Guide, Logging AWS Lambda API calls using AWS CloudTrail; Stratus Red Team, Overwrite
--   Lambda Function Code
-- detections: function-created, function-code-changed, function-settings-changed, function-layer-added,
--   layer-published, function-deleted, function-trigger-added
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.functionName', record(e.id) ->> '$.requestParameters.layerName') AS function,
       coalesce(record(e.id) ->> '$.requestParameters.layers', record(e.id) ->> '$.requestParameters.runtime') AS runtime_or_layers,
       record(e.id) ->> '$.requestParameters.role' AS role, e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('CreateFunction', 'CreateFunction20141111', 'CreateFunction20150331', 'UpdateFunctionCode20141111',
         'UpdateFunctionCode20150331', 'UpdateFunctionCode20150331v2', 'UpdateFunctionConfiguration20141111',
         'UpdateFunctionConfiguration20150331', 'UpdateFunctionConfiguration20150331v2', 'PublishLayerVersion20181031',
         'PublishVersion20150331', 'DeleteFunction20150331', 'CreateEventSourceMapping20150331')
   AND +e.event_source = 'lambda.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
