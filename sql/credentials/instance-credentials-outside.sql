-- title: Credentials of an instance used from elsewhere
-- about: The role session of an EC2 instance (its session name is the instance id) used from more than one public
--   network, or from outside the networks that are named as one's own. Stolen through the metadata service, such
--   credentials work from anywhere for hours. Private addresses and VPC endpoints count as inside; the network seen
--   first is taken as the instance's own. An instance that got another public address looks the same: see when it
--   was started.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: own list: networks that instances really call from, such as 203.0.113.0/24; with them every other network
--   is outside
-- columns: instance, role, account, source_ip_address, network, first_time, last_time, events, denied, names (of
--   what was called), own_network (where the instance was seen first), example_event
-- attack: T1552.005, T1078.004
-- see: Amazon GuardDuty User Guide, UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS; Stratus
--   Red Team, Steal EC2 Instance Credentials
-- signal: high
WITH used AS MATERIALIZED (
  SELECT i.id AS identity_id, i.session_name AS instance, i.role_name AS role, i.account_id AS account,
         e.source_ip_address, network(e.source_ip_address, 24, 48) AS network, min(e.time) AS first,
         min(e.event_time) AS first_time, max(e.event_time) AS last_time, count(*) AS events,
         sum(e.outcome = 'denied') AS denied, group_concat(DISTINCT e.event_name) AS names,
         min(e.event_id) AS example_event
    FROM identities i
   CROSS JOIN events e ON e.identity_id = i.id
   WHERE i.type = 'AssumedRole' AND i.session_name GLOB 'i-[0-9a-fA-F]*'
     AND e.vpc_endpoint_id IS NULL AND e.invoked_by IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   GROUP BY i.id, e.source_ip_address),
public AS MATERIALIZED (
  SELECT * FROM used
   WHERE network IS NOT NULL
     AND NOT (ip_in(source_ip_address, '10.0.0.0/8') OR ip_in(source_ip_address, '172.16.0.0/12')
              OR ip_in(source_ip_address, '192.168.0.0/16') OR ip_in(source_ip_address, '100.64.0.0/10')
              OR ip_in(source_ip_address, 'fc00::/7')))
SELECT p.instance, p.role, p.account, p.source_ip_address, p.network, p.first_time, p.last_time, p.events, p.denied,
       p.names, (SELECT f.network FROM public f WHERE f.identity_id = p.identity_id ORDER BY f.first LIMIT 1) AS own_network,
       p.example_event
  FROM public p
 WHERE CASE WHEN :own IS NULL
            THEN p.network <> (SELECT f.network FROM public f WHERE f.identity_id = p.identity_id ORDER BY f.first LIMIT 1)
            ELSE NOT EXISTS (SELECT 1 FROM json_each(:own) o WHERE ip_in(p.source_ip_address, o.value)) END
 ORDER BY p.first_time, p.instance;
