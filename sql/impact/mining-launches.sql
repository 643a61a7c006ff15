-- title: Large, costly or strange instances started
-- about: Launches of instance types that mine or compute (GPU, inference, very large), of many instances at once, or
--   in a Region where this account launched nothing before, although it launched elsewhere for some days: a common
--   way to turn stolen keys into money. Instances that are changed to such a type and denied attempts count too.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: instances integer = 10: the least number in one call
-- param: days integer = 2: how long the account must have launched elsewhere before a Region is new
-- columns: event_time, principal, instance_type, wanted (how many instances), aws_region, new_region (1 if the
--   account launched elsewhere for some days and nothing there), why, source_ip_address, outcome, error_code, event_id
-- attack: T1496.001, T1578.002
-- see: Stratus Red Team, Launch Unusual EC2 instances; AWS Security Incident Response Guide
-- level: medium
WITH requests AS MATERIALIZED (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE e.event_name IN ('RunInstances', 'ModifyInstanceAttribute') AND +e.event_source = 'ec2.amazonaws.com'
     AND e.time <= ifnull(unixepoch(:until), 9e9)),
launches AS MATERIALIZED (
  SELECT r.*, coalesce(r.request ->> '$.instanceType.value', r.request ->> '$.instanceType', '') AS instance_type,
         ifnull(CAST(r.request ->> '$.instancesSet.items[0].maxCount' AS INTEGER), 1) AS wanted
    FROM requests r),
firsts AS (
  SELECT l.recipient_account_id AS account, l.aws_region, min(l.time) AS time,
         min(min(l.time)) OVER (PARTITION BY l.recipient_account_id) AS account_time
    FROM launches l WHERE l.event_name = 'RunInstances' GROUP BY 1, 2),
judged AS (
  SELECT l.*, l.event_name = 'RunInstances' AND f.time = l.time AND f.account_time <= l.time - :days * 86400 AS new_region,
         CASE WHEN l.instance_type GLOB '[pg][0-9]*.*' OR l.instance_type GLOB 'inf[0-9]*' OR l.instance_type GLOB 'trn[0-9]*'
                   OR l.instance_type GLOB 'vt[0-9]*' OR l.instance_type GLOB 'dl[0-9]*' THEN 'a type with accelerators'
              WHEN l.instance_type LIKE '%.metal%' OR CAST(substr(l.instance_type, instr(l.instance_type, '.') + 1) AS INTEGER) >= 16
                   THEN 'a very large type'
              WHEN l.wanted >= :instances THEN 'many at once'
              WHEN l.event_name = 'RunInstances' AND f.time = l.time AND f.account_time <= l.time - :days * 86400 THEN 'a new Region' END AS why
    FROM launches l
    LEFT JOIN firsts f ON f.account IS l.recipient_account_id AND f.aws_region IS l.aws_region)
SELECT j.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, j.instance_type, j.wanted, j.aws_region,
       j.new_region, j.why, j.source_ip_address, j.outcome, j.error_code, j.event_id
  FROM judged j
  LEFT JOIN identities i ON i.id = j.identity_id
 WHERE j.why IS NOT NULL AND j.time >= ifnull(unixepoch(:since), 0)
 ORDER BY j.time, j.id;
