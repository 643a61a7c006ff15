-- title: Identity providers and trust anchors
-- about: SAML and OpenID Connect providers of IAM, trust anchors and profiles of IAM Roles Anywhere, and settings of
--   Identity Center: an intruder who adds one can create identities from outside, without any IAM user.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time, principal, event_source, event_name, name, source_ip_address, outcome, event_id
-- attack: T1484.002, T1606.002, T1098.001
-- see: AWS IAM User Guide, Identity providers and federation; Stratus Red Team, Create an IAM Roles Anywhere trust
--   anchor
-- detections: saml-provider-changed, saml-provider-deleted, oidc-provider-changed, oidc-provider-deleted,
--   trust-anchor-created, roles-anywhere-profile, roles-anywhere-removed, sso-identity-source-changed
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_source, e.event_name,
       coalesce(record(e.id) ->> '$.requestParameters.name', record(e.id) ->> '$.requestParameters.sAMLProviderArn',
                record(e.id) ->> '$.requestParameters.url', record(e.id) ->> '$.requestParameters.openIDConnectProviderArn',
                record(e.id) ->> '$.requestParameters.trustAnchorId', record(e.id) ->> '$.requestParameters.profileId') AS name,
       e.source_ip_address, e.outcome, e.event_id
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE ((e.event_name IN ('CreateSAMLProvider', 'UpdateSAMLProvider', 'DeleteSAMLProvider', 'CreateOpenIDConnectProvider',
                          'AddClientIDToOpenIDConnectProvider', 'UpdateOpenIDConnectProviderThumbprint',
                          'DeleteOpenIDConnectProvider')
         AND +e.event_source = 'iam.amazonaws.com')
     OR (e.event_name IN ('CreateTrustAnchor', 'UpdateTrustAnchor', 'EnableTrustAnchor', 'DeleteTrustAnchor', 'CreateProfile',
                          'UpdateProfile', 'EnableProfile', 'DeleteProfile')
         AND +e.event_source = 'rolesanywhere.amazonaws.com')
     OR (e.event_name IN ('EnableExternalIdPConfigurationForDirectory', 'AssociateDirectory', 'DisassociateDirectory')
         AND +e.event_source IN ('sso.amazonaws.com', 'sso-directory.amazonaws.com')))
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 ORDER BY e.time, e.id;
