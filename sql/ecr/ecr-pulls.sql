-- title: Who pulled images from ECR
-- about: Pulls by principal, repository and address. Images contain code and often secrets: a person who pulls every
--   repository collects them.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: principal, repository, source_ip_address, account, pulls, denied, repositories (that this principal
--   pulled from in all), first_time, last_time, example_event
-- attack: T1213, T1530
-- see: Amazon ECR User Guide, Logging Amazon ECR actions with AWS CloudTrail
WITH pulled AS MATERIALIZED (
  SELECT e.identity_id, e.source_ip_address, e.recipient_account_id AS account, e.outcome, e.event_time, e.event_id,
         record(e.id) ->> '$.requestParameters.repositoryName' AS repository
    FROM events e
   WHERE e.event_name = 'BatchGetImage' AND +e.event_source IN ('ecr.amazonaws.com', 'ecr-public.amazonaws.com')
     AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)),
per_principal AS MATERIALIZED (SELECT identity_id, count(DISTINCT repository) AS repositories FROM pulled GROUP BY identity_id)
SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, p.repository, p.source_ip_address, p.account, count(*) AS pulls,
       sum(p.outcome = 'denied') AS denied, n.repositories, min(p.event_time) AS first_time, max(p.event_time) AS last_time,
       min(p.event_id) AS example_event
  FROM pulled p
  JOIN per_principal n ON n.identity_id IS p.identity_id
  LEFT JOIN identities i ON i.id = p.identity_id
 GROUP BY p.identity_id, p.repository, p.source_ip_address, p.account
 ORDER BY n.repositories DESC, pulls DESC, principal, p.repository;
