-- title: AWS Config stopped or cut down
-- about: Recorders stopped or deleted, delivery channels, rules and aggregators removed: later changes are not in the
--   configuration history.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, target (recorder, channel or rule), source_ip_address, aws_region,
--   outcome, event_id
-- attack: T1685
-- see: AWS Config Developer Guide, Logging AWS Config API calls with AWS CloudTrail
-- detections: config-recorder-stopped, config-delivery-deleted, config-rule-deleted, config-history-cut
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.configurationRecorderName', record(e.id) ->> '$.requestParameters.deliveryChannelName',
                record(e.id) ->> '$.requestParameters.configRuleName', record(e.id) ->> '$.requestParameters.conformancePackName',
                record(e.id) ->> '$.requestParameters.configurationAggregatorName') AS target,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('StopConfigurationRecorder', 'DeleteConfigurationRecorder', 'DeleteDeliveryChannel', 'DeleteConfigRule',
         'DeleteOrganizationConfigRule', 'DeleteConformancePack', 'DeleteConfigurationAggregator', 'DeleteRetentionConfiguration',
         'DeleteAggregationAuthorization', 'DeleteEvaluationResults')
   AND +e.event_source = 'config.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
