-- title: Users, groups and roles created and deleted
-- about: New and deleted identities, and whether a new one was used. A user that exists for an hour is either a test
--   or the trace of somebody who cleaned up.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, principal*, event_name*, target*, source_ip_address, outcome*, seen* (events of a user or role of
--   that name in this case), event_id
-- attack: T1136.003, T1531
-- see: AWS IAM User Guide, IAM identities
WITH made AS (
  SELECT e.*, coalesce(record(e.id) ->> '$.requestParameters.userName', record(e.id) ->> '$.requestParameters.roleName',
                       record(e.id) ->> '$.requestParameters.groupName',
                       record(e.id) ->> '$.requestParameters.aWSServiceName') AS target
    FROM events e
   WHERE e.event_name IN ('CreateUser', 'DeleteUser', 'CreateGroup', 'DeleteGroup', 'CreateRole', 'DeleteRole')
     AND +e.event_source = 'iam.amazonaws.com'
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9))
SELECT e.event_time, coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.event_name, e.target, e.source_ip_address, e.outcome, ifnull(s.events, 0) AS seen, e.event_id
  FROM made e
  LEFT JOIN identities i ON i.id = e.identity_id
  LEFT JOIN (SELECT 'User' AS kind, user_name AS name, sum(events) AS events FROM identities WHERE type = 'IAMUser' GROUP BY 2
              UNION ALL
             SELECT 'Role', role_name, sum(events) FROM identities GROUP BY 2) s
         ON s.kind = substr(e.event_name, 7) AND s.name = e.target
 ORDER BY e.time, e.id;
