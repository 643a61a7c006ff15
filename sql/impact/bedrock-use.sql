-- title: Models of Bedrock used and subscribed to
-- about: Stolen keys are sold to run language models at the owner's cost: access to models requested and accepted,
--   models invoked, and the invocation log switched off. By principal, address and model, with denied calls.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: principal, source_ip_address, aws_region, event_name, model, calls, denied, errors, first_time,
--   last_time, example_event
-- attack: T1496.004
-- see: Stratus Red Team, Invoke Bedrock Model; Sysdig, LLMjacking: Stolen Cloud Credentials Used in New AI Attack
-- detections: bedrock-invoked, bedrock-probed, bedrock-model-access, bedrock-capacity, bedrock-logging-off,
--   bedrock-logging-changed, bedrock-logging-read
WITH calls AS (
  SELECT e.*, record(e.id) ->> '$.requestParameters.modelId' AS model
    FROM events e
   WHERE e.event_name IN ('InvokeModel', 'InvokeModelWithResponseStream', 'Converse', 'ConverseStream', 'PutFoundationModelEntitlement',
           'PutUseCaseForModelAccess', 'CreateFoundationModelAgreement', 'DeleteModelInvocationLoggingConfiguration',
           'PutModelInvocationLoggingConfiguration', 'GetModelInvocationLoggingConfiguration', 'CreateModelCustomizationJob',
           'CreateProvisionedModelThroughput', 'InvokeAgent')
     AND +e.event_source IN ('bedrock.amazonaws.com', 'bedrock-runtime.amazonaws.com', 'bedrock-agent-runtime.amazonaws.com')
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9))
SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.source_ip_address, e.aws_region, e.event_name, e.model,
       count(*) AS calls, sum(e.outcome = 'denied') AS denied, sum(e.outcome = 'error') AS errors, min(e.event_time) AS first_time,
       max(e.event_time) AS last_time, min(e.event_id) AS example_event
  FROM calls e
  LEFT JOIN identities i ON i.id = e.identity_id
 GROUP BY e.identity_id, e.source_ip_address, e.aws_region, e.event_name, e.model
 ORDER BY first_time, principal, e.event_name;
