-- title: Ways in and out of a network changed
-- about: Internet and NAT gateways, peerings, routes, network ACLs, VPN and endpoints: who opened a path, and where
--   to. Security groups have a query of their own.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_name, target (VPC, table, gateway or ACL), destination, source_ip_address,
--   aws_region, outcome, event_id
-- attack: T1686.001, T1599
-- see: Amazon VPC User Guide, Log Amazon VPC API calls with AWS CloudTrail
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.vpcId', record(e.id) ->> '$.requestParameters.routeTableId',
                record(e.id) ->> '$.requestParameters.networkAclId', record(e.id) ->> '$.requestParameters.internetGatewayId',
                record(e.id) ->> '$.requestParameters.CreateNatGatewayRequest.SubnetId',
                record(e.id) ->> '$.requestParameters.CreateVpcEndpointRequest.VpcId') AS target,
       coalesce(record(e.id) ->> '$.requestParameters.destinationCidrBlock', record(e.id) ->> '$.requestParameters.cidrBlock',
                record(e.id) ->> '$.requestParameters.peerOwnerId', record(e.id) ->> '$.requestParameters.peerVpcId',
                record(e.id) ->> '$.requestParameters.CreateVpcEndpointRequest.ServiceName') AS destination,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('AttachInternetGateway', 'CreateNatGateway', 'CreateVpcPeeringConnection', 'AcceptVpcPeeringConnection',
         'CreateRoute', 'ReplaceRoute', 'CreateNetworkAclEntry', 'ReplaceNetworkAclEntry', 'DeleteNetworkAclEntry',
         'CreateVpnConnection', 'CreateClientVpnEndpoint', 'CreateTransitGatewayVpcAttachment', 'CreateVpcEndpoint',
         'ModifyVpcEndpoint', 'CreateTrafficMirrorSession', 'AssociateAddress')
   AND +e.event_source = 'ec2.amazonaws.com' AND e.invoked_by IS NULL
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
