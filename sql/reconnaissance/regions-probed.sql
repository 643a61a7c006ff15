-- title: Principals active in many Regions
-- about: Most work happens in a few Regions. A principal that calls many of them within a day looks for resources, or
--   for a limit that is high enough to mine. Services and roles of AWS that work everywhere are excluded.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: regions integer = 5: the least number of Regions in one day
-- columns: day, principal, source_ip_address, regions (how many), names (of the Regions), calls, denied, changes
--   (calls that are not read-only)
-- attack: T1535, T1580
-- see: MITRE ATT&CK, Unused/Unsupported Cloud Regions
-- slow: it reads every event of the case; a period makes it quick
SELECT substr(e.event_time, 1, 10) AS day, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.source_ip_address,
       count(DISTINCT e.aws_region) AS regions, group_concat(DISTINCT e.aws_region) AS names, count(*) AS calls,
       sum(e.outcome = 'denied') AS denied, sum(e.read_only IS NOT 1) AS changes
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.invoked_by IS NULL AND i.type <> 'AWSService' AND ifnull(i.role_arn, '') NOT LIKE '%:role/aws-service-role/%'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 GROUP BY day, e.identity_id, e.source_ip_address
HAVING count(DISTINCT e.aws_region) >= :regions
 ORDER BY day, regions DESC, principal;
