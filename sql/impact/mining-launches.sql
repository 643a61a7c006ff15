-- title: Large, costly or many instances started
-- about: Launches of instance types that mine or compute (GPU, inference, very large), or of many instances at once: a
--   common way to turn stolen keys into money. Instances that are changed to such a type and denied attempts count
--   too. Fleets that services start for an account, such as Auto Scaling, count by their type only.
--   `regions-first-used` lists launches in Regions that are new.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: instances integer = 10: the least number in one call
-- columns: event_time, principal, instance_type, wanted (how many instances), aws_region, why, source_ip_address,
--   outcome, error_code, event_id
-- attack: T1496.001, T1578.002
-- see: Stratus Red Team, Launch Unusual EC2 instances; AWS Security Incident Response Guide
-- level: high
WITH requests AS MATERIALIZED (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE e.event_name IN ('RunInstances', 'ModifyInstanceAttribute') AND +e.event_source = 'ec2.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
launches AS MATERIALIZED (
  SELECT r.*, coalesce(r.request ->> '$.instanceType.value', r.request ->> '$.instanceType', '') AS instance_type,
         ifnull(CAST(r.request ->> '$.instancesSet.items[0].maxCount' AS INTEGER), 1) AS wanted
    FROM requests r),
judged AS (
  SELECT l.*,
         CASE WHEN l.instance_type GLOB '[pg][0-9]*.*' OR l.instance_type GLOB 'inf[0-9]*' OR l.instance_type GLOB 'trn[0-9]*'
                   OR l.instance_type GLOB 'vt[0-9]*' OR l.instance_type GLOB 'dl[0-9]*' THEN 'a type with accelerators'
              WHEN l.instance_type LIKE '%.metal%' OR CAST(substr(l.instance_type, instr(l.instance_type, '.') + 1) AS INTEGER) >= 16
                   THEN 'a very large type'
              WHEN l.wanted >= :instances AND l.invoked_by IS NULL THEN 'many at once' END AS why
    FROM launches l)
SELECT j.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, j.instance_type, j.wanted, j.aws_region,
       j.why, j.source_ip_address, j.outcome, j.error_code, j.event_id
  FROM judged j
  LEFT JOIN identities i ON i.id = j.identity_id
 WHERE j.why IS NOT NULL
 ORDER BY j.time, j.id;
