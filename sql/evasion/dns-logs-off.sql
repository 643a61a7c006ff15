-- title: Logs of DNS queries switched off
-- about: Query logs of Route 53, of its resolvers and their firewalls removed: the record of which names were
--   resolved, and of where stolen data went.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_source, event_name, target, source_ip_address, aws_region, outcome, event_id
-- attack: T1685.002
-- see: Stratus Red Team, Delete DNS query logs; Amazon Route 53 Developer Guide, Resolver query logging
-- detections: dns-query-logs-off, dns-firewall-off
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_source, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.resolverQueryLogConfigId', record(e.id) ->> '$.requestParameters.id',
                record(e.id) ->> '$.requestParameters.firewallRuleGroupAssociationId') AS target,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('DeleteResolverQueryLogConfig', 'DisassociateResolverQueryLogConfig', 'DeleteQueryLoggingConfig',
                        'DisassociateFirewallRuleGroup', 'DeleteFirewallRule')
   AND +e.event_source IN ('route53resolver.amazonaws.com', 'route53.amazonaws.com')
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
