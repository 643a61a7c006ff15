-- title: First use of a network by a principal
-- about: The first event of each principal from each autonomous system, except the first one of each principal, with which there
--   is nothing to compare. Addresses change often, their networks less so: a call from a hosting provider by a person who
--   worked from an office is worth a question. A principal is a user, a role, or the session of a person of IAM Identity
--   Center. Which files are given with --geo decides the answer.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, account, network* (number and organization), earlier_networks*, source_ip_address*,
--   event_name, outcome, events (of the principal from this network), event_id
-- attack: T1078.004
-- see: AWS CloudTrail User Guide, CloudTrail record contents
-- slow: it looks at every event that came from an address in the files
-- needs: asn, as_org
WITH places AS MATERIALIZED (
  SELECT value AS address, ('AS' || asn(value) || ifnull(' ' || as_org(value), '')) AS network
    FROM attribute_values
   WHERE attribute = 'source_ip_address' AND ('AS' || asn(value) || ifnull(' ' || as_org(value), '')) IS NOT NULL),
used AS MATERIALIZED (
  SELECT e.identity_id, p.network, min(e.event_time || e.event_id) AS first, count(*) AS events
    FROM places p
   CROSS JOIN events e ON e.source_ip_address = p.address
   WHERE e.invoked_by IS NULL AND e.time <= ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2),
by_principal AS MATERIALIZED (
  SELECT CASE WHEN i.role_name GLOB 'AWSReservedSSO_*' THEN i.arn
              ELSE coalesce(i.role_arn, i.arn, i.user_name, i.principal_id) END AS principal,
         i.account_id AS account, u.network, min(u.first) AS first, sum(u.events) AS events
    FROM used u
    JOIN identities i ON i.id = u.identity_id
   GROUP BY 1, 2, 3)
SELECT e.event_time, n.principal, n.account, n.network,
       (SELECT group_concat(o.network, ', ' ORDER BY o.network) FROM by_principal o
         WHERE o.principal = n.principal AND o.account IS n.account AND o.first < n.first) AS earlier_networks,
       e.source_ip_address, e.event_name, e.outcome, n.events, e.event_id
  FROM by_principal n
 CROSS JOIN events e ON e.event_id = substr(n.first, 21)
 WHERE earlier_networks IS NOT NULL AND e.time >= ifnull(unixepoch(:since), 0)
 ORDER BY e.time, n.principal, n.account, n.network;
