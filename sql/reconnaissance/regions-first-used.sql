-- title: Regions that an account uses for the first time
-- about: Principals that worked in a Region before which the account did not work there for days, although it worked
--   elsewhere: the first call of the account in the Region, or its first call that is not read-only. Regions in which
--   nobody looks are where stolen credentials are turned into instances. Services and their roles are left out, since
--   some sweep every Region. Compared is the account's earlier period in this case, so nothing is new in its first days.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: days integer = 7: how long the account must have been seen before
-- param: hours integer = 24: how long after the first call principals are listed
-- columns: account, aws_region, new (first call or first change), region_first_time, principal, source_ip_address,
--   first_time, last_time, calls, denied, changes (calls that are not read-only), launches (RunInstances),
--   example_event
-- attack: T1535
-- see: MITRE ATT&CK, Unused/Unsupported Cloud Regions; AWS Account Management Reference Guide, Enable or disable
--   Regions
-- level: medium
WITH seen AS MATERIALIZED (
  SELECT f.recipient_account_id AS account, f.aws_region, min(f.first_seen) AS first,
         min(CASE WHEN f.read_only IS NOT 1 THEN f.first_seen END) AS first_change,
         min(min(f.first_seen)) OVER (PARTITION BY f.recipient_account_id) AS account_first
    FROM facets f
   WHERE f.first_seen IS NOT NULL AND f.recipient_account_id IS NOT NULL
   GROUP BY 1, 2),
opened AS MATERIALIZED (
  SELECT account, aws_region, 'first call' AS new, unixepoch(first) AS time FROM seen
   WHERE unixepoch(first) >= unixepoch(account_first) + :days * 86400
   UNION ALL
  SELECT account, aws_region, 'first change', unixepoch(first_change) FROM seen
   WHERE unixepoch(first_change) >= unixepoch(account_first) + :days * 86400
     AND unixepoch(first_change) > unixepoch(first) + :hours * 3600),
people AS MATERIALIZED (
  SELECT i.id FROM identities i
   WHERE i.type <> 'AWSService' AND ifnull(i.role_arn, '') NOT LIKE '%:role/aws-service-role/%' AND i.invoked_by IS NULL)
SELECT o.account, o.aws_region, o.new, strftime('%Y-%m-%dT%H:%M:%SZ', o.time, 'unixepoch') AS region_first_time,
       coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, min(e.source_ip_address) AS source_ip_address,
       min(e.event_time) AS first_time, max(e.event_time) AS last_time, count(*) AS calls, sum(e.outcome = 'denied') AS denied,
       sum(e.read_only IS NOT 1) AS changes, sum(e.event_name = 'RunInstances') AS launches,
       substr(min(e.event_time || e.event_id), 21) AS example_event
  FROM opened o
 CROSS JOIN events e ON e.time BETWEEN o.time AND o.time + :hours * 3600 AND +e.aws_region = o.aws_region
   AND +e.recipient_account_id = o.account
  JOIN identities i ON i.id = e.identity_id
 WHERE e.identity_id IN people AND e.invoked_by IS NULL AND (o.new = 'first call' OR e.read_only IS NOT 1)
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 GROUP BY o.account, o.aws_region, o.new, e.identity_id
 ORDER BY region_first_time, o.account, o.aws_region, first_time, principal;
