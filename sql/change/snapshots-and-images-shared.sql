-- title: EBS snapshots and images shared with other accounts
-- about: Snapshots and machine images that were shared with an account or with everybody, and what other accounts
--   then created from them: events such as SharedSnapshotVolumeCreated are the owner's only sign that a disk was
--   copied. Accounts whose trails the case has are the organization's own: what is shared with them alone is left out.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: own integer = 0: 1 lists those that are shared with the organization's own accounts too
-- columns: event_time*, principal*, event_name*, resource*, shared_with* (accounts, all for everybody; of a copy the
--   account that made it), source_ip_address, aws_region, outcome*, event_id
-- attack: T1537
-- see: Amazon EBS User Guide, Share an Amazon EBS snapshot; Stratus Red Team, Exfiltrate EBS Snapshot by Sharing It
-- level: high
WITH own_accounts AS MATERIALIZED (
  SELECT DISTINCT f.recipient_account_id AS account FROM facets f WHERE f.recipient_account_id IS NOT NULL),
calls AS (
  SELECT e.*, record(e.id) AS record
    FROM events e
   WHERE e.event_name IN ('ModifySnapshotAttribute', 'ModifyImageAttribute', 'SharedSnapshotVolumeCreated',
                          'SharedSnapshotCopyInitiated')
     AND +e.event_source = 'ec2.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
shared AS (
  SELECT c.*, coalesce(c.record ->> '$.serviceEventDetails.sharedVolumeOwnerAccountId',
                       c.record ->> '$.serviceEventDetails.destinationAccountId') AS copied_to,
         (SELECT group_concat(coalesce(a.value ->> '$.userId', a.value ->> '$.group', a.value ->> '$.organizationArn',
                                       a.value ->> '$.organizationalUnitArn'))
            FROM (SELECT '$.requestParameters.createVolumePermission.add.items' AS path
                   UNION ALL SELECT '$.requestParameters.launchPermission.add.items') k, json_each(c.record, k.path) a)
           AS added,
         EXISTS (SELECT 1
                   FROM (SELECT '$.requestParameters.createVolumePermission.add.items' AS path
                          UNION ALL SELECT '$.requestParameters.launchPermission.add.items') k, json_each(c.record, k.path) a
                  WHERE ifnull(a.value ->> '$.userId', '') NOT IN own_accounts) AS to_others
    FROM calls c)
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name,
       coalesce(e.record ->> '$.requestParameters.snapshotId', e.record ->> '$.requestParameters.imageId',
                e.record ->> '$.serviceEventDetails.snapshotId') AS resource,
       coalesce(e.added, e.copied_to, e.record ->> '$.userIdentity.accountId') AS shared_with,
       e.source_ip_address, e.aws_region, e.outcome, e.event_id
  FROM shared e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE CASE WHEN :own THEN e.added IS NOT NULL OR e.event_name LIKE 'Shared%'
            WHEN e.event_name LIKE 'Shared%' THEN ifnull(e.copied_to, '') NOT IN own_accounts
            ELSE e.to_others END
 ORDER BY e.time, e.id;
