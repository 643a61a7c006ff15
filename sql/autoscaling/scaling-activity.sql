-- title: What Auto Scaling launched and ended
-- about: Launches and terminations by Auto Scaling itself, by day, account and Region, with failures: how much came
--   and went without a person, and where a limit or an image stopped it.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: day, account, aws_region, event_name, calls, failed, top_error, first_time, last_time
-- see: Amazon EC2 Auto Scaling User Guide, Log Amazon EC2 Auto Scaling API calls with AWS CloudTrail
SELECT substr(e.event_time, 1, 10) AS day, e.recipient_account_id AS account, e.aws_region, e.event_name, count(*) AS calls,
       sum(e.outcome <> 'ok') AS failed, max(e.error_code) AS top_error, min(e.event_time) AS first_time, max(e.event_time) AS last_time
  FROM events e
 WHERE e.event_name IN ('RunInstances', 'TerminateInstances', 'CreateFleet') AND +e.event_source = 'ec2.amazonaws.com'
   AND e.invoked_by = 'autoscaling.amazonaws.com'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 GROUP BY 1, 2, 3, 4
 ORDER BY day, account, e.aws_region, e.event_name;
