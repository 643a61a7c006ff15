-- title: What each principal was denied
-- about: Denied calls by principal, address and service. A few in one service are a missing permission; many across
--   services are somebody who tries what a key can do.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: principal, source_ip_address, account, denied, names (different event names), services, examples,
--   first_time, last_time
-- attack: T1580, T1087.004
-- see: AWS Security Incident Response Guide
SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, e.source_ip_address, e.recipient_account_id AS account,
       count(*) AS denied, count(DISTINCT e.event_name) AS names, count(DISTINCT e.event_source) AS services,
       substr(group_concat(DISTINCT e.event_name), 1, 200) AS examples, min(e.event_time) AS first_time, max(e.event_time) AS last_time
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.error_code IN (SELECT error_code FROM facets WHERE outcome = 'denied')
   AND +e.outcome = 'denied'
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 GROUP BY e.identity_id, e.source_ip_address, account
 ORDER BY denied DESC, principal, e.source_ip_address;
