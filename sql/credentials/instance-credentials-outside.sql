-- title: Credentials of an instance used from elsewhere
-- about: The role session of an EC2 instance (its session name is the instance id) used where the instance is not.
--   Credentials stolen through the metadata service work from anywhere for hours. Outside is a public address that no
--   record in the case assigns to the instance, a NAT gateway or an Elastic IP of its account; a VPC endpoint of
--   another account; or another endpoint than the one a service is otherwise called through. The first address seen
--   is not assumed to be the instance's own. Few records contain addresses (AllocateAddress does), so name the
--   account's own if they do not. Unclear is a private address without a VPC endpoint, one of several endpoints of a
--   service if no record shows which is the account's, and a client that the role did not use before.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: own list: networks that instances really call from, such as 203.0.113.0/24, and ids or accounts of VPC
--   endpoints; with it every other public network is outside
-- columns: instance, role, account, source_ip_address, network, first_time, last_time, events, denied, names (of what
--   was called), own_network (public networks that the records assign to the instance or its account), example_event,
--   vpc_endpoint, client (the names of the programs), verdict (outside or unclear), reason
-- attack: T1552.005, T1078.004
-- see: Amazon GuardDuty User Guide, UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS and
--   .InsideAWS; Stratus Red Team, Steal EC2 Instance Credentials
-- level: high
-- slow: it groups all calls of all instances by place, client and call
WITH calls AS MATERIALIZED (
  SELECT i.id AS identity_id, i.session_name AS instance, i.role_name AS role, coalesce(i.role_arn, i.role_name) AS role_arn,
         i.account_id AS account, e.source_ip_address AS address, network(e.source_ip_address, 24, 48) AS network,
         e.vpc_endpoint_id AS endpoint, e.user_agent_id, e.facet_id,
         e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9) AS within,
         count(*) AS events, min(e.time) AS first, max(e.time) AS last, max(e.id) AS some_event
    FROM identities i
   CROSS JOIN events e ON e.identity_id = i.id
   WHERE i.type = 'AssumedRole' AND i.session_name GLOB 'i-[0-9a-fA-F]*' AND e.invoked_by IS NULL AND e.time IS NOT NULL
   GROUP BY i.id, e.source_ip_address, e.vpc_endpoint_id, e.user_agent_id, e.facet_id, within),
-- An endpoint is of one account, which newer records name.
owners AS MATERIALIZED (
  SELECT endpoint, record_value(max(some_event), 'vpcEndpointAccountId') AS account
    FROM calls
   WHERE endpoint IS NOT NULL
   GROUP BY endpoint),
-- Where a session was used: an address, and the VPC endpoint if there is one.
places AS MATERIALIZED (
  SELECT c.identity_id, c.instance, c.account, c.address, c.network, c.endpoint,
         (SELECT o.account FROM owners o WHERE o.endpoint = c.endpoint) AS endpoint_account,
         c.endpoint IS NULL
           AND (ip_in(c.address, '10.0.0.0/8') OR ip_in(c.address, '172.16.0.0/12') OR ip_in(c.address, '192.168.0.0/16')
                OR ip_in(c.address, '100.64.0.0/10') OR ip_in(c.address, '169.254.0.0/16') OR ip_in(c.address, '127.0.0.0/8')
                OR ip_in(c.address, 'fc00::/7') OR ip_in(c.address, 'fe80::/10') OR ip_in(c.address, '::1')) AS private
    FROM calls c
   WHERE c.network IS NOT NULL
   GROUP BY c.identity_id, c.address, c.endpoint),
-- CloudTrail records no responses of calls that only read: of those, the ones that ask for an address or an endpoint tell.
-- In the order of ids each block of records is unpacked once.
telling AS MATERIALIZED (
  SELECT e.id, e.recipient_account_id AS account, e.event_name
    FROM events e
   WHERE e.event_name IN ('RunInstances', 'StartInstances', 'AllocateAddress', 'AssociateAddress', 'DisassociateAddress',
                          'ReleaseAddress', 'DescribeAddresses', 'CreateNatGateway', 'DeleteNatGateway',
                          'AssociateNatGatewayAddress', 'CreateNetworkInterface', 'AttachNetworkInterface',
                          'AssignPrivateIpAddresses', 'AssignIpv6Addresses', 'CreateVpcEndpoint', 'ModifyVpcEndpoint',
                          'DeleteVpcEndpoints', 'DescribeVpcEndpoints')
     AND +e.event_source = 'ec2.amazonaws.com' AND +e.outcome = 'ok'
     AND +e.recipient_account_id IN (SELECT account FROM places)
   ORDER BY e.id),
told AS MATERIALIZED (
  SELECT t.account, t.event_name, record(t.id) AS record FROM telling t),
items AS MATERIALIZED (
  SELECT t.account, i.value AS item
    FROM told t, json_tree(t.record, '$.responseElements') i
   WHERE i.type = 'object' AND i.path GLOB '*.instancesSet.items' AND t.event_name IN ('RunInstances', 'StartInstances')),
-- An address of another instance is not this one's; those of NAT gateways, interfaces and Elastic IPs are the account's.
own_addresses AS MATERIALIZED (
  SELECT i.account, i.item ->> '$.instanceId' AS instance, a.atom AS address
    FROM items i, json_tree(i.item) a
   WHERE a.key IN ('ipAddress', 'publicIp', 'publicIpAddress', 'privateIpAddress', 'ipv6Address')
   UNION
  SELECT t.account, NULL, a.atom
    FROM told t, json_tree(t.record) a
   WHERE t.event_name NOT IN ('RunInstances', 'StartInstances')
     AND a.key IN ('publicIp', 'PublicIp', 'privateIpAddress', 'ipv6Address', 'carrierIp', 'customerOwnedIp')),
own_networks AS MATERIALIZED (
  SELECT DISTINCT account, instance, network(address, 24, 48) AS network
    FROM own_addresses
   WHERE NOT (ip_in(address, '10.0.0.0/8') OR ip_in(address, '172.16.0.0/12') OR ip_in(address, '192.168.0.0/16')
              OR ip_in(address, '100.64.0.0/10') OR ip_in(address, 'fc00::/7'))),
own_endpoints AS MATERIALIZED (
  SELECT t.account, a.atom AS endpoint
    FROM told t, json_tree(t.record) a
   WHERE t.event_name LIKE '%VpcEndpoint%' AND a.atom GLOB 'vpce-*'
   UNION
  SELECT account, endpoint FROM places WHERE endpoint_account = account
   UNION
  SELECT account, endpoint FROM places WHERE endpoint IS NOT NULL GROUP BY account, endpoint HAVING count(DISTINCT instance) > 1),
ways AS MATERIALIZED (
  SELECT DISTINCT c.identity_id, c.account, f.event_source AS service, f.aws_region AS region, c.endpoint
    FROM calls c
    JOIN facets f ON f.id = c.facet_id
    JOIN places p ON p.identity_id = c.identity_id AND p.address = c.address AND p.endpoint = c.endpoint
   WHERE p.endpoint_account IS NULL OR p.endpoint_account = p.account),
-- An instance stays in its VPC, where a service of a Region has one endpoint.
also AS MATERIALIZED (
  SELECT w.identity_id, w.endpoint, max((o.account, o.endpoint) IN own_endpoints) AS through_own
    FROM ways w
    JOIN ways o ON o.identity_id = w.identity_id AND o.service = w.service AND o.region = w.region AND o.endpoint <> w.endpoint
   WHERE (w.account, w.endpoint) NOT IN own_endpoints
   GROUP BY w.identity_id, w.endpoint),
judged AS MATERIALIZED (
  SELECT p.*,
         CASE WHEN EXISTS (SELECT 1 FROM json_each(:own) o
                            WHERE CASE WHEN o.value IN (p.endpoint, p.endpoint_account) THEN 1
                                       WHEN p.endpoint IS NULL AND o.value GLOB '*[.:]*' THEN ip_in(p.address, o.value) END) THEN NULL
              WHEN p.endpoint_account <> p.account THEN 'outside: a VPC endpoint of account ' || p.endpoint_account
              WHEN p.endpoint IS NOT NULL THEN
                (SELECT CASE a.through_own WHEN 1 THEN 'outside: another VPC endpoint than the service is otherwise called through'
                                           ELSE 'unclear: one of several VPC endpoints for a service, and no record tells which is the account''s' END
                   FROM also a WHERE a.identity_id = p.identity_id AND a.endpoint = p.endpoint)
              WHEN (:own IS NULL OR p.private)
                   AND EXISTS (SELECT 1 FROM own_addresses a WHERE a.account = p.account AND a.address = p.address
                                  AND (a.instance IS NULL OR a.instance = p.instance)) THEN NULL
              WHEN p.private THEN 'unclear: a private address without a VPC endpoint'
              WHEN :own IS NOT NULL THEN 'outside: a public address that is not in the networks given as own'
              WHEN p.account NOT IN (SELECT account FROM own_networks)
                THEN 'outside: a public address, and no record gives the account any: name its own with own'
              ELSE 'outside: a public address that no record gives to the instance, a NAT gateway or an Elastic IP' END AS verdict
    FROM places p),
agents AS MATERIALIZED (
  SELECT id, substr(ltrim(text, '['), 1, min(instr(ltrim(text, '[') || '/', '/'), instr(ltrim(text, '[') || ' ', ' ')) - 1) AS client
    FROM user_agents
   WHERE id IN (SELECT user_agent_id FROM calls)),
clients AS MATERIALIZED (
  SELECT role_arn, client, identity_id
    FROM (SELECT c.role_arn, a.client, c.identity_id, c.first, min(c.first) OVER (PARTITION BY c.role_arn) AS role_first,
                 row_number() OVER (PARTITION BY c.role_arn, a.client ORDER BY c.first, c.identity_id) AS place
            FROM calls c JOIN agents a ON a.id = c.user_agent_id
           WHERE c.network IS NOT NULL)
   WHERE place = 1 AND first > role_first),
found AS (
  SELECT c.*, a.client, j.verdict
    FROM judged j
    JOIN calls c ON c.identity_id = j.identity_id AND c.address = j.address AND c.endpoint IS j.endpoint
    LEFT JOIN agents a ON a.id = c.user_agent_id
   WHERE j.verdict IS NOT NULL
   UNION ALL
  SELECT c.*, a.client, 'unclear: a client that the role did not use before'
    FROM clients n
    JOIN agents a ON a.client = n.client
    JOIN calls c ON c.identity_id = n.identity_id AND c.role_arn = n.role_arn AND c.user_agent_id = a.id
    JOIN judged j ON j.identity_id = c.identity_id AND j.address = c.address AND j.endpoint IS c.endpoint AND j.verdict IS NULL)
SELECT f.instance, f.role, f.account, f.address AS source_ip_address, f.network,
       strftime('%Y-%m-%dT%H:%M:%SZ', min(f.first), 'unixepoch') AS first_time,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(f.last), 'unixepoch') AS last_time, sum(f.events) AS events,
       sum(f.events * (a.outcome = 'denied')) AS denied, group_concat(DISTINCT a.event_name) AS names,
       (SELECT group_concat(DISTINCT n.network) FROM own_networks n
         WHERE n.account = f.account AND (n.instance IS NULL OR n.instance = f.instance)) AS own_network,
       min((SELECT min(e.event_id) FROM events e
             WHERE e.identity_id = f.identity_id AND e.time BETWEEN f.first AND f.last AND e.source_ip_address = f.address
               AND e.vpc_endpoint_id IS f.endpoint AND e.user_agent_id IS f.user_agent_id AND e.facet_id = f.facet_id
               AND e.invoked_by IS NULL)) AS example_event, f.endpoint AS vpc_endpoint, group_concat(DISTINCT f.client) AS client,
       substr(f.verdict, 1, instr(f.verdict, ':') - 1) AS verdict, substr(f.verdict, instr(f.verdict, ':') + 2) AS reason
  FROM found f
  JOIN facets a ON a.id = f.facet_id
 WHERE f.within
 GROUP BY f.identity_id, f.address, f.endpoint, f.verdict
 ORDER BY verdict, min(f.first), f.instance, f.address;
