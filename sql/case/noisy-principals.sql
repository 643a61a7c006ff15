-- title: The principals with the most events
-- about: The principals with the most events: once these are known and set aside, the rest can be read. The counts
--   are of the whole case and were computed at import.
-- param: most integer = 50: the largest number of rows
-- columns: principal*, type, account, events*, percent* (of all events), first_seen, last_seen*, days
-- see: AWS Security Incident Response Guide
SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, i.type, i.account_id AS account, i.events,
       round(100.0 * i.events / (SELECT sum(a.events) FROM identities a), 1) AS percent, i.first_seen, i.last_seen,
       CAST(julianday(i.last_seen) - julianday(i.first_seen) AS INTEGER) + 1 AS days
  FROM identities i
 ORDER BY i.events DESC, principal
 LIMIT :most;
