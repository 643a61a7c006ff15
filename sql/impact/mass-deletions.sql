-- title: Many deletions in a short time
-- about: One principal that deletes, terminates or empties many things within an hour: objects, volumes, snapshots,
--   databases, backups, stacks. Ransom and revenge look like this, and so does the end of a test. Ordinary clean-up
--   by services is excluded.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: deletions integer = 20: the least number in one hour
-- columns: hour, principal, source_ip_address, deletions, failed, kinds (event names and how often), first_time,
--   last_time, account
-- attack: T1485, T1490
-- see: AWS Customer Incident Response Team, The anatomy of ransomware event targeting data in Amazon S3
-- level: medium
WITH gone AS MATERIALIZED (
  SELECT substr(e.event_time, 1, 13) || ':00:00Z' AS hour, e.identity_id, e.source_ip_address, e.event_name, count(*) AS times,
         sum(e.outcome <> 'ok') AS failed, min(e.event_time) AS first_time, max(e.event_time) AS last_time
    FROM events e
   WHERE e.event_name IN ('DeleteObject', 'DeleteObjects', 'DeleteBucket', 'DeleteSnapshot', 'DeleteVolume', 'TerminateInstances',
           'DeregisterImage', 'DeleteDBInstance', 'DeleteDBCluster', 'DeleteDBSnapshot', 'DeleteDBClusterSnapshot', 'DeleteTable',
           'DeleteBackup', 'DeleteRecoveryPoint', 'DeleteBackupVault', 'DeleteStack', 'DeleteFileSystem', 'DeleteSecret',
           'DeleteFunction20150331', 'DeleteCluster', 'DeleteRepository', 'DeleteStream', 'DeleteQueue', 'DeleteDomain',
           'DeleteParameter', 'DeleteParameters', 'DeleteUser', 'DeleteRole', 'ScheduleKeyDeletion', 'DeleteLogGroup')
     AND e.invoked_by IS NULL
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2, 3, 4)
SELECT g.hour, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, g.source_ip_address, sum(g.times) AS deletions,
       sum(g.failed) AS failed, group_concat(g.event_name || ' ' || g.times, ', ') AS kinds,
       min(g.first_time) AS first_time, max(g.last_time) AS last_time, i.account_id AS account
  FROM gone g
  LEFT JOIN identities i ON i.id = g.identity_id
 GROUP BY g.hour, g.identity_id, g.source_ip_address
HAVING sum(g.times) >= :deletions
 ORDER BY g.hour, deletions DESC, principal;
