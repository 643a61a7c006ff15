-- title: Windows passwords and user data of instances read
-- about: GetPasswordData returns the administrator's password of a Windows instance; the user data of an instance
--   often contains secrets. By principal and address, with the number of instances and of denied calls.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: principal*, event_name, source_ip_address*, account, first_time*, last_time, calls*, denied*, instances* (how
--   many different ones), example_event
-- attack: T1552.005, T1552.001
-- see: Stratus Red Team, Retrieve EC2 Password Data; Stratus Red Team, Download EC2 Instance User Data
-- detections: instance-password-read, user-data-read, launch-template-read
WITH asked AS (
  SELECT e.*, record(e.id) ->> '$.requestParameters.instanceId' AS instance,
         record(e.id) ->> '$.requestParameters.attribute' AS attribute
    FROM events e
   WHERE e.event_name IN ('GetPasswordData', 'DescribeInstanceAttribute', 'GetLaunchTemplateData')
     AND +e.event_source = 'ec2.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9))
SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name, e.source_ip_address,
       e.recipient_account_id AS account, min(e.event_time) AS first_time, max(e.event_time) AS last_time,
       count(*) AS calls, sum(e.outcome = 'denied') AS denied, count(DISTINCT e.instance) AS instances,
       min(e.event_id) AS example_event
  FROM asked e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name <> 'DescribeInstanceAttribute' OR e.attribute = 'userData'
 GROUP BY e.identity_id, e.event_name, e.source_ip_address, account
 ORDER BY instances DESC, calls DESC, principal, e.event_name;
