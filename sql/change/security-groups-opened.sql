-- title: Security groups opened to the world
-- about: Rules that admit 0.0.0.0/0 or ::/0, or any network as wide, in all three shapes of records: lists of
--   permissions, the flat form of old clients, and ModifySecurityGroupRules, in which one rule is an object and
--   several are an array. Security groups of databases and clusters too.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: bits integer = 0: the longest prefix that counts as the world; 8 finds 10.0.0.0/8 too
-- columns: event_time*, principal*, event_name, security_group*, protocol, from_port*, to_port*, network*,
--   source_ip_address, aws_region, outcome, event_id
-- attack: T1686.001
-- see: Amazon EC2 API Reference, AuthorizeSecurityGroupIngress; Stratus Red Team, Open Ingress Port 22 on a Security
--   Group
-- level: medium
WITH calls AS MATERIALIZED (
  SELECT e.*, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE ((e.event_name IN ('AuthorizeSecurityGroupIngress', 'ModifySecurityGroupRules', 'CreateSecurityGroup')
           AND +e.event_source = 'ec2.amazonaws.com')
       OR (e.event_name IN ('AuthorizeDBSecurityGroupIngress', 'AuthorizeClusterSecurityGroupIngress')
           AND +e.event_source IN ('rds.amazonaws.com', 'redshift.amazonaws.com')))
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
rules AS (
  SELECT c.id, p.value ->> '$.ipProtocol' AS protocol, p.value ->> '$.fromPort' AS from_port, p.value ->> '$.toPort' AS to_port,
         coalesce(r.value ->> '$.cidrIp', r.value ->> '$.cidrIpv6') AS network
    FROM calls c, json_each(c.request, '$.ipPermissions.items') p,
         (SELECT '$.ipRanges.items' AS path UNION ALL SELECT '$.ipv6Ranges.items') k, json_each(p.value, k.path) r
   UNION ALL
  SELECT c.id, c.request ->> '$.ipProtocol', c.request ->> '$.fromPort', c.request ->> '$.toPort',
         coalesce(c.request ->> '$.cidrIp', c.request ->> '$.cidrIpv6', c.request ->> '$.cIDRIP')
    FROM calls c
   UNION ALL
  SELECT c.id, r.value ->> '$.SecurityGroupRule.IpProtocol', r.value ->> '$.SecurityGroupRule.FromPort',
         r.value ->> '$.SecurityGroupRule.ToPort',
         coalesce(r.value ->> '$.SecurityGroupRule.CidrIpv4', r.value ->> '$.SecurityGroupRule.CidrIpv6')
    FROM calls c,
         json_each(CASE json_type(c.request, '$.ModifySecurityGroupRulesRequest.SecurityGroupRule')
                   WHEN 'array' THEN c.request -> '$.ModifySecurityGroupRulesRequest.SecurityGroupRule'
                   WHEN 'object' THEN json_array(c.request -> '$.ModifySecurityGroupRulesRequest.SecurityGroupRule') END) r)
SELECT c.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, c.event_name,
       coalesce(c.request ->> '$.groupId', c.request ->> '$.groupName',
                c.request ->> '$.ModifySecurityGroupRulesRequest.GroupId',
                c.request ->> '$.dBSecurityGroupName', c.request ->> '$.clusterSecurityGroupName') AS security_group,
       r.protocol, r.from_port, r.to_port, r.network, c.source_ip_address, c.aws_region, c.outcome, c.event_id
  FROM rules r
  JOIN calls c ON c.id = r.id
  LEFT JOIN identities i ON i.id = c.identity_id
 WHERE instr(r.network, '/') > 0 AND CAST(substr(r.network, instr(r.network, '/') + 1) AS INTEGER) <= :bits
 ORDER BY c.time, c.id, r.network;
