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
-- slow: it reads every event of the case
WITH used AS MATERIALIZED (
  SELECT e.time / 86400 AS day, e.identity_id, e.source_ip_address, e.aws_region, count(*) AS calls,
         sum(e.outcome = 'denied') AS denied, sum(e.read_only IS NOT 1) AS changes
    FROM events e
   WHERE e.identity_id IN (SELECT i.id FROM identities i
                            WHERE i.type <> 'AWSService' AND ifnull(i.role_arn, '') NOT LIKE '%:role/aws-service-role/%')
     AND e.invoked_by IS NULL
     AND +e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2, 3, 4)
SELECT strftime('%Y-%m-%d', u.day * 86400, 'unixepoch') AS day,
       coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, u.source_ip_address,
       count(u.aws_region) AS regions, group_concat(u.aws_region) AS names, sum(u.calls) AS calls,
       sum(u.denied) AS denied, sum(u.changes) AS changes
  FROM used u
  LEFT JOIN identities i ON i.id = u.identity_id
 GROUP BY u.day, u.identity_id, u.source_ip_address
HAVING count(u.aws_region) >= :regions
 ORDER BY day, regions DESC, principal;
