-- title: Accounts outside the case: absent ones of the organization, and foreign ones
-- about: Accounts of the organization (import the answer of `aws organizations list-accounts`) that no trail of the
--   case belongs to, and accounts that are neither in the case nor in the organization: that acted here, whose
--   resources were named, that a policy or trust policy allows something, or that something was shared with.
--   First contact is the oldest of these. Without a list of the organization, every outside account is foreign.
-- columns: kind (absent: of the organization, without events; foreign), account, name, ways (acts here, resource
--   named, policy, shared), first_contact, last_contact, first_event (event_id of the oldest policy or share, NULL
--   if the account acted or was named before)
-- attack: T1199
-- see: AWS Organizations API Reference, ListAccounts; AWS IAM User Guide, Access to AWS accounts owned by third parties
-- slow: policies and shares are only in the records, which are many if roles are created all day
WITH own AS MATERIALIZED (
  SELECT DISTINCT f.recipient_account_id AS account FROM facets f WHERE f.recipient_account_id IS NOT NULL),
calls AS MATERIALIZED (
  SELECT e.event_id, e.event_time, record(e.id) -> '$.requestParameters' AS request
    FROM events e
   WHERE e.event_name IN (
           'CreateRole', 'UpdateAssumeRolePolicy', 'PutBucketPolicy', 'PutKeyPolicy', 'CreateKey', 'CreateGrant',
           'SetQueueAttributes', 'CreateQueue', 'SetTopicAttributes', 'CreateTopic', 'PutResourcePolicy',
           'SetRepositoryPolicy', 'PutBackupVaultAccessPolicy', 'PutFileSystemPolicy', 'PutEventBusPolicy',
           'PutPermission', 'AddPermission20150331v2', 'AddPermission', 'AddLayerVersionPermission20181031',
           'ModifySnapshotAttribute', 'ModifyImageAttribute', 'ModifyDBSnapshotAttribute',
           'ModifyDBClusterSnapshotAttribute', 'AuthorizeSnapshotAccess', 'CreateResourceShare',
           'AssociateResourceShare', 'CreateVpcPeeringConnection', 'ModifyDocumentPermission')),
texts AS MATERIALIZED (
  SELECT c.event_id, c.event_time, t.atom AS text
    FROM calls c, json_tree(c.request) t
   WHERE t.type = 'text' AND t.atom <> ''),
principals AS (
  SELECT x.event_id, x.event_time, 'policy' AS way, p.value AS principal
    FROM texts x, json_each(policy_statements(x.text)) s, json_each(s.value, '$.principals') p
   WHERE x.text GLOB '*Statement*' AND s.value ->> '$.effect' = 'Allow'
   UNION ALL
  SELECT x.event_id, x.event_time, 'shared', x.text FROM texts x WHERE x.text NOT GLOB '*Statement*'),
contacts AS (
  SELECT p.event_id, p.event_time AS first, p.event_time AS last, p.way,
         CASE WHEN p.principal GLOB 'arn:*' THEN arn_part(p.principal, 'account') ELSE p.principal END AS account
    FROM principals p
   UNION ALL
  SELECT NULL, i.first_seen, i.last_seen, 'acts here', i.account_id FROM identities i
   UNION ALL
  SELECT NULL, r.first_seen, r.last_seen, 'resource named', r.account_id FROM resources r WHERE r.arn IS NOT NULL),
outside AS (
  SELECT c.account, group_concat(DISTINCT c.way) AS ways, min(c.first) AS first_contact, max(c.last) AS last_contact
    FROM contacts c
   WHERE length(c.account) = 12 AND c.account NOT GLOB '*[^0-9]*' AND c.account NOT IN own
   GROUP BY c.account)
SELECT CASE WHEN a.id IS NULL THEN 'foreign' ELSE 'absent' END AS kind, all_ids.account, a.name, o.ways, o.first_contact,
       o.last_contact,
       (SELECT c.event_id FROM contacts c WHERE c.account = all_ids.account AND c.first = o.first_contact
         ORDER BY c.event_id IS NULL DESC, c.event_id LIMIT 1) AS first_event
  FROM (SELECT account FROM outside UNION SELECT id FROM organization_accounts WHERE id NOT IN own) all_ids
  LEFT JOIN organization_accounts a ON a.id = all_ids.account
  LEFT JOIN outside o ON o.account = all_ids.account
 ORDER BY kind DESC, o.first_contact IS NULL, o.first_contact, all_ids.account;
